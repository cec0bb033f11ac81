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
    "confusion.intervals": "Intervals are 95\u00a0%, over campaigns drawn anew.",
    "confusion.compare_title": "Beside another model",
    "confusion.compare": "Compare with",
    "confusion.nobody": "None",
    "confusion.no_common": "{other} has answered none of these photos.",
    "confusion.difference_title": "{one} less {other}, in photos",
    "confusion.difference_note": "{n} photos that both have answered. Green: more right, or fewer wrong.",
    "confusion.difference_caption": "What the difference is worth",
    "confusion.less": "Difference",
    "confusion.worth": "Beyond chance?",
    "confusion.sure": "yes, at 95\u00a0%",
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
    "doubts.likelier": "Looks like {grade}, {margin} ahead",
    "corrosion.view_networks": "Networks",
    "networks.compare_help": (
        "Every network you choose is trained on every view you choose, as the paper’s search chose "
        "it, one after the other."
    ),
    "networks.which": "Networks",
    "networks.views": "Photos",
    "networks.planned": (
        "1 training of {epochs} epochs in {folds} folds.",
        "{n} trainings of {epochs} epochs in {folds} folds, one after the other.",
    ),
    "networks.none": (
        "Which network grades best, and what is trimming worth? Train several in one run; the "
        "paper’s figures 2 to 4 and its table appear here."
    ),
    "networks.begin": "Compare networks",
    "networks.best_test": (
        "{name} is best in cross validation (mean F1 {val}); on the {photos} test photos it reaches {f1}."
    ),
    "networks.best_val": (
        "{name} is best on the {photos} validation photos (mean F1 {f1}); there are no test photos."
    ),
    "networks.mean_help": "Mean F1 over the four grades",
    "networks.grade_help": "F1 of this grade",
    "networks.folds_f1": "Folds",
    "networks.table_4": (
        "Table 4: precision, recall and F1 on the test photos; the last column is the mean F1 of the "
        "cross validation"
    ),
    "networks.published_note": (
        "“Paper” is printed of 120 other photos. With so few, a difference below 0.07 to 0.09 is "
        "within chance."
    ),
    "networks.lacking": "ImageNet weights that were not whole here – {which}",
    "networks.figure_2": "Figure 2: validation loss by epoch",
    "networks.figure_3": "Figure 3: validation accuracy by epoch",
    "networks.figure_4": "Figure 4: which grade is taken for which, row shares",
    "networks.epoch": "Epoch",
    "corrosion.view_search": "Search",
    "search.none": (
        "Which settings suit your photos? A search tries many, stops the poor ones early and goes on "
        "after any crash."
    ),
    "search.which": "Search",
    "search.so_far": "{done} of {n} trials have ended",
    "search.best": "best mean F1 <b>{f1}</b> in trial {number}",
    "search.saved": (
        "1 stopped early, which saved {epochs} epochs ({share})",
        "{n} stopped early, which saved {epochs} epochs ({share})",
    ),
    "search.go_on": "Continue",
    "search.train": "Train the winner on all folds",
    "search.run": "The run",
    "search.range": "Looked in",
    "search.paper": "Paper chose",
    "search.ours": "Best here",
    "search.beside": "{network}: the paper’s choice and ours",
    "search.history": "History",
    "search.importances": "What matters",
    "search.parallel": "Together",
    "search.slices": "One by one",
    "search.intermediate": "Curves",
    "search.history_title": "Mean validation F1, trial after trial",
    "search.importances_title": "Which settings decide over good and bad (PED-ANOVA)",
    "search.parallel_title": "Every trial as a line through its settings",
    "search.slices_title": "Mean F1 against each setting",
    "search.intermediate_title": (
        "What each trial had reached, epoch by epoch; short lines were stopped early"
    ),
    "search.too_few": "After two trials have ended.",
    "search.begin": "Begin a search",
    "search.trials": "Trials",
    "search.epochs": "Epochs of a trial",
    "search.paper_note": (
        "The paper: 50 trials of 150 epochs for each network. Trials worse than the median are stopped early."
    ),
    "search.start": "Start the search",
    "networks.trimmed": "trimmed",
    "networks.whole": "whole",
    "crop.box": "The cut to the part: arrows move it, with Shift they resize it, Enter keeps it",
    "crop.keep": "Keep this box",
    "crop.judge": "Judge this part",
    "crop.whole": "Whole photo",
    "crop.back": "As it was",
    "crop.propose": "Proposed box",
    "history.with_box": "{verdict}, said {model} of the part in the box",
    "crop.both_drawn": "In your box: {box}. The whole photo: {whole}.",
    "crop.both_proposed": "In a proposed box: {box}. The whole photo: {whole}.",
    "crop.differ": "A person should look.",
    "crop.hint": "Drag the box, its edges, or draw a new one.",
    "crop.keys": "Arrow keys move it, with Shift they resize it.",
    "crop.title": "Cut to the part",
    "crop.note": "The photo stays whole; the box is kept beside it, with who drew it.",
    "crop.kept": "The box is kept.",
    "corrosion.view_margins": "Trimming",
    "margins.none": (
        "Is the part enough, or does the model need what is around it? Measured once on the same "
        "photos at margins from 1.0, the box as drawn, to the whole photo."
    ),
    "margins.measure": "Measure at every margin",
    "margins.best": "Best of {n} margins is {margin}: mean F1 <b>{f1}</b>; the best of many flatters.",
    "margins.sure": ("The whole photo against the box as drawn: {less} ({low} … {high}), beyond chance."),
    "margins.chance": (
        "The whole photo against the box as drawn: {less} ({low} … {high}), not beyond chance with "
        "these photos."
    ),
    "margins.slider": "Margin around the box",
    "margins.help": "1.0 is the box as it was drawn, 2.0 one twice as wide and high.",
    "margins.whole": "whole",
    "margins.title": "F1 against the margin around the trim box",
    "margins.axis": "What the model sees, times the box",
    "margins.photos": "The grade of {n} of {of} photos hangs on the margin; those come first",
    "margins.was": "In the box as drawn: {label}",
    "margins.note": (
        "{n} photos, cut from the photos with their surroundings; intervals draw campaigns anew. "
        "The model was trained as its card says and only looks in another way."
    ),
}
