"""One queue for all work. A run is written down before it is acknowledged; a dead worker loses nothing.

States: waiting → running → done | failed | cancelled. Each claim raises `attempt`; every later write names
(`id`, `attempt`), so a worker that was thought dead and wakes up late changes no row (fencing).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlite_utils import Database

from core.errors import Conflict, NotFound
from core.records import LANES, Domain, Progress, Run, RunKind
from core.store import row, rows, to_json, writing

STALE_SECONDS = 30.0
"""A running run whose last beat is older goes back to waiting."""
MOST_DEATHS = 3
"""So many attempts that ended in the worker's death fail the run."""


def submit(
    db: Database,
    kind: RunKind,
    domain: Domain,
    config: Mapping[str, Any],
    *,
    owner: str,
    now: float,
    name: str = "",
    priority: int = 0,
    wake: Path | None = None,
) -> int:
    """Write a run down as waiting and return its id. `wake` is touched so that a worker looks at once."""
    with writing(db):
        run_id = db.conn.execute(
            """insert into runs (kind, domain, name, config_json, priority, owner, created_at)
               values (:kind, :domain, :name, :config, :priority, :owner, :now) returning id""",
            {
                "kind": kind,
                "domain": domain,
                "name": name,
                "config": to_json(dict(config)),
                "priority": priority,
                "owner": owner,
                "now": now,
            },
        ).fetchone()[0]
    if wake is not None:
        wake_workers(wake, now)
    return int(run_id)


def wake_workers(wake: Path, now: float) -> None:
    """Change the wake file; workers look at its time every few milliseconds."""
    wake.parent.mkdir(parents=True, exist_ok=True)
    wake.write_text(str(now))


def claim(db: Database, lane: str, worker: str, now: float, at_most: int = 1) -> list[Run]:
    """Take the first waiting runs of this lane; two workers never get the same one.

    With `at_most` above 1 all of them are of the first one's kind and domain (a batch for one model).
    Highest priority first, then the oldest. A run that has cost a worker its life is taken alone, so that
    it takes no other with it.
    """
    kinds = ", ".join(f"'{kind}'" for kind in LANES[lane])
    with writing(db):
        found = rows(
            db,
            f"""update runs
                set state = 'running', claimed_by = :worker, attempt = attempt + 1, beat_at = :now,
                    started_at = coalesce(started_at, :now), error = null
                where id in (
                    select r.id from runs r, (
                        select id, kind, domain, deaths from runs
                        where state = 'waiting' and kind in ({kinds})
                        order by priority desc, id limit 1) first
                    where r.state = 'waiting' and r.kind = first.kind and r.domain = first.domain
                        and (r.id = first.id or (r.deaths = 0 and first.deaths = 0))
                    order by r.priority desc, r.id limit :at_most)
                returning *""",  # noqa: S608  the kinds are our own words
            {"worker": worker, "now": now, "at_most": at_most},
        )
    runs = [of_row(found_row) for found_row in found]
    return sorted(runs, key=lambda run: (-run.priority, run.id))


def beat(db: Database, run: Run, now: float) -> bool:
    """Note the heartbeat of a run's worker. False when the run is no longer its own: stop working on it."""
    return _write(db, run, "beat_at = :now", now=now)


def report(db: Database, run: Run, progress: Progress, now: float) -> bool:
    """File one report of a run; False when the run is no longer this worker's.

    A worker that dies between a report and the end of its run leaves the report behind, and the next one
    comes to the very same again: figures that an earlier attempt has told are not told twice.
    """
    told = {
        "step": progress.step,
        "total": progress.total,
        "phase": progress.phase,
        "figures": finite(progress.figures),
        "at": now,
    }
    with writing(db):
        if not _write(db, run, "beat_at = :now, progress_json = :told", now=now, told=to_json(told)):
            return False
        db.conn.execute(
            """insert into reports (run_id, attempt, at, step, total, phase, figures_json, note)
               select :run_id, :attempt, :now, :step, :total, :phase, :figures, :note
               where :figures = '{}' or not exists (
                   select 1 from reports where run_id = :run_id and attempt < :attempt
                   and step = :step and phase = :phase and figures_json = :figures)""",
            {
                "run_id": run.id,
                "attempt": run.attempt,
                "now": now,
                "step": progress.step,
                "total": progress.total,
                "phase": progress.phase,
                "figures": to_json(told["figures"]),
                "note": progress.note,
            },
        )
    return True


