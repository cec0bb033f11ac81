"""The few-label experiments of this Patina: which there are, what they are called, what they have found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st
from sqlite_utils import Database

from core import queue, store
from core.few_labels import cycles
from core.few_labels.cycles import Entry
from core.records import Person, Run
from core.settings import Settings
from pages.parts import access, lab, pick, words
from pages.parts.strings import t

T = TypeVar("T")


@dataclass(frozen=True)
class Visitor:
    """Who looks at the experiments of which Patina."""

    person: Person
    settings: Settings

    @property
    def db(self) -> Database:
        """This thread's connection: a fragment or a callback runs in another thread than the page did."""
        return store.connect(self.settings.database)

    @property
    def may_correct(self) -> bool:
        """True for those who may say what a photo is and order trainings."""
        return self.person.is_at_least("engineer")


def visitor() -> Visitor:
    """The person of this page; stops it for those who may not see it."""
    return Visitor(access.require(*lab.ROLES), Settings.of())


@dataclass(frozen=True)
class Experiment:
    """A run with at least one training behind it, and what it has found so far."""

    run: Run
    folder: Path
    found: Mapping[str, Any]
    """As `core.few_labels.cycles.experiment` gives it."""

    @property
    def id(self) -> int:
        """The run's number."""
        return self.run.id

    @property
    def division(self) -> str:
        """How its pool was divided, e.g. `table3`."""
        return str(self.found["config"]["division"])

    @property
    def is_active(self) -> bool:
        """True while more is to come."""
        return self.run.state in ("waiting", "running")

    @property
    def n_repeats(self) -> int:
        """Repeats that have at least one training behind them."""
        return max((int(row["repeat"]) for row in self.found["rows"]), default=0)

    @cached_property
    def name(self) -> str:
        """What it is called in a list: its given name, else how it labels, with which network."""
        if self.run.name:
            return self.run.name
        network = str(self.found["config"]["network"])
        name = f"{self.run.config.get('preset', self.division)} · {words.NETWORKS.get(network, network)}"
        return t("cycles.corrected_name", name=name) if "begin" in self.run.config else name

    @property
    def numbered(self) -> str:
        """Its name and its run's number."""
        return f"{self.name} · {t('runs.number', id=self.id)}"

    def column(self, name: str) -> list[dict[str, Any]]:
        """The table of one figure, an entry a column that has one: `labels mean std min max`."""
        return [
            {"labels": c["labels"], **c[name]} for c in self.found["table"] if c[name]["mean"] is not None
        ]

    def lines(self, name: str) -> list[tuple[list[int], list[float | None]]]:
        """One figure after each training of each repeat: (labels, values)."""
        repeats: dict[int, list[Mapping[str, Any]]] = {}
        for row in self.found["rows"]:
            repeats.setdefault(int(row["repeat"]), []).append(row)
        return [([r["labels"] for r in rows], [r[name] for r in rows]) for rows in repeats.values()]

    def ledger(self, repeat: int) -> tuple[Mapping[str, Any], Sequence[Entry]]:
        """The head and the lines of one repeat's ledger."""
        return _ledger(str(self.folder), repeat, stamp(self.folder / f"repeat-{repeat}" / "ledger.json"))


def known(db: Database, settings: Settings) -> list[Experiment]:
    """Every rail experiment with a result, the newest first."""
    found = []
    for run in queue.latest(db, ("train",), limit=200):
        folder = settings.runs / str(run.id)
        written = stamp(folder / cycles.EXPERIMENT) if run.domain == "rail" else 0
        if written:
            found.append(Experiment(run, folder, _experiment(str(folder), written)))
    return found


def begun_from(db: Database, run_id: int, repeat: int) -> list[Run]:
    """The runs that were begun from one repeat of another run, the newest first."""
    return [
        run
        for run in queue.latest(db, ("train",), limit=200)
        if (begin := run.config.get("begin")) and (begin["run"], begin["repeat"]) == (run_id, repeat)
    ]


def choose(
    all_: Sequence[Experiment], third: Callable[[Experiment, int], T]
) -> tuple[Experiment, int, T] | None:
    """The experiment and repeat of the page and a third thing of them, side by side in one row.

    None, and the page says so, where nothing has been trained yet.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        e = chosen(all_)
        if e.n_repeats:
            repeat = repeat_of(e)
            return e, repeat, third(e, repeat)
    st.html(f'<p class="note">{t("cycles.not_yet")}</p>')
    return None


def chosen(all_: Sequence[Experiment]) -> Experiment:
    """The experiment of the page: the one in the address, else the newest."""
    by_id = {e.id: e for e in all_}
    id = pick.one(
        "run",
        list(by_id),
        all_[0].id,
        label=t("cycles.run"),
        say=lambda id: by_id[id].numbered,
        is_list=True,
        is_labelled=True,
    )
    return by_id[id]


def repeat_of(e: Experiment) -> int:
    """The repeat of the page: the one in the address, else the first."""
    return pick.one("repeat", list(range(1, e.n_repeats + 1)), 1, label=t("cycles.repeat"), is_labelled=True)


def training_of(e: Experiment, repeat: int) -> int:
    """The training of the page by its number of labels: the one in the address, else the last."""
    labels = {int(row["training"]): int(row["labels"]) for row in e.found["rows"] if row["repeat"] == repeat}
    return pick.one(
        "training",
        list(labels),
        max(labels),
        label=t("trace.training"),
        say=lambda n: f"{n} · {labels[n]}",
        is_labelled=True,
        help=t("trace.training_help"),
    )


def stamp(path: Path) -> int:
    """When a file was written, 0 where there is none: part of a cache's key."""
    return path.stat().st_mtime_ns if path.is_file() else 0


@st.cache_resource(max_entries=64, show_spinner=False)
def _experiment(folder: str, stamp: int) -> Mapping[str, Any]:
    return cycles.experiment(Path(folder))


@st.cache_resource(max_entries=64, show_spinner=False)
def _ledger(folder: str, repeat: int, stamp: int) -> tuple[Mapping[str, Any], Sequence[Entry]]:
    return cycles.ledger(Path(folder), repeat)
