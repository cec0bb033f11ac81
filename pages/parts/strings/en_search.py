"""English: the search for settings, trial by trial."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    "search.trial": "Trial",
    "search.trial_n": "Trial {n}",
    "search.value": "Mean F1",
    "search.best_so_far": "best so far",
    "search.epoch": "Epoch",
    "search.share": "Share of what decides",
    "search.axes": "Settings",
    "search.slices_note": "The later a trial, the stronger its colour; the settings that matter most first.",
    "search.state": "State",
    "search.state_running": "running",
    "search.state_complete": "ended",
    "search.state_pruned": "stopped early",
    "search.state_fail": "interrupted",
    "search.state_waiting": "goes on next",
    "search.every": ("The trial", "All {n} trials"),
}
