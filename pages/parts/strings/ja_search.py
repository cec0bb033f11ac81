"""Japanese: the search for settings, trial by trial."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    "search.trial": "試行",
    "search.trial_n": "試行{n}",
    "search.value": "平均F1",
    "search.best_so_far": "これまでの最良",
    "search.epoch": "エポック",
    "search.share": "結果を決める割合",
    "search.axes": "設定",
    "search.slices_note": "後の試行ほど色が濃くなります。重要な設定から並びます。",
    "search.state": "状態",
    "search.state_running": "進行中",
    "search.state_complete": "終了",
    "search.state_pruned": "早めに停止",
    "search.state_fail": "中断",
    "search.state_waiting": "次に続行",
    "search.every": ("試行", "全{n}回の試行"),
}
