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
}
