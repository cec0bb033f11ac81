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
    # The scale of a photo
    "ruler.draw": "축척 그리기",
    "ruler.first": "길이를 아는 것(자, 종이, 폼타이)의 한쪽 끝을 누르세요.",
    "ruler.second": "이제 다른 쪽 끝을 누르세요.",
    "ruler.adjust": "끝점을 끌어 맞추세요. 화살표 키는 한 픽셀씩, x는 다른 끝점을 고릅니다.",
    "ruler.length": "길이는?",
    "ruler.save": "이 축척 쓰기",
    "ruler.result": "픽셀당 {scale} mm, 오차 {error} % 이내.",
    "ruler.widest": "균열: 최대 {width} mm.",
    "ruler.short": "너무 짧아 정확하지 않습니다. 더 긴 것을 쓰거나 확대하세요.",
    "ruler.px": "{px} 픽셀",
    "ruler.known_a4": "A4 긴 변",
    "ruler.known_card": "신용카드",
    "ruler.known_coin": "1유로",
    "scale.none": "축척 없음",
    "scale.stands": "픽셀당 {scale} mm, 오차 {error} % 이내, {how}",
    "scale.how_given": "주어진 값",
    "scale.how_line": "사진에 그은 선으로",
    "scale.how_field": "보이는 너비로",
    "scale.how_distance": "거리와 렌즈로",
    "scale.draw_hint": "가장 좋은 방법: 길이를 아는 것을 따라 사진 위에 그리세요.",
    "scale.way": "또는 값으로",
    "scale.way_field": "보이는 너비",
    "scale.way_given": "픽셀당 mm",
    "scale.way_distance": "거리",
    "scale.mm_a_pixel": "픽셀당 밀리미터",
    "scale.distance": "카메라에서 벽까지 (m)",
    "scale.focal": "35 mm 환산 초점 거리 (mm)",
    "scale.focal_read": "35 mm 환산 초점 거리 (mm, 사진에서 읽음)",
    "scale.square": (
        "축척은 정면에서 찍은 벽에만, 잰 깊이에서만 맞습니다. 사진만으로는 정면인지 알 수 없습니다."
    ),
    "scale.closer_m": "이 사진은 {mm} mm를 보여 줄 수 없고 {finest} mm까지입니다: {m} m보다 가까이 서세요.",
    "scale.closer_times": (
        "이 사진은 {mm} mm를 보여 줄 수 없고 {finest} mm까지입니다: {times}배 더 가까이 서세요."
    ),
}
