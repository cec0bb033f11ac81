"""The tables of the three papers as printed. Their photos were others than ours: the figures do not compare.

Rows that do not follow from their own precision and recall by more than rounding are kept as printed;
`differs` finds them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RailColumn:
    """Paper 1, tables 1 to 3: accuracy on 885 test photos over 5 repeats, learned from `labels` photos."""

    labels: int
    mean: float
    std: float
    min: float
    max: float


def _columns(labels: str, *rows: str) -> tuple[RailColumn, ...]:
    heads = [int(n) for n in labels.split()]
    mean, std, low, high = ([float(x) for x in row.split()] for row in rows)
    return tuple(RailColumn(*column) for column in zip(heads, mean, std, low, high, strict=True))


RAIL: dict[str, tuple[RailColumn, ...]] = {
    "table1": _columns(
        "3 35 65 85 120",
        "0.7892 0.7973 0.7854 0.7830 0.8072",
        "0.0309 0.0491 0.1377 0.2187 0.2219",
        "0.7537 0.7657 0.6 0.4567 0.4687",
        "0.8254 0.8813 0.9231 0.9731 0.9843",
    ),
    "table2": _columns(
        "13 35 65 85 120",
        "0.7670 0.8193 0.8633 0.9161 0.9208",
        "0.0380 0.0743 0.0943 0.1171 0.1259",
        "0.7022 0.6955 0.7231 0.7082 0.6993",
        "0.7963 0.8963 0.953 0.9784 0.9903",
    ),
    "table3": _columns(
        "21 45 69 93 117",
        "0.7879 0.8912 0.9554 0.9727 0.9894",
        "0.0144 0.0234 0.0248 0.0160 0.0024",
        "0.7731 0.8567 0.9269 0.947 0.9851",
        "0.8075 0.9224 0.991 0.9896 0.9910",
    ),
}
RAIL_ALL_LABELS = 0.99
"""Accuracy of the fully supervised reference, all 600 photos labelled."""
RAIL_ALWAYS_NORMAL = 0.758
"""Accuracy of saying `normal` to each of paper 1's test photos."""


@dataclass(frozen=True)
class CrackRow:
    """Paper 2, tables 1 and 4 to 7 (5 levels, 7×7), pooled over pixels. `weight` None: mse has none."""

    table: int
    loss: str
    weight: float | None
    threshold: float
    precision: float
    recall: float
    accuracy: float
    f1: float

    @property
    def derived_f1(self) -> float:
        """The F1 that follows from the printed precision and recall."""
        return 2 * self.precision * self.recall / (self.precision + self.recall)

    @property
    def differs(self) -> bool:
        """True where the printed F1 is further from the derived one than rounding explains."""
        return abs(self.derived_f1 - self.f1) > 0.002


def _rows(table: int, loss: str, *rows: str) -> tuple[CrackRow, ...]:
    found = []
    for row in rows:
        weight, *figures = row.split()
        threshold, precision, recall, accuracy, f1 = map(float, figures)
        w = None if weight == "-" else float(weight)
        found.append(CrackRow(table, loss, w, threshold, precision, recall, accuracy, f1))
    return tuple(found)


CRACK: tuple[CrackRow, ...] = (
    *_rows(
        1,
        "mse",
        "- 0.1 0.806 0.922 0.988 0.860",
        "- 0.4 0.949 0.875 0.993 0.910",
        "- 0.75 0.986 0.807 0.992 0.888",
        "- 0.9 0.994 0.742 0.989 0.850",
    ),
    *_rows(
        4,
        "balanced_step",
        "0.69 0.9 0.940 0.871 0.992 0.904",
        "0.83 0.9 0.945 0.875 0.993 0.909",
        "0.90 0.9 0.884 0.898 0.991 0.891",
        "0.97 0.9 0.784 0.934 0.987 0.852",
    ),
    *_rows(
        5,
        "squared_balanced_step",
        "0.2 0.75 0.864 0.873 0.989 0.869",
        "0.3 0.75 0.947 0.828 0.991 0.883",
        "0.5 0.75 0.884 0.901 0.991 0.892",
        "0.7 0.75 0.849 0.920 0.990 0.883",
    ),
    *_rows(
        6,
        "step",
        "0.5 0.5 0.863 0.916 0.991 0.889",
        "0.69 0.5 0.908 0.892 0.992 0.900",
        "0.97 0.5 0.887 0.907 0.991 0.896",
        "1.3 0.5 0.885 0.906 0.991 0.895",
    ),
    *_rows(
        7,
        "relu",
        "0.5 0.5 0.898 0.880 0.991 0.889",
        "0.69 0.5 0.929 0.926 0.994 0.927",
        "0.97 0.5 0.936 0.921 0.994 0.928",
        "1.3 0.5 0.926 0.909 0.993 0.917",
    ),
)


def best_of_losses() -> tuple[CrackRow, ...]:
    """Table 8 of paper 2: the best row of each loss, in the order of its tables."""
    losses = dict.fromkeys(row.loss for row in CRACK)
    return tuple(max((r for r in CRACK if r.loss == loss), key=lambda r: r.f1) for loss in losses)


@dataclass(frozen=True)
class CorrosionRow:
    """Paper 3, table 4, on 120 test photos. `grade` None: the mean over the grades, as printed."""

    network: str
    trimmed: bool
    grade: int | None
    precision: float
    recall: float
    f1: float


def _grades(network: str, trimmed: bool, *rows: str) -> tuple[CorrosionRow, ...]:
    found = []
    for row in rows:
        grade, *figures = row.split()
        precision, recall, f1 = map(float, figures)
        found.append(
            CorrosionRow(network, trimmed, None if grade == "mean" else int(grade), precision, recall, f1)
        )
    return tuple(found)


CORROSION: tuple[CorrosionRow, ...] = (
    *_grades(
        "cnn5",
        True,
        "3 0.71 0.73 0.72",
        "2 0.56 0.63 0.59",
        "1 0.88 0.73 0.80",
        "0 0.73 0.73 0.73",
        "mean 0.72 0.71 0.71",
    ),
    *_grades(
        "resnet18",
        True,
        "3 0.68 0.93 0.79",
        "2 0.69 0.60 0.64",
        "1 0.93 0.93 0.93",
        "0 1.0 0.77 0.87",
        "mean 0.83 0.81 0.81",
    ),
    *_grades(
        "resnet18",
        False,
        "3 0.71 0.83 0.77",
        "2 0.65 0.67 0.66",
        "1 0.90 0.93 0.92",
        "0 1.0 0.77 0.87",
        "mean 0.82 0.80 0.80",
    ),
    *_grades(
        "alexnet",
        True,
        "3 0.67 0.87 0.75",
        "2 0.63 0.40 0.49",
        "1 0.78 0.70 0.74",
        "0 0.69 0.80 0.74",
        "mean 0.69 0.69 0.68",
    ),
)
