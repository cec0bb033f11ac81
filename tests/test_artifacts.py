"""Files by what they hold."""

import hashlib
import subprocess
import sys

import pytest

from core import artifacts, store
from core.errors import NotFound
from tests.conftest import ROOT

SHA = hashlib.sha256(b"steel").hexdigest()


@pytest.fixture
def root(tmp_path):
    return tmp_path / "artifacts"


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_bytes_lie_under_their_hash(root):
    assert artifacts.put(root, b"steel") == SHA
    assert files(root) == [f"{SHA[:2]}/{SHA[2:]}"]
    assert artifacts.read(root, SHA) == b"steel"
    assert artifacts.path(root, SHA).read_bytes() == b"steel"
    with artifacts.opened(root, SHA) as file:
        assert file.read(2) == b"st"


def test_the_same_bytes_again_are_the_same_file(root, tmp_path):
    artifacts.put(root, b"steel")
    upload = tmp_path / "upload"
    upload.write_bytes(b"steel")
    assert artifacts.put(root, upload) == SHA
    assert not upload.exists()
    assert len(files(root)) == 1


def test_a_finished_file_is_moved_in(root, tmp_path):
    upload = tmp_path / "upload"
    upload.write_bytes(b"steel")
    assert artifacts.put(root, upload) == SHA
    assert not upload.exists()
    assert artifacts.read(root, SHA) == b"steel"


def test_the_row_comes_with_size_and_type(root, tmp_path):
    db = store.connect(tmp_path / "patina.db", fresh=True)
    for _ in range(2):
        assert artifacts.keep(db, root, b"steel", "image/png", 5.0) == SHA
    found = store.rows(db, "select * from artifacts")
    assert [tuple(r) for r in found] == [(SHA, "image/png", 5, 5.0)]


@pytest.mark.parametrize("name", ["", "../../etc/passwd", SHA.upper(), SHA[:-1], SHA + "0", "g" * 64])
def test_only_a_hash_is_a_name(root, name):
    for ask in (artifacts.read, artifacts.path, artifacts.opened):
        with pytest.raises(NotFound, match="64 hex digits"):
            ask(root, name)


def test_what_is_not_there_is_not_found(root):
    for ask in (artifacts.read, artifacts.path, artifacts.opened):
        with pytest.raises(NotFound, match="no file"):
            ask(root, SHA)


def test_a_bucket_can_take_the_folders_place(tmp_path):
    root = f"memory://{tmp_path.name}"
    upload = tmp_path / "upload"
    upload.write_bytes(b"steel")
    assert artifacts.put(root, upload) == SHA
    assert artifacts.put(root, b"wall") != SHA
    assert artifacts.read(root, SHA) == b"steel"
    with pytest.raises(NotFound):
        artifacts.read(root, hashlib.sha256(b"none").hexdigest())


def test_a_process_killed_in_between_leaves_no_half_file(root):
    """Killed at its first fsync: what lies under a hash is what the hash says, or nothing lies there."""
    code = (
        "import os, sys; from core import artifacts\n"
        "os.fsync = lambda handle: os.kill(os.getpid(), 9)\n"
        "artifacts.put(sys.argv[1], b'x' * 1_000_000)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, root], cwd=ROOT)
    assert done.returncode == -9
    whole = [p for p in root.rglob("*") if p.is_file() and not p.name.startswith(".aside-")]
    assert whole == []
    sha = artifacts.put(root, b"x" * 1_000_000)
    assert artifacts.read(root, sha) == b"x" * 1_000_000
