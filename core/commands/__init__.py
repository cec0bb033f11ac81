"""What the words of the command line do, a file a family; torch is loaded by the command that needs it."""
