"""English: the laboratories and the engine room."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    # Figures: axes, names of figures, the menu
    "axis.threshold": "Threshold (probability)",
    "axis.share_photos": "Share of photos, 0 to 1",
    "axis.share_pixels": "Share of pixels, 0 to 1",
    "axis.share01": "Share, 0 to 1",
    "axis.of": "{figure}, 0 to 1",
    "axis.precision": "Precision, 0 to 1",
    "axis.recall": "Recall, 0 to 1",
    "axis.p_defect": "Probability of a defect",
    "axis.photos": "Photos",
    "axis.share": "Share of the row",
    "axis.truth": "Expert says",
    "axis.said": "Model says",
    "axis.confidence": "How sure the model is",
    "axis.right": "How often it is right",
    "axis.error": "Error e = label − prediction (per pixel)",
    "axis.loss": "Loss",
    "axis.step": "Step",
    "axis.done": "Share of the training done, %",
    "axis.labels": "Labelled photos it learned from",
    "metric.f1": "F1",
    "metric.mean_f1": "Mean F1",
    "metric.precision": "Precision",
    "metric.recall": "Recall",
    "metric.accuracy": "Accuracy",
    "metric.balanced_accuracy": "Balanced accuracy",
    "metric.iou": "IoU",
    "metric.kappa": "Kappa",
    "metric.within_one": "Within one grade",
    "metric.off_by_two": "Off by two or more",
    "metric.loss": "Loss",
    "figure.menu": "Take this figure along",
    "figure.csv": "Numbers (CSV)",
    "figure.png": "Picture (PNG)",
    "figure.svg": "Drawing (SVG)",
    "figure.link": "Copy the link",
    "figure.copied": "Copied",
    "figure.here": "Now",
    "figure.pr": "All thresholds",
    "figure.call_all": "Everything called crack",
    "figure.confusion": "Confusion",
    "figure.honest": "Exactly honest",
    "figure.calibration": "This model",
    "figure.calibration_hover": (
        "%{{x:.0%}} sure, %{{y:.0%}} right<br>%{{customdata}} photos<extra></extra>"
    ),
    "figure.side_false": "false alarm",
    "figure.side_missed": "missed crack",
    "figure.repeat": "One repeat",
    "figure.always_normal": "always “normal”",
    "split.test": "Test",
    "split.val": "Validation",
    "split.train": "Training",
    "split.pool": "Pool",
    "grade.0": "sound paint, at most specks of rust",
    "grade.1": "rust on the surface, or where paint has peeled",
    "grade.2": "pitting, layers or pack rust",
    "grade.3": "looks severely corroded, hands-on check advised",
    # All laboratories
    "lab.model": "Model",
    "lab.in_service": "{model} (in service)",
    "lab.no_model_rail": (
        "There is no rail model yet. Import photos of rails, some of them labelled, and train one; the "
        "preset “quick” takes minutes."
    ),
    "lab.no_model_crack": (
        "There is no crack model yet. Import photos of walls with masks and train one; the preset "
        "“quick” takes minutes."
    ),
    "lab.no_model_corrosion": (
        "There is no corrosion model yet. Import graded photos of metal parts and train one; the "
        "preset “quick” takes minutes."
    ),
    "lab.to_data": "Go to Data",
    "lab.no_answers": (
        "This model was filed without its answers on test photos, so there is nothing to show. "
        "Evaluate it on a set, then come back."
    ),
    "lab.only_validation": (
        "These are the validation photos that also chose the threshold: the figures flatter."
    ),
    "lab.from_to": "{low} to {high}",
    "lab.interval": "{value} ({low}\u00a0to\u00a0{high})",
    "lab.synthetic": "synthetic photos only",
    "lab.licence": "licence {licence}",
    "lab.learned": "learned from {data}",
    "lab.test_n": ("{n} test photo", "{n} test photos"),
    "lab.val_n": ("{n} validation photo", "{n} validation photos"),
    "lab.threshold_how": "threshold {threshold}: {how}",
    "lab.not_serving": "not in service",
    "lab.serving_starter": "in service since the start",
    "lab.serving": "in service since {since}, by {who}",
    "lab.card": "The whole card",
    "lab.view": "View",
    "lab.threshold": "Threshold",
    "lab.threshold_help": (
        "From this probability on a photo, or a pixel, is called. Everything on this page follows."
    ),
    "lab.use": "Use from now on",
    "lab.use_words": (
        "From now on **{model}** calls from **{threshold}** on instead of {before}. Verdicts given "
        "before stay as they are."
    ),
    "lab.use_other": "This also puts **{model}** into service.",
    "lab.why": "Why?",
    "lab.why_hint": "e.g. we would rather look at ten photos too many",
    "lab.use_confirm": "Use this threshold",
    "lab.used": "{threshold} is the threshold from now on.",
    "lab.which": "Which photos",
    "lab.click_cell": "Click a cell to see its photos.",
    "lab.truth": "Expert: {label}",
    "lab.said": "Model: {label}",
    "lab.none_here": "No photo at this threshold.",
    "lab.absent": (
        ("One of these photos is not on this machine. Import the set ({data}) to see it."),
        ("{n} of these photos are not on this machine. Import the set ({data}) to see them."),
    ),
    "lab.and_more": " and {n} more",
    "lab.import": "Import the set",
    # Rail
    "rail.view_published": "Published tables",
    "rail.words": (
        "At <b>{threshold}</b>, <b>{found}</b> of {defects} defects are found ({share}) and "
        "<b>{missed}</b> missed; <b>{false}</b> of {normal} sound places raise a false alarm."
    ),
    "rail.curve_title": "A higher threshold trades found defects for fewer false alarms",
    "rail.curve_note": (
        "Now: precision {precision}, recall {recall}, F1 {f1}. F1 and recall are those of “defect”."
    ),
    "rail.confusion_title": "What the model says of what the expert says",
    "rail.spread_title": "How far defects and sound places lie apart",
    "rail.spread_note": (
        "Defects above the line, sound places below it. What lies right of the threshold is called a defect."
    ),
    "rail.list_miss": "Missed {n}",
    "rail.list_false_alarm": "False alarm {n}",
    "rail.list_hit": "Found {n}",
    "rail.list_passed": "Rightly passed {n}",
    "rail.order_miss": (
        "Defects that pass as sound, the most overlooked first. The number is the probability of a defect."
    ),
    "rail.order_false_alarm": (
        "Sound places called a defect, the surest mistake first. The number is the probability of a defect."
    ),
    "rail.order_hit": (
        "Defects that are found, the closest call first. The number is the probability of a defect."
    ),
    "rail.order_passed": (
        "Sound places that pass, the closest call first. The number is the probability of a defect."
    ),
    # Crack
    "crack.view_threshold": "Threshold",
    "crack.view_losses": "Losses",
    "crack.words": (
        "At <b>{threshold}</b>, <b>{found}</b> of the crack pixels are found and <b>{missed}</b> "
        "missed; <b>{false}</b> of what is called crack is a false alarm."
    ),
    "crack.words_photos": (
        "In <b>{overlooked}</b> of {cracked} photos with a crack, less than a tenth of it is found."
    ),
    "crack.words_clean": "In <b>{alarms}</b> of {clean} clean photos a crack is called.",
    "crack.curve_title": "Precision rises and recall falls with the threshold",
    "crack.curve_note": (
        "Pooled over all pixels. Now: precision {precision}, "
        "recall {recall}, F1 {f1}. Best F1 {top} at {best}."
    ),
    "crack.pr_title": "What more found crack costs in false alarms",
    "crack.pr_note": (
        "Each point is a threshold. The dotted line is what calling everything crack would give."
    ),
    "crack.place": "{place} of {n} by F1, worst first · F1 {f1}",
    "crack.worst": "Worst photo",
    "crack.strip": "The next worst at this threshold",
    "crack.tile": "missed {missed}\u00a0px, false {false}\u00a0px",
    "crack.no_maps": (
        "No probability maps are kept with this model, so there is no mask to explore; the figures "
        "above are exact."
    ),
    "mask.errors": "Errors",
    "mask.mask": "Mask",
    "mask.heat": "Heat map",
    "mask.truth": "Label",
    "mask.photo": "Photo",
    "mask.side": "Side by side",
    "mask.tool_minus": "Farther (-)",
    "mask.tool_plus": "Closer (+)",
    "mask.tool_fit": "Whole photo (0)",
    "mask.tool_full": "Full screen",
    "mask.loading": "The probability map is being fetched …",
    "mask.gone": "The probability map of this photo cannot be shown. Its file is missing.",
    "mask.found": "found",
    "mask.missed": "missed",
    "mask.false": "false alarm",
    "mask.precision": "precision",
    "mask.recall": "recall",
    "mask.crack_px": "called crack",
    "mask.pixels": "pixels of this photo",
    "loss.mse": "MSE",
    "loss.balanced_step": "Balanced step",
    "loss.squared_balanced_step": "Squared balanced step",
    "loss.step": "Step",
    "loss.relu": "ReLU",
    "losses.weight": "Weight w of a missed crack",
    "losses.weight_help": "With w = 0 all five are the squared error. The paper draws w = 0.5.",
    "losses.title": "What an error costs at w = {w}",
    "losses.note": (
        "Drawn by the formulas that train. Right of the middle a crack is missed, left of it something "
        "is called falsely."
    ),
    "losses.refused": "left out: the weight must stay below {below}.",
    "losses.caption": "The cost of the worst error each way",
    "losses.loss": "Loss",
    "losses.missed": "Missed",
    "losses.missed_help": "A crack pixel at probability 0",
    "losses.false": "False",
    "losses.false_help": "A sound pixel at probability 1",
    "losses.tried": "Paper’s w",
    # Corrosion
    "corrosion.view_matrix": "Confusion",
    "corrosion.view_honest": "Calibration",
    "corrosion.words": (
        "<b>{right}</b> of {n} photos get the expert’s grade ({share}), <b>{one}</b> are one grade "
        "off, <b>{two}</b> two or more. Of grade 3, <b>{missed}</b> are said to be 0 or 1."
    ),
    "corrosion.show_as": "Show as",
    "corrosion.counts": "Photos",
    "corrosion.shares": "Shares",
    "corrosion.matrix_title": "Which grade is taken for which",
    "corrosion.cell_wrong": (
        "One photo of {truth} said to be {said}",
        "{n} photos of {truth} said to be {said}, the surest mistake first",
    ),
    "corrosion.cell_right": (
        "One photo of {truth}, rightly graded",
        "{n} photos of {truth}, rightly graded, the closest call first",
    ),
    "corrosion.grade": "Grade",
    "corrosion.mean": "Mean",
    "corrosion.per_grade": "Each grade on its own",
    "corrosion.view_costs": "Costs",
    "corrosion.cost_lead": (
        "Not every mistake is as bad. Here a part that is worse than was said costs more than one that "
        "was called too severe, and the grade of least expected cost is said."
    ),
    "corrosion.worse": "A step too light costs as much as this many steps too severe",
    "corrosion.steps": "Two steps off cost",
    "corrosion.steps_linear": "twice one step",
    "corrosion.steps_square": "four times one step",
    "corrosion.by_cost": "Which grade is said for which",
    "corrosion.likeliest": "The likeliest grade",
    "corrosion.least_cost": "By these costs",
    "corrosion.cost_right": "The expert’s grade",
    "corrosion.cost_off": "Two grades off, or more",
    "corrosion.cost_missed": "Grade 3 said to be less",
    "corrosion.cost_cried": "Said to be 3 without being it",
    "corrosion.cost_person": "To a person",
    "corrosion.cost_table": "What the photos of the test split would get",
    "corrosion.cost_cell": "What it costs to say {said} of {truth}",
    "terms.or": " or ",
    "terms.needs": "still to be found out: {what}",
    "terms.rusted": "Rusted share of the surface, %",
    "terms.rusted_help": "As measured on site. A grade does not tell it, and it is not kept.",
    "corrosion.cost_costs": "What each mistake costs: true grade down, grade said across",
    "corrosion.cost_use": (
        "Grades will be said by these costs instead of by likelihood alone, with **{model}**."
    ),
    "corrosion.cost_confirm": "Use these costs",
    "corrosion.cost_used": "Grades are said by these costs from now on.",
    "corrosion.cost_now": "In service now: {what}.",
    "corrosion.cost_now_none": "the likeliest grade, all mistakes alike",
    "corrosion.cost_now_some": "costs set by {who}, {since}",
    "corrosion.promise_title": "Sets of grades that keep a promise",
    "corrosion.coverage": "How often the true grade must be among those named, %",
    "corrosion.promise_note": (
        "Learned from {n} validation photos, grade by grade, and checked on the test photos. It promises "
        "nothing for photos of another kind."
    ),
    "corrosion.promise_few": (
        "Not enough labels for {coverage}\u00a0%: {grades} would need {needed} validation photos each. Until "
        "then every set holds them."
    ),
    "corrosion.promise_grade": "True grade",
    "corrosion.promise_kept": "Named",
    "corrosion.promise_none": "none: unlike any grade",
    "corrosion.promise_person": "a person should look",
    "corrosion.promise_set": "Grades named",
    "corrosion.promise_holds": "True one among them",
    "corrosion.promise_sizes": (
        "One grade is named for {one}, two for {two}, more or none for {more} of {n} photos."
    ),
    "corrosion.honest_title": "Is 80\u00a0% sure right 80 times in 100?",
    "corrosion.honest_note": (
        "Below the dashed line the model promises too much. On average it is off by {error}. "
        "Temperature {temperature}."
    ),
    # Published tables
    "published.rail": (
        "Paper 1, as printed: accuracy on 885 test photos that are not public. Saying “normal” to "
        "every photo gives 0.758 there."
    ),
    "published.crack": (
        "Paper 2, as printed: U-Net with 5 levels and 7×7 kernels on photos of university buildings, "
        "not ours. Its thresholds were chosen on the photos they are reported on."
    ),
    "published.corrosion": (
        "Paper 3, as printed: 120 test photos that are not public. A difference of 0.01 is far inside "
        "chance (± 0.07)."
    ),
    "published.table": "Table {table}: {what}",
    "published.table4": "Table 4: F1, mean and by grade",
    "published.table8": "Table 8: the best of each loss",
    "published.differs": "* The printed F1 does not follow from the printed precision and recall.",
    "published.network": "Network",
    "published.mean": "Mean",
    "published.trimmed": "trimmed to the part",
    "published.untrimmed": "whole photo",
    # Runs
    "page.run": "Run",
    "runs.start": "Start a training",
    "runs.start_now": "Start",
    "runs.back": "All runs",
    "runs.all": "All runs",
    "runs.order_lead": "A training learns from a stored set and goes on when you close this page.",
    "runs.none": "Nothing has been trained here yet. A first model takes minutes with the preset “quick”.",
    "runs.no_sets": "No {domain} set is large enough to learn from. Import one, or draw a synthetic one.",
    "runs.name": "Run",
    "runs.state": "State",
    "runs.best": "Figure",
    "runs.who": "By",
    "runs.when": "Time",
    "runs.pick": "Compare",
    "runs.compare": "Compare {n} runs",
    "runs.compared": "{n} runs compared",
    "runs.close": "Close",
    "runs.number": "run {id}",
    "runs.named": "{data} · {preset}",
    "runs.default": "own settings",
    "runs.preset_with": "{preset}, {setting}: {value}",
    "runs.preset_changed": ("{preset}, one change", "{preset}, {n} changes"),
    "runs.set": "{name} ({n} photos)",
    "runs.state_waiting": "Waiting",
    "runs.state_running": "Running",
    "runs.state_done": "Done",
    "runs.state_failed": "Failed",
    "runs.state_cancelled": "Cancelled",
    "runs.stopping": "Stopping after this step",
    "runs.preparing": "preparing",
    "runs.nearly": "nearly done",
    "runs.finishing": "working out the last figures",
    "runs.phase_train": "learning",
    "runs.phase_test": "trying it on the test photos",
    "runs.phase_validation": "trying it on the validation photos",
    "runs.phase_evaluate": "judging the photos",
    "runs.phase_without_labels": "learning from the photos alone",
    "runs.left": "{time} left",
    "runs.just_begun": "just begun",
    "runs.took": "took {time}",
    "runs.waits": "waits, asked {since}",
    "runs.on_val": "{figure} (validation)",
    "runs.on_test": "{figure} (test)",
    "runs.on_train": "{figure} (training)",
    "runs.figure": "Figure",
    "runs.scores_title": "How well it does as it learns",
    "runs.losses_title": "How the loss falls as it learns",
    "runs.zoom": "Drag over the figure to zoom, double-click to go back.",
    "runs.no_curves": "These runs have reported no figure twice yet.",
    "runs.overlay_title": "{figure} as the trainings went on",
    "runs.differences": "What differs between them",
    "runs.setting": "Setting",
    "runs.value": "Value",
    "runs.origin": "From",
    "runs.from_changed": "changed",
    "runs.from_preset": "preset",
    "runs.from_default": "default",
    "runs.settings_caption": "Settings: {preset}",
    "runs.domain": "Domain",
    "runs.data": "Data set",
    "runs.preset": "Preset",
    "runs.preset_help": "quick: minutes on a plain computer. paper: the numbers of the paper.",
    "runs.changed": ("One setting differs from the preset.", "{n} settings differ from the preset."),
    "runs.name_it": "Name of the model",
    "runs.name_hint": "left open: network and number of the run",
    "run.unknown": "There is no run of this number.",
    "run.cancel": "Stop",
    "run.resume": "Resume",
    "run.again": "Again with changes",
    "run.model": "The model it made",
    "run.lab": "See it in the laboratory",
    "run.cycles": "Cycle by cycle",
    "run.no_curves_yet": "Curves appear with the first report.",
    "run.started": "Begun",
    "run.worker": "Worker",
    "run.attempts": "Attempts",
    "run.attempts_n": "{n}; each went on from the last checkpoint",
    "run.log": "Log ({n} lines)",
    "run.no_log": "No worker has taken it yet.",
    # The form
    "form.more": "All settings ({n} more)",
    "form.network": "What learns",
    "form.cycle": "Labels and cycles",
    "form.loss": "What counts as wrong",
    "form.length": "How long",
    "form.descent": "How it descends",
    "form.photos": "What it sees of a photo",
    "form.other": "Other",
    "form.left_open": "left open",
    "form.yes": "yes",
    "form.no": "no",
    "form.range": "From {low} to {high}.",
    "form.source": "Source: {source}.",
    # Models
    "models.none": "There is no {domain} model yet.",
    "models.serves": "In service",
    "models.service": "Service",
    "models.since": "since {since}, by {who}",
    "models.n_test": "Test photos",
    "models.data": "What it learned from",
    "models.made": "Made",
    "models.all": "All models",
    "models.synthetic": (
        "Nothing but generated photos taught this model. It shows how Patina works; it knows nothing "
        "of real photos."
    ),
    "models.figures_note": (
        "On one test photo that it never saw, with 95\u00a0% intervals.",
        ("On {n} test photos that it never saw, with 95\u00a0% intervals over whole places."),
    ),
    "models.promote": "Put into service",
    "models.lab": "See it in the laboratory",
    "models.cannot": "What it cannot do",
    "models.all_figures": "All figures",
    "models.how": "How it was made",
    "models.settings": "Its settings",
    "models.history": "Who served before",
    "models.no_history": (
        "Nothing has been put into service by hand yet; the model that came with Patina serves."
    ),
    "models.own_threshold": "its card’s",
    "models.photos_by_split": "Photos by split",
    "models.interval_note": "In brackets the 95\u00a0% interval when whole places are drawn again.",
    "models.licence": "Licence",
    "models.took": "Took",
    "models.machine": "Machine",
    "models.int8": "In 8 bits",
    "models.int8_may": "may judge: F1 on {n} validation photos is {f1}, and {plain} as it is",
    "models.int8_not": "may not judge: F1 on {n} validation photos is {f1}, and {plain} as it is",
    "models.seed": "Seed",
    "models.temperature": "Temperature",
    "models.command": "Command",
    "models.versions": "Versions",
    "models.checksum": "Weights, sha256",
    "models.promote_title": "Put {model} into service for {domain}?",
    "models.nothing_serves": "Nothing serves this domain now.",
    "models.promote_note": (
        "From now on every new photo is judged by it. Verdicts given before keep their model and threshold."
    ),
    "models.promote_confirm": "Put into service",
    "models.promoted": "{model} serves from now on.",
    "models.serves_now": "Now: {model}",
    "models.would_serve": "Then: {model}",
    "models.change": "Change",
    "models.same_photos": "Both answered the same test photos.",
    "models.other_photos": (
        "They were tested on different photos: the figures cannot be set against each other."
    ),
}