def is_cancelled(db: Database, run: Run) -> bool:
    """True when a person asked this run to stop, or when it is no longer this worker's."""
    found = row(
        db,
        "select cancel_at from runs where id = :id and attempt = :attempt and state = 'running'",
        {"id": run.id, "attempt": run.attempt},
    )
    return found is None or found["cancel_at"] is not None


def finish(db: Database, run: Run, result: Mapping[str, Any], now: float) -> bool:
    """The run is done; its result stays with it. False when it was no longer this worker's."""
    return _write(
        db, run, "state = 'done', ended_at = :now, result_json = :told", now=now, told=to_json(dict(result))
    )


def fail(db: Database, run: Run, error: str, now: float) -> bool:
    """The run ended with this sentence. False when it was no longer this worker's."""
    return _write(db, run, "state = 'failed', ended_at = :now, error = :told", now=now, told=error)


def stop(db: Database, run: Run, now: float) -> bool:
    """The worker has heard a cancellation and stopped; the checkpoint stays, `resume` goes on from it."""
    return _write(db, run, "state = 'cancelled', ended_at = :now", now=now)


def put_back(db: Database, run: Run, now: float) -> bool:
    """The worker is asked to end: the run waits again, and this attempt is not counted as a death.

    One that a person has cancelled meanwhile is cancelled.
    """
    return _write(db, run, _PUT_BACK, now=now)


def release(db: Database, worker: str, now: float) -> int:
    """`put_back` for all runs of a worker that ends in good order; returns how many."""
    with writing(db):
        return db.conn.execute(
            f"update runs set {_PUT_BACK} where state = 'running' and claimed_by = :worker",  # noqa: S608
            {"worker": worker, "now": now},
        ).rowcount


_PUT_BACK = """claimed_by = null, beat_at = :now,
    state = case when cancel_at is null then 'waiting' else 'cancelled' end,
    ended_at = case when cancel_at is null then ended_at else :now end"""


def cancel(db: Database, run_id: int, now: float) -> Run:
    """Ask a run to stop. A waiting one is cancelled at once, a running one when its worker hears of it."""
    with writing(db):
        run = get(db, run_id)
        if run.state not in ("waiting", "running"):
            raise Conflict(f"Run {run_id} is {run.state}; only a waiting or running one can be cancelled.")
        db.conn.execute(
            """update runs set cancel_at = :now,
                   state = case state when 'waiting' then 'cancelled' else state end,
                   ended_at = case state when 'waiting' then :now else ended_at end
               where id = :id""",
            {"id": run_id, "now": now},
        )
        return get(db, run_id)


def resume(db: Database, run_id: int, now: float, wake: Path | None = None) -> Run:
    """Let a failed or cancelled run wait again; it goes on from its checkpoint."""
    with writing(db):
        run = get(db, run_id)
        if run.state not in ("failed", "cancelled"):
            raise Conflict(f"Run {run_id} is {run.state}; only a failed or cancelled one can be resumed.")
        db.conn.execute(
            """update runs set state = 'waiting', cancel_at = null, ended_at = null, error = null, deaths = 0,
                   claimed_by = null where id = :id""",
            {"id": run_id},
        )
        run = get(db, run_id)
    if wake is not None:
        wake_workers(wake, now)
    return run


def sweep_dead(db: Database, now: float) -> int:
    """Put runs whose last heartbeat is older than `STALE_SECONDS` back in the queue; returns how many.

    A run that has cost three workers their lives is failed instead, with that as the reason.
    """
    return _bury(db, "beat_at < :limit", now, limit=now - STALE_SECONDS)


def worker_died(db: Database, worker: str, now: float) -> int:
    """As `sweep_dead`, at once, for a worker that is known to be dead (its parent saw it end)."""
    return _bury(db, "claimed_by = :worker", now, worker=worker)


