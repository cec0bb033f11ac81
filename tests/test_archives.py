"""Zips: whole, inside the limits, or nothing at all."""

from __future__ import annotations

import io
import stat
import zipfile

import numpy as np
import pytest
from PIL import Image

from core import archives, datasets
from core.errors import Conflict, DataError, PatinaError


def photo(seed=0):
    out = io.BytesIO()
    picture = np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(picture).save(out, "PNG")
    return out.getvalue()


def zipped(path, entries, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as z:
        for name, data in entries:
            z.writestr(name, data)
    return path


def refused(archive, tmp_path, match):
    """The zip is refused with this sentence, and no trace of it stays."""
    before = {p for p in tmp_path.rglob("*")}
    with pytest.raises(DataError, match=match):
        archives.unpack(archive, tmp_path / "sets" / "one")
    left = {p for p in tmp_path.rglob("*")} - before
    assert left <= {tmp_path / "sets"}


def test_a_zip_becomes_a_folder_that_can_be_read(tmp_path):
    entries = [
        ("set/labels.csv", "file,label\na.png,defect\nb.png,normal\n"),
        ("set/LICENSE", "MIT License\n"),
    ]
    entries += [("set/a.png", photo(1)), ("set/b.png", photo(2)), ("set/notes.docx", b"x"), ("set/sub/", b"")]
    entries += [("__MACOSX/set/._a.png", b"x"), ("set/.DS_Store", b"x")]
    folder = archives.unpack(zipped(tmp_path / "s.zip", entries), tmp_path / "sets" / "one")
    files = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())
    assert files == ["set/LICENSE", "set/a.png", "set/b.png", "set/labels.csv"]
    found = datasets.read(folder, "rail")
    assert [p.label for p in found.photos] == ["defect", "normal"]
    assert found.licence == "MIT License"
    assert [p.name for p in (tmp_path / "sets").iterdir()] == ["one"]


@pytest.mark.parametrize(
    "name",
    [
        "../x.png",
        "a/../../x.png",
        "/etc/x.png",
        "..\\x.png",
        "C:\\x.png",
        "C:/x.png",
        "a\x01.png",
        "n" * 300 + ".png",
    ],
)
def test_a_name_that_leads_out_is_refused_whole(tmp_path, name):
    refused(zipped(tmp_path / "s.zip", [("a.png", photo()), (name, photo())]), tmp_path, "no plain path")
    assert not (tmp_path / "x.png").exists()


def test_a_name_with_a_nul_is_refused(tmp_path):
    zipped(tmp_path / "s.zip", [("aXb.png", photo())])
    data = (tmp_path / "s.zip").read_bytes().replace(b"aXb.png", b"a\0b.png")
    (tmp_path / "s.zip").write_bytes(data)
    refused(tmp_path / "s.zip", tmp_path, "no plain path")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_link_or_a_device_is_refused(tmp_path, kind):
    info = zipfile.ZipInfo("a.png")
    info.external_attr = (kind | 0o777) << 16
    refused(zipped(tmp_path / "s.zip", [(info, b"/etc/passwd")]), tmp_path, "link or device")


def test_an_archive_within_an_archive_is_refused(tmp_path):
    refused(zipped(tmp_path / "s.zip", [("b/inner.ZIP", b"PK")]), tmp_path, "another archive: b/inner.ZIP")


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path):
    zeros = bytes(60 * 1024**2)
    path = zipped(tmp_path / "s.zip", [(f"{i}.bmp", zeros) for i in range(5)])
    assert path.stat().st_size < 400_000
    refused(path, tmp_path, "300 MiB from almost nothing")


def test_well_packed_masks_are_no_bomb(tmp_path):
    path = zipped(tmp_path / "s.zip", [("mask.bmp", bytes(3 * 1024**2)), ("a.png", photo())])
    assert (archives.unpack(path, tmp_path / "one") / "mask.bmp").stat().st_size == 3 * 1024**2


