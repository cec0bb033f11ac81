"""What a verdict, a time, a name and a number are called on the screen. Records in, words out."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.datasets import NOT_STATED
from core.inspections import Inspection
from core.records import Domain, Verdict
from pages.parts.strings import CATALOGUES, language, say, t

NETWORKS: Final = {
    "mobilenet_v2": "MobileNetV2",
    "resnet18": "ResNet-18",
    "resnet50": "ResNet-50",
    "cnn5": "CNN-5",
    "alexnet": "AlexNet",
    "unet": "U-Net",
    "unet_mobilenet_v2": "U-Net on MobileNetV2",
}
"""Networks as people write them."""
ASKS: Final = "A person should look: "
"""How some stored reasons begin; beside a card's mark for "a person is needed" it says nothing new."""
SPLITS: Final = ("train", "val", "test", "pool")
CLOSE: Final = 0.25
"""ours: a neighbouring grade this likely is named as well: "Grade 2 of 3, close to 3"."""
SURE: Final = 0.95
FAIRLY: Final = 0.8
"""ours: calibrated confidence from which a verdict is called sure, and fairly sure."""


def headline(verdict: Verdict) -> str:
    """The verdict in an inspector's words: "Crack, 0.4 ± 0.1 mm wide", "Grade 2 of 3, close to 3"."""
    match verdict.domain:
        case "rail":
            return t(f"verdict.{verdict.label}")
        case "crack":
            if verdict.label == "no crack":
                return t("verdict.no_crack")
            return _width(verdict)
        case "corrosion":
            near = close_grade(verdict)
            said = t("verdict.grade", grade=verdict.label)
            return said if near is None else t("verdict.grade_close", grade=verdict.label, near=near)


def close_grade(verdict: Verdict) -> int | None:
    """The neighbouring grade that the photo might be as well, or None when there is no such doubt."""
    grade = int(verdict.label)
    beside = {g: float(verdict.figures.get(f"p_{g}") or 0.0) for g in (grade - 1, grade + 1) if 0 <= g <= 3}
    near = max(beside, key=lambda g: beside[g])
    return near if beside[near] >= CLOSE else None


def said(text: str | None) -> str:
    """A sentence that the store holds in English, in the reader's language where the catalogue knows it.

    A reason is made of clauses ("The photo is blurred, and it may be grade 3."), so it is said clause by
    clause. What the catalogue does not know stays as it is: better English than nothing.
    """
    text = text or ""
    tongue = language()
    if tongue == "en" or not text:
        return text
    whole = _known(text, "said.whole.", tongue)
    if whole is not None:
        return whole
    bare = text.removesuffix(".").removeprefix(ASKS)
    clauses = [_known(c[0].lower() + c[1:], "said.clause.", tongue) for c in bare.split(", and ") if c]
    if any(clause is None for clause in clauses):
        return text
    return t("said.join").join(str(clause) for clause in clauses) + t("said.end")


def why_ask(reason: str) -> str:
    """Why a person should look, without saying that one should: the card's own mark says so."""
    bare = reason.removeprefix(ASKS)
    return said(bare[:1].upper() + bare[1:])


def label(domain: Domain, name: str) -> str:
    """An answer's name alone, for a button or a filter: "Defect", "Grade 2"."""
    return t("label.grade", grade=name) if domain == "corrosion" else t(f"label.{name.replace(' ', '_')}")


def split(name: str) -> str:
    """What a split is called; one that an importer named otherwise keeps its own word."""
    return t(f"split.{name}") if name in SPLITS else name or t("data.no_split")


def pairs(told: Iterable[tuple[str, int]]) -> str:
    """Names with their numbers in one line, which breaks between two of them only: "Grade 0: 150 · …"."""
    return " · ".join(f"{name}: {n:,}".replace(" ", "\u00a0") for name, n in told)


def licence(text: str) -> str:
    """A licence as its set or card says it, in words where nobody said so."""
    return t("data.no_licence") if text in ("", NOT_STATED) else text


def tone(inspection: Inspection) -> str:
    """Which colour a result has, always beside words: grade-0 … grade-3, bad, fine, waiting, failed."""
    verdict = inspection.verdict
    if verdict is None:
        return "failed" if inspection.state in ("failed", "cancelled") else "waiting"
    said = inspection.opinion.label if inspection.opinion else verdict.label
    if inspection.domain == "corrosion":
        return f"grade-{said}"
    return "bad" if said in ("defect", "crack") else "fine"


def sureness(confidence: float) -> str:
    """How sure a verdict is, in words and per cent: "fairly sure, 84 %"."""
    word = "sure" if confidence >= SURE else "fairly" if confidence >= FAIRLY else "unsure"
    return t(f"sure.{word}", percent=percent(min(confidence, 0.999)))


