"""Korean: the search for settings, trial by trial."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    "search.trial": "시도",
    "search.trial_n": "시도 {n}",
    "search.value": "평균 F1",
    "search.best_so_far": "지금까지 최고",
    "search.epoch": "에폭",
    "search.share": "결과를 가르는 비중",
    "search.axes": "설정",
    "search.slices_note": "나중 시도일수록 색이 진합니다. 중요한 설정부터 보입니다.",
    "search.state": "상태",
    "search.state_running": "진행 중",
    "search.state_complete": "끝남",
    "search.state_pruned": "일찍 멈춤",
    "search.state_fail": "중단됨",
    "search.state_waiting": "다음에 이어서",
    "search.every": ("시도", "시도 {n}회 모두"),
}
