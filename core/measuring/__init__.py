"""From a crack's mask to its grade: branches, widths, a scale, millimetres, limits of standards, drawings."""
