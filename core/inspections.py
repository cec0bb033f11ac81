"""Inspections as they stand: a photo asked about in one domain, its newest verdict, a person's opinion.

`core.asking` writes them; here they are found, counted and read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlite_utils import Database

from core.errors import NotFound
from core.measuring import scales
from core.measuring.scales import Scale
from core.records import Domain, RunState, Trim, Verdict
from core.store import row, rows, to_json, trim_of


@dataclass(frozen=True)
class Opinion:
    """What a person says of a verdict."""

    who: str
    label: str
    agrees: bool
    note: str
    at: float


@dataclass(frozen=True)
class Inspection:
    """One photo in one domain, with its newest verdict when there is one."""

    id: int
    batch: str
    photo: str
    """sha256 of the photo as uploaded."""
    name: str
    domain: Domain
    owner: str
    created_at: float
    state: RunState
    error: str | None = None
    """Why it could not be judged, in one sentence."""
    run_id: int | None = None
    trim: Trim | None = None
    scale_mm_per_px: float | None = None
    marker_mm: float | None = None
    """How large the printed marker in the photo is, where one was handed in with it."""
    scale: Scale | None = None
    """How large a pixel is, with its origin."""
    scale_by: str = ""
    scale_at: float | None = None
    place: str = ""
    note: str = ""
    instead: int | None = None
    """The inspection of the same photo, in another domain, that stands in place of this one."""
    verdict: Verdict | None = None
    verdict_id: int | None = None
    verdict_at: float | None = None
    verdict_by: str = ""
    severity: float = 0.0
    arrays: str | None = None
    """sha256 of the stored probabilities: an .npz, for crack a grey PNG (`core.arrays`)."""
    opinion: Opinion | None = None
    width_px: int = 0
    height_px: int = 0
    taken_at: str | None = None
    camera: str | None = field(default=None, repr=False)


State = Literal["waiting", "judged", "failed"]
"""What has become of an inspection: `waiting` also while it is being judged."""
Order = Literal["newest", "worst", "batch"]
_ORDERS: Mapping[Order, str] = {
    "newest": "i.id desc",
    "worst": "coalesce(v.severity, -1) desc, i.id desc",
    "batch": "coalesce(v.needs_person, 0) desc, coalesce(v.severity, -1) desc, i.id",
}


def find(
    db: Database,
    *,
    domain: Domain | None = None,
    batch: str | None = None,
    owner: str | None = None,
    label: str | None = None,
    labels: Sequence[str] | None = None,
    needs_person: bool | None = None,
    decided: bool | None = None,
    state: State | None = None,
    since: float | None = None,
    text: str | None = None,
    photo: str | None = None,
    before: int | None = None,
    order: Order = "newest",
    limit: int = 60,
    offset: int = 0,
) -> list[Inspection]:
    """Inspections that fit all given filters; never one that another stands in place of.

    `label` and `labels` (one of them) go by what stands: a person's word, else the newest verdict's.
    `decided`: a person has spoken about the newest verdict. `needs_person`: the verdict asked for one.
    `before`: ids below this one, so that a list of the newest is turned page by page while others come in.
    """
    where, told = _where(locals())
    sql = f"{_SELECT} where {where} order by {_ORDERS[order]} limit :limit offset :offset"
    return [_of_row(r) for r in rows(db, sql, told | {"limit": limit, "offset": offset})]


def count(db: Database, **filters: Any) -> dict[str, int]:
    """How many inspections fit the filters of `find`, by what has become of them.

    Keys: all, waiting, judged, needs_person (and not yet decided), failed, bad (defect, crack or grade 2–3).
    """
    where, told = _where({k: filters.get(k) for k in _FILTERS})
    found = row(
        db,
        f"""select count(*) as "all",
                coalesce(sum(v.id is null and r.state in ('waiting', 'running')), 0) as waiting,
                coalesce(sum(v.id is not null), 0) as judged,
                coalesce(sum(v.needs_person = 1 and o.id is null), 0) as needs_person,
                coalesce(sum(v.id is null and r.state in ('failed', 'cancelled')), 0) as failed,
                coalesce(sum(coalesce(o.label, v.label) in ('defect', 'crack', '2', '3')), 0) as bad
            from {FROM} where {where}""",  # noqa: S608  our own words
        told,
    )
    assert found is not None
    return dict(found)


def ids(db: Database, *, order: Order = "newest", limit: int = 5000, **filters: Any) -> list[int]:
    """The ids that fit the filters of `find`, in its order: what next and previous go by."""
    where, told = _where({k: filters.get(k) for k in _FILTERS})
    found = rows(
        db,
        f"select i.id from {FROM} where {where} order by {_ORDERS[order]} limit :limit",  # noqa: S608
        told | {"limit": limit},
    )
    return [r["id"] for r in found]


def get(db: Database, inspection_id: int) -> Inspection:
    """The inspection of this id; `NotFound` when there is none."""
    found = row(db, f"{_SELECT} where i.id = :id", {"id": inspection_id})
    if found is None:
        raise NotFound(f"There is no inspection {inspection_id}.")
    return _of_row(found)


def stood_before(db: Database, inspection_id: int) -> Inspection | None:
    """The inspection in whose place this one stands, None where it was asked like this from the start."""
    found = row(db, f"{_SELECT} where i.instead = :id order by i.id desc limit 1", {"id": inspection_id})
    return None if found is None else _of_row(found)


def verdicts(db: Database, inspection_id: int) -> list[tuple[float, str, Verdict]]:
    """Every verdict an inspection ever had: when, by whom, what; newest first."""
    found = rows(
        db,
        """select v.*, i.domain from verdicts v join inspections i on i.id = v.inspection_id
           where v.inspection_id = :id order by v.id desc""",
        {"id": inspection_id},
    )
    return [(r["at"], r["who"], _verdict(r)) for r in found]


def of_runs(db: Database, run_ids: Sequence[int]) -> list[Inspection]:
    """The inspections these runs were submitted for, in the order of the runs."""
    if not run_ids:
        return []
    marks = ",".join(str(int(i)) for i in run_ids)
    return [_of_row(r) for r in rows(db, f"{_SELECT} where i.run_id in ({marks}) order by i.run_id")]


FROM = """inspections i
    join photos p on p.sha256 = i.photo
    left join runs r on r.id = i.run_id
    left join verdicts v on v.id = (select max(id) from verdicts where inspection_id = i.id)
    left join opinions o on o.id = (select max(id) from opinions where verdict_id = v.id)"""
"""Inspections with what stands: the newest verdict, and the newest word of a person about that verdict."""

_SELECT = f"""select i.*, p.width_px, p.height_px, p.taken_at, p.camera, r.state, r.error,
    v.id as verdict_id, v.model, v.label, v.confidence, v.threshold, v.needs_person, v.reason, v.next_step,
    v.severity, v.figures_json, v.arrays, v.at as verdict_at, v.who as verdict_by,
    v.trim_json as verdict_trim, v.scale_mm_per_px as verdict_scale,
    o.who as opinion_who, o.label as opinion_label, o.agrees, o.note as opinion_note, o.at as opinion_at,
    s.mm_per_px, s.error as scale_error, s.how as scale_how, s.told_json as scale_told, s.who as scale_who,
    s.at as scale_at
    from {FROM}
    left join scales s on s.id = (select max(id) from scales where inspection_id = i.id)"""  # noqa: S608  our own words

_FILTERS: Mapping[str, str] = {
    "domain": "i.domain = :domain",
    "batch": "i.batch = :batch",
    "owner": "i.owner = :owner",
    "label": "coalesce(o.label, v.label) = :label",
    "labels": "coalesce(o.label, v.label) in (select value from json_each(:labels))",
    "needs_person": "coalesce(v.needs_person, 0) = :needs_person",
    "decided": "(o.id is not null) = :decided",
    "state": """:state = case when v.id is not null then 'judged'
        when r.state in ('failed', 'cancelled') then 'failed' else 'waiting' end""",
    "since": "i.created_at >= :since",
    "text": "(i.name || char(10) || i.place || char(10) || i.note) like :text escape '\\'",
    "photo": "i.photo = :photo",
    "before": "i.id < :before",
}


def _where(filters: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    told = {k: filters[k] for k in _FILTERS if filters.get(k) is not None}
    for name, value in told.items():
        if isinstance(value, bool):
            told[name] = int(value)
    if "labels" in told:
        told["labels"] = to_json(list(told["labels"]))
    if "text" in told:
        plain = str(told["text"])
        for sign in ("\\", "%", "_"):
            plain = plain.replace(sign, "\\" + sign)
        told["text"] = f"%{plain}%"
    return " and ".join(["i.instead is null", *(_FILTERS[k] for k in told)]), told


def _scale(r: Any) -> Scale | None:
    if r["mm_per_px"] is not None:
        return Scale(r["mm_per_px"], r["scale_error"], r["scale_how"], json.loads(r["scale_told"]))
    # Handed in with the photo, by REST or on the command line.
    return scales.given(r["scale_mm_per_px"]) if r["scale_mm_per_px"] is not None else None


def _verdict(r: Any) -> Verdict:
    return Verdict(
        domain=r["domain"],
        label=r["label"],
        confidence=r["confidence"],
        threshold=r["threshold"],
        needs_person=bool(r["needs_person"]),
        reason=r["reason"],
        next_step=r["next_step"],
        model=r["model"],
        figures=json.loads(r["figures_json"]),
        trim=trim_of(r["trim_json"]),
        scale_mm_per_px=r["scale_mm_per_px"],
    )


def _of_row(r: Any) -> Inspection:
    verdict = None
    if r["verdict_id"] is not None:
        told = dict(r) | {"trim_json": r["verdict_trim"], "scale_mm_per_px": r["verdict_scale"]}
        verdict = _verdict(told)
    opinion = None
    if r["opinion_who"] is not None:
        opinion = Opinion(
            r["opinion_who"], r["opinion_label"], bool(r["agrees"]), r["opinion_note"], r["opinion_at"]
        )
    return Inspection(
        id=r["id"],
        batch=r["batch"],
        photo=r["photo"],
        name=r["name"],
        domain=r["domain"],
        owner=r["owner"],
        created_at=r["created_at"],
        state=r["state"] or "done",
        error=r["error"],
        run_id=r["run_id"],
        trim=trim_of(r["trim_json"]),
        scale_mm_per_px=r["scale_mm_per_px"],
        marker_mm=r["marker_mm"],
        scale=_scale(r),
        scale_by=r["scale_who"] or "",
        scale_at=r["scale_at"],
        place=r["place"],
        note=r["note"],
        instead=r["instead"],
        verdict=verdict,
        verdict_id=r["verdict_id"],
        verdict_at=r["verdict_at"],
        verdict_by=r["verdict_by"] or "",
        severity=r["severity"] or 0.0,
        arrays=r["arrays"],
        opinion=opinion,
        width_px=r["width_px"],
        height_px=r["height_px"],
        taken_at=r["taken_at"],
        camera=r["camera"],
    )
