"""English: the few-label experiments of the rail page."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    # The rail page's views
    "rail.view_threshold": "The model",
    "rail.view_labels": "Few labels",
    "rail.view_cycles": "Cycle by cycle",
    "rail.view_trace": "Trace back",
    # Results by number of labels
    "cycles.none": (
        "No few-label experiment has been run here yet. It starts with 3, 13 or 21 labels and "
        "labels the rest itself, cycle by cycle."
    ),
    "cycles.start": "Start one with 21 labels",
    "cycles.run": "Experiment",
    "cycles.figure": "Figure",
    "cycles.published": "Paper 1, table {table}: accuracy on other photos, 5 repeats",
    "cycles.mean": "Mean",
    "cycles.std": "Dev.",
    "cycles.min": "Min",
    "cycles.max": "Max",
    "few.runs": "Experiments",
    "few.runs_hint": "Choose experiments",
    "few.choose": "Choose at least one experiment.",
    "few.helped": (
        "<b>{name}</b>: the cycles help in every repeat. F1 of “defect” rises from {first} with "
        "{labels} labels to <b>{last}</b>{range} after {cycles} cycles."
    ),
    "few.harmed": (
        "<b>{name}</b>: the cycles do harm in every repeat. F1 of “defect” falls from {first} "
        "with {labels} labels to <b>{last}</b>{range} after {cycles} cycles."
    ),
    "few.mixed": (
        "<b>{name}</b>: F1 of “defect” is {first} with {labels} labels and <b>{last}</b>{range} "
        "after {cycles} cycles; it rises in {better} of {of} repeats."
    ),
    "few.single": (
        "<b>{name}</b>: F1 of “defect” is {first} with {labels} labels and <b>{last}</b> after "
        "{cycles} cycles, in one repeat."
    ),
    "few.one": "<b>{name}</b>: F1 of “defect” is <b>{first}</b> with {labels} labels.",
    "few.no_f1": "<b>{name}</b>: nothing was called a defect so far.",
    "few.fails": (
        "<b>It fails on these photos</b>: accuracy {accuracy} at the end is no better than "
        "calling all of them “normal” ({always})."
    ),
    "few.in_repeats": ("Repeat {repeats}: {note}", "Repeats {repeats}: {note}"),
    "few.range": " ({low} to {high})",
    "few.published": "paper 1, table {table}, other photos",
    "few.title_f1": "F1 of “defect”",
    "few.title_balanced_accuracy": "Balanced accuracy",
    "few.title_accuracy": "Accuracy",
    "few.note": (
        "On the test photos, after each training. Bold: the mean of the repeats; bar: one "
        "deviation each way; hairline: least to most; thin: single repeats. Pseudo-labels count "
        "as labels, right or wrong. Accuracy flatters where most photos are sound."
    ),
    "few.repeats": ("1 repeat", "{n} repeats"),
    "few.extra": "{labels} labels: one more training, which the paper mentions but does not tabulate.",
    "few.only_accuracy": "The paper prints accuracy only.",
    "few.csv": "All results as CSV",
    "few.all_published": "Paper 1, tables 1 to 3 and figures 4 to 6 as printed",
    "few.figure": "Figure {figure} of paper 1: accuracy, other photos",
    "figure.labels_hover": (
        "%{{customdata[0]}} labels: %{{y:.3f}} ± %{{customdata[1]:.3f}}<b"
        "r>%{{customdata[2]:.3f}} to %{{customdata[3]:.3f}}"
    ),
    # One cycle: the ledger
    "cycles.repeat": "Repeat",
    "cycles.cycle": "Cycle",
    "cycles.all": "all",
    "cycles.not_yet": "The first training of this experiment is not over yet.",
    "cycles.no_groups": "This repeat has given no pseudo-labels: it learned from people's labels only.",
    "cycles.corrected_name": "{name} · corrected",
    "cycles.of_one": "Cycle {cycle}",
    "cycles.of_all": "All cycles",
    "cycles.taken_both": (
        "{which}: <b>{defect}</b> of {n} photos became “defect”. {above} were above {threshold}, "
        "{room} among the first {share} %; both rules had to hold."
    ),
    "cycles.taken_threshold": (
        "{which}: <b>{defect}</b> of {n} photos lay above {threshold} and became “defect”."
    ),
    "cycles.taken_share": "{which}: the first {share} %, <b>{defect}</b> of {n} photos, became “defect”.",
    "cycles.taken_sure": (
        "{which}: <b>{defect}</b> of {n} photos became “defect”, those with at least {sure}."
    ),
    "cycles.taken_balanced": (
        "{which}: <b>{defect}</b> of {n} photos became “defect”, the first {portion} % of the "
        "{share} % that are expected."
    ),
    "cycles.left": ("1 photo was left for later.", "{n} photos were left for later."),
    "cycles.by_people": ("1 label is a person's.", "{n} labels are people's."),
    "cycles.are_wrong": (
        "<b>{wrong}</b> labels are wrong ({share}): {false} sound called defect, {missed} "
        "defects called sound."
    ),
    "cycles.none_wrong": "None of them is wrong.",
    "cycles.flip": "{label} to training {trainings}",
    "cycles.line": "Cycle {cycle}, place {rank} by probability, {p}",
    "cycles.pseudo": "Labelled by the model: {label}",
    # Correcting
    "cycles.confirm": "It is: {label}",
    "cycles.overturn": "No, it is: {label}",
    "cycles.said": (
        "1 label spoken about by {who}, {turned} overturned",
        "{n} labels spoken about by {who}, {turned} overturned",
    ),
    "cycles.history_of": ("1 entry", "{n} entries"),
    "cycles.nothing_said": "Nobody has confirmed or overturned a label of this repeat yet.",
    "cycles.is_undone": "{who} undid this cycle {since}: trained again, its photos are labelled anew.",
    "cycles.undo": "Undo cycle {cycle}",
    "cycles.restore": "Restore cycle {cycle}",
    "cycles.undo_help": (
        "Throws the pseudo-labels of this cycle away when it is trained again. Nothing is deleted."
    ),
    "cycles.train_again": "Train again after cycle {cycle}",
    "cycles.train_from_start": "Train again from the start",
    "cycles.train_words": (
        (
            "Trainings {first} to {last} of this repeat are done anew with the label that people "
            "gave. What came before is taken over; this run stays as it is."
        ),
        (
            "Trainings {first} to {last} of this repeat are done anew with the {n} labels that "
            "people gave. What came before is taken over; this run stays as it is."
        ),
    ),
    "cycles.train_confirm": "Start the training",
    "cycles.ordered": "Run {id} waits for its turn.",
    "cycles.again": "Trained again",
    "cycles.again_from": "Run {id}, from training {training} on",
    "cycles.f1_was": "F1 before",
    "cycles.f1_now": "F1 now",
    "cycles.who": "Who",
    "cycles.what": "What",
    "cycles.photo": "Photo",
    "cycles.when": "When",
    "cycles.history": (
        "1 entry, newest first; nothing is ever deleted",
        "{n} entries, newest first; nothing is ever deleted",
    ),
    "cycles.act_confirmed": "confirmed as {label} (cycle {cycle}, the model had said {p})",
    "cycles.act_overturned": "overturned to {label} (cycle {cycle}, the model had said {p})",
    "cycles.act_labelled": "labelled {label}, asked after cycle {cycle}",
    "cycles.act_withdrawn": "took it back (cycle {cycle})",
    "cycles.act_undone": "undid cycle {cycle}",
    "cycles.act_restored": "restored cycle {cycle}",
    # The desk itself
    "ledger.title": "Photos by probability, and what the two lines make of them",
    "ledger.note": (
        "Level line: the threshold. Dashed: the share. Crosses: wrong, where the truth is known. "
        "Diamonds: a person has spoken. Copper: would change sides."
    ),
    "ledger.x": "Photo, by probability",
    "ledger.y": "Probability of a defect",
    "ledger.threshold": "Threshold",
    "ledger.share": "Share that may become a defect",
    "ledger.sure": "Sure from",
    "ledger.portion": "Portion of each class taken",
    "ledger.left": "Left for later",
    "ledger.show_left": "Left for later",
    "ledger.left_word": "later",
    "ledger.size": "Group size",
    "ledger.as_run": "as run",
    "ledger.back": "Back to the run's own lines",
    "ledger.aside": (
        "The probabilities stay those of the run: with other labels the next networks would have "
        "learned something else."
    ),
    "ledger.changed": "{n} of {of} photos would change sides",
    "ledger.was": "In the run",
    "ledger.would": "These lines",
    "ledger.people": "With people",
    "ledger.defect": "Labelled defect",
    "ledger.wrong": "Wrong",
    "ledger.false_defects": "Sound called defect",
    "ledger.missed_defects": "Defect called sound",
    "ledger.show_all": "All",
    "ledger.show_defect": "Defect",
    "ledger.show_normal": "Sound",
    "ledger.show_changed": "Would change",
    "ledger.show_wrong": "Wrong",
    "ledger.show_said": "A person spoke",
    "ledger.show_flipped": "Flipped later",
    "ledger.picked": "{n} picked",
    "ledger.confirm": "Confirm",
    "ledger.overturn": "Overturn",
    "ledger.withdraw": "Take back",
    "ledger.clear": "Clear",
    "ledger.above": "Pick the {n} above the line",
    "ledger.those": "Pick the {n} that change",
    "ledger.hint": "or draw around photos in the curve",
    "ledger.pick": "Pick",
    "ledger.defect_word": "defect",
    "ledger.normal_word": "sound",
    "ledger.wrong_word": "wrong: is {label}",
    "ledger.right_word": "right",
    "ledger.confirmed": "✓ {who}, {when}",
    "ledger.overturned": "⇄ {who}, {when}",
    "ledger.labelled": "✓ {who}, {when}",
    "ledger.menu": "Save",
    "ledger.csv": "Save as CSV",
    "ledger.png": "Save as PNG",
    "ledger.svg": "Save as SVG",
    # From a wrong verdict back to what taught it
    "cycles.wrong": "Wrong: expert says {label}",
    "trace.training": "Training · labels",
    "trace.training_help": "Each training learns anew from all labels so far, people's and pseudo-labels.",
    "trace.kept_nothing": (
        "This experiment kept no features, so its verdicts cannot be traced back. A new run keeps them."
    ),
    "trace.lead": (
        "After training {training}, <b>{missed}</b> defects are missed and <b>{false}</b> sound "
        "places called a defect, of {n} test photos."
    ),
    "trace.missed": "Missed {n}",
    "trace.false": "False alarm {n}",
    "trace.none": "None of this kind.",
    "trace.said": "Said: {label}, {p}",
    "trace.near": (
        "The pseudo-labelled photos most like it, as training {training} sees them. The number "
        "says how alike they are: 1 is the same, 0 nothing in common."
    ),
    "trace.no_near": "This run kept no features of this training.",
    "trace.labels_only": "The first training learned from people's labels only; choose a later one.",
    "trace.of_cycle": "cycle {cycle}, then {p}",
    "trace.others": ("1 verdict of this kind", "{n} verdicts of this kind"),
    "trace.others_note": "The surest mistakes first. The number is the probability of a defect.",
    "trace.run": "Run",
    "trace.p": "P(defect)",
    "trace.verdict": "Verdict",
    "trace.since": "After training {training}, before and since",
    # What next
    "rail.view_advice": "What next",
    "ledger.no_label": "no label yet",
    "ledger.by_model": "labelled by the model",
    "advice.alone": (
        "The first training learned from people's labels alone; the later ones are measured against it."
    ),
    "advice.unknown": "Nobody can say whether the cycles help: no photo that did not teach has a label.",
    "advice.better": (
        "After training {training} the pseudo-labels help: F1 {gain} ({low} to {high}) against "
        "the labels alone, on {n} test photos of {places} places."
    ),
    "advice.worse": (
        "After training {training} the pseudo-labels do harm: F1 {gain} ({low} to {high}) "
        "against the labels alone, on {n} test photos of {places} places."
    ),
    "advice.unclear": (
        "After training {training} it is not sure that the pseudo-labels help: F1 {gain} ({low} "
        "to {high}) against the labels alone, on {n} test photos of {places} places."
    ),
    "advice.go_on": "<b>Go on.</b>",
    "advice.stop": "<b>Stop here and use the labels alone</b>, or correct the pseudo-labels.",
    "advice.label": "<b>Label the photos below</b> rather than go on.",
    "advice.label_there": "<b>Label the photos listed under “What next”</b> rather than go on.",
    "advice.gain_axis": "F1 gained",
    "advice.gain_title": "What the pseudo-labels gained over the labels alone",
    "advice.gain_note": (
        "95\u00a0% interval, whole places drawn again. Filled: clear of zero. These are the test "
        "photos: who stops by them has chosen on them."
    ),
    "advice.interval": "Interval after training {training}",
    "advice.gain_hover": (
        "Training %{{customdata[0]}}: %{{y:+.3f}}<br>%{{customdata[1]:+.3f}} to "
        "%{{customdata[2]:+.3f}}<extra></extra>"
    ),
    "advice.ratio_axis": "Share of defects",
    "advice.ratio_title": "How many defects there are, as the networks see it",
    "advice.ratio_note": (
        "Estimated from the answers on photos that nobody has labelled, with its 95\u00a0% interval."
    ),
    "advice.ratio_not_yet": "With {labels} labels it cannot be estimated yet.",
    "advice.ratio_never": (
        "How many defects there are cannot be estimated yet: "
        "the answers on unlabelled photos fit 0 or 100\u00a0% as well. More labels help."
    ),
    "advice.ratio_interval": "95\u00a0% interval",
    "advice.estimated": "estimated",
    "advice.assumed": "assumed",
    "advice.true": "true",
    "advice.ask": "Ask a person",
    "advice.how_many": "How many photos",
    "advice.photos": "{n} photos",
    "advice.ask_note": (
        (
            "1 photo waits for an answer. Those whose label would help most: the model is unsure, "
            "and nothing like them has been labelled."
        ),
        (
            "{n} photos wait for an answer. Those whose label would help most: the model is unsure, "
            "and nothing like them has been labelled."
        ),
    ),
    "advice.all_answered": "All of them are answered; train again with them.",
    "advice.nothing_to_ask": "This run kept no features, so nothing can be asked; a new run keeps them.",
    "advice.start_axis": "Labels at the start, drawn at random",
    "advice.luck_axis": "F1 of “defect”",
    "advice.luck_title": "How much of the result is the luck of the draw",
    "advice.luck_note": (
        "100 random start sets of each size, a linear answer on the features of the first "
        "training. Band: 5 to 95\u00a0% of the draws. It tells the spread, not the level."
    ),
    "advice.luck_note_head": (
        "40 random start sets of each size, the whole experiment from each, cycles included, on the pool. "
        "Band: 5 to 95\u00a0% of the draws; dotted: the labels alone."
    ),
    "advice.luck_alone": "the labels alone",
    "advice.luck_alone_hover": "%{{x}} labels alone: %{{y:.2f}}<extra></extra>",
    "advice.luck_alone_words": ("With the labels alone it would be {low} to {high} (deviation {std})."),
    "advice.luck_band": "5 to 95\u00a0% of the draws",
    "advice.luck_mean": "mean",
    "advice.luck_hover": "%{{x}} labels: %{{y:.2f}} ± %{{customdata[0]:.2f}}<extra></extra>",
    "advice.enough_mark": "{n} labels: ±{bound}",
    "advice.luck_words": (
        "Another random draw of {n} labels could have given an F1 between {low} and {high} "
        "(deviation {std}); {one} of the draws hold one class only."
    ),
    "advice.enough": "{more} more labels, {all} in all, would bring the deviation within {bound}.",
    "advice.enough_already": (
        "That deviation is within {bound} already; more labels would raise F1 rather than steady it."
    ),
    "advice.never_enough": "No size that was tried brings the deviation within {bound}.",
}
