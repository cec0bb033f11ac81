"""Data sets: each usual layout is read, each oddity becomes one sentence, nothing is guessed in silence."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import datasets, disk, overlaps, tables
from core.errors import DataError
from core.records import Photo, PhotoSet
from tests.conftest import SHARED, needs_photos


def picture(seed, side=48):
    """A photo-like texture: smooth light with grain, another one for each seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize((side, side), 3)
    grain = rng.normal(0, 12, (side, side, 1))
    return (np.asarray(coarse) + grain).clip(0, 255).astype(np.uint8)


def grained(wide, high, seed):
    """(high, wide, 3) uint8 with grain of several sizes, as a wall or a floor has."""
    rng, grey = np.random.default_rng(seed), np.zeros((high, wide))
    for coarse in (4, 12, 40):
        small = rng.normal(size=(high // coarse + 2, wide // coarse + 2)).astype(np.float32)
        grey += np.asarray(Image.fromarray(small).resize((wide, high), Image.Resampling.BICUBIC))
    return np.repeat(np.clip(128 + 30 * grey, 0, 255).astype(np.uint8)[..., None], 3, 2)


def put(path: Path, seed=0, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(seed)).save(path, **options)
    return path


def put_mask(path: Path, value=255, side=48, rows=4):
    path.parent.mkdir(parents=True, exist_ok=True)
    mask = np.zeros((side, side), np.uint8)
    mask[10 : 10 + rows] = value
    Image.fromarray(mask).save(path)
    return path


def table(folder: Path, text: str, name="labels.csv"):
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def rail(folder: Path, n=24, columns="file,label", tail=""):
    """n photos, every fourth a defect."""
    for i in range(n):
        put(folder / f"r{i:02}.png", i)
    rows = [f"r{i:02}.png,{'defect' if i % 4 == 0 else 'normal'}{tail}" for i in range(n)]
    return table(folder, "\n".join([columns, *rows]) + "\n")


def told(found: PhotoSet, words: str) -> str:
    """The problem that holds these words; fails when none or several do."""
    hits = [p for p in found.problems if words in p]
    assert len(hits) == 1, found.problems
    return hits[0]


# Tables


def test_a_table_gives_every_field(tmp_path):
    put(tmp_path / "untrimmed" / "p1.jpg")
    table(
        tmp_path,
        "file,grade,group,split,fold,trim_x0,trim_y0,trim_x1,trim_y1,source,weather\n"
        "p1.jpg,2,bridge 7,train,3,0.1,0.2,0.8,0.9,archive,rain\n",
    )
    photo = datasets.read(tmp_path, "corrosion").photos[0]
    assert photo == Photo(
        path=tmp_path / "untrimmed" / "p1.jpg",
        name="p1.jpg",
        sha256=disk.sha256(tmp_path / "untrimmed" / "p1.jpg"),
        grade=2,
        group="bridge 7",
        split="train",
        fold=3,
        trim=(0.1, 0.2, 0.8, 0.9),
        source="archive",
    )


@pytest.mark.parametrize("text", ["\ufeffFile;Label\na.png;Defect\n", "Photo\tClass\r\na.png\tDEFECTIVE\r\n"])
def test_a_table_from_a_spreadsheet_is_read(tmp_path, text):
    put(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_bytes(text.encode())
    assert [p.label for p in datasets.read(tmp_path, "rail").photos] == ["defect"]


def test_a_table_of_another_name_and_its_own_path_are_the_same_set(tmp_path):
    put(tmp_path / "a.png")
    table(tmp_path, "file,label\na.png,defect\n", "truth.csv")
    assert datasets.read(tmp_path, "rail").photos == datasets.read(tmp_path / "truth.csv", "rail").photos


def test_two_tables_are_not_guessed_between(tmp_path):
    for name in ("a.csv", "b.csv"):
        table(tmp_path, "file,label\na.png,defect\n", name)
    with pytest.raises(DataError, match=r"several tables: a\.csv, b\.csv"):
        datasets.read(tmp_path, "rail")


def test_trimmed_photos_come_from_their_folder_and_whole_ones_have_no_box(tmp_path):
    for name in ("p1.jpg", "p2.jpg"):
        put(tmp_path / "untrimmed" / name, 1)
    put(tmp_path / "trimmed" / "p1.jpg", 2)
    rows = "".join(f"p{i}.jpg,1,0.1,0.2,0.8,0.9\n" for i in (1, 2))
    table(tmp_path, "file,grade,trim_x0,trim_y0,trim_x1,trim_y1\n" + rows)
    cut, without_cut = datasets.read(tmp_path, "corrosion").photos
    assert (cut.path.parent.name, cut.trim) == ("trimmed", None)
    assert (without_cut.path.parent.name, without_cut.trim) == ("untrimmed", (0.1, 0.2, 0.8, 0.9))
    for photo in datasets.read(tmp_path, "corrosion", trimmed=False).photos:
        assert (photo.path.parent.name, photo.trim) == ("untrimmed", None)


def test_a_table_cannot_reach_outside_its_folder(tmp_path):
    put(tmp_path / "secret.png")
    inside = tmp_path / "set"
    put(inside / "a.png")
    (inside / "link.png").symlink_to(tmp_path / "secret.png")
    outside = tmp_path / "secret.png"
    table(inside, f"file,label\na.png,defect\n../secret.png,defect\n{outside},defect\nlink.png,defect\n")
    found = datasets.read(inside, "rail")
    assert [p.name for p in found.photos] == ["a.png"]
    assert told(found, "missing").startswith("3 files named in the table are missing: ../secret.png")


def test_what_is_wrong_with_rows_is_counted_by_kind(tmp_path):
    rail(tmp_path)
    put(tmp_path / "stranger.png", 99)
    (tmp_path / "text.png").write_text("no photo")
    whole = put(tmp_path / "cut.png", 98).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with (tmp_path / "labels.csv").open("a") as file:
        file.write("gone.png,normal\nr00.png,normal\n,normal\ntext.png,normal\ncut.png,normal\n")
        file.write("r99.png,rusty\n")
    put(tmp_path / "r99.png", 97)
    found = datasets.read(tmp_path, "rail")
    assert len(found.photos) == 24
    unread = "2 files cannot be read: text.png (not a photo), cut.png (cut short)."
    assert told(found, "cannot be read") == unread
    assert told(found, "missing") == "1 file named in the table is missing: gone.png."
    assert told(found, "named before") == "1 row of the table names a file named before: r00.png."
    assert told(found, "names no file") == "1 row of the table names no file."
    assert told(found, "not defect or normal").endswith("r99.png (rusty).")
    assert told(found, "not in the table") == "1 photo in the folder is not in the table: stranger.png."


@pytest.mark.parametrize(
    ("domain", "text", "sentence"),
    [
        (
            "rail",
            "file,grade\na.png,1\n",
            "has no column label, which a rail set needs; it looks like a corrosion",
        ),
        ("corrosion", "file,mask\na.png,a.png\n", "no column grade"),
        ("crack", "file,grade\na.png,1\n", "no column mask"),
        ("rail", "name,label\na.png,defect\n", "no column file; it has name, label"),
        ("rail", "file,label\n", "Nothing in set can be used"),
        ("rail", "", "no column file; it has none"),
        ("corrosion", "file,grade\na.png,severe\n", r"a grade that is not 0 \(light\).*a\.png \(severe\)"),
        ("corrosion", "file,grade\na.png,4\n", r"a grade that is not 0 \(light\).*a\.png \(4\)"),
        ("corrosion", "file,grade\na.png,1.5\n", r"a\.png \(1\.5\)"),
        ("crack", "file,mask\na.png,gone.png\n", "1 mask is missing: gone.png"),
    ],
)
def test_a_table_that_cannot_be_used_says_why(tmp_path, domain, text, sentence):
    put(tmp_path / "set" / "a.png")
    table(tmp_path / "set", text)
    with pytest.raises(DataError, match=sentence):
        datasets.read(tmp_path / "set", domain)


def test_a_table_that_is_no_text_or_too_long_is_refused(tmp_path):
    put(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_bytes("file,label\nRöhre.png,defect\n".encode("latin-1"))
    with pytest.raises(DataError, match="no UTF-8 text"):
        datasets.read(tmp_path, "rail")
    (tmp_path / "labels.csv").write_text("file,label\na.png," + "x" * 200_000)
    with pytest.raises(DataError, match="cannot be read as CSV"):
        datasets.read(tmp_path, "rail")
    with (tmp_path / "labels.csv").open("r+b") as file:
        file.truncate(tables.MAX_TABLE_BYTES + 1)
    with pytest.raises(DataError, match="more than 64 MiB"):
        datasets.read(tmp_path, "rail")


@pytest.mark.parametrize("name", ["nowhere", "a.png", "set.zip"])
def test_what_is_no_set_at_all_is_refused(tmp_path, name):
    put(tmp_path / "a.png")
    (tmp_path / "set.zip").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"There is nothing at|neither a folder nor a CSV|is a zip"):
        datasets.read(tmp_path / name, "rail")


def test_a_trim_box_outside_its_photo_is_passed_over(tmp_path):
    rows = ["p1.png,1,-0.1,0,1,1", "p2.png,1,0.5,0,0.4,1", "p3.png,1,a,b,c,d", "p4.png,1,0,0,1,"]
    for row in rows:
        put(tmp_path / row[:6], int(row[1]))
    table(tmp_path, "file,grade,trim_x0,trim_y0,trim_x1,trim_y1\n" + "\n".join(rows))
    found = datasets.read(tmp_path, "corrosion")
    assert [p.trim for p in found.photos] == [None] * 4
    assert told(found, "trim boxes").startswith("4 trim boxes lie outside their photo")


def test_brackets_in_a_name_stay_in_the_sentence(tmp_path):
    put(tmp_path / "a.png")
    table(tmp_path, "file,label\na.png,defect\ngone[1|2].png,defect\n")
    assert told(datasets.read(tmp_path, "rail"), "missing").endswith(": gone[1|2].png.")


# Layouts


def grades(folder: Path, *above, n=2):
    seed = 0
    for split in above or ("",):
        for grade in range(4):
            for i in range(n):
                seed += 1
                put(folder / split / str(grade) / f"{i}.png", seed)
    return folder


def test_class_folders_are_labels(tmp_path):
    for i, name in enumerate(("defect", "normal", "normal/more")):
        put(tmp_path / name / f"{i}.png", i)
    put(tmp_path / "defect" / ".hidden.png", 9)
    put(tmp_path / "__MACOSX" / "defect" / "x.png", 9)
    put(tmp_path / "readme picture.png", 8)
    found = datasets.read(tmp_path, "rail")
    assert [(p.name, p.label) for p in found.photos] == [
        ("0.png", "defect"),
        ("1.png", "normal"),
        ("2.png", "normal"),
    ]
    assert told(found, "no folder of a label").endswith(": readme picture.png.")


def test_public_class_folders_with_their_words_are_read(tmp_path):
    for i, name in enumerate(
        ("Train/Defective", "Train/Non defective", "Validation/Defective", "Test/Non_Defective")
    ):
        put(tmp_path / name / "a.png", i)
    found = datasets.read(tmp_path, "rail")
    assert Counter((p.split, p.label) for p in found.photos) == {
        ("train", "defect"): 1,
        ("train", "normal"): 1,
        ("val", "defect"): 1,
        ("test", "normal"): 1,
    }
    assert len({p.name for p in found.photos}) == 4


def test_grade_folders_are_read_with_and_without_splits(tmp_path):
    found = datasets.read(grades(tmp_path / "plain"), "corrosion")
    assert Counter(p.grade for p in found.photos) == {0: 2, 1: 2, 2: 2, 3: 2}
    split = datasets.read(grades(tmp_path / "split", "train", "test"), "corrosion")
    assert Counter(p.split for p in split.photos) == {"train": 8, "test": 8}
    below = tmp_path / "below"
    for i, part in enumerate(("grade_0/train", "grade_3/test", "grade 4/test")):
        put(below / part / "a.png", i)
    read = datasets.read(below, "corrosion")
    assert [(p.grade, p.split) for p in read.photos] == [(0, "train"), (3, "test")]
    assert "(4)" in told(read, "a grade that is not")


def test_grades_as_words_and_a_fifth_one_are_named_and_nothing_is_guessed(tmp_path):
    for i in range(4):
        put(tmp_path / f"{i}.png", i)
    table(tmp_path, "file,grade\n0.png,0\n1.png,poor\n2.png,4\n3.png,2.5\n")
    found = datasets.read(tmp_path, "corrosion")
    assert [p.grade for p in found.photos] == [0]
    said = told(found, "a grade that is not 0 (light), 1, 2 or 3 (severe)")
    assert all(word in said for word in ("1.png (poor)", "2.png (4)", "3.png (2.5)"))


def test_trimmed_and_untrimmed_grade_folders_are_one_set(tmp_path):
    for view in ("trimmed", "untrimmed"):
        grades(tmp_path / view)
    for trimmed, view in ((True, "trimmed"), (False, "untrimmed")):
        found = datasets.read(tmp_path, "corrosion", trimmed=trimmed)
        assert len(found.photos) == 8
        assert all(view in p.path.parts for p in found.photos)


PAIRS = {
    "images and masks": ("images/a.jpg", "masks/a.png", ""),
    "DeepCrack": ("train_img/a.jpg", "train_lab/a.png", "train"),
    "METU": ("rgb/001.jpg", "BW/001.png", ""),
    "splits above": ("test/images/a.jpg", "test/masks/a.png", "test"),
    "splits below": ("images/val/a.jpg", "annotations/val/a.png", "val"),
    "side by side": ("a.jpg", "a_mask.png", ""),
    "one folder down": ("concrete/JPEGImages/a.jpg", "concrete/ground_truth_gt/a.png", ""),
}


@pytest.mark.parametrize("name", PAIRS)
def test_photos_find_their_masks(tmp_path, name):
    picture_name, mask_name, split = PAIRS[name]
    put(tmp_path / picture_name)
    put_mask(tmp_path / mask_name)
    for i in range(3):  # so that a split drawn for want of one is known
        put(tmp_path / Path(picture_name).with_name(f"more{i}.jpg"), 5 + i)
        put_mask(tmp_path / Path(mask_name).with_name(Path(mask_name).name.replace("a", f"more{i}", 1)))
    found = datasets.read(tmp_path, "crack")
    photo = next(p for p in found.photos if p.path == tmp_path / picture_name)
    assert photo.mask == tmp_path / mask_name
    if split:
        assert {p.split for p in found.photos} == {split}
        assert not [p for p in found.problems if "came without a split" in p]
    else:
        assert told(found, "came without a split")


def test_the_same_name_in_train_and_test_keeps_its_own_mask(tmp_path):
    for part in ("train", "test"):
        put(tmp_path / f"{part}_img" / "1.jpg", len(part))
        put_mask(tmp_path / f"{part}_lab" / "1.png", rows=len(part))
    found = datasets.read(tmp_path, "crack")
    assert [(p.name, p.mask.parent.name) for p in found.photos] == [
        ("test_img/1.jpg", "test_lab"),
        ("train_img/1.jpg", "train_lab"),
    ]


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (["images/a.png", "masks/a.png", "masks/.a.png"], ["images/a.png"]),
        (["a.jpg", "a_mask.png", "b.jpg"], ["a.jpg", "b.jpg"]),
        (["train/rgb/a.png", "train/BW/a.png", "b/c.png"], ["b/c.png", "train/rgb/a.png"]),
        (["labels/a.png", "labels/b.png"], ["labels/a.png", "labels/b.png"]),
        (["images/a.png", "masks/b.png"], ["images/a.png", "masks/b.png"]),
    ],
    ids=["two folders", "by name", "other words", "no photos beside", "another stem"],
)
def test_a_mask_is_no_photo_of_a_folder_where_its_photo_lies_there_too(tmp_path, names, shown):
    for name in names:
        put(tmp_path / name)
    assert [p.relative_to(tmp_path).as_posix() for p in tables.photos_in(tmp_path)] == shown


def test_a_photo_without_a_mask_and_a_mask_without_a_photo_are_named(tmp_path):
    put(tmp_path / "images" / "a.jpg")
    put(tmp_path / "images" / "lonely.jpg", 1)
    put_mask(tmp_path / "masks" / "a.png")
    put_mask(tmp_path / "masks" / "stray.png")
    found = datasets.read(tmp_path, "crack")
    assert told(found, "no mask") == "1 photo has no mask: images/lonely.jpg."
    assert told(found, "no photo") == "1 mask has no photo: masks/stray.png."


def test_a_wall_labelled_without_a_crack_needs_no_mask(tmp_path):
    put(tmp_path / "a.png", 1)
    put(tmp_path / "b.png", 2)
    put_mask(tmp_path / "m.png")
    found = datasets.read(table(tmp_path, "file,mask,label\na.png,m.png,crack\nb.png,,no crack\n"), "crack")
    assert [(p.label, p.mask is None) for p in found.photos] == [(None, False), ("no crack", True)]


@pytest.mark.parametrize(
    ("domain", "files", "sentence"),
    [
        (
            "rail",
            ["kinds/x.png"],
            "photos in kinds, but no labels. Add a labels.csv with the columns file and label",
        ),
        ("corrosion", ["good/x.png", "severe/y.png"], "photos in good, severe, but no labels"),
        ("crack", ["images/x.png"], "use the folders images/ and masks/"),
        ("crack", [], "holds no photo"),
    ],
)
def test_a_folder_that_tells_no_labels_says_what_is_wanted(tmp_path, domain, files, sentence):
    (tmp_path / "set").mkdir()
    for i, name in enumerate(files):
        put(tmp_path / "set" / name, i)
    with pytest.raises(DataError, match=sentence):
        datasets.read(tmp_path / "set", domain)


# Splits, fingerprints, merging, licences


def test_a_set_without_splits_gets_one_that_keeps_groups_and_classes_and_says_so(tmp_path):
    n = 60
    for i in range(n):
        put(tmp_path / f"{i}.png", i)
    rows = [f"{i}.png,{'defect' if i % 3 == 0 else 'normal'},g{i // 4}" for i in range(n)]
    table(tmp_path, "file,label,group\n" + "\n".join(rows))
    found = datasets.read(tmp_path, "rail", seed=5)
    sentence = told(found, "came without a split")
    assert sentence.startswith("60 photos came without a split; one was drawn by group")
    assert sentence.endswith("seed 5).")
    for group in {p.group for p in found.photos}:
        assert len({p.split for p in found.photos if p.group == group}) == 1
    counts = Counter(p.split for p in found.photos)
    assert counts["train"] == pytest.approx(42, abs=4)
    assert counts["val"] == pytest.approx(9, abs=4)
    for split in ("train", "val", "test"):
        part = found.part(split)
        assert sum(p.label == "defect" for p in part) / len(part) == pytest.approx(1 / 3, abs=0.12)
    assert found.photos == datasets.read(tmp_path, "rail", seed=5).photos
    assert found.photos != datasets.read(tmp_path, "rail", seed=6).photos


def test_a_drawn_split_never_parts_copies_of_one_photo():
    copies = [Photo(Path(f"{i}.png"), sha256=f"{i // 5}", label="normal") for i in range(50)]
    said = datasets.draw_split(copies, {"train": 0.5, "test": 0.5}, np.random.default_rng(0))
    assert all(len(set(said[i : i + 5])) == 1 for i in range(0, 50, 5))
    assert Counter(said) == {"train": 25, "test": 25}


def test_one_photo_goes_somewhere():
    one = [Photo(Path("a.png"), sha256="1", label="normal")]
    assert datasets.draw_split(one, datasets.SHARES, np.random.default_rng(0)) == ["train"]


def test_a_set_with_some_splits_keeps_them(tmp_path):
    for i in range(3):
        put(tmp_path / f"{i}.png", i)
    table(tmp_path, "file,label,split\n0.png,defect,Training\n1.png,normal,\n2.png,normal,holdout\n")
    found = datasets.read(tmp_path, "rail")
    assert [p.split for p in found.photos] == ["train", "", ""]
    assert told(found, "no split") == "2 photos have no split and are used for nothing: 1.png, 2.png."
    assert told(found, "not train, val").endswith("2.png (holdout).")


def test_the_fingerprint_changes_with_any_word_and_not_with_the_order(tmp_path):
    put(tmp_path / "a.png", 1)
    put(tmp_path / "b.png", 2)
    mask = put_mask(tmp_path / "m.png")
    one = Photo(tmp_path / "a.png", label="defect", group="g", split="train", mask=mask)
    two = Photo(tmp_path / "b.png", label="normal", split="test")
    first = datasets.fingerprint([one, two])
    assert first == datasets.fingerprint([two, one])
    changes = [{"label": "normal"}, {"group": "h"}, {"split": "val"}, {"fold": 1}, {"trim": (0, 0, 1, 1)}]
    changes += [{"grade": 0}, {"mask": None}, {"path": tmp_path / "b.png"}]
    prints = {datasets.fingerprint([dataclasses.replace(one, **change), two]) for change in changes}
    assert len(prints) == len(changes)
    assert first not in prints
    assert datasets.fingerprint([dataclasses.replace(one, name="other"), two]) == first
    put_mask(mask, rows=5)
    assert datasets.fingerprint([one, two]) != first


def test_merged_sets_keep_their_groups_apart(tmp_path):
    for name in ("one", "two"):
        rail(tmp_path / name, 4, "file,label,group,split", ",g1,train")
    (tmp_path / "one" / "SYNTHETIC").touch()
    sets = [
        datasets.read(tmp_path / n, "rail", licence=licence)
        for n, licence in (("one", "MIT"), ("two", "CC0"))
    ]
    both = datasets.merge(sets)
    assert both.name == "one + two"
    assert {p.group for p in both.photos} == {"one/g1", "two/g1"}
    assert len({p.name for p in both.photos}) == 8
    assert both.licence == "MIT; CC0"
    assert (sets[0].is_synthetic, sets[1].is_synthetic, both.is_synthetic) == (True, False, False)
    assert both.problems[0].startswith("one: ")
    assert datasets.merge(sets[:1]) == sets[0]
    assert {p.group for p in datasets.merge([sets[0]] * 2).photos} == {"one 1/g1", "one 2/g1"}


def test_sets_of_two_domains_or_none_are_not_merged(tmp_path):
    one = datasets.read(rail(tmp_path / "r", 4), "rail")
    other = datasets.read(grades(tmp_path / "c"), "corrosion")
    with pytest.raises(DataError, match="several domains: rail, corrosion"):
        datasets.merge([one, other])
    with pytest.raises(DataError, match="no data set"):
        datasets.merge([])


@pytest.mark.parametrize(
    ("name", "text", "licence"),
    [
        ("LICENSE", "\n# MIT License\n\nCopyright", "MIT License"),
        ("README.md", "* Licence: CC BY 4.0 (see below).\n* more", "CC BY 4.0"),
        ("README.md", "- License as stated: **CC0: Public Domain** (`x.txt`: label)", "CC0: Public Domain"),
        ("README.md", "Licence:\n  that repository states none. Others say CC0.", "not stated"),
        (
            "README.md",
            'Licence in the paper: "research only,\n  no commerce." More',
            "research only, no commerce",
        ),
        ("README.md", "Nothing about it.", "not stated"),
    ],
)
def test_a_licence_is_read_where_it_stands_in_plain_words(tmp_path, name, text, licence):
    (tmp_path / name).write_text(text)
    assert datasets.licence_of(tmp_path) == licence


def test_a_licence_in_the_readme_above_counts_under_the_folder_s_own_heading(tmp_path):
    (tmp_path / "README.md").write_text(
        "## other\n* Licence: GPL\n\n## mine\n* Licence: CC0\n\n## third\n* Licence: MIT\n"
    )
    for name, licence in (("mine", "CC0"), ("third", "MIT"), ("fourth", "not stated")):
        (tmp_path / name).mkdir()
        assert datasets.licence_of(tmp_path / name) == licence


# Reports


def photo_set(domain, found):
    return PhotoSet("s", domain, tuple(found))


def test_a_report_counts_by_split_and_class(tmp_path):
    rows = ["a,defect,g1,train", "b,normal,g1,train", "c,normal,g2,test", "d,,g3,test"]
    for i, row in enumerate(rows):
        put(tmp_path / f"{row[0]}.png", i)
    table(tmp_path, "file,label,group,split\n" + "\n".join(r[0] + ".png" + r[1:] for r in rows))
    report = datasets.report(datasets.read(tmp_path, "rail", licence="MIT"))
    assert report.counts == {"normal": 2, "defect": 1, "unlabelled": 1}
    assert report.splits["train"] == {"n": 2, "groups": 1, "counts": {"normal": 1, "defect": 1}}
    assert report.splits["test"]["counts"] == {"normal": 1, "defect": 0, "unlabelled": 1}
    assert report.sizes == {"smallest": (48, 48), "median": (48, 48), "largest": (48, 48), "different": 1}
    assert report.faults == {"too small": 4}
    assert json.loads(json.dumps(report.to_dict()))["licence"] == "MIT"
    assert "4 photos are too few to train on; 20 are the least, some hundreds are usual." in report.problems


def test_a_report_names_photos_that_break_while_decoding_and_without_drops_them(tmp_path):
    rail(tmp_path)
    data = bytearray((tmp_path / "r03.png").read_bytes())
    data[len(data) // 2] ^= 255
    (tmp_path / "r03.png").write_bytes(bytes(data))
    found = datasets.read(tmp_path, "rail")
    assert len(found.photos) == 24
    report = datasets.report(found)
    assert report.unreadable == ("r03.png",)
    assert [p for p in report.problems if "r03.png (damaged)" in p]
    rest = datasets.without(found, report.unreadable)
    assert len(rest.photos) == 23
    assert rest.fingerprint != found.fingerprint
    assert datasets.without(found, []) is found


def test_masks_that_do_not_fit_are_named_and_empty_ones_counted(tmp_path):
    masks = {
        "good": {},
        "small": {"side": 40},
        "dark": {"value": 1},
        "empty": {"value": 0},
        "inverted": {"rows": 30},
    }
    for i, (name, options) in enumerate(masks.items()):
        put(tmp_path / "images" / f"{name}.png", i)
        put_mask(tmp_path / "masks" / f"{name}.png", **options)
    put(tmp_path / "images" / "broken.png", 9)
    (tmp_path / "masks" / "broken.png").write_text("no picture")
    report = datasets.report(datasets.read(tmp_path, "crack"))
    assert report.counts == {"no crack": 1, "crack": 5}
    (misfits,) = [p for p in report.problems if "do not fit" in p]
    assert misfits.startswith("4 masks do not fit: broken.png (not a photo)")
    assert "dark.png: its brightest value is 1 of 255; white must mark the crack" in misfits
    looks = {one.name: one for one in datasets.looks(datasets.read(tmp_path, "crack"))}
    assert looks["small.png"].mask_trouble == "small.png: 40 × 40 pixels for a photo of 48 × 48"
    assert looks["inverted.png"].mask_trouble.startswith("inverted.png: 62% of it is white")
    assert "1 photo shows no crack by its mask: empty.png." in report.problems
    assert looks["good.png"].crack_share == pytest.approx(4 / 48)


def test_the_same_bytes_in_two_splits_are_grave(tmp_path):
    for name in ("a.png", "b.png", "c.png"):
        put(tmp_path / name, 1)
    put(tmp_path / "d.png", 2)
    put(tmp_path / "e.png", 2)
    put(tmp_path / "f.png", 3)
    put(tmp_path / "g.png", 3)
    rows = ["a.png,defect,train", "b.png,defect,train", "c.png,defect,test", "d.png,defect,test"]
    rows += ["e.png,normal,test", "f.png,normal,test", "g.png,normal,test"]
    report = datasets.report(datasets.read(table(tmp_path, "file,label,split\n" + "\n".join(rows)), "rail"))
    assert report.duplicates == (("a.png", "b.png", "c.png"), ("d.png", "e.png"), ("f.png", "g.png"))
    assert "1 photo lies in two splits with the same bytes: a.png = b.png = c.png." in report.problems
    assert "1 photo is there twice with different labels: d.png = e.png." in report.problems
    assert "1 photo is there more than once: f.png = g.png." in report.problems
    assert report.problems.index("1 photo lies in two splits with the same bytes: a.png = b.png = c.png.") < 2
    assert report.near == ()


def test_photos_that_look_alike_in_two_splits_are_found_also_mirrored(tmp_path):
    big = Image.fromarray(picture(1)).resize((400, 300), Image.Resampling.BICUBIC)
    big.save(tmp_path / "a.png")
    big.resize((320, 240)).save(tmp_path / "b.jpg", quality=60)
    big.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "c.png")
    big.transpose(Image.Transpose.ROTATE_180).save(tmp_path / "d.png")
    for i in range(30):
        put(tmp_path / f"o{i}.png", 100 + i)
    rows = ["a.png,defect,train", "b.jpg,defect,test", "c.png,defect,test", "d.png,defect,val"]
    rows += [f"o{i}.png,normal,{'train' if i % 2 else 'test'}" for i in range(30)]
    report = datasets.report(datasets.read(table(tmp_path, "file,label,split\n" + "\n".join(rows)), "rail"))
    pairs = {frozenset(pair[:2]) for pair in report.near}
    assert pairs == {
        frozenset(p)
        for p in (
            ("a.png", "b.jpg"),
            ("a.png", "c.png"),
            ("a.png", "d.png"),
            ("b.jpg", "d.png"),
            ("c.png", "d.png"),
        )
    }
    assert [p for p in report.problems if p.startswith("5 pairs of photos in different splits look the same")]


def test_photos_that_look_alike_in_two_folds_are_told_apart_from_those_in_two_splits(tmp_path):
    big = Image.fromarray(picture(1)).resize((400, 300), Image.Resampling.BICUBIC)
    big.save(tmp_path / "a.png")
    big.resize((320, 240)).save(tmp_path / "b.png")
    (tmp_path / "labels.csv").write_text("file,grade,split,fold\na.png,0,train,0\nb.png,0,train,1\n")
    report = datasets.report(datasets.read(tmp_path, "corrosion"))
    assert [pair[:2] for pair in report.near] == [("a.png", "b.png")]
    assert "1 pair of photos in different folds looks the same: a.png ≈ b.png." in report.problems


def test_photos_of_the_same_ground_in_two_splits_are_found_though_shifted_or_mirrored(tmp_path):
    ground = Image.fromarray(grained(700, 500, 1))
    crops = {
        "a.png": ground.crop((0, 0, 400, 300)),
        "b.jpg": ground.crop((130, 60, 530, 360)),
        "c.png": ground.crop((60, 0, 460, 300)).transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        "far.png": ground.crop((300, 200, 700, 500)),
    }
    for name, crop in crops.items():
        crop.save(tmp_path / name)
    for i in range(12):
        Image.fromarray(grained(400, 300, 100 + i)).save(tmp_path / f"o{i}.png")
    rows = ["a.png,defect,train", "b.jpg,defect,test", "c.png,defect,test", "far.png,defect,val"]
    rows += [f"o{i}.png,normal,{'train' if i % 2 else 'test'}" for i in range(12)]
    report = datasets.report(datasets.read(table(tmp_path, "file,label,split\n" + "\n".join(rows)), "rail"))
    found = {frozenset(pair[:2]): pair[2] for pair in report.overlaps}
    assert found.keys() == {
        frozenset(("a.png", "b.jpg")),
        frozenset(("a.png", "c.png")),
        frozenset(("b.jpg", "far.png")),
    }
    shares = [found[frozenset(p)] for p in (("a.png", "b.jpg"), ("a.png", "c.png"), ("b.jpg", "far.png"))]
    assert shares == pytest.approx([0.54, 0.85, 0.31], abs=0.02)
    assert [p for p in report.problems if p.startswith("3 pairs of photos in different splits show the same")]


def test_more_pairs_than_can_be_compared_are_told(tmp_path, monkeypatch):
    monkeypatch.setattr(overlaps, "MOST_PAIRS", 3)
    for i in range(4):
        put(tmp_path / f"{i}.png", i)
    rows = [f"{i}.png,normal,{'train' if i % 2 else 'test'}" for i in range(4)]
    report = datasets.report(datasets.read(table(tmp_path, "file,label,split\n" + "\n".join(rows)), "rail"))
    assert report.overlaps == ()
    assert (
        "4 pairs of photos are too many to look for shifted twins; up to 3 are compared." in report.problems
    )


def test_flat_pictures_look_like_nothing(tmp_path):
    for i, name in enumerate(("a.png", "b.png")):
        Image.fromarray(np.full((48, 48, 3), 100 + i, np.uint8)).save(tmp_path / name)
    rows = "a.png,normal,train\nb.png,normal,test\n"
    report = datasets.report(datasets.read(table(tmp_path, "file,label,split\n" + rows), "rail"))
    assert report.near == ()


def test_a_group_in_two_splits_or_folds_and_a_fold_without_a_grade_are_told(tmp_path):
    rows = []
    for i in range(24):
        put(tmp_path / f"{i}.png", i)
        grade, fold = i % 4, i // 4 % 2
        if grade == 2 and fold == 1:
            grade = 1
        rows.append(f"{i}.png,{grade},g{i // 4 if i != 5 else 0},{'test' if i > 20 else 'train'},{fold}")
    found = datasets.read(table(tmp_path, "file,grade,group,split,fold\n" + "\n".join(rows)), "corrosion")
    report = datasets.report(found)
    assert report.torn_groups == ("g5",)
    assert "1 group lies in more than one split: g5 (test, train)." in report.problems
    assert "1 fold lacks a class: fold 1 has no grade 2." in report.problems
    assert "1 group lies in more than one fold: g0." in report.problems
    assert "test holds no photo of grade 0, 2." in report.problems


def test_a_report_of_other_looks_is_a_mistake_of_ours(tmp_path):
    with pytest.raises(ValueError, match="0 looks for 4 photos"):
        datasets.report(datasets.read(rail(tmp_path, 4), "rail"), [])


# The development sets


@needs_photos
@pytest.mark.parametrize(
    ("part", "domain", "n", "splits"),
    [
        ("rail", "rail", 1239, {"pool": 600, "test": 639}),
        ("corrosion", "corrosion", 600, {"train": 480, "test": 120}),
        ("crack/uavcc0", "crack", 120, {"train": 66, "val": 19, "test": 35}),
        ("crack/deepcrack", "crack", 537, {"train": 257, "val": 43, "test": 237}),
        ("crack/concrete256", "crack", 372, {"train": 235, "val": 54, "test": 83}),
    ],
)
def test_the_development_sets_are_read_whole(part, domain, n, splits):
    found = datasets.read(SHARED / "data" / part, domain)
    assert len(found.photos) == n
    assert Counter(p.split for p in found.photos) == splits
    assert found.problems == ()
    assert all(datasets.class_of(p) for p in found.photos)
    assert all(p.group for p in found.photos)


@needs_photos
def test_the_licences_of_the_development_sets_are_the_stated_ones():
    data = SHARED / "data"
    assert datasets.licence_of(data / "rail") == "GNU LESSER GENERAL PUBLIC LICENSE version 3"
    assert datasets.licence_of(data / "crack" / "uavcc0") == "CC0: Public Domain"
    assert datasets.licence_of(data / "crack" / "concrete256") == "not stated"
    assert datasets.licence_of(data / "corrosion") == "not stated"
    assert "non-commercial research" in datasets.licence_of(data / "crack" / "deepcrack")


@needs_photos
def test_the_leaks_of_deepcrack_are_found():
    found = datasets.read(SHARED / "data" / "crack" / "deepcrack", "crack")
    leaks = {"11142", "11158", "11187", "11289", "11216", "11236", "IMG_6536"}
    some = [p for p in found.photos if any(leak in p.name for leak in leaks)]
    report = datasets.report(dataclasses.replace(found, photos=tuple(some)))
    assert ("test_11216.jpg", "train_11158.jpg") in [pair[:2] for pair in report.near]
    shifted = {name for pair in report.overlaps for name in pair[:2] if name.startswith("test_")}
    assert len(shifted) == 17, "7 of test_11236, 10 of 11 of test_11289; the two of test_11142 are enlarged"
    assert all("train_11187" in pair[1] or "train_11289" in pair[1] for pair in report.overlaps)
    assert len(report.torn_groups) == 5


# The samples


@pytest.mark.parametrize(
    ("domain", "counts"),
    [
        ("rail", {"defect": 3, "normal": 3}),
        ("crack", {"crack": 6}),
        ("corrosion", {"0": 2, "1": 1, "2": 1, "3": 2}),
    ],
)
def test_the_shipped_samples_are_whole_test_photos_with_their_truth(domain, counts):
    folder = Path(__file__).parents[1] / "data" / "samples" / domain
    found = datasets.read(folder, domain)
    assert Counter(datasets.class_of(p) for p in found.photos) == counts
    assert {p.split for p in found.photos} == {"test"}
    assert not found.is_synthetic
    report = datasets.report(found)
    assert report.problems == (
        "6 photos are too few to train on; 20 are the least, some hundreds are usual.",
    )
    if domain == "corrosion":
        whole = datasets.read(folder, domain, trimmed=False)
        assert [p.path.parent.name for p in whole.photos] == ["untrimmed"] * 6
