"""core.engine.loaders: photos in memory, and what may happen to them."""

import numpy as np
import pytest
import torch
from PIL import Image

from core.engine import loaders
from core.engine.loaders import Augment, augment, batches, colours, decode, floats, normalise, stacks
from core.engine.loop import Machine
from core.errors import ConfigError, PhotoError
from core.records import Photo

PLAIN = Machine.here(fast=False)


def rng(seed=0):
    return np.random.default_rng(seed)


def photo(path, picture, **told):
    Image.fromarray(picture).save(path)
    return Photo(path, **told)


@pytest.fixture
def halves(tmp_path):
    """A photo black on the left and white on the right."""
    picture = np.zeros((80, 160, 3), np.uint8)
    picture[:, 80:] = 255
    return tmp_path / "halves.png", picture


def test_a_photo_is_cut_to_its_trim_only_when_asked(halves):
    path, picture = halves
    right = photo(path, picture, trim=(0.5, 0.0, 1.0, 1.0))
    assert decode([right], 32, trimmed=True).float().mean() == 255
    assert 120 < decode([right], 32).float().mean() < 135
    assert decode([Photo(path)], 32, trimmed=True).float().mean() < 135  # no trim: the whole photo


def test_a_margin_takes_in_what_is_around_the_trim(halves):
    path, picture = halves
    right = photo(path, picture, trim=(0.5, 0.0, 1.0, 1.0))
    assert decode([right], 32, trimmed=True, margin=1.5).float().mean() < 250


def test_the_cache_is_uint8_and_keeps_the_order(tmp_path):
    photos = [photo(tmp_path / f"{v}.png", np.full((20, 30, 3), v, np.uint8)) for v in (7, 200, 90)]
    pictures = decode(photos, 16)
    assert pictures.shape == (3, 3, 16, 16)
    assert pictures.dtype == torch.uint8
    assert pictures[:, 0, 0, 0].tolist() == [7, 200, 90]


def test_a_file_that_is_no_photo_is_named(tmp_path):
    (tmp_path / "note.jpg").write_text("no photo")
    with pytest.raises(PhotoError, match=r"note\.jpg"):
        decode([Photo(tmp_path / "note.jpg")], 16)


def test_making_a_photo_small_does_not_alias():
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    small = loaders.shrink(stripes, 100).float()
    assert small.std() < 15  # without antialiasing 75: wide bands that no one painted


def test_prediction_stacks_keep_order_and_hold_at_most_n():
    pictures = (np.full((20, 20, 3), v, np.uint8) for v in range(5))
    chunks = list(stacks(pictures, 16, n=2))
    assert [len(c) for c in chunks] == [2, 2, 1]
    assert torch.cat(chunks)[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4]


def test_every_photo_comes_once_an_epoch_and_the_seed_gives_the_order():
    first = [b.tolist() for b in batches(7, 3, rng())]
    assert sorted(i for batch in first for i in batch) == list(range(7))
    assert first == [b.tolist() for b in batches(7, 3, rng())]
    assert first != [b.tolist() for b in batches(7, 3, rng(1))]
    assert [b.tolist() for b in batches(7, 3)] == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(batches(0, 3)) == []


def test_colours_are_those_of_numpy():
    pictures = torch.from_numpy(rng().integers(0, 256, (5, 3, 9, 9), np.uint8))
    mean, std = colours(pictures)
    x = pictures.double() / 255
    np.testing.assert_allclose(mean, x.mean((0, 2, 3)), atol=1e-12)
    np.testing.assert_allclose(std, x.std((0, 2, 3), unbiased=False), atol=1e-12)
    assert colours(torch.full((1, 3, 4, 4), 9, dtype=torch.uint8))[1] == (1.0, 1.0, 1.0)


def test_normalised_photos_have_mean_0_and_deviation_1():
    pictures = torch.from_numpy(rng().integers(0, 256, (5, 3, 9, 9), np.uint8))
    x = normalise(floats(pictures, None, PLAIN), *colours(pictures), PLAIN)
    assert x.mean((0, 2, 3)).abs().max() < 1e-5
    assert (x.std((0, 2, 3), unbiased=False) - 1).abs().max() < 1e-5


def test_nothing_is_changed_unless_asked():
    x = torch.rand(3, 3, 16, 16)
    assert torch.equal(augment(x, Augment(), rng()), x)


def test_a_flip_is_exact_and_hits_about_every_second_photo():
    x = torch.rand(200, 3, 4, 6)
    y = augment(x, Augment(flip=True), rng())
    is_flipped = torch.tensor([torch.equal(a.flip(2), b) for a, b in zip(x, y, strict=True)])
    is_same = torch.tensor([torch.equal(a, b) for a, b in zip(x, y, strict=True)])
    assert (is_flipped | is_same).all()
    assert 70 < is_flipped.sum() < 130


