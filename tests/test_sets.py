"""Data sets in the store: whole or not at all, and what --data means."""

import dataclasses

import pytest

from core import datasets, sets, store
from core.errors import Conflict, DataError, NotFound
from tests import stock, tiny


@pytest.fixture
def told(tmp_path):
    return stock.settings(tmp_path)


@pytest.fixture
def db(told):
    return store.connect(told.database, fresh=True)


@pytest.fixture
def folder(tmp_path):
    return tiny.photos(tmp_path / "photos", n=4)


def keep(db, told, folder, name="bridge", **changed):
    found = dataclasses.replace(datasets.read(folder, "corrosion"), name=name, **changed)
    return list(sets.keep(db, told.artifacts, found, report={"problems": ["one"]}, who="mina", now=1.0))


def test_a_kept_set_comes_back_as_it_was_read(db, told, folder):
    read = datasets.read(folder, "corrosion")
    steps = keep(db, told, folder, licence="CC0", is_synthetic=True)
    assert steps == [(n, 16) for n in range(1, 17)]
    loaded = sets.load(db, told.artifacts, "bridge")
    assert (loaded.domain, loaded.licence, loaded.is_synthetic) == ("corrosion", "CC0", True)
    assert (loaded.fingerprint, loaded.problems) == (read.fingerprint, ("one",))
    here = [dataclasses.replace(p, path=folder) for p in loaded.photos]
    assert here == [dataclasses.replace(p, path=folder) for p in read.photos]
    assert [p.path.read_bytes() for p in loaded.photos] == [p.path.read_bytes() for p in read.photos]


def test_the_list_of_sets_is_newest_first_and_by_domain(db, told, folder):
    keep(db, told, folder, "a")
    keep(db, told, folder, "b")
    told_of = [(s.name, s.n_photos, s.imported_by) for s in sets.all_sets(db)]
    assert told_of == [("b", 16, "mina"), ("a", 16, "mina")]
    assert sets.all_sets(db, "crack") == []
    assert sets.get(db, "a").report == {"problems": ["one"]}
    with pytest.raises(NotFound, match="known are: b, a"):
        sets.get(db, "c")


def test_a_name_is_given_once_in_any_case(db, told, folder):
    keep(db, told, folder, "Bridge")
    with pytest.raises(Conflict, match="'bridge' already"):
        keep(db, told, folder, "bridge")


def test_an_import_that_is_cut_short_leaves_no_set_and_can_be_done_again(db, told, folder):
    found = datasets.read(folder, "corrosion")
    copying = sets.keep(db, told.artifacts, found, report={}, who="mina", now=1.0)
    for _ in range(7):
        next(copying)
    copying.close()
    assert sets.all_sets(db) == []
    assert store.row(db, "select count(*) as n from photos")["n"] == 0
    keep(db, told, folder, found.name)
    assert len(sets.load(db, told.artifacts, found.name).photos) == 16


def test_a_photo_that_vanishes_or_breaks_on_the_way_keeps_the_set_out(db, told, folder):
    found = datasets.read(folder, "corrosion")
    found.photos[3].path.write_bytes(b"no photo any more")
    with pytest.raises(DataError, match="can no longer be read"):
        list(sets.keep(db, told.artifacts, found, report={}, who="mina", now=1.0))
    found.photos[3].path.write_bytes(found.photos[4].path.read_bytes())
    with pytest.raises(DataError, match="has changed since"):
        list(sets.keep(db, told.artifacts, found, report={}, who="mina", now=1.0))
    found.photos[3].path.unlink()
    with pytest.raises(DataError, match="can no longer be read"):
        list(sets.keep(db, told.artifacts, found, report={}, who="mina", now=1.0))
    assert sets.all_sets(db) == []


def test_a_removed_set_is_gone_from_the_list_and_its_photos_stay(db, told, folder):
    keep(db, told, folder)
    sets.forget(db, "bridge", who="mina", now=2.0)
    assert sets.all_sets(db) == []
    assert store.row(db, "select count(*) as n from photos")["n"] == 16
    assert store.row(db, "select count(*) as n from set_photos")["n"] == 0
    with pytest.raises(NotFound):
        sets.forget(db, "bridge", who="mina", now=3.0)


# What --data means


def gather(db, told, data, domain="corrosion"):
    return sets.gather(str(data), domain, db, told.artifacts)


def test_data_is_a_stored_set_a_folder_or_a_table(db, told, folder):
    keep(db, told, folder)
    stored, read, table = (gather(db, told, d) for d in ("bridge", folder, folder / "labels.csv"))
    assert stored.fingerprint == read.fingerprint == table.fingerprint
    assert (stored.name, read.name) == ("bridge", "photos")
    assert sets.gather(str(folder), "corrosion", None, told.artifacts).fingerprint == read.fingerprint


def test_several_are_one_with_their_groups_apart(db, told, folder):
    keep(db, told, folder)
    both = gather(db, told, f"bridge, {folder}")
    assert len(both.photos) == 32
    assert {p.group.split("/")[0] for p in both.photos} == {"bridge", "photos"}


def test_a_folder_may_have_a_comma_in_its_name(db, told, folder):
    odd = folder.rename(folder.with_name("a,b"))
    assert len(gather(db, told, odd).photos) == 16


def test_what_is_nowhere_is_told_with_what_there_is(db, told, folder):
    keep(db, told, folder)
    with pytest.raises(
        DataError, match="no folder 'tunnel' and no data set of that name; the sets in the store are bridge"
    ):
        gather(db, told, "tunnel")
    with pytest.raises(DataError, match="the sets in the store are none yet"):
        sets.gather("tunnel", "corrosion", None, told.artifacts)
    with pytest.raises(DataError, match="No data set is named"):
        gather(db, told, " , ")
    with pytest.raises(DataError, match="bridge is a corrosion set; a rail set is wanted"):
        gather(db, told, "bridge", "rail")
