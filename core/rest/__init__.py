"""What REST does: requests read (`asked`), work done, answers written (`answers`), all of it described."""
