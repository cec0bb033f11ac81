"""How far off crack widths and lengths are, on drawn cracks: by the mask, and by the photo's grey values.

    python -m tests.bench.widths

Straight cracks of 1 to 30 pixels at eight angles, blurred by 0, 0.8 and 1.2 pixels, with noise of 4 grey
values; the mask is where half of the blurred crack is left, as a model at its best would draw it. One JSON
line a width, and one over all. `by_mask` and `by_grey` are means over the inner part of a crack; `graded` is
the widest place of the whole photo, the one figure that a standard is asked about. Where blur left no mask
at all there is nothing to measure: such cracks are `lost`, counted, and in no mean.
"""

from __future__ import annotations

import itertools
import json

import numpy as np

from core.measuring import measures, profiles, widths
from tests.test_profiles import ANGLES, crack, middle
from tests.test_widths import bar

WIDTHS = (1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30)
BLURS = (0.0, 0.8, 1.2)
LENGTHS = (1.5, *WIDTHS[2:])
"""Bars whose length is measured: every one of them leaves a mask at every angle."""
SCALE = 0.1
"""Millimetres a pixel."""


def errors(width: float, blur: float) -> tuple[list[float], list[float], list[float], int]:
    """Absolute errors in pixels, one an angle, by mask, by grey and of the graded maximum; how often no mask
    was left.
    """
    by_mask, by_grey, graded, lost = [], [], [], 0
    for degrees in ANGLES:
        grey, mask = crack(width, degrees, blur=blur)
        found = widths.measure(mask)
        inner = middle(found)
        if not inner.any():
            lost += 1
            continue
        by_mask.append(float(np.abs(found.width_px[inner] - width).mean()))
        by_grey.append(float(np.abs(profiles.measure(grey, found).width_px[inner] - width).mean()))
        told = measures.of_mask(mask, grey, (mask * 255).astype(np.uint8))
        graded.append(abs(told["max_width_px"] - width))
    return by_mask, by_grey, graded, lost


def main() -> None:
    """Print what was measured."""
    all_mask, all_grey, thin_grey, thick_grey, all_graded, n_lost = [], [], [], [], [], 0
    for width in WIDTHS:
        told = [errors(width, blur) for blur in BLURS]
        by_mask, by_grey, graded = ([error for t in told for error in t[i]] for i in range(3))
        all_mask += by_mask
        all_grey += by_grey
        all_graded += graded
        (thick_grey if width >= 5 else thin_grey).extend(by_grey)
        n_lost += sum(t[3] for t in told)
        line = {"width_px": width, "lost": sum(t[3] for t in told), "drawn": len(BLURS) * len(ANGLES)}
        if by_mask:
            line |= {"by_mask_px": round(np.mean(by_mask), 3), "by_grey_px": round(np.mean(by_grey), 3)}
            line |= {"graded_px": round(np.mean(graded), 3), "graded_worst_px": round(max(graded), 2)}
        print(json.dumps(line))
    lengths = list(map(length_error, *zip(*itertools.product(LENGTHS, ANGLES), strict=True)))
    print(
        json.dumps(
            {
                "drawn": len(WIDTHS) * len(BLURS) * len(ANGLES),
                "lost": n_lost,
                "mean_abs_error_px": {
                    "by_mask": rounded(all_mask),
                    "by_grey": rounded(all_grey),
                    "by_grey_below_5_px": rounded(thin_grey),
                    "by_grey_from_5_px": rounded(thick_grey),
                    "graded": rounded(all_graded),
                },
                "mean_abs_error_mm_at_0.1_mm_per_px": {
                    "by_grey": rounded(all_grey, SCALE),
                    "graded": rounded(all_graded, SCALE),
                    "graded_worst": round(SCALE * max(all_graded), 4),
                },
                "length": {"mean": round(float(np.mean(lengths)), 4), "worst": round(max(lengths), 4)},
            }
        )
    )


def length_error(width: float, degrees: float) -> float:
    """By which share the length of a straight bar of 150 pixels is off."""
    mask = bar(width, degrees, shift=(0.13, 0.21))
    return abs(widths.measure(mask).length_px / 150 - 1)


def rounded(errors: list[float], by: float = 1.0) -> float:
    """Their mean times `by`, to four digits."""
    return round(by * float(np.mean(errors)), 4)


if __name__ == "__main__":
    main()
