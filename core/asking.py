"""A verdict asked for, given, and asked for again with another box or scale.

What is asked is written down first, then judged by a worker, then answered. Every verdict ever given stays;
the newest is the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlite_utils import Database

from core import crack, inspections, labels, queue
from core.errors import Conflict, NotFound, PatinaError
from core.measuring.scales import Scale
from core.measuring.standards import Standard
from core.records import DOMAINS, Domain, Trim, Verdict
from core.store import note_event, row, to_json, writing

PRIORITY = 10
"""A photo somebody waits for goes before anything else in its lane."""


def ask(
    db: Database,
    photo: str,
    domain: Domain,
    *,
    owner: str,
    now: float,
    batch: str,
    name: str = "",
    trim: Trim | None = None,
    scale_mm_per_px: float | None = None,
    marker_mm: float | None = None,
    place: str = "",
    wake: Path | None = None,
) -> int:
    """Ask for a verdict on a stored photo and return the inspection's id. Written down when this returns.

    With `marker_mm` a crack photo's scale is read from the printed marker in it, when it is judged.
    `DataError` for a trim box outside the photo.
    """
    if domain not in DOMAINS:
        raise PatinaError(f"There is no domain {domain!r}; choose one of {', '.join(DOMAINS)}.")
    if trim is not None:
        labels.checked(trim)
    with writing(db):
        known = row(db, "select name from photos where sha256 = :photo", {"photo": photo})
        if known is None:
            raise NotFound("This photo is not in the store; upload it first.")
        inspection_id = db.conn.execute(
            """insert into inspections (batch, photo, name, domain, owner, created_at, trim_json,
                                        scale_mm_per_px, marker_mm, place)
               values (:batch, :photo, :name, :domain, :owner, :now, :trim, :scale, :marker, :place)
               returning id""",
            {
                "batch": batch,
                "photo": photo,
                "name": name or known["name"],
                "domain": domain,
                "owner": owner,
                "now": now,
                "trim": to_json(trim) if trim else None,
                "scale": scale_mm_per_px,
                "marker": marker_mm,
                "place": place,
            },
        ).fetchone()[0]
        _submit(db, inspection_id, domain, owner, now)
    if wake is not None:
        queue.wake_workers(wake, now)
    return int(inspection_id)


def ask_again(db: Database, inspection_id: int, *, who: str, now: float, wake: Path | None = None) -> None:
    """Judge the photo once more with the model now in service; the earlier verdicts stay."""
    with writing(db):
        found = inspections.get(db, inspection_id)
        if found.state in ("waiting", "running"):
            return
        _submit(db, inspection_id, found.domain, who, now)
        note_event(db, who, "asked again", f"inspection/{inspection_id}", now)
    if wake is not None:
        queue.wake_workers(wake, now)


def ask_as(
    db: Database,
    inspection_ids: Sequence[int],
    domain: Domain,
    *,
    who: str,
    now: float,
    wake: Path | None = None,
) -> list[int]:
    """Judge photos as what they show after all; returns the inspections that stand in their place, in order.

    Photos that were asked in this domain already keep their inspection. The others' verdicts are kept too,
    but no list or count shows them any more; what was still to be judged is not judged. Box and scale belong
    to what a photo shows and stay behind. All photos or none: `NotFound` for an unknown one, `Conflict` for
    one that another inspection stands in place of, `PatinaError` for an unknown domain.
    """
    stands = []
    with writing(db):
        for inspection_id in inspection_ids:
            found = inspections.get(db, inspection_id)
            if found.instead is not None:
                raise Conflict(
                    f"{found.name} is judged as something else already; open it from its list again."
                )
            if found.domain == domain:
                stands.append(found.id)
                continue
            new = ask(
                db, found.photo, domain, owner=found.owner, now=now, batch=found.batch, name=found.name,
                place=found.place,
            )  # fmt: skip
            if found.run_id is not None and found.state in ("waiting", "running"):
                queue.cancel(db, found.run_id, now)
            db.conn.execute(
                "update inspections set instead = :new where id = :id", {"new": new, "id": found.id}
            )
            note_event(db, who, "judged as", f"inspection/{found.id}", now, domain=domain, instead=new)
            stands.append(new)
    if wake is not None:
        queue.wake_workers(wake, now)
    return stands


def set_trim(
    db: Database,
    inspection_id: int,
    trim: Trim | None,
    *,
    who: str,
    now: float,
    wake: Path | None = None,
) -> None:
    """Say where the metal part lies in a photo, None for all of it, and judge it so; earlier verdicts stay.

    The photo itself stays as it is. A photo that waits for its verdict gets it with the box. `DataError` for
    a box outside the photo or too small to see anything in, `Conflict` while it is being judged: the box
    could come too late.
    """
    box = labels.checked(trim) if trim is not None else None
    with writing(db):
        found = inspections.get(db, inspection_id)
        if found.state == "running":
            raise Conflict(f"{found.name} is being judged; wait a moment for its verdict, then keep the box.")
        db.conn.execute(
            "update inspections set trim_json = :trim where id = :id",
            {"trim": to_json([round(v, 4) for v in box]) if box else None, "id": inspection_id},
        )
        if found.state != "waiting":
            _submit(db, inspection_id, found.domain, who, now)
        note_event(
            db, who, "set the trim", f"inspection/{inspection_id}", now, trim=list(box) if box else None
        )
    if wake is not None:
        queue.wake_workers(wake, now)


def set_scale(
    db: Database,
    inspection_id: int,
    scale: Scale,
    *,
    who: str,
    now: float,
    standard: Standard | None = None,
) -> None:
    """Say how large a pixel is. A verdict that stands is told in millimetres at once, without a model.

    The new verdict says the same in other units, so a person's word on the old one goes along with it. By
    `standard` it names a grade. What is still to be judged is judged with this scale. `PatinaError` for a
    photo of another domain: only cracks are measured.
    """
    with writing(db):
        found = inspections.get(db, inspection_id)
        if found.domain != "crack":
            raise PatinaError(f"{found.name} is a {found.domain} photo; only cracks are measured by a scale.")
        keep_scale(db, inspection_id, scale, who=who, now=now)
        if found.verdict is None:
            return
        verdict = crack.scaled(
            found.verdict,
            scale.mm_per_px,
            scale.error,
            standard,
            is_surface=scale.is_surface,
            focal_px=scale.told.get("focal_px"),
        )
        newest = answer(db, inspection_id, verdict, who=who, now=now, arrays=found.arrays)
        db.conn.execute(
            "update opinions set verdict_id = :newest where verdict_id = :before",
            {"newest": newest, "before": found.verdict_id},
        )


def keep_scale(db: Database, inspection_id: int, scale: Scale, *, who: str, now: float) -> None:
    """Write a scale down with its author; a verdict on the photo is left as it is (`set_scale`)."""
    with writing(db):
        db.conn.execute(
            """insert into scales (inspection_id, mm_per_px, error, how, told_json, who, at)
               values (:id, :mm_per_px, :error, :how, :told, :who, :now)""",
            {
                "id": inspection_id,
                "mm_per_px": scale.mm_per_px,
                "error": scale.error,
                "how": scale.how,
                "told": to_json(dict(scale.told)),
                "who": who,
                "now": now,
            },
        )
        db.conn.execute(
            "update inspections set scale_mm_per_px = :scale where id = :id",
            {"scale": scale.mm_per_px, "id": inspection_id},
        )
        note_event(
            db, who, "set the scale", f"inspection/{inspection_id}", now, scale=scale.mm_per_px, how=scale.how
        )


def answer(
    db: Database,
    inspection_id: int,
    verdict: Verdict,
    *,
    who: str,
    now: float,
    arrays: str | None = None,
    run_id: int | None = None,
) -> int:
    """File a verdict and return its id. A run answers an inspection once; a second time changes nothing."""
    with writing(db):
        db.conn.execute(
            """insert into verdicts (inspection_id, run_id, model, label, confidence, threshold, needs_person,
                                     reason, next_step, severity, figures_json, trim_json, scale_mm_per_px,
                                     arrays, at, who)
               values (:inspection_id, :run_id, :model, :label, :confidence, :threshold, :needs_person,
                       :reason, :next_step, :severity, :figures, :trim, :scale, :arrays, :now, :who)
               on conflict do nothing""",
            {
                "inspection_id": inspection_id,
                "run_id": run_id,
                "model": verdict.model,
                "label": verdict.label,
                "confidence": verdict.confidence,
                "threshold": verdict.threshold,
                "needs_person": int(verdict.needs_person),
                "reason": verdict.reason,
                "next_step": verdict.next_step,
                "severity": severity(verdict),
                "figures": to_json(dict(verdict.figures)),
                "trim": to_json(verdict.trim) if verdict.trim else None,
                "scale": verdict.scale_mm_per_px,
                "arrays": arrays,
                "now": now,
                "who": who,
            },
        )
        found = row(
            db,
            "select max(id) as id from verdicts where inspection_id = :id",
            {"id": inspection_id},
        )
    assert found is not None
    return int(found["id"])


def severity(verdict: Verdict) -> float:
    """How far up the list a verdict belongs, 0 (nothing seen) to 1: what was found times how sure.

    ours: grade 3, a defect and a crack all start at 0.75, so that no domain hides another one; a verdict
    that waits for a person is lifted by 0.05, which orders it before its like and never over a worse one.
    """
    base = {
        "defect": 0.75,
        "normal": 0.0,
        "crack": 0.75,
        "no crack": 0.0,
        "0": 0.0,
        "1": 0.2,
        "2": 0.5,
        "3": 0.75,
    }[verdict.label]
    sure = 0.2 * verdict.confidence if base else 0.1 * (1 - verdict.confidence)
    return round(min(1.0, base + sure + 0.05 * verdict.needs_person), 4)


def _submit(db: Database, inspection_id: int, domain: Domain, owner: str, now: float) -> None:
    run_id = queue.submit(
        db, "judge", domain, {"inspection": inspection_id}, owner=owner, now=now, priority=PRIORITY
    )
    db.conn.execute(
        "update inspections set run_id = :run where id = :id", {"run": run_id, "id": inspection_id}
    )
