"""English: trainings that are compared in one run, and how fine cracks fare."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    "loss.bce": "Cross entropy",
    "loss.dice": "Dice",
    "loss.focal": "Focal",
    "loss.tversky": "Tversky",
    "loss.cldice": "clDice",
    "sweep.compare": "Compare several in one run",
    "sweep.compare_help": (
        "Every combination of what you choose is trained, each as long as the others, from the "
        "same start and on the same crops."
    ),
    "sweep.published_weights": "each loss’s published weights",
    "sweep.kernel": "Kernel",
    "sweep.levels": "Levels",
    "sweep.planned": (
        "1 training of {steps} steps.",
        "{n} trainings of {steps} steps each, one after the other.",
    ),
    "sweep.none": "Which loss finds fine cracks best? Train several in one run; their table appears here.",
    "sweep.begin": "Compare losses",
    "sweep.which": "Comparison",
    "sweep.not_yet": ("The training has not ended yet.", "None of the {n} trainings has ended yet."),
    "sweep.best_test": (
        "{name} is best on the validation photos (F1 {val}); on the {photos} test photos it reaches F1 {f1}."
    ),
    "sweep.best_val": (
        "{name} is best on the {photos} validation photos (F1 {f1}); there are no test photos."
    ),
    "sweep.so_far": "So far {done} of {n} have ended.",
    "sweep.caption": (
        "Each at the threshold that was best on validation photos; the last columns are the recall "
        "of cracks so wide"
    ),
    "sweep.threshold_help": "Chosen on validation photos, used on the others",
    "sweep.width_help": "Share of the pixels of cracks of this width that is found",
    "sweep.val_f1": "F1 on validation",
    "sweep.val_help": "The best one is chosen by this figure",
    "sweep.which_figure": "Figure",
    "sweep.threshold_title": "{metric} at every threshold",
    "sweep.threshold_note": "Of the best trainings; a dot marks the threshold from the validation photos.",
    "sweep.masks": "The masks side by side",
    "sweep.masks_which": "Trainings, up to six",
    "sweep.curves_title": "How they learned",
    "sweep.curves_note": "F1 on the validation photos at its best threshold; the {n} best trainings.",
    "sweep.equal_caption": "Recall at the precision of MSE, and how much more than MSE",
    "sweep.equal_note": "Whoever calls more cracks finds more of them; here all are as often right as MSE.",
    "sweep.beside": "Beside the paper’s figures",
    "sweep.theirs": "paper {value}",
    "sweep.file": "File another training as a model",
    "sweep.trial": "Training",
    "sweep.name": "Name of the model",
    "sweep.file_now": "File as a model",
    "run.sweep": "See the table",
    "fine.width": "Crack width",
    "fine.found": "Length found",
    "fine.found_help": "Share of the length with a mark within 2 pixels",
    "fine.length": "Length, px",
    "fine.caption": "Cracks by width at {threshold}",
    "fine.tolerance": "{f1} at {px} px",
    "fine.note": "F1 with a tolerance: {tolerance}. Middle lines alone (clDice at {at}): {cldice}.",
    "fine.how": "How",
    "fine.gained": "Found more",
    "fine.gained_help": "Length of true crack with a mark within 2 pixels, against the plain mask",
    "fine.added": "False more",
    "fine.added_help": "Marked area farther than 2 pixels from any crack, against the plain mask",
    "fine.by_plain": "Plain mask",
    "fine.by_two_thresholds": "Two thresholds",
    "fine.by_enlarged": "Photos enlarged twice",
    "fine.by_both": "Both",
    "fine.from": "from {low} on, where connected",
    "fine.rescue": "What would find more of the fine cracks, and its price",
    "fine.enlarge": "See what photos enlarged twice would find",
}
