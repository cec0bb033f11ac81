"""Stored probabilities are read as they were written."""

import io

import numpy as np
import pytest
from PIL import Image

from core import arrays
from core.errors import ModelError


def same(told):
    content, media_type = arrays.pack(told)
    read = arrays.unpack(content)
    assert read.keys() == told.keys()
    for key, value in told.items():
        assert read[key].dtype == np.asarray(value).dtype, key
        assert np.array_equal(read[key], value), key
    return content, media_type


def test_probabilities_come_back_to_the_last_bit():
    rng = np.random.default_rng(0)
    told = {"p": rng.random(4, np.float32), "unlike": np.float32(rng.random())}
    assert same(told)[1] == arrays.ARRAYS_TYPE


def test_a_crack_map_is_a_grey_png_of_the_photos_size_with_its_numbers_in_the_text():
    rng = np.random.default_rng(1)
    told = {"p": rng.integers(0, 256, (37, 53), np.uint8), "unlike": np.float32(1 / 3)}
    content, media_type = same(told)
    picture = Image.open(io.BytesIO(content))
    assert (media_type, picture.mode, picture.size) == ("image/png", "L", (53, 37))


def test_a_map_alone_and_a_map_wider_than_webp_allows_are_kept():
    same({"p": np.arange(256, dtype=np.uint8)[None]})
    same({"p": np.zeros((1, 20_000), np.uint8)})


@pytest.mark.parametrize("harm", [b"", b"PK\3\4nothing", b"\x89PNG\r\n\x1a\nnothing", b"pickle"])
def test_a_damaged_file_is_refused(harm):
    with pytest.raises(ModelError, match="judge the photo again"):
        arrays.unpack(harm)


def test_a_cut_map_is_refused():
    rng = np.random.default_rng(2)
    content, _ = arrays.pack({"p": rng.integers(0, 256, (200, 200), np.uint8)})
    with pytest.raises(ModelError):
        arrays.unpack(content[: len(content) // 2])


def test_pickles_are_never_read():
    out = io.BytesIO()
    np.savez(out, p=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ModelError):
        arrays.unpack(out.getvalue())
