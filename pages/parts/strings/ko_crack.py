"""Korean: what a crack threshold costs, the comparison of models, scales and exports."""

from __future__ import annotations

WORDS: dict[str, str | tuple[str, str]] = {
    # What a mistake costs
    "price.title": "놓친 균열 1 m의 비용은 …",
    "price.title_px": "놓친 균열 1,000px의 비용은 …",
    "price.n": "오경보 {n}건",
    "price.none": "정하지 않음",
    "price.help": (
        "이 사진들에서 두 가지 실수의 비용 합이 가장 작은 곳으로 기준값을 옮깁니다. 오경보는 균열이 없는 "
        "사진(또는 그 일부)을 균열이라고 한 것입니다."
    ),
    "price.elsewhere": "이 비용에서 가장 싼 기준값은 {threshold}입니다. 그 뒤에 손으로 옮겼습니다.",
    "price.scale": "픽셀당 mm",
    "price.no_scale": "축척 없음",
    "price.scale_help": "이 사진들의 한 픽셀이 벽에서 몇 mm인지 알 때: 길이를 미터로 나타냅니다.",
    "point.title": "이 기준값이 이 사진들에서 하는 일",
    "point.found": "찾음",
    "point.missed": "놓침",
    "point.false": "오경보",
    "point.pixels": "픽셀",
    "point.length_m": "균열 길이 (m)",
    "point.length_px": "균열 길이 (1,000px)",
    "point.cracked": "균열이 있는 사진",
    "point.clean_photos": "깨끗한 사진",
    "point.clean_parts": "사진의 깨끗한 부분",
    "point.of_called": "(균열이라 한 것 중)",
    "point.per_100": "100건당 {rate}",
    "point.of": "{of} 중 {n}",
    # The mask explorer and the comparison of models
    "crack.view_compare": "모델 비교",
    "mask.one": "하나",
    "mask.swipe": "밀어 보기",
    "mask.own": "각자의 기준값",
    "mask.own_help": "다른 모델은 저장된 각자의 기준값으로",
    "mask.left": "선 왼쪽",
    "mask.right": "선 오른쪽",
    "mask.brightness": "밝기",
    "mask.contrast": "대비",
    "mask.drawing": "표시",
    "mask.plain": "원래대로",
    "mask.tool_light": "밝기와 대비",
    "mask.no_map": "이 사진의 지도 없음",
    "mask.threshold": "기준값",
    "compare.alone": (
        "이 사진들의 확률 지도를 가진 다른 모델이 없습니다. 같은 세트로 다른 모델을 학습하면 "
        "나란히 볼 수 있습니다."
    ),
    "compare.with": "함께 볼 모델",
    "compare.choose": "최대 다섯 개까지 선택",
    "compare.f1_title": "모델마다 가장 좋은 기준값이 다릅니다",
    "compare.pr_title": "균열을 더 찾을 때의 비용, 모델별",
    "compare.best": "최고 F1",
    "compare.at": "{threshold}에서 {f1}",
    "compare.caption": "세트의 모든 사진, 픽셀 합산, 기준값 {threshold}",
    "loss.bce": "BCE",
    "loss.dice": "Dice",
    "loss.focal": "Focal",
    "loss.tversky": "Tversky",
    "loss.cldice": "clDice",
}
