"""Pretraining without labels: what it learns from, what it changes, that it can be cut short anywhere."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from core.engine import checkpoint, classifiers, lessons, pretrain
from core.few_labels.cycles import Begin
from core.records import PhotoSet
from tests.test_engine_rail import HEAD, cut_after_each_report, few, filed, run, told_of  # noqa: F401

TOLD = HEAD | {"stripes": "beside", "pretrain": "vicreg", "pretrain_epochs": 3, "repeats": 1}


@pytest.fixture(scope="module")
def whole(few, tmp_path_factory) -> Path:  # noqa: F811
    """A run with pretraining that nobody interrupted."""
    folder = tmp_path_factory.mktemp("pretrained")
    filed(folder, tmp_path_factory.mktemp("filed"), run(TOLD, few, folder)[-1].card)
    return folder


def pretrained(folder: Path) -> bytes:
    return (folder / lessons.PRETRAINED).read_bytes()


def test_views_alike_that_vary_and_share_nothing_cost_nothing():
    z = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]]) * 1.2
    assert float(pretrain.vicreg(z, z)) == pytest.approx(0, abs=1e-6)
    assert float(pretrain.vicreg(z, z + 2)) == pytest.approx(25 * 4, rel=1e-5), "only likeness is lost"


def test_a_description_that_is_the_same_for_all_or_says_one_thing_twice_costs():
    flat = torch.zeros(4, 2)
    assert float(pretrain.vicreg(flat, flat)) == pytest.approx(25 * 0.99, rel=1e-5)  # 1 - sqrt(1e-4) each
    twice = torch.tensor([[1.5, 1.5], [-1.5, -1.5]])
    assert float(pretrain.vicreg(twice, twice)) == pytest.approx(2 * 2 * 4.5**2 / 2, rel=1e-5)


def test_a_run_with_pretraining_can_be_cut_short_after_each_report(few, whole, tmp_path):  # noqa: F811
    assert cut_after_each_report(TOLD, few, tmp_path) > 4
    assert pretrained(tmp_path) == pretrained(whole)
    assert told_of(tmp_path) == told_of(whole)
    assert not (tmp_path / "pretraining").exists()


def test_no_test_photo_is_learned_from(few, whole, tmp_path):  # noqa: F811
    pool, tested = few.part("pool"), few.part("test")
    other = PhotoSet(few.name, "rail", (*pool, *tested[:3]), few.licence, few.fingerprint)
    run(TOLD, other, tmp_path, at_most=4)
    assert pretrained(tmp_path) == pretrained(whole)
    assert f"on {len(pool)} photos of the pool" in checkpoint.read(whole / lessons.PRETRAINED)["origin"]


def test_labels_are_not_learned_from(few, whole, tmp_path):  # noqa: F811
    turned = {"defect": "normal", "normal": "defect"}
    said = tuple(dataclasses.replace(p, label=turned[str(p.label)]) for p in few.photos)
    run(TOLD, dataclasses.replace(few, photos=said), tmp_path, at_most=4)
    assert pretrained(tmp_path) == pretrained(whole)


def test_only_the_last_blocks_learn_and_the_statistics_stay(few, whole, tmp_path):  # noqa: F811
    run(TOLD, few, tmp_path, at_most=1)
    torch.manual_seed(lessons.chance(0, "pretraining"))
    before = classifiers.build("mobilenet_v2", 2, init="random", size=64).body.state_dict()
    after = checkpoint.read(whole / lessons.PRETRAINED)["body"]
    changed = {key for key, value in after.items() if not torch.equal(value, before[key])}
    assert {int(key.split(".")[1]) for key in changed} == {14, 15, 16, 17, 18}
    assert not [key for key in changed if "running" in key]


def test_a_run_taken_up_takes_the_pretrained_network_along(few, whole, tmp_path):  # noqa: F811
    begin = Begin(whole, 1, 2, {}, {})
    heard = run(TOLD, few, tmp_path / "same", begin=begin)
    assert not [p for p in heard if p.phase == "without labels"]
    assert pretrained(tmp_path / "same") == pretrained(whole)
    heard = run(TOLD | {"pretrain_epochs": 1}, few, tmp_path / "other", 1, begin)
    assert [p.phase for p in heard] == ["without labels"]


def test_who_asks_for_no_pretraining_gets_none(few, tmp_path):  # noqa: F811
    run(TOLD | {"pretrain": "none"}, few, tmp_path)
    assert not (tmp_path / lessons.PRETRAINED).exists()


@pytest.mark.parametrize("network", ["resnet18", "mobilenet_v2"])
def test_every_network_is_cut_where_its_map_is_a_sixteenth_of_the_photo(network):
    net = classifiers.build(network, 2, init="random", size=64).eval()
    with torch.inference_mode():
        maps = classifiers.layers(net)[: -pretrain.LAST[network]](torch.zeros(1, 3, 64, 64))
        assert maps.shape[2:] == (4, 4)
        found = classifiers.layers(net)[-pretrain.LAST[network] :](maps)
        assert torch.allclose(found.mean((2, 3)), net.features(torch.zeros(1, 3, 64, 64)), atol=1e-5)


@pytest.mark.parametrize("method", ["finetune", "softmatch"])
def test_the_other_methods_begin_with_it_too(few, tmp_path, method):  # noqa: F811
    told = TOLD | {"method": method, "stripes": "keep", "pretrain_epochs": 1, "epochs": 1}
    card = run(told | {"division": "full", "n0": 6}, few, tmp_path)[-1].card
    assert "VICReg" in card.preprocessing["origin"]
