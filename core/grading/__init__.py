"""What answers of a corrosion model are worth: folds, costs of mistakes, figures, others' terms."""
