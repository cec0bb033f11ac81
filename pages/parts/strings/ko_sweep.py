"""Korean: trainings that are compared in one run, and how fine cracks fare."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    "loss.bce": "교차 엔트로피",
    "loss.dice": "Dice",
    "loss.focal": "Focal",
    "loss.tversky": "Tversky",
    "loss.cldice": "clDice",
    "sweep.compare": "여러 설정을 한 번에 비교",
    "sweep.compare_help": "고른 값의 모든 조합을 같은 길이로, 같은 시작점과 같은 조각 사진으로 학습합니다.",
    "sweep.published_weights": "손실마다 발표된 가중치",
    "sweep.kernel": "커널",
    "sweep.levels": "단계",
    "sweep.planned": ("{steps}스텝 학습 1개.", "{steps}스텝 학습 {n}개를 차례로 합니다."),
    "sweep.none": (
        "어느 손실이 가는 균열을 가장 잘 찾을까요? 여러 개를 한 번에 학습하면 표가 여기에 나옵니다."
    ),
    "sweep.begin": "손실 비교하기",
    "sweep.which": "비교",
    "sweep.not_yet": ("학습이 아직 끝나지 않았습니다.", "학습 {n}개 가운데 아직 끝난 것이 없습니다."),
    "sweep.best_test": (
        "검증 사진에서는 {name}이(가) 가장 좋고 (F1 {val}), 시험 사진 {photos}장에서는 F1 {f1}입니다."
    ),
    "sweep.best_val": (
        "검증 사진 {photos}장에서 {name}이(가) 가장 좋습니다 (F1 {f1}). 시험 사진은 없습니다."
    ),
    "sweep.so_far": "지금까지 {n}개 가운데 {done}개가 끝났습니다.",
    "sweep.caption": (
        "각각 검증 사진에서 가장 좋은 임계값을 씁니다. 마지막 열들은 그 폭의 균열의 재현율입니다"
    ),
    "sweep.threshold_help": "검증 사진에서 골라 다른 사진에 씁니다",
    "sweep.width_help": "이 폭의 균열 화소 가운데 찾은 비율",
    "sweep.val_f1": "검증 F1",
    "sweep.val_help": "가장 좋은 것은 이 값으로 고릅니다",
    "sweep.which_figure": "지표",
    "sweep.threshold_title": "모든 임계값에서의 {metric}",
    "sweep.threshold_note": "가장 좋은 학습들입니다. 점은 검증 사진에서 고른 임계값입니다.",
    "sweep.masks": "마스크를 나란히",
    "sweep.masks_which": "학습, 여섯 개까지",
    "sweep.curves_title": "학습 과정",
    "sweep.curves_note": "검증 사진의 가장 좋은 임계값에서의 F1, 가장 좋은 학습 {n}개.",
    "sweep.equal_caption": "MSE와 같은 정밀도에서의 재현율과 MSE와의 차이",
    "sweep.equal_note": "균열이라고 많이 부를수록 더 찾습니다. 여기서는 모두 MSE만큼 자주 맞습니다.",
    "sweep.beside": "논문의 수치와 나란히",
    "sweep.theirs": "논문 {value}",
    "sweep.file": "다른 학습을 모델로 등록",
    "sweep.trial": "학습",
    "sweep.name": "모델 이름",
    "sweep.file_now": "모델로 등록",
    "run.sweep": "표 보기",
    "fine.width": "균열 폭",
    "fine.found": "찾은 길이",
    "fine.found_help": "2화소 안에 표시가 있는 길이의 비율",
    "fine.length": "길이, px",
    "fine.caption": "임계값 {threshold}에서 폭별 균열",
    "fine.tolerance": "{px}px에서 {f1}",
    "fine.note": "허용 오차를 둔 F1: {tolerance}. 중심선만 보면 (clDice, {at}에서): {cldice}.",
    "fine.how": "방법",
    "fine.gained": "더 찾음",
    "fine.gained_help": "단순 마스크보다 더 찾은, 2화소 안에 표시가 있는 균열 길이",
    "fine.added": "더 틀림",
    "fine.added_help": "단순 마스크보다 더 표시된, 균열에서 2화소 넘게 떨어진 면적",
    "fine.by_plain": "단순 마스크",
    "fine.by_two_thresholds": "임계값 두 개",
    "fine.by_enlarged": "두 배로 확대한 사진",
    "fine.by_both": "둘 다",
    "fine.from": "이어진 곳은 {low}부터",
    "fine.rescue": "가는 균열을 더 찾는 방법과 그 대가",
    "fine.enlarge": "두 배로 확대하면 무엇이 더 보이는지 확인",
}
