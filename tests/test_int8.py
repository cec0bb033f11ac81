"""A crack network in 8 bits says what it said before, is used on evidence, and where it is quicker."""

import dataclasses
import json
import time

import numpy as np
import pytest
import torch

from core import cards, cli, crack, datasets, metrics, store, workers
from core import config as settings_of
from core.crack import Config
from core.engine import crack as engine
from core.engine import int8, lanes, loop, quickest, tiling, work
from core.engine.life import Life
from core.engine.loop import Machine
from core.engine.tiling import Model, probabilities, tiles
from core.engine.unet import Network, Pretrained, UNet
from core.errors import ConfigError, ModelError
from core.records import Card
from core.settings import Settings
from core.synthetic import demo

PLAIN = Machine.here(fast=False)
SMALL = dataclasses.replace(PLAIN, int8=True)
needs_vnni = pytest.mark.skipif(not int8.runs_here(), reason="this CPU has no 8-bit sums (AVX512-VNNI)")
pytestmark = needs_vnni
loop.use_threads()


def taught(net):
    """The network as if trained: its answers vary, batch norm has seen photos."""
    torch.nn.init.normal_(net.head.weight, std=1.0)
    net.train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.randn(2, 3, 96, 96))
    return net.eval()


@pytest.fixture(scope="module", params=["unet", "pretrained", "four levels of kernel 7"])
def net(request):
    """Each shape of network there is."""
    torch.manual_seed(0)
    made = {"unet": lambda: UNet(5, 3, 8, 0.3), "pretrained": lambda: Pretrained(8, 0.3)}
    return taught(made.get(request.param, lambda: UNet(4, 7, 4, 0.3))())


