"""Models on disk: whole or not at all, and what the card says."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import save_file

from core import cards, disk
from core.errors import Conflict, ModelError, NotFound
from core.records import Card

CARD = Card(
    id="unet-1",
    domain="crack",
    network="unet",
    classes=("no crack", "crack"),
    config={"levels": 5},
    preprocessing={},
    data=({"name": "uavcc0", "n": {"train": 66}},),
    threshold=0.4,
    threshold_how="best F1 on 19 validation photos",
    figures={"test": {"f1": 0.7}},
    made_at="2024-01-01T00:00:00",
)


@pytest.fixture
def run(tmp_path):
    """The folder a finished training leaves."""
    folder = tmp_path / "run"
    (folder / "maps").mkdir(parents=True)
    save_file({"a": np.arange(6, dtype=np.float32)}, folder / cards.WEIGHTS)
    np.savez_compressed(folder / "evaluation-test.npz", name=np.array(["x.jpg"]), p=np.zeros((1, 4)))
    (folder / "maps" / "abc.webp").write_bytes(b"map")
    (folder / "checkpoint.safetensors").write_bytes(b"stays")
    return folder


def test_a_filed_model_is_found_again_with_all_it_needs(run, tmp_path):
    models = tmp_path / "models"
    filed = cards.file(CARD, run, models)
    home = cards.place(models, "crack", "unet-1")
    assert cards.read(models, "crack", "unet-1") == filed
    assert filed.weights_sha256 == disk.sha256(home / cards.WEIGHTS)
    assert cards.weights(home, filed).is_file()
    assert cards.evaluation(home, "test")["name"].tolist() == ["x.jpg"]
    assert cards.evaluation(home, "val") is None
    assert (home / "maps" / "abc.webp").read_bytes() == b"map"
    assert not (home / "checkpoint.safetensors").exists()
    assert sorted(p.name for p in run.iterdir()) == ["checkpoint.safetensors", "maps"]
    assert [p.name for p in home.parent.iterdir()] == ["unet-1"]  # nothing left aside


def test_filing_the_same_weights_again_changes_nothing(run, tmp_path):
    content = (run / cards.WEIGHTS).read_bytes()
    first = cards.file(CARD, run, tmp_path / "models")
    (run / cards.WEIGHTS).write_bytes(content)
    assert cards.file(dataclasses.replace(CARD, notes="later"), run, tmp_path / "models") == first


def test_another_model_of_the_same_id_is_refused(run, tmp_path):
    cards.file(CARD, run, tmp_path / "models")
    save_file({"a": np.ones(6, np.float32)}, run / cards.WEIGHTS)
    with pytest.raises(Conflict, match="already"):
        cards.file(CARD, run, tmp_path / "models")


def test_too_many_maps_stay_behind(run, tmp_path, monkeypatch):
    monkeypatch.setattr(cards, "MAPS_AT_MOST", 2)
    cards.file(CARD, run, tmp_path / "models")
    assert not (tmp_path / "models/crack/unet-1/maps").exists()


@pytest.mark.parametrize(
    "harm",
    [
        lambda path: path.write_bytes(path.read_bytes()[:-1] + b"\x7f"),  # one number changed
        lambda path: path.write_bytes(path.read_bytes()[:-3]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\x80\x04\x95pickle"),
        lambda path: path.write_bytes(b"\xff" * 64),
        lambda path: path.unlink(),
    ],
    ids=["changed", "cut", "empty", "pickle", "garbage", "missing"],
)
def test_damaged_or_foreign_weights_are_refused(run, tmp_path, harm):
    models = tmp_path / "models"
    filed = cards.file(CARD, run, models)
    home = cards.place(models, "crack", "unet-1")
    harm(home / cards.WEIGHTS)
    with pytest.raises(ModelError):
        cards.weights(home, filed)
    assert len(cards.damaged(models)) == 1


def test_a_card_that_vouches_for_nothing_is_refused(run):
    with pytest.raises(ModelError, match="sha256"):
        cards.weights(run, CARD)


def test_damaged_weights_are_never_filed(run, tmp_path):
    (run / cards.WEIGHTS).write_bytes(b"no")
    with pytest.raises(ModelError, match="safetensors"):
        cards.file(CARD, run, tmp_path / "models")
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize("id", ["../../etc", "", ".", "..", "a/b", "A", ".hidden", "x" * 65])
def test_a_name_cannot_lead_out_of_the_models(tmp_path, id):
    with pytest.raises(NotFound):
        cards.read(tmp_path, "crack", id)


def test_an_unknown_domain_or_model_is_not_found(tmp_path):
    for domain, id in (("wood", "a"), ("crack", "a")):
        with pytest.raises(NotFound, match="models list"):
            cards.read(tmp_path, domain, id)
    assert cards.all(tmp_path) == []


def test_cards_come_newest_first_and_a_bad_one_hides_no_other(run, tmp_path):
    models = tmp_path / "models"
    content = (run / cards.WEIGHTS).read_bytes()
    for id, made_at in (("a", "2024-01-02"), ("b", "2024-01-03"), ("c", "2024-01-01"), ("bad", "2024-01-04")):
        (run / cards.WEIGHTS).write_bytes(content)
        cards.file(dataclasses.replace(CARD, id=id, made_at=made_at), run, models)
    (models / "crack/bad/card.json").write_text("{")
    assert [card.id for card in cards.all(models)] == ["b", "a", "c"]
    assert cards.all(models, "rail") == []
    assert len(cards.damaged(models)) == 1
    with pytest.raises(ModelError, match="crack/bad"):
        cards.read(models, "crack", "bad")


def test_a_card_moved_to_another_folder_is_refused(run, tmp_path):
    models = tmp_path / "models"
    cards.file(CARD, run, models)
    (models / "crack/unet-1").rename(models / "crack/unet-2")
    with pytest.raises(ModelError, match="unet-1"):
        cards.read(models, "crack", "unet-2")


def test_a_damaged_evaluation_is_refused(run, tmp_path):
    (run / "evaluation-test.npz").write_bytes(b"PK\x03\x04 half")
    with pytest.raises(ModelError, match="evaluation-test"):
        cards.evaluation(run, "test")
    np.savez(run / "evaluation-test.npz", p=np.array([{"a": 1}], dtype=object))  # would need pickle
    with pytest.raises(ModelError):
        cards.evaluation(run, "test")


def test_cards_do_without_torch():
    code = "import sys; sys.modules['torch'] = None; import core.cards, core.metrics"
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=cards.__file__.rsplit("/core/", 1)[0]).returncode
        == 0
    )
