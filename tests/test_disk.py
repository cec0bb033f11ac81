"""Files put in place whole, on a disk that may be full."""

import contextlib
import errno

import pytest

from core import artifacts, disk

resource = pytest.importorskip("resource", reason="only Unix can make a disk look full")


@contextlib.contextmanager
def full_from(n_bytes):
    """No file of this process may grow past so many bytes: a disk that fills up in the midst."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "made" / "on" / "the way"
    for content in (b"old", b"new", b""):
        disk.put(path, content)
        assert path.read_bytes() == content
    assert [p.name for p in path.parent.iterdir()] == ["the way"]


@pytest.mark.parametrize("lasting", [True, False])
def test_a_full_disk_keeps_the_old_file_and_no_half_one(tmp_path, lasting):
    path = tmp_path / "file"
    disk.put(path, b"old")
    with full_from(10_000), pytest.raises(OSError, match="large") as refused:
        disk.put(path, bytes(1_000_000), lasting=lasting)
    assert refused.value.errno == errno.EFBIG
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_store_of_artifacts_leaves_nothing_half_written(tmp_path):
    with full_from(10_000), pytest.raises(OSError, match="large"):
        artifacts.put(tmp_path, bytes(1_000_000))
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
