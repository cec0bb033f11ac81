"""Made-up photos: marked as such, the same for the same seed, with a truth that can be measured."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy import ndimage
from skimage.morphology import skeletonize

from core import datasets, photos, quality
from core.errors import ConfigError, Conflict
from core.records import DOMAINS
from core.synthetic import brushes, demo, painted


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Twelve photos a domain."""
    root = tmp_path_factory.mktemp("made")
    return {domain: demo.write(domain, root / domain, 12, seed=3) for domain in DOMAINS}


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_made_up_set_is_read_as_synthetic_and_has_no_problems_but_its_size(folders, domain):
    found = datasets.read(folders[domain], domain)
    assert len(found.photos) == 12
    assert found.is_synthetic
    assert found.licence == "CC0: Public Domain"
    report = datasets.report(found)
    odd = [p for p in report.problems if "too few to train" not in p and "lacks a class" not in p]
    assert [p for p in odd if "shows no crack" not in p and "photos show no crack" not in p] == []
    assert len({p.group for p in found.photos}) == 3


def test_the_classes_come_as_said(folders):
    counts = {d: datasets.report(datasets.read(folders[d], d)).counts for d in DOMAINS}
    assert counts["rail"] == {"normal": 9, "defect": 3}
    assert counts["crack"] == {"no crack": 1, "crack": 11}
    assert counts["corrosion"] == {"0": 3, "1": 3, "2": 3, "3": 3}


def test_the_splits_and_folds_keep_places_whole(tmp_path):
    found = datasets.read(demo.write("corrosion", tmp_path / "c", 48, seed=1), "corrosion")
    assert Counter(p.split for p in found.photos) == {"train": 40, "test": 8}
    assert Counter(p.fold for p in found.photos if p.split == "train") == {f: 8 for f in range(5)}
    assert found.problems == ()
    assert datasets.report(found).torn_groups == ()
    assert all(p.trim for p in found.photos)


def test_the_same_seed_writes_the_same_bytes_and_more_photos_change_none(tmp_path, folders):
    again = demo.write("rail", tmp_path / "again", 5, seed=3)
    other = demo.write("rail", tmp_path / "other", 5, seed=4)
    made = sorted(again.glob("*.jpg"))
    assert len(made) == 5
    for path in made:
        assert path.read_bytes() == (folders["rail"] / path.name).read_bytes()
        assert path.read_bytes() != (other / path.name).read_bytes()


def test_nothing_is_written_over_or_without_sense(tmp_path, folders):
    with pytest.raises(Conflict, match="rail holds files already"):
        demo.write("rail", folders["rail"], 1)
    with pytest.raises(ConfigError, match="0 photos cannot be made"):
        demo.write("rail", tmp_path / "r", 0)
    with pytest.raises(ConfigError, match="no domain 'wood'"):
        demo.write("wood", tmp_path / "w", 1)
    with pytest.raises(ConfigError, match="no grade 4"):
        painted.steel(np.random.default_rng(0), 4)
    with pytest.raises(ConfigError, match="no rail 'rust'"):
        painted.rail(np.random.default_rng(0), "rust")


@pytest.mark.parametrize("size", [32, 256, (96, 160)])
def test_concrete_comes_in_any_size_with_a_mask_of_it(size):
    picture, mask = painted.concrete(np.random.default_rng(0), size)
    assert picture.shape == (*((size, size) if isinstance(size, int) else size), 3)
    assert (picture.dtype, mask.dtype) == (np.uint8, bool)
    assert mask.shape == picture.shape[:2]
    assert mask.any()
    assert not painted.concrete(np.random.default_rng(0), size, cracked=False)[1].any()


def test_cracks_are_darker_than_the_wall_beside_them_and_1_to_6_pixels_wide():
    widths = []
    for seed in range(16):
        picture, mask = painted.concrete(np.random.default_rng(seed))
        beside = ndimage.binary_dilation(mask, iterations=5) & ~ndimage.binary_dilation(mask, iterations=2)
        grey = picture.mean(2)
        assert grey[mask].mean() < 0.85 * grey[beside].mean(), seed
        widths.append(2 * ndimage.distance_transform_edt(mask)[skeletonize(mask)] - 1)
    widths = np.concatenate(widths)
    assert np.quantile(widths, 0.05) == 1
    assert 3 <= np.quantile(widths, 0.98) <= 7


def test_a_line_covers_as_many_pixels_as_it_is_wide():
    points = np.stack([np.full(200, 32.0), np.linspace(-5, 70, 200)], 1)
    for width in (1.0, 3.0, 5.0):
        assert brushes.drawn((64, 64), points, np.full(200, width)).sum() / 64 == pytest.approx(
            width, abs=0.1
        )


def test_walls_without_a_crack_still_hold_lines_that_are_none():
    """What makes the set worth training on: stains, joints and shadows outside the mask."""
    darkest = [
        np.quantile(wall, 0.01) / np.median(wall)
        for wall in (painted.concrete(np.random.default_rng(s), cracked=False)[0].mean(2) for s in range(6))
    ]
    assert min(darkest) < 0.75


@pytest.mark.parametrize("kind", painted.RAIL_KINDS)
def test_a_defect_changes_the_rail_and_a_plain_one_is_whole(kind):
    picture = painted.rail(np.random.default_rng(5), kind, place=7)
    plain = painted.rail(np.random.default_rng(5), place=7)
    assert picture.shape == (256, 256, 3)
    assert (picture[..., 0] == picture[..., 2]).all()
    assert quality.measured(picture).fault is None
    changed = np.abs(picture[..., 0].astype(int) - plain[..., 0]) > 25
    assert 0.003 < changed.mean() < 0.4


def test_more_rust_lies_in_the_box_with_each_grade_and_it_is_the_box_that_counts():
    brown = np.zeros((4, 6))
    for grade in range(4):
        for seed in range(6):
            picture, trim = painted.steel(np.random.default_rng(seed), grade, place=seed)
            x0, y0, x1, y1 = trim
            assert 0 <= x0 < x1 <= 1
            assert 0 <= y0 < y1 <= 1
            part = photos.trim(picture, trim).astype(int)
            rust = (part[..., 0] > part[..., 2] + 20) & (part[..., 0] > part[..., 1] + 8)
            black = part.max(2) < 45
            brown[grade, seed] = (rust | black).mean()
    means = brown.mean(1)
    assert (np.diff(means) > 0.02).all(), means
