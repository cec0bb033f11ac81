"""Uploads: parts, breaks, full disks, senders that overtake each other. No server; real files."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import os
import random
import threading
import time

import httpx
import pytest
from starlette.requests import ClientDisconnect

from core import artifacts, asking, disk, photos, store
from core.errors import Conflict, NoRoom, NotFound, PatinaError, PhotoError
from core.uploads import BrokenOff, NameAside, Plan, TooLarge, Uploads
from tests.serving import World, jpeg, server

WORD = "3f2b8c1e-upload"


@pytest.fixture
def world(tmp_path):
    return World.at(tmp_path)


@pytest.fixture
def eva(world):
    return world.session_of("inspector").person


@pytest.fixture
def uploads(world):
    return Uploads(world.settings)


async def pieces(*parts):
    for part in parts:
        if isinstance(part, Exception):
            raise part
        yield part


def receive(uploads, place, plan, *parts):
    return asyncio.run(uploads.receive(place, plan, pieces(*parts)))


def test_a_photo_in_parts_becomes_the_photo(world, uploads, eva):
    whole = jpeg(800, 608)
    place, n = uploads.place(eva, WORD), len(whole)
    cuts = [0, 1000, 1001, n // 2, n]
    for start, end in itertools.pairwise(cuts):
        plan = Plan.of(f"bytes {start}-{end - 1}/{n}", str(end - start))
        assert receive(uploads, place, plan, whole[start:end]) == end
        assert uploads.received(eva, WORD) == end
    kept = uploads.keep(world.db, place, "wall.jpg", who=eva, now=time.time())
    assert kept.sha256 == hashlib.sha256(whole).hexdigest()
    assert (kept.known, kept.width_px, kept.height_px) == (False, 800, 608)
    assert artifacts.read(world.settings.artifacts, kept.sha256) == whole
    assert not list(world.settings.uploads.iterdir())


def test_the_same_photo_twice_is_known_and_kept_once(world, uploads, eva):
    for known in (False, True):
        place = uploads.place(eva, None)
        receive(uploads, place, Plan(), jpeg())
        assert uploads.keep(world.db, place, "a.jpg", who=eva, now=time.time()).known is known
    assert len(store.rows(world.db, "select * from photos")) == 1


def test_what_came_before_a_break_is_kept_and_the_rest_completes_it(world, uploads, eva):
    whole = jpeg(800, 608)
    place = uploads.place(eva, WORD)
    with pytest.raises(BrokenOff, match="how far it came"):
        receive(uploads, place, Plan(0, len(whole)), whole[:5000], whole[5000:7000], ClientDisconnect())
    assert uploads.received(eva, WORD) == 7000
    assert receive(uploads, place, Plan.of(None, str(len(whole) - 7000), "7000"), whole[7000:]) == len(whole)
    assert place.read_bytes() == whole


def test_a_sender_that_falls_silent_is_cut_off(uploads, eva, monkeypatch):
    monkeypatch.setattr("core.uploads.IDLE_SECONDS", 0.05)

    async def silent():
        yield b"begun"
        await asyncio.sleep(30)

    with pytest.raises(BrokenOff):
        asyncio.run(uploads.receive(uploads.place(eva, WORD), Plan(), silent()))
    assert uploads.received(eva, WORD) == 5


def test_a_part_may_come_again_but_may_not_leave_a_gap(uploads, eva):
    place = uploads.place(eva, WORD)
    receive(uploads, place, Plan(0, 10, 30), b"a" * 10)
    assert receive(uploads, place, Plan(5, 10, 30), b"b" * 10) == 15
    assert place.read_bytes() == b"aaaaa" + b"b" * 10
    with pytest.raises(Conflict, match=r"15 bytes .* go on from there, not from 16"):
        receive(uploads, place, Plan(16, 4, 30), b"cccc")
    with pytest.raises(Conflict, match="begin at offset 0"):
        receive(uploads, uploads.place(eva, "another-word"), Plan(5, 1, 30), b"c")


def test_a_newer_sender_takes_over_and_the_older_one_writes_nothing_more(uploads, eva):
    place = uploads.place(eva, WORD)

    async def go():
        first_began, second_done = asyncio.Event(), asyncio.Event()

        async def stuck():
            yield b"old" * 400_000  # a piece and a bit, so that something of it is written at once
            first_began.set()
            await second_done.wait()
            yield b"old" * 400_000

        old = asyncio.create_task(uploads.receive(place, Plan(), stuck()))
        await first_began.wait()
        assert await uploads.receive(place, Plan(0, 5), pieces(b"fresh")) == 5
        second_done.set()
        with pytest.raises(Conflict, match="sent anew"):
            await old

    asyncio.run(go())
    assert place.read_bytes() == b"fresh"


def test_a_sender_that_begins_anew_changes_no_photo_that_is_being_kept(world, uploads, eva):
    """A phone that never heard the answer sends again while the first photo is still looked at."""
    whole, place = jpeg(800, 608), uploads.place(eva, WORD)

    async def go():
        whole_once = await uploads.receive(place, Plan(0, len(whole)), pieces(whole))
        kept_at = await uploads.taken(place, whole_once)
        assert await uploads.receive(place, Plan(0, 1000, len(whole)), pieces(whole[:1000])) == 1000
        return kept_at

    kept = uploads.keep(world.db, asyncio.run(go()), "a.jpg", who=eva, now=time.time())
    assert artifacts.read(world.settings.artifacts, kept.sha256) == whole
    assert place.stat().st_size == 1000


def test_a_photo_that_is_sent_anew_is_left_to_its_newer_sender(uploads, eva):
    whole, place = jpeg(800, 608), uploads.place(eva, WORD)

    async def go():
        began, over = asyncio.Event(), asyncio.Event()

        async def slow():
            yield whole[:1000]
            began.set()
            await over.wait()
            yield whole[1000:]

        once = await uploads.receive(place, Plan(0, len(whole)), pieces(whole))
        newer = asyncio.create_task(uploads.receive(place, Plan(0, len(whole)), slow()))
        await began.wait()
        with pytest.raises(Conflict, match="sent anew"):
            await uploads.taken(place, once)
        over.set()
        assert await newer == once
        back = await uploads.taken(place, once)
        uploads.put_back(back, place)
        return place.read_bytes()

    assert asyncio.run(go()) == whole
    with pytest.raises(Conflict, match="sent anew"):
        asyncio.run(uploads.taken(uploads.place(eva, "never-came"), 1))


def test_uploads_of_two_people_with_the_same_word_are_two(world, uploads, eva):
    other = world.session_of("manager").person
    assert uploads.place(eva, WORD) != uploads.place(other, WORD)
    assert uploads.place(eva, None) != uploads.place(eva, None)
    receive(uploads, uploads.place(eva, WORD), Plan(), b"x")
    with pytest.raises(NotFound):
        uploads.received(other, WORD)
    uploads.forget(eva, WORD)
    with pytest.raises(NotFound):
        uploads.received(eva, WORD)


@pytest.mark.parametrize(
    "word", ["", "short", "a" * 65, "../../etc/passwd", "with space", "semi;colon", "ünicode-word"]
)
def test_a_word_that_could_be_a_path_is_refused(uploads, eva, word):
    with pytest.raises(PatinaError, match="8 to 64"):
        uploads.place(eva, word)


def test_too_many_bytes_are_refused_before_and_while_they_come(uploads, eva):
    most = photos.MAX_BYTES
    for told in ((None, str(most + 1)), (f"bytes 0-9/{most + 1}", "10"), (None, "10", str(most))):
        with pytest.raises(TooLarge, match="64 MiB"):
            Plan.of(*told)
    place = uploads.place(eva, WORD)
    chunk = bytes(2**20)
    with pytest.raises(TooLarge):
        receive(uploads, place, Plan(), *[chunk] * 65)
    assert place.stat().st_size <= most
    with pytest.raises(PatinaError, match="More bytes came"):
        receive(uploads, place, Plan(0, 3), b"four")


@pytest.mark.parametrize(
    "told",
    [
        ("bytes 0-9", "10"),
        ("bytes 5-4/10", "0"),
        ("bytes 0-10/10", "11"),
        ("bytes 0-9/10", "11"),
        ("bytes */10", None),
        ("bits 0-9/10", "10"),
        ("bytes 0-9/*", "10"),
        (None, None, "-5"),
        (None, None, "1e3"),
    ],
    ids=str,
)
def test_a_range_that_makes_no_sense_is_refused(told):
    with pytest.raises(PatinaError):
        Plan.of(*told)


def test_a_nearly_full_disk_is_said_before_anything_is_written(world, eva):
    with pytest.raises(NoRoom, match="nearly full"):
        receive(
            Uploads(world.settings, reserve=2**62), Uploads(world.settings).place(eva, WORD), Plan(), b"x"
        )
    assert not list(world.settings.uploads.iterdir())


def test_a_full_disk_in_the_midst_is_said_and_no_photo_is_made(world, uploads, eva):
    """/dev/full is a disk without room."""
    place = uploads.place(eva, WORD)
    try:
        place.parent.mkdir(parents=True)
        place.symlink_to("/dev/full")
        place.open("wb").close()
    except OSError:
        pytest.skip("there is no /dev/full here")
    with pytest.raises(NoRoom, match="disk is full"):
        receive(uploads, place, Plan(), b"x" * 100)
    assert store.rows(world.db, "select * from photos") == []


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty"), (b"GIF89a", "truncated"), (b"%PDF-1.7 hello", "unsupported")]
)
def test_what_is_no_photo_leaves_nothing_behind(world, uploads, eva, content, reason):
    place = uploads.place(eva, WORD)
    receive(uploads, place, Plan(), content)
    with pytest.raises(PhotoError) as refused:
        uploads.keep(world.db, place, "x.jpg", who=eva, now=time.time())
    assert refused.value.reason in (reason, "corrupt")
    assert not list(world.settings.uploads.iterdir())
    assert not world.settings.artifacts.exists()


def test_a_photo_that_is_cut_short_is_refused_at_once(world, uploads, eva):
    place = uploads.place(eva, None)
    receive(uploads, place, Plan(), jpeg(800, 608)[:-8000])
    with pytest.raises(PhotoError) as refused:
        uploads.keep(world.db, place, "x.jpg", who=eva, now=time.time())
    assert refused.value.reason == "truncated"


def test_the_rows_of_a_photo_stand_when_it_is_acknowledged(world, uploads, eva, tmp_path):
    place = uploads.place(eva, None)
    receive(uploads, place, Plan(), jpeg())
    kept = uploads.keep(world.db, place, "a.jpg", who=eva, now=time.time())
    elsewhere = store.connect(world.settings.database, fresh=True)
    asking.ask(elsewhere, kept.sha256, "rail", owner="eva", now=1.0, batch="b")


@pytest.mark.parametrize(
    "name", ["../../x.jpg", "C:\\x\\y.jpg", "a/b.jpg", "", "x\0.jpg", "named", "//server/share", "ok.jpg"]
)
def test_a_name_travels_beside_the_path(name):
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope)

    scope = {"type": "http", "path": f"/api/v1/photos/{name}"}
    asyncio.run(NameAside(app)(scope, None, None))
    assert (seen["path"], seen["patina.name"]) == ("/api/v1/photos/named", name)
    asyncio.run(NameAside(app)({"type": "http", "path": "/other/../x"}, None, None))
    assert seen["path"] == "/other/../x"


@pytest.mark.skipif(os.name != "posix", reason="kill -9")
def test_a_killed_server_has_lost_nothing_it_acknowledged(world):
    """`kill -9` in the midst of uploads, three times; every photo that was answered for is there, whole."""
    rng = random.Random(5)
    acknowledged: dict[str, bytes] = {}
    sent = itertools.count()

    def send(client, headers):
        while True:
            n = next(sent)
            whole = jpeg(320, 240, seed=n)
            half = len(whole) // 2
            try:
                if n % 2:
                    answer = client.put(f"/api/v1/photos/{n}.jpg", content=whole, headers=headers)
                else:
                    part = headers | {"content-range": f"bytes 0-{half - 1}/{len(whole)}"}
                    params = {"upload": f"photo-{n:06}"}
                    first = client.put(
                        f"/api/v1/photos/{n}.jpg", params=params, content=whole[:half], headers=part
                    )
                    assert first.json() == {"received": half, "total": len(whole)}
                    parts[f"photo-{n:06}"] = whole
                    params |= {"offset": str(half)}
                    answer = client.put(
                        f"/api/v1/photos/{n}.jpg", params=params, content=whole[half:], headers=headers
                    )
            except httpx.TransportError:
                return
            assert answer.status_code == 201, answer.text
            acknowledged[answer.json()["photo"]] = whole

    for _ in range(3):
        parts: dict[str, bytes] = {}
        with server(world.settings) as site, httpx.Client(base_url=site.url, timeout=30) as client:
            headers = world.headers("inspector", site.host)
            senders = [threading.Thread(target=send, args=(client, headers)) for _ in range(3)]
            [s.start() for s in senders]
            time.sleep(rng.uniform(0.5, 1.5))
            site.process.kill()
            [s.join() for s in senders]
        root = world.settings.artifacts
        assert acknowledged
        for sha, whole in acknowledged.items():
            assert artifacts.read(root, sha) == whole
            assert store.row(world.db, "select 1 from photos where sha256 = :sha", {"sha": sha})
        for path in root.glob("*/*"):
            if not path.name.startswith(".aside-"):
                assert disk.sha256(path) == path.parent.name + path.name, "nothing half under a final name"
        eva = world.session_of("inspector").person
        for word, whole in parts.items():
            place = Uploads(world.settings).place(eva, word)
            assert hashlib.sha256(whole).hexdigest() in acknowledged or (
                not place.exists()  # it was taken in just before, only the answer was not heard
                or (whole.startswith(place.read_bytes()) and place.stat().st_size >= len(whole) // 2)
            )
