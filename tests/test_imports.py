"""Imports from a page: looked at first, kept whole, or nothing of it stays."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import api, sets, store
from core.errors import Conflict, DataError, Forbidden, NotFound
from core.gate import Gate
from core.imports import Import, Imports
from core.records import Person
from core.uploads import Uploads
from tests import serving, stock

EDDA = Person(1, "edda", "engineer")


@pytest.fixture
def told(tmp_path: Path):
    return stock.settings(tmp_path)


def waited(imports: Imports, one: Import, seconds: float = 20.0) -> Import:
    until = time.monotonic() + seconds
    while one.is_moving and time.monotonic() < until:
        time.sleep(0.02)
    assert not one.is_moving, one.stage
    return one


def folder(at: Path, n: int = 4) -> Path:
    for label in ("defect", "normal"):
        (at / label).mkdir(parents=True)
        for i in range(n):
            (at / label / f"{label}{i}.jpg").write_bytes(stock.picture(hash((label, i)) % 10_000, side=96))
    return at


def test_a_folder_is_looked_at_and_nothing_is_kept_before_a_person_says_so(told, tmp_path):
    imports, db = Imports(), store.connect(told.database)
    one = waited(
        imports, imports.begin(told, EDDA, "rail", folder(tmp_path / "track 7"), now=0.0, licence="CC BY 4.0")
    )
    assert one.stage == "looked", one.error
    assert one.report is not None
    assert (one.report.n_photos, one.report.counts) == (8, {"defect": 4, "normal": 4})
    assert sets.all_sets(db) == []
    imports.keep(told, EDDA, one.id, "Track 7")
    assert waited(imports, one).stage == "kept", one.error
    stored = sets.get(db, "Track 7")
    assert (stored.n_photos, stored.licence, stored.imported_by) == (8, "CC BY 4.0", "edda")


def test_a_zip_is_unpacked_aside_and_thrown_away_with_its_import(told, tmp_path):
    whole = folder(tmp_path / "set")
    told.uploads.mkdir(parents=True)
    archive = told.uploads / "0123.part"
    with zipfile.ZipFile(archive, "w") as zipped:
        for path in sorted(whole.rglob("*.jpg")):
            zipped.write(path, path.relative_to(whole))
    imports = Imports()
    one = waited(imports, imports.begin(told, EDDA, "rail", archive, now=0.0, called="pier.zip"))
    assert (one.stage, one.name) == ("looked", "pier"), one.error
    assert not archive.exists()
    imports.drop(EDDA, one.id)
    assert list(told.uploads.iterdir()) == []
    with pytest.raises(NotFound, match="nothing of it was kept"):
        imports.get(EDDA, one.id)


def test_what_is_no_set_ends_in_a_sentence_that_names_it_as_its_owner_does(told):
    told.uploads.mkdir(parents=True)
    archive = told.uploads / "0123.part"
    archive.write_bytes(b"not a zip")
    imports = Imports()
    one = waited(imports, imports.begin(told, EDDA, "rail", archive, now=0.0, called="pier.zip"))
    assert one.stage == "failed"
    assert one.error is not None
    assert one.error.startswith("pier.zip is no zip")


def test_only_engineers_import_and_a_name_is_taken_once(told, tmp_path):
    imports = Imports()
    with pytest.raises(Forbidden):
        imports.begin(told, Person(2, "mina", "inspector"), "rail", tmp_path, now=0.0)
    with pytest.raises(DataError, match="There is no"):
        imports.begin(told, EDDA, "rail", tmp_path / "nowhere", now=0.0)
    one = waited(imports, imports.begin(told, EDDA, "rail", folder(tmp_path / "a"), now=0.0))
    imports.keep(told, EDDA, one.id, "a")
    waited(imports, one)
    other = waited(imports, imports.begin(told, EDDA, "rail", tmp_path / "a", now=0.0))
    with pytest.raises(Conflict, match="already"):
        imports.keep(told, EDDA, other.id, "A")


def test_a_zip_goes_in_by_parts_and_only_from_an_engineer(tmp_path):
    world = serving.World.at(tmp_path)
    routes = Starlette(routes=api.routes(world.settings))
    client = TestClient(Gate(routes, world.settings), base_url="http://testserver")
    whole = b"PK" + bytes(range(256)) * 8
    url = "/api/v1/archives?upload=zip-0123456789"

    def part(who: str, start: int, end: int):
        told = {"content-range": f"bytes {start}-{end - 1}/{len(whole)}"}
        return client.put(url, content=whole[start:end], headers=world.headers(who) | told)

    assert client.get(url, headers=world.headers("engineer")).json() == {"received": 0}
    assert part("engineer", 0, 1000).status_code == 202
    assert client.get(url, headers=world.headers("engineer")).json() == {"received": 1000}
    assert part("engineer", 1000, len(whole)).status_code == 201
    place = Uploads(world.settings).place(world.session_of("engineer").person, "zip-0123456789")
    assert place.read_bytes() == whole
    refused = part("inspector", 0, 1000)
    assert (refused.status_code, refused.json()["detail"][:27]) == (403, "This needs the role enginee")


@pytest.mark.parametrize("domain", ["rail", "crack", "corrosion"])
def test_whoever_has_no_labelled_photos_draws_some_and_they_are_marked(told, domain):
    imports, db = Imports(), store.connect(told.database)
    one = waited(imports, imports.draw(told, EDDA, domain, 8, now=1.0))
    assert (one.stage, one.n, one.report.unreadable) == ("looked", 8, ())
    imports.keep(told, EDDA, one.id, one.name)
    assert waited(imports, one).stage == "kept"
    [kept] = sets.all_sets(db)
    assert (kept.name, kept.domain, kept.n_photos) == (f"synthetic {domain}", domain, 8)
    assert kept.is_synthetic
    assert not list(told.uploads.glob("import-*")), "what was drawn is in the store, not beside it"


def test_drawing_is_for_engineers(told):
    with pytest.raises(Forbidden):
        Imports().draw(told, Person(2, "mina", "inspector"), "rail", 8, now=1.0)
