"""The people of this Patina: roles, links that let them in, passwords, sessions, keys for programs."""
