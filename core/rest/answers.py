"""What REST answers: records as JSON, with times in UTC and links to what belongs to them."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from core.errors import PatinaError, TooMany
from core.gate import problem
from core.grading import terms
from core.inspections import Inspection
from core.measuring import drawings
from core.records import Verdict
from core.settings import Settings
from core.uploads import Kept

V1 = "/api/v1"


def in_json(told: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer that no cache keeps."""
    text = json.dumps(told, ensure_ascii=False, allow_nan=False)
    return Response(text, status, {"cache-control": "no-store", **(headers or {})}, "application/json")


def sorry(error: PatinaError) -> Response:
    """An error as problem+json: its sentence, its status, and when to come again where it says so."""
    headers, told = {}, {}
    if isinstance(error, TooMany):
        headers["retry-after"] = str(math.ceil(error.seconds))
    if error.status == 401:
        headers["www-authenticate"] = "Bearer"
    if reason := getattr(error, "reason", None):
        told["reason"] = reason
    return problem(error.status, str(error), headers, **told)


def iso(at: float) -> str:
    """Seconds since 1970 as `2026-01-31T08:00:00.000Z`."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def photo(kept: Kept) -> dict[str, Any]:
    """A photo that is in the store now."""
    return {
        "photo": kept.sha256,
        "known": kept.known,
        "width_px": kept.width_px,
        "height_px": kept.height_px,
        "name": kept.name,
    }


def verdict(said: Verdict) -> dict[str, Any]:
    """A verdict with all its figures."""
    return dataclasses.asdict(said) | {"figures": dict(said.figures)}


def inspection(found: Inspection, settings: Settings) -> dict[str, Any]:
    """An inspection with its newest verdict, a person's word on it, its scale, and links to its pictures.

    `verdict`, `opinion` and `scale` are None where there is none; `terms` are there once there is a verdict.
    """
    plain = ("id", "state", "error", "photo", "name", "domain", "batch", "owner", "place", "note", "trim")
    told = {k: getattr(found, k) for k in plain} | {
        "instead": found.instead,
        "scale_mm_per_px": found.scale_mm_per_px,
        "scale": None,
        "width_px": found.width_px,
        "height_px": found.height_px,
        "taken_at": found.taken_at,
        "created_at": iso(found.created_at),
        "verdict": None,
        "opinion": None,
        "links": _links(found),
    }
    if found.scale is not None:
        told["scale"] = dataclasses.asdict(found.scale) | {
            "told": dict(found.scale.told),
            "by": found.scale_by or found.owner,
            "at": iso(found.scale_at or found.created_at),
        }
    if found.opinion is not None:
        told["opinion"] = dataclasses.asdict(found.opinion) | {"at": iso(found.opinion.at)}
    if found.verdict is not None:
        told["verdict"] = verdict(found.verdict) | {
            "at": iso(found.verdict_at or 0.0),
            "by": found.verdict_by,
            "severity": found.severity,
        }
        stands = found.opinion.label if found.opinion else found.verdict.label
        told["terms"] = [dataclasses.asdict(one) for one in terms.told(settings, found.domain, stands)]
    return told


def _links(found: Inspection) -> dict[str, str]:
    here = f"{V1}/inspections/{found.id}"
    links = {
        "self": here,
        "photo": f"{V1}/photos/{found.photo}",
        "thumb": f"{V1}/thumbs/{found.photo}",
    }
    if found.arrays is None or found.domain != "crack":
        return links
    links |= {"overlay": f"{V1}/overlays/{found.id}.webp", "map": f"{V1}/maps/{found.id}"}
    return links | {kind: f"{here}/cracks.{kind}" for kind in drawings.KINDS}
