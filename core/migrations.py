"""The tables, as numbered steps in order. A step that has shipped is never edited; add the next one.

Times are seconds since 1970 (UTC). Columns named *_json hold JSON. `photo`, `mask`, `arrays` hold sha256.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

steps = Migrations("patina")


@steps()
def m001_people(db: Database) -> None:
    """Accounts, what they may do, and what was done."""
    _run(
        db,
        """create table users (
            id integer primary key, name text not null unique collate nocase,
            role text not null check (role in ('inspector', 'manager', 'engineer', 'admin')),
            password_hash text, created_at real not null, disabled_at real, seen_at real)""",
        """create table sessions (
            hash text primary key, user_id integer not null references users(id),
            created_at real not null, expires_at real not null, ended_at real)""",
        "create index sessions_user on sessions(user_id)",
        """create table signin_links (
            hash text primary key, user_id integer not null references users(id),
            created_at real not null, expires_at real not null, used_at real)""",
        """create table tokens (
            id integer primary key, hash text not null unique, user_id integer not null references users(id),
            name text not null, created_at real not null, expires_at real, revoked_at real, used_at real)""",
        "create table attempts (key text not null, at real not null)",
        "create index attempts_key on attempts(key, at)",
        """create table prefs (
            user_id integer not null references users(id), key text not null, value_json text not null,
            primary key (user_id, key)) without rowid""",
        """create table events (
            id integer primary key, at real not null, who text not null, what text not null,
            about text not null default '', told_json text not null default '{}')""",
        "create index events_about on events(about, at)",
    )


@steps()
def m002_photos(db: Database) -> None:
    """Files by content, photos as uploaded, and the data sets made of them."""
    _run(
        db,
        """create table artifacts (
            sha256 text primary key, media_type text not null, bytes integer not null,
            created_at real not null) without rowid""",
        """create table photos (
            sha256 text primary key references artifacts(sha256), name text not null,
            width_px integer not null, height_px integer not null, format text not null,
            taken_at text, lat real, lon real, camera text,
            uploaded_by text not null, uploaded_at real not null)""",
        """create table sets (
            id integer primary key, name text not null unique collate nocase,
            domain text not null check (domain in ('rail', 'crack', 'corrosion')),
            licence text not null default '', is_synthetic integer not null default 0,
            fingerprint text not null, report_json text not null default '{}',
            imported_by text not null, imported_at real not null)""",
        """create table set_photos (
            set_id integer not null references sets(id) on delete cascade, position integer not null,
            photo text not null references photos(sha256), name text not null,
            label text, grade integer check (grade between 0 and 3),
            mask text references artifacts(sha256),
            place text not null default '', split text not null default '', fold integer,
            trim_json text, source text not null default '',
            primary key (set_id, position)) without rowid""",
        "create index set_photos_photo on set_photos(photo)",
    )


@steps()
def m003_queue(db: Database) -> None:
    """Runs, what they reported, and the workers that take them."""
    _run(
        db,
        """create table runs (
            id integer primary key,
            kind text not null check (kind in ('judge', 'train', 'evaluate', 'search')),
            domain text not null check (domain in ('rail', 'crack', 'corrosion')),
            name text not null default '', config_json text not null,
            state text not null default 'waiting'
                check (state in ('waiting', 'running', 'done', 'failed', 'cancelled')),
            priority integer not null default 0, owner text not null default '',
            created_at real not null, started_at real, ended_at real,
            claimed_by text, attempt integer not null default 0, deaths integer not null default 0,
            beat_at real, cancel_at real,
            progress_json text not null default '{}', result_json text not null default '{}', error text)""",
        # What a waiting worker asks for, in the order in which it takes it.
        "create index runs_waiting on runs(kind, priority desc, id) where state = 'waiting'",
        "create index runs_running on runs(beat_at) where state = 'running'",
        "create index runs_kind on runs(kind, id)",
        """create table reports (
            id integer primary key, run_id integer not null references runs(id) on delete cascade,
            attempt integer not null, at real not null, step integer not null, total integer not null,
            phase text not null, figures_json text not null default '{}', note text not null default '')""",
        "create index reports_run on reports(run_id, id)",
        """create table workers (
            name text primary key, lane text not null, pid integer not null, host text not null,
            device text not null default '', version text not null default '',
            state text not null default 'starting', run_id integer,
            started_at real not null, beat_at real not null) without rowid""",
    )


@steps()
def m004_verdicts(db: Database) -> None:
    """What was asked about a photo, every answer ever given, and what people said of it."""
    _run(
        db,
        """create table inspections (
            id integer primary key, batch text not null, photo text not null references photos(sha256),
            name text not null, domain text not null check (domain in ('rail', 'crack', 'corrosion')),
            run_id integer references runs(id), owner text not null, created_at real not null,
            trim_json text, scale_mm_per_px real, place text not null default '',
            note text not null default '')""",
        "create index inspections_batch on inspections(batch, id)",
        "create index inspections_owner on inspections(owner, id)",
        "create index inspections_photo on inspections(photo)",
        "create index inspections_run on inspections(run_id)",
        """create table verdicts (
            id integer primary key, inspection_id integer not null references inspections(id),
            run_id integer references runs(id), model text not null, label text not null,
            confidence real not null, threshold real, needs_person integer not null,
            reason text not null, next_step text not null, severity real not null,
            figures_json text not null default '{}', trim_json text, scale_mm_per_px real,
            arrays text references artifacts(sha256), at real not null, who text not null)""",
        "create index verdicts_inspection on verdicts(inspection_id, id)",
        # A run answers once, however often a late worker tries.
        "create unique index verdicts_run on verdicts(run_id, inspection_id) where run_id is not null",
        "create index verdicts_worst on verdicts(severity desc, id desc)",
        """create table opinions (
            id integer primary key, inspection_id integer not null references inspections(id),
            verdict_id integer not null references verdicts(id), who text not null,
            label text not null, agrees integer not null, note text not null default '', at real not null)""",
        "create index opinions_inspection on opinions(inspection_id, id)",
    )


@steps()
def m005_services(db: Database) -> None:
    """Which model and threshold serve a domain: the last row of it."""
    _run(
        db,
        """create table services (
            id integer primary key, domain text not null check (domain in ('rail', 'crack', 'corrosion')),
            model text not null, threshold real, who text not null, why text not null default '',
            at real not null)""",
        "create index services_domain on services(domain, id)",
    )


@steps()
def m006_corrections(db: Database) -> None:
    """What people said of the pseudo-labels of an experiment, line by line; the newest of a photo counts."""
    _run(
        db,
        """create table corrections (
            id integer primary key, run_id integer not null references runs(id) on delete cascade,
            repeat integer not null, cycle integer not null, photo text not null,
            act text not null check (act in
                ('confirmed', 'overturned', 'labelled', 'withdrawn', 'undone', 'restored')),
            label text not null check (label in ('normal', 'defect', '')),
            p_defect real, who text not null, at real not null)""",
        "create index corrections_run on corrections(run_id, repeat, id)",
    )


@steps()
def m007_costs(db: Database) -> None:
    """What each mistake costs, in service with a model: a 4 x 4 table as JSON, or nothing."""
    _run(db, "alter table services add column costs_json text")


@steps()
def m008_words(db: Database) -> None:
    """What people say of photos that models learn from, line by line; the newest of each matter counts."""
    _run(
        db,
        """create table words (
            id integer primary key, domain text not null check (domain in ('rail', 'crack', 'corrosion')),
            photo text not null references photos(sha256),
            what text not null check (what in ('label', 'mark', 'trim')),
            value text not null, was text not null default '', note text not null default '',
            who text not null, at real not null)""",
        "create index words_photo on words(domain, photo, what, id)",
    )


@steps()
def m009_whole(db: Database) -> None:
    """The part with its surroundings, where a set has it cut and whole."""
    _run(db, "alter table set_photos add column whole text references artifacts(sha256)")


@steps()
def m010_scales(db: Database) -> None:
    """How large a pixel of an inspected photo is, how that is known, who said so; the newest one counts."""
    _run(
        db,
        """create table scales (
            id integer primary key, inspection_id integer not null references inspections(id),
            mm_per_px real not null, error real not null,
            how text not null check (how in ('given', 'line', 'field', 'distance')),
            told_json text not null default '{}', who text not null, at real not null)""",
        "create index scales_inspection on scales(inspection_id, id)",
    )


@steps()
def m011_markers(db: Database) -> None:
    """A scale may come from a printed marker, and a photo may be handed in with the size of the one in it."""
    _run(
        db,
        "alter table inspections add column marker_mm real",
        """create table scales_new (
            id integer primary key, inspection_id integer not null references inspections(id),
            mm_per_px real not null, error real not null,
            how text not null check (how in ('given', 'line', 'field', 'distance', 'marker')),
            told_json text not null default '{}', who text not null, at real not null)""",
        "insert into scales_new select * from scales",
        "drop table scales",
        "alter table scales_new rename to scales",
        "create index scales_inspection on scales(inspection_id, id)",
    )


@steps()
def m012_cut(db: Database) -> None:
    """Which part of the whole photo its cut twin in a set shows: x0, y0, x1, y1 as JSON."""
    _run(db, "alter table set_photos add column cut_json text")


@steps()
def m013_instead(db: Database) -> None:
    """An inspection asked in the wrong domain names the one that stands in its place; it is kept."""
    _run(db, "alter table inspections add column instead integer references inspections(id)")


@steps()
def m014_standards(db: Database) -> None:
    """By whose limits cracks are graded: the last row counts; none, what the environment says."""
    _run(
        db,
        """create table standards_chosen (
            id integer primary key, key text not null, who text not null, at real not null)""",
    )


def _run(db: Database, *statements: str) -> None:
    for statement in statements:
        db.execute(statement)