def photos(n, height=128, width=160):
    """Photos with light and dark parts, uint8."""
    rng = np.random.default_rng(3)
    for _ in range(n):
        rough = rng.integers(0, 256, (height // 8, width // 8, 3), np.uint8)
        yield np.kron(rough, np.ones((8, 8, 1), np.uint8))


def show(net):
    """Let a network see two photos."""
    for photo in photos(2):
        probabilities(Model(net, PLAIN), photo)


def in_8_bits(net):
    """The network with ranges learned on two photos."""
    small = int8.folded(net)
    int8.learn(small, show)
    return int8.quantised(net, int8.ranges(small))


def test_folding_batch_norm_changes_no_answer(net):
    [photo] = photos(1)
    before, after = (probabilities(Model(one, PLAIN), photo) for one in (net, int8.folded(net).net))
    assert before.std() > 0.05
    assert np.abs(before - after).max() < 1e-4


def test_in_8_bits_the_map_stays_near(net):
    photo = list(photos(3))[-1]
    before = probabilities(Model(net, PLAIN), photo)
    after = probabilities(Model(in_8_bits(net), SMALL), photo)
    assert before.std() > 0.05
    assert np.abs(before - after).mean() < 0.05 * before.std()


def test_tiles_equal_the_whole_photo_in_8_bits(net):
    model = Model(in_8_bits(net), SMALL)
    photo = np.random.default_rng(0).integers(0, 256, (300, 421, 3), np.uint8)
    whole = probabilities(model, photo)
    for part, p, _ in tiles(model, photo, 96, 0):
        assert np.abs(p - whole[part]).max() < 1e-3


def test_features_are_in_the_units_of_before(net):
    [photo] = photos(1)
    own = (slice(0, 128), slice(0, 160))
    before, after = (
        tiling._seen(Model(one, machine), photo, own) / photo[..., 0].size
        for one, machine in ((net, PLAIN), (in_8_bits(net), SMALL))
    )
    assert np.abs(before - after).mean() < 0.02 * np.abs(before).mean()


def test_ranges_hold_zero_and_joined_places_share_theirs(net):
    small = int8.folded(net)
    int8.learn(small, show)
    known = int8.ranges(small)
    assert all(low <= 0 <= high for low, high in known.values())
    names = {place: name for name, place in small.places.items()}
    beside = [names[level] for level in small.levels[-2::-1]]
    assert [known[f"up.{k}"] for k in range(len(beside))] == [known[name] for name in beside]


def test_ranges_of_another_network_are_refused(net):
    with pytest.raises(ModelError, match="not those"):
        int8.quantised(net, {"down.0.0": (0.0, 1.0)})


def test_a_network_of_another_shape_has_no_8_bit_form():
    class Other(Network):
        reach_px = 0

        def descend(self, x):
            return [x]

    with pytest.raises(ModelError, match="Other"):
        int8.folded(Other())


def f1_to(truth_of):
    """A measure of a network: F1 on three photos, the truth being what `truth_of` says of them."""
    maps = [probabilities(Model(truth_of, PLAIN), photo) for photo in photos(3)]
    cut = np.median(maps)
    truth = [p >= cut for p in maps]

    def f1(net):
        machine = SMALL if net.steps else PLAIN
        said = (probabilities(Model(net, machine), photo) >= cut for photo in photos(3))
        counts = (metrics.Counts.of(*pair) for pair in zip(truth, said, strict=True))
        return float(sum(counts, metrics.Counts.zero()).f1)

    return f1


def test_ranges_that_make_f1_fall_are_not_kept(net):
    def show_the_dark(net):
        probabilities(Model(net, PLAIN), np.zeros((64, 64, 3), np.uint8))

    told = int8.measured(net, show_the_dark, f1_to(net))
    assert told["plain_f1"] == 1.0
    assert told["f1"] < 1 - int8.ALLOWED
    assert "ranges" not in told
    assert not int8.is_accepted(told)


@pytest.mark.parametrize(("f1", "accepted"), [(0.702, True), (0.7021, False), (0.6979, False), (None, False)])
def test_f1_may_move_by_two_thousandths_either_way(f1, accepted):
    told = {"f1": f1, "plain_f1": 0.7, "ranges": {}}
    assert int8.is_accepted(told) is accepted
    assert not int8.is_accepted({})


def card_of(net, **known):
    return Card("a", "crack", "unet", crack.CLASSES, {}, {}, (), 0.5, "", known=known, weights_sha256="f00")


def test_only_what_the_card_shows_may_be_used():
    torch.manual_seed(0)
    net = taught(UNet(4, 3, 4, 0.3))
    small = int8.folded(net)
    int8.learn(small, show)
    told = {"f1": 0.7, "plain_f1": 0.7, "ranges": int8.ranges(small), "weights_sha256": "f00"}
    told = json.loads(json.dumps(told))

    def names(**known):
        return set(quickest.ways(Model(net, PLAIN, card=card_of(net, **known))))

    assert names(int8=told) == {"fp32", "int8"}
    assert names() == {"fp32"}
    assert names(int8=told | {"f1": 0.69}) == {"fp32"}
    assert names(int8=told | {"weights_sha256": "another"}) == {"fp32"}


def test_a_process_measures_once_and_says_what_it_chose():
    torch.manual_seed(0)
    model = Model(taught(UNet(4, 3, 4, 0.3)), Machine.here(), card=card_of(None))
    if not model.machine.bf16:
        pytest.skip("one arithmetic only: there is nothing to choose")
    model.machine = Machine.here()
    first = quickest.quickest(model)
    assert first.told.startswith(f"{first.machine.arithmetic} (")
    assert quickest.quickest(model).told == first.told


def test_the_usual_way_stays_unless_another_gains_a_tenth():
    assert quickest.chosen({"bf16": 10.0, "int8": 8.9, "fp32": 30.0}, "bf16") == "int8"
    assert quickest.chosen({"bf16": 10.0, "int8": 9.1, "fp32": 30.0}, "bf16") == "bf16"


@pytest.fixture(scope="module")
def filed(tmp_path_factory):
    """The folder of a small set, and the models' folder with one model trained on it."""
    home = tmp_path_factory.mktemp("int8")
    demo.write("crack", home / "walls", 16, seed=1)
    walls = datasets.read(home / "walls", "crack")
    config = Config(levels=4, filters=4, crop_px=64, batch=2, steps=4, validate_every=4, warm_up=0)
    *_, last = engine.train(config, walls, home / "run", Settings.of({}))
    assert last.card is not None
    return home, cards.file(last.card, home / "run", home / "models")


def test_a_training_ends_with_the_evidence(filed):
    _, card = filed
    told = card.known["int8"]
    assert told["weights_sha256"] == card.weights_sha256
    assert told["n"] == card.data[0]["n_val"]
    assert {"f1", "plain_f1", "share"} <= told.keys()
    assert settings_of.of(Config, card.config).levels == 4


def test_the_command_measures_an_older_model_on_its_own_photos_only(filed, tmp_path, capsys):
    home, card = filed
    folder = cards.place(home / "models", "crack", card.id)
    path = folder / cards.CARD
    path.write_text(
        dataclasses.replace(card, known={k: v for k, v in card.known.items() if k != "int8"}).to_json()
    )
    environ = {"PATINA_MODELS": str(home / "models"), "PATINA_DATA": str(tmp_path)}
    words = ["models", "int8", f"crack/{card.id}", "--data", str(home / "walls"), "--json"]
    assert cli.main(words, environ) == 0
    told = json.loads(capsys.readouterr().out)
    again = cards.of_folder(folder)
    assert again.known["int8"] == card.known["int8"]
    assert told["allowed"] is ("ranges" in card.known["int8"])
    demo.write("crack", tmp_path / "others", 12, seed=5)
    with pytest.raises(ConfigError, match="learned from walls"):
        work.keep_int8(again, folder, datasets.read(tmp_path / "others", "crack"))


def test_a_worker_says_which_arithmetic_it_chose_and_why(filed, tmp_path):
    home, card = filed
    settings = Settings.of({"PATINA_MODELS": str(home / "models"), "PATINA_DATA": str(tmp_path)})
    db = store.connect(settings.database)
    life = Life("judge", settings)
    try:
        judge = lanes.Judge(life, settings)
        judge.warm()
        device = next(state.device for state in workers.health(db, time.time()) if state.lane == "judge")
    finally:
        life.close()
    if len(quickest.ways(engine.load(card, cards.place(home / "models", "crack", card.id)))) > 1:
        assert f"{judge.machine}; crack in " in device
        assert "ms a tile of 256 px" in device


def test_a_verdict_says_in_which_arithmetic_it_was_made(filed, tmp_path, capsys):
    home, card = filed
    environ = {"PATINA_MODELS": str(home / "models"), "PATINA_DATA": str(tmp_path)}
    photo = datasets.read(home / "walls", "crack").photos[0].path
    assert cli.main(["predict", f"crack/{card.id}", str(photo), "--json"], environ) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert told["arithmetic"] in ("fp32", "bf16", "int8")