def get(db: Database, run_id: int) -> Run:
    """The run of this id; `NotFound` when there is none."""
    found = row(db, "select * from runs where id = :id", {"id": run_id})
    if found is None:
        raise NotFound(f"There is no run {run_id}.")
    return of_row(found)


def reports(db: Database, run_id: int, after: int = 0) -> list[dict[str, Any]]:
    """What a run has reported, oldest first: id, at, attempt, step, total, phase, figures, note."""
    found = rows(
        db,
        "select * from reports where run_id = :id and id > :after order by id",
        {"id": run_id, "after": after},
    )
    return [
        {k: r[k] for k in ("id", "at", "attempt", "step", "total", "phase", "note")}
        | {"figures": json.loads(r["figures_json"])}
        for r in found
    ]


def latest(
    db: Database, kinds: tuple[RunKind, ...] = LANES["train"], limit: int = 100, before: int | None = None
) -> list[Run]:
    """The newest runs of these kinds, newest first; `before` an id for the next page."""
    names = ", ".join(f"'{kind}'" for kind in kinds)
    found = rows(
        db,
        f"""select * from runs where kind in ({names}) and id < :before
            order by id desc limit :limit""",  # noqa: S608  our own words
        {"before": before if before is not None else 1 << 62, "limit": limit},
    )
    return [of_row(r) for r in found]


def waiting(db: Database) -> dict[str, int]:
    """How many runs wait, by lane."""
    found = rows(db, "select kind, count(*) as n from runs where state = 'waiting' group by kind")
    counts = {r["kind"]: r["n"] for r in found}
    return {lane: sum(counts.get(kind, 0) for kind in kinds) for lane, kinds in LANES.items()}


def seconds_left(db: Database, run: Run, now: float) -> float | None:
    """How long a running run will still take, at the pace of this attempt; None before its second report."""
    found = row(
        db,
        """select min(at) as since, min(step) as first, max(at) as at, max(step) as step, max(total) as total
           from reports where run_id = :id and attempt = :attempt""",
        {"id": run.id, "attempt": run.attempt},
    )
    if run.state != "running" or found is None or not found["step"] or found["step"] <= found["first"]:
        return None
    pace = (found["at"] - found["since"]) / (found["step"] - found["first"])
    return max(0.0, pace * (found["total"] - found["step"]) - (now - found["at"]))


def of_row(found: Any) -> Run:
    """A run as the table holds it."""
    told = dict(found)
    for name in ("config", "progress", "result"):
        told[name] = json.loads(told.pop(f"{name}_json"))
    told.pop("deaths")
    return Run(**told)


def finite(figures: Mapping[str, float]) -> dict[str, float | None]:
    """Figures as JSON takes them: nan and infinity become null."""
    return {k: (float(v) if v == v and abs(v) != float("inf") else None) for k, v in figures.items()}


def _write(db: Database, run: Run, what: str, **told: Any) -> bool:
    """Change a run this worker holds; False when it is not (any more) its own."""
    with writing(db):
        done = db.conn.execute(
            f"update runs set {what} where id = :id and attempt = :attempt and state = 'running'",  # noqa: S608
            {"id": run.id, "attempt": run.attempt} | told,
        )
    return done.rowcount == 1


def _bury(db: Database, which: str, now: float, **told: Any) -> int:
    with writing(db):
        return db.conn.execute(
            f"""update runs set
                    deaths = deaths + 1,
                    claimed_by = null,
                    state = case when cancel_at is not null then 'cancelled'
                                 when deaths + 1 >= {MOST_DEATHS} then 'failed' else 'waiting' end,
                    ended_at = case when cancel_at is not null or deaths + 1 >= {MOST_DEATHS}
                                    then :now end,
                    error = case when cancel_at is null and deaths + 1 >= {MOST_DEATHS}
                                 then 'The worker died {MOST_DEATHS} times over this run. Its log says how '
                                      || 'far it came; mend the cause (often memory), then resume.' end
                where state = 'running' and {which}""",  # noqa: S608  our own words
            {"now": now} | told,
        ).rowcount