def percent(share: float) -> str:
    """0.843 → "84 %", which no line breaks; below 1 % and above 99 % with one digit more."""
    value = 100 * share
    digits = 1 if 0 < value < 1 or 99 < value < 100 else 0
    return f"{value:.{digits}f}\u00a0%"


def said_by(inspection: Inspection) -> str:
    """What a person said of the newest verdict, in one line; empty when nobody did."""
    opinion = inspection.opinion
    if opinion is None:
        return ""
    if opinion.agrees:
        return t("opinion.confirmed", who=opinion.who)
    return t("opinion.corrected", who=opinion.who, label=label(inspection.domain, opinion.label))


def ago(at: float, now: float) -> str:
    """How long since: "just now", "5 min ago", "yesterday", then the date. The future reads "just now"."""
    seconds = max(0.0, now - at)
    if seconds < 60:
        return t("ago.now")
    if seconds < 3600:
        return t("ago.minutes", n=int(seconds // 60))
    then, today = _local(at), _local(now)
    days = (today.date() - then.date()).days
    if days == 0:
        return t("ago.hours", n=int(seconds // 3600))
    if days == 1:
        return t("ago.yesterday", time=f"{then:%H:%M}")
    if days < 7:
        return t("ago.days", n=days)
    return date(at)


def in_about(seconds: float) -> str:
    """How long still: "less than a minute", "6 min", "2 h 10 min"."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return t("span.seconds")
    if minutes < 60:
        return t("span.minutes", n=minutes)
    return t("span.hours", hours=minutes // 60, minutes=minutes % 60)


def clock(at: float) -> str:
    """A time of day: "10:42"."""
    return f"{_local(at):%H:%M}"


def date(at: float) -> str:
    """A day as people write it: "17 May 2024", "2024년 5월 17일"."""
    then = _local(at)
    return t("time.date", day=then.day, month=t(f"month.{then.month}"), year=str(then.year))


def exact(at: float) -> str:
    """A moment to the second in the reader's own zone, as shown when hovering."""
    return f"{_local(at):%Y-%m-%d %H:%M:%S %Z}"


def shortened(name: str, longest: int = 28) -> str:
    """A long file name cut in its middle, so that its number and its ending stay: "IMG_2024…0043.jpg"."""
    if len(name) <= longest:
        return name
    tail = (longest - 1) // 2
    return f"{name[: longest - 1 - tail]}…{name[-tail:]}"


def size(n_bytes: float) -> str:
    """Bytes as people say them: "12 MB"."""
    for unit in ("B", "kB", "MB", "GB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}" if n_bytes >= 10 or unit == "B" else f"{n_bytes:.1f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} TB"


def _known(text: str, family: str, tongue: str) -> str | None:
    """The text in another language when it is an English one of this family of keys, else None."""
    for key, pattern in _patterns(family):
        found = pattern.fullmatch(text)
        if found:
            return say(tongue, key, **{k: _word(v, tongue) for k, v in found.groupdict().items()})
    return None


def _word(text: str, tongue: str) -> str:
    """A word within a clause, such as what is wrong with a photo."""
    return _known(text, "said.word.", tongue) or text


@functools.cache
def _patterns(family: str) -> list[tuple[str, re.Pattern[str]]]:
    """(key, what its English text looks like with anything in place of its {names})."""
    found = []
    for key, text in CATALOGUES["en"].items():
        if key.startswith(family) and isinstance(text, str):
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>.+)", re.escape(text))
            found.append((key, re.compile(pattern)))
    # Whole sentences before those with gaps: "the photo is {fault}" would take "the photo is unlike …" too.
    return sorted(found, key=lambda told: told[1].groups)


def _width(verdict: Verdict) -> str:
    mm, px = verdict.figures.get("max_width_mm"), verdict.figures.get("max_width_px")
    finer = verdict.figures.get("finer_than_mm")
    if isinstance(finer, int | float):
        return t("verdict.crack_fine", width=f"{finer:.{1 if finer >= 1 else 2}f}")
    if isinstance(mm, int | float) and mm > 0:
        low, high = (verdict.figures.get(f"max_width_{end}_mm") for end in ("low", "high"))
        if not isinstance(low, int | float) or not isinstance(high, int | float):
            return t("verdict.crack_mm", width=f"{mm:.1f}")
        digits = 1 if mm >= 1 else 2
        band = max(high - mm, mm - low, 0.5 * 10**-digits)
        return t("verdict.crack_mm_band", width=f"{mm:.{digits}f}", band=f"{band:.{digits}f}")
    if isinstance(px, int | float) and px > 0:
        return t("verdict.crack_px", width=f"{px:.0f}")
    return t("verdict.crack")


def _local(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC).astimezone(_zone())


def _zone() -> tzinfo | None:
    """The browser's zone; this machine's own where there is no browser (a test)."""
    if get_script_run_ctx(suppress_warning=True) is None:
        return None
    try:
        return ZoneInfo(st.context.timezone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