def test_a_flip_within_the_warp_is_the_same_flip():
    x = torch.rand(20, 3, 9, 13)
    exact = augment(x, Augment(flip=True, upside_down=True), rng())
    warped = augment(x, Augment(flip=True, upside_down=True, angle=1e-9), rng())
    torch.testing.assert_close(warped, exact, atol=1e-4, rtol=0)


def test_a_turn_is_that_of_a_slow_twin():
    """Each pixel of a turned and scaled photo is looked up by hand with numpy."""
    x = torch.rand(1, 1, 21, 31).expand(1, 3, 21, 31).contiguous()
    how = Augment(angle=30, scale=0.2)
    chance = rng(3).random((1, 11), np.float32)
    angle, zoom = np.deg2rad(30 * (2 * chance[0, 2] - 1)), 1 / (1 + 0.2 * (2 * chance[0, 3] - 1))
    got = augment(x, how, rng(3))[0, 0].numpy()
    flat = x[0, 0].numpy()
    for i, j in [(10, 15), (7, 12), (13, 20)]:
        u, v = j - 15.0, i - 10.0  # from the middle, in pixels
        sx = 15 + zoom * (np.cos(angle) * u - np.sin(angle) * v)
        sy = 10 + zoom * (np.sin(angle) * u + np.cos(angle) * v)
        x0, y0 = int(np.floor(sx)), int(np.floor(sy))
        fx, fy = sx - x0, sy - y0
        top = flat[y0, x0] * (1 - fx) + flat[y0, x0 + 1] * fx
        bottom = flat[y0 + 1, x0] * (1 - fx) + flat[y0 + 1, x0 + 1] * fx
        assert got[i, j] == pytest.approx(top * (1 - fy) + bottom * fy, abs=1e-4)


def test_no_black_corner_tells_the_angle():
    x = torch.ones(8, 3, 16, 16)
    assert augment(x, Augment(angle=45, scale=0.2), rng()).min() > 0.99


def test_light_and_colour_stay_between_0_and_1_and_grey_stays_grey():
    how = Augment(brightness=0.5, contrast=0.5, colour=0.5)
    y = augment(torch.rand(16, 3, 8, 8), how, rng())
    assert y.min() >= 0
    assert y.max() <= 1
    grey = augment(torch.rand(4, 1, 8, 8).expand(4, 3, 8, 8), how, rng())
    assert (grey[:, 0] - grey[:, 2]).abs().max() < 1e-5


def test_erasing_paints_5_to_25_percent_in_the_photos_mean():
    x = torch.rand(40, 3, 40, 40)
    y = augment(x, Augment(erase=1.0), rng())
    share = (x != y).all(1).float().mean((1, 2))
    assert share.min() > 0.03
    assert share.max() < 0.28
    where = (x[0] != y[0]).all(0)
    torch.testing.assert_close(y[0, :, where][:, 0], x[0].mean((1, 2)))
    kept = augment(x, Augment(erase=0.5), rng())
    assert 8 < sum(torch.equal(a, b) for a, b in zip(x, kept, strict=True)) < 32


def test_the_chances_of_later_batches_do_not_depend_on_what_was_changed():
    a, b = rng(), rng()
    augment(torch.rand(4, 3, 8, 8), Augment(), a)
    augment(torch.rand(4, 3, 8, 8), Augment(flip=True, angle=9, colour=0.2, erase=0.5), b)
    assert a.random() == b.random()


def test_a_photo_without_stripes_keeps_what_is_not_the_same_from_top_to_bottom():
    rng = np.random.default_rng(0)
    for height, width in ((40, 60), (256, 256), (81, 33)):  # any size, even and odd
        photo = np.repeat(rng.integers(60, 200, (1, width, 1)), height, 0).repeat(3, 2).astype(np.uint8)
        photo[5:15, 10:20] = 30
        free = loaders.without_stripes(photo)
        assert free.shape == photo.shape
        assert free.dtype == np.uint8
        assert (free[20:] == 128).all()
        assert (free[5:15, 10:20] < 128).all()


def test_stripe_free_is_alike_in_another_light_and_upside_down():
    photo = np.random.default_rng(0).integers(60, 180, (31, 20, 3)).astype(np.uint8)
    free = loaders.without_stripes(photo)
    assert (loaders.without_stripes(photo + 40) == free).all()
    assert (loaders.without_stripes(photo[::-1]) == free[::-1]).all()


def test_beside_shows_the_grey_photo_first_and_then_the_stripe_free_one_twice():
    photo = np.random.default_rng(0).integers(0, 256, (30, 20, 3)).astype(np.uint8)
    grey = np.rint(photo.mean(2, keepdims=True)).astype(np.uint8)
    seen = loaders.striped(photo, "beside")
    assert (seen[..., :1] == grey).all()
    assert (seen[..., 1:] == loaders.without_stripes(grey)).all()
    assert loaders.striped(photo, "keep") is photo
    with pytest.raises(ConfigError, match="keep, removed or beside"):
        loaders.striped(photo, "gone")
