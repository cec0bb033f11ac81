"""Photos drawn with known truth, for where no real ones are at hand; nothing here was photographed."""
