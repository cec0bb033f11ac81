"""English: the corrosion laboratory's matrix, labels, networks and search."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    "corrosion.view_labels": "Labels",
    "confusion.split": "Photos of",
    "confusion.fold": "Fold",
    "confusion.every_fold": "All folds",
    "confusion.fold_n": "Fold {fold}",
    "confusion.campaign": "Campaign",
    "confusion.every_campaign": "All {n} campaigns",
    "confusion.as_corrected": (
        "Count the label that was corrected since",
        "Count the {n} labels that were corrected since",
    ),
    "confusion.looked": "Bright: what spoke for {label} (Grad-CAM). Key o switches it off.",
    "confusion.intervals": "Intervals are 95 %, over campaigns drawn anew.",
    "confusion.compare_title": "Beside another model",
    "confusion.compare": "Compare with",
    "confusion.nobody": "None",
    "confusion.no_common": "{other} has answered none of these photos.",
    "confusion.difference_title": "{one} less {other}, in photos",
    "confusion.difference_note": "{n} photos that both have answered. Green: more right, or fewer wrong.",
    "confusion.difference_caption": "What the difference is worth",
    "confusion.less": "Difference",
    "confusion.worth": "Beyond chance?",
    "confusion.sure": "yes, at 95 %",
    "confusion.chance": "not shown by these photos",
    "relabel.which": "Which label is right?",
    "relabel.note": "Why",
    "relabel.note_hint": "Why (optional)",
    "relabel.mark": "Mark for retraining",
    "relabel.marked": "Marked for retraining",
    "relabel.mark_help": "The next trainings learn it twice in each epoch.",
    "relabel.test": "A test photo: its label can be corrected, but nothing is learned from it.",
    "relabel.back": "Take the correction back",
    "relabel.said": "{who}: {was} → {now}",
    "relabel.unsaid": "{who} took {was} back",
    "relabel.mark_done": "{who}: for retraining",
    "relabel.mark_undone": "{who}: not for retraining any more",
    "relabel.trim_done": "{who} drew the trim box",
    "relabel.trim_undone": "{who} took the trim box back",
    "relabel.only_mark": "For retraining",
    "relabel.only_trim": "New trim box",
    "relabel.now": "Now {label} – {who}",
    "relabel.none": "No label",
    "doubts.listed": "For the next training",
    "doubts.none": (
        "Nobody has corrected a label or marked a photo yet. Open a photo of the confusion matrix, "
        "or one of the doubtful labels below."
    ),
    "doubts.lead": (
        "<b>{labels}</b> corrected, <b>{marks}</b> marked. A training that is ordered now learns from them."
    ),
    "doubts.train": "Train with these labels",
    "doubts.title": "Doubtful labels",
    "doubts.note": (
        "Judged by models that had not learned from the photo: another grade is as likely as it "
        "usually is for photos that carry it. A doubt is no proof; look, then correct or leave it."
    ),
    "doubts.found": (
        "<b>One</b> of {of} labels is doubtful; {seen} of them corrected already.",
        "<b>{n}</b> of {of} labels are doubtful; {seen} of them corrected already.",
    ),
    "doubts.likelier": "Looks like {grade}, by {margin}",
}