def test_a_lie_about_the_size_is_found_out(tmp_path):
    """The directory says 10 bytes; the data would unpack to a megabyte."""
    path = zipped(tmp_path / "s.zip", [("a.csv", b"x" * 1_000_000)])
    data = bytearray(path.read_bytes())
    at = data.rfind(b"PK\1\2")
    data[at + 24 : at + 28] = (10).to_bytes(4, "little")
    path.write_bytes(bytes(data))
    refused(path, tmp_path, "damaged|size it says")


def test_too_many_files_are_refused_however_small(tmp_path):
    path = zipped(tmp_path / "s.zip", [(f"{i}.png", b"") for i in range(archives.MAX_ENTRIES + 1)], 0)
    refused(path, tmp_path, "more than 20,000 files")


def test_a_list_of_contents_that_says_little_of_itself_is_counted_all_the_same(tmp_path):
    path = zipped(tmp_path / "s.zip", [(f"{i}.png", b"") for i in range(archives.MAX_ENTRIES + 1)], 0)
    data = bytearray(path.read_bytes())
    data[-12:-10] = data[-14:-12] = (3).to_bytes(2, "little")
    path.write_bytes(bytes(data))
    refused(path, tmp_path, "more than 20,000 files|damaged")


def test_a_file_too_large_for_a_photo_is_refused(tmp_path):
    path = zipped(tmp_path / "s.zip", [("a.bmp", bytes(65 * 1024**2))])
    refused(path, tmp_path, r"a\.bmp has 65 MiB; a photo may have 64")


def test_the_same_name_twice_is_refused(tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(tmp_path / "s.zip", [("a.png", photo(1)), ("a.png", photo(2))])
    refused(path, tmp_path, r"holds a\.png twice")


def test_an_encrypted_zip_is_refused(tmp_path):
    path = zipped(tmp_path / "s.zip", [("a.png", photo())])
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.rfind(b"PK\1\2") + 8] |= 1
    path.write_bytes(bytes(data))
    refused(path, tmp_path, "encrypted")


@pytest.mark.parametrize("keep", [0, 10, 0.5, -1])
def test_a_cut_zip_is_refused(tmp_path, keep):
    data = zipped(tmp_path / "s.zip", [("a.png", photo()), ("b.png", photo(1))]).read_bytes()
    cut = len(data) // 2 if keep == 0.5 else keep
    (tmp_path / "s.zip").write_bytes(data[:cut])
    refused(tmp_path / "s.zip", tmp_path, "no zip or a damaged one")


def test_damage_in_the_last_file_leaves_nothing_of_the_first(tmp_path):
    path = zipped(tmp_path / "s.zip", [("a.png", photo()), ("b.png", photo(1))], zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[data.find(photo(1)) + 100] ^= 255
    path.write_bytes(bytes(data))
    refused(path, tmp_path, "damaged")


def test_a_zip_without_photos_is_refused(tmp_path):
    refused(zipped(tmp_path / "s.zip", [("a.docx", b"x")]), tmp_path, "no photo and no table")


def test_a_file_where_a_folder_is_needed_is_refused(tmp_path):
    refused(zipped(tmp_path / "s.zip", [("a", b"x"), ("a/b.png", photo())]), tmp_path, "cannot be unpacked")


def test_a_name_that_is_taken_is_a_conflict_and_stays_as_it_is(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "old.txt").write_text("old")
    with pytest.raises(Conflict, match="one exists already"):
        archives.unpack(zipped(tmp_path / "s.zip", [("a.png", photo())]), tmp_path / "one")
    assert [p.name for p in (tmp_path / "one").iterdir()] == ["old.txt"]


def test_a_missing_zip_is_a_plain_error(tmp_path):
    with pytest.raises(PatinaError, match="gone.zip cannot be unpacked: No such file"):  # noqa: RUF043
        archives.unpack(tmp_path / "gone.zip", tmp_path / "one")
