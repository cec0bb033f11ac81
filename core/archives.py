"""Zips: unpacked whole inside limits, or not at all."""

from __future__ import annotations

import secrets
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from core import photos
from core.errors import Conflict, DataError

MAX_ENTRIES = 20_000
MAX_TOTAL_BYTES = 20 * 1024**3
MAX_RATIO = 100
"""Unpacked to packed bytes of the whole zip: photos are packed already, masks and tables are few bytes."""

RATIO_FROM_BYTES = 256 * 1024**2
"""Below this a zip is too small to hurt, however well it is packed."""

MAX_DIRECTORY_BYTES = 1024 * MAX_ENTRIES
"""The list of contents is read into memory; a longer one is refused unread."""

ARCHIVES = frozenset(".zip .tar .gz .tgz .bz2 .xz .7z .rar .zst .jar".split())
KEPT = photos.SUFFIXES | {".csv", ".txt", ".md"}
"""What is unpacked, besides files without an ending (LICENSE, SYNTHETIC). The rest stays in the zip."""


def unpack(archive: Path, into: Path) -> Path:
    """The folder `into` with the photos and tables of a zip, made whole in one rename.

    `DataError` names what is wrong: no zip, damaged, encrypted, more than `MAX_ENTRIES` entries, more than
    `MAX_TOTAL_BYTES` unpacked, packed more than `MAX_RATIO` times, a name that leads out of the folder, a
    link, the same name twice, an archive within. Nothing is left behind then. `Conflict` when `into` exists.
    """
    if into.exists():
        raise Conflict(f"{into.name} exists already; give the set another name.")
    into.parent.mkdir(parents=True, exist_ok=True)
    aside = into.parent / f".{into.name}.{secrets.token_hex(4)}"
    try:
        _check_directory(archive)
        with zipfile.ZipFile(archive) as opened:
            entries = list(_entries(opened, archive.name))
            _check_room(sum(e.info.file_size for e in entries), into.parent, archive.name)
            for entry in entries:
                _extract(opened, entry, aside, archive.name)
        if not entries:
            raise DataError(f"{archive.name} holds no photo and no table. Zip the folder with the photos.")
        aside.rename(into)
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error) as error:
        raise DataError(f"{archive.name} is no zip or a damaged one. Make it again.") from error
    except (NotImplementedError, RuntimeError) as error:  # a packing method or a password we do not have
        raise DataError(f"{archive.name} cannot be unpacked: {error}. Zip it without options.") from error
    except OSError as error:
        raise DataError(f"{archive.name} cannot be unpacked: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return into


@dataclass(frozen=True)
class _Entry:
    info: zipfile.ZipInfo
    path: PurePosixPath


def _check_directory(archive: Path) -> None:
    """Refuse by the end record, before `zipfile` reads the list of contents into memory."""
    with archive.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - 65557))  # the end record and its longest comment
        tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0:
        raise zipfile.BadZipFile("no end record")
    n_entries, n_bytes = struct.unpack("<HL", tail[at + 10 : at + 16])
    if n_entries > MAX_ENTRIES or n_bytes > MAX_DIRECTORY_BYTES:
        raise _too_many(archive.name)


def _too_many(name: str) -> DataError:
    return DataError(f"{name} holds more than {MAX_ENTRIES:,} files. Split it into several sets.")


def _entries(opened: zipfile.ZipFile, name: str) -> Iterator[_Entry]:
    """The files to unpack; every entry is checked, also those that stay."""
    infos = opened.infolist()
    if len(infos) > MAX_ENTRIES:
        raise _too_many(name)
    n_bytes = sum(i.file_size for i in infos)
    if n_bytes > MAX_TOTAL_BYTES:
        raise DataError(f"{name} unpacks to more than {MAX_TOTAL_BYTES // 1024**3} GiB. Split it.")
    if n_bytes > max(RATIO_FROM_BYTES, MAX_RATIO * sum(i.compress_size for i in infos)):
        raise DataError(f"{name} unpacks to {n_bytes // 1024**2:,} MiB from almost nothing; no photos do.")
    seen: set[str] = set()
    for info in infos:
        path = _path(info, name)
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise DataError(f"{name} holds a link or device: {path}. Zip the files themselves.")
        if info.is_dir() or _is_of_the_system(path):
            continue
        if info.flag_bits & 1:
            raise DataError(f"{name} is encrypted. Zip it without a password.")
        if path.suffix.lower() in ARCHIVES:
            raise DataError(f"{name} holds another archive: {path}. Unpack that one first.")
        if str(path) in seen:
            raise DataError(f"{name} holds {path} twice. Zip each file once.")
        seen.add(str(path))
        if path.suffix.lower() not in KEPT and path.suffix:
            continue
        if info.file_size > photos.MAX_BYTES:
            raise DataError(
                f"{name}: {path} has {info.file_size // 1024**2} MiB; "
                f"a photo may have {photos.MAX_BYTES // 1024**2}."
            )
        yield _Entry(info, path)


def _path(info: zipfile.ZipInfo, name: str) -> PurePosixPath:
    """The entry's path below the folder; refuses one that leads elsewhere or that no disk takes."""
    told = info.orig_filename.replace("\\", "/")  # `filename` is cut at a NUL already
    path = PurePosixPath(told)
    bad = path.is_absolute() or ".." in path.parts or ":" in told.split("/")[0] or not path.parts
    if (
        bad
        or any(ord(c) < 32 for c in told)
        or any(len(p.encode(errors="replace")) > 255 for p in path.parts)
    ):
        shown = photos.safe_name(told)
        raise DataError(f"{name} holds a name that is no plain path below it: {shown}. Zip the folder again.")
    return path


def _is_of_the_system(path: PurePosixPath) -> bool:
    return any(p.startswith(".") or p == "__MACOSX" for p in path.parts) or path.name == "Thumbs.db"


def _check_room(n_bytes: int, folder: Path, name: str) -> None:
    free = shutil.disk_usage(folder).free
    if n_bytes * 1.1 > free:
        raise DataError(
            f"{name} unpacks to {n_bytes // 1024**2:,} MiB, but {free // 1024**2:,} MiB are free. Make room."
        )


def _extract(opened: zipfile.ZipFile, entry: _Entry, folder: Path, name: str) -> None:
    """Write one entry, never more bytes than it announced."""
    target = folder / entry.path
    target.parent.mkdir(parents=True, exist_ok=True)
    with opened.open(entry.info) as packed, target.open("xb") as out:
        if _copied(packed, out, entry.info.file_size) != entry.info.file_size:
            raise DataError(f"{name}: {entry.path} has not the size it says. Make the zip again.")


def _copied(source: IO[bytes], out: IO[bytes], most: int) -> int:
    done = 0
    while part := source.read(min(1024**2, most - done + 1)):
        done += len(part)
        if done > most:
            break
        out.write(part)
    return done
