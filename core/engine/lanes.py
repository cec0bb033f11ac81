"""The two lanes of workers: claim a run, work on it, write down what came of it, also when it broke off."""

from __future__ import annotations

import dataclasses
import logging
import os
import time
import traceback
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import psutil
import torch

from core import (
    __version__,
    arrays,
    artifacts,
    asking,
    crack,
    in_force,
    inspections,
    photos,
    queue,
    services,
    store,
)
from core.engine import errands, loop, work
from core.engine.life import Life
from core.engine.loop import Machine
from core.engine.stop import Stop, Stopped
from core.errors import NotFound, PatinaError
from core.grading import coach
from core.inspections import Inspection
from core.measuring import markers, scales
from core.measuring.scales import Scale
from core.records import DOMAINS, Card, Domain, Progress, Run
from core.settings import Settings

BATCH = 8
"""So many waiting photos are judged at once: the first of them waits little, all of them gain."""
REPORT_SECONDS = 1.0
"""A report that carries neither figures nor a note is written at most so often."""

Asked = work.Answer[tuple[Run, Inspection]]

log = logging.getLogger("patina.lanes")


class Lane(Protocol):
    """What the worker's loop asks of a lane."""

    machine: Machine

    def warm(self) -> None:
        """Get ready, so that the first run is as fast as the others."""

    def take(self) -> bool:
        """Claim what waits and do it; False when nothing did."""

    def rest(self) -> None:
        """Look after things while nothing waits."""


class Judge:
    """Photos in, verdicts out, with the models now in service kept warm."""

    def __init__(self, life: Life, settings: Settings) -> None:
        loop.use_threads()
        self.life, self.settings, self.machine = life, settings, Machine.here()
        self.db = store.connect(settings.database)
        self._ready: dict[Domain, tuple[object, services.Serving, Any]] = {}
        self._now: Run | None = None
        self._told_at = 0.0

    def warm(self) -> None:
        """Load every model in service and let it see one grey photo."""
        grey = np.full((512, 512, 3), 128, np.uint8)
        for domain in DOMAINS:
            if self.life.ending.is_set():
                return
            try:
                _, model = self._model(domain)
            except NotFound:
                continue  # nothing has been trained there yet
            except PatinaError as error:
                log.error("%s", error)
                continue
            for _ in work.ENGINES[domain].predict(model, iter([grey])):
                pass

    def rest(self) -> None:
        """Load a model that was promoted meanwhile before anybody waits for it."""
        for domain, (stamp, _, _) in list(self._ready.items()):
            if stamp != self._stamp(domain):
                try:
                    self._model(domain)
                except PatinaError as error:
                    log.error("%s", error)
                    self._ready.pop(domain)  # said once; whoever asks for a verdict is told again

    def take(self) -> bool:
        """Judge up to `BATCH` waiting photos of one domain."""
        runs = queue.claim(self.db, "judge", self.life.name, time.time(), BATCH)
        if not runs:
            return False
        with self.life.holding(runs):
            asked = []
            for run in runs:
                try:
                    asked.append((run, inspections.get(self.db, int(run.config["inspection"]))))
                except (NotFound, KeyError) as error:
                    queue.fail(self.db, run, f"What this run should judge is not there: {error}", time.time())
            if asked:
                self._judge(runs[0].domain, asked)
        return True

    def _judge(self, domain: Domain, asked: list[tuple[Run, Inspection]]) -> None:
        """Answer each one; a photo that cannot be judged fails its own run and no other."""
        left = {run.id: (run, inspection) for run, inspection in asked}
        try:
            serving, model = self._model(domain)
            if domain == "crack":
                model = dataclasses.replace(model, seen=self._seen)
            margin = float(serving.card.preprocessing.get("margin", 1.0))
            for answer in work.answers(domain, model, asked, lambda one: self._next(one, margin)):
                if self.life.ending.is_set():
                    return  # the others wait again when this worker leaves
                self._file(self._beside(answer, model, serving.card), serving)
                left.pop(answer.asked[0].id)
        except Stopped:
            if self.life.ending.is_set():
                return
            assert self._now is not None
            queue.stop(self.db, self._now, time.time())
            left.pop(self._now.id, None)
            if left:
                self._judge(domain, list(left.values()))
        except PatinaError as error:
            for run, _ in left.values():
                queue.fail(self.db, run, str(error), time.time())
        except Exception as error:
            log.exception("judging %s", domain)
            if len(asked) > 1:  # one of them did it: each alone, so that the others get their verdict
                for one in left.values():
                    self._judge(domain, [one])
                return
            queue.fail(self.db, asked[0][0], broken(error), time.time())

    def _next(self, one: tuple[Run, Inspection], margin: float) -> np.ndarray:
        """The picture of the one that is looked at from now on."""
        picture = self._picture(one[1], margin)
        self._now, self._told_at = one[0], time.monotonic()
        return picture

    def _seen(self, n: int, of: int) -> None:
        """So many of a large photo's parts were looked at; `Stopped` when nobody wants the others."""
        if n == of or self._now is None:
            return
        if self.life.ending.is_set() or queue.is_cancelled(self.db, self._now):
            raise Stopped
        if time.monotonic() - self._told_at >= REPORT_SECONDS:
            self._told_at = time.monotonic()
            queue.report(self.db, self._now, Progress(n, of, "parts"), time.time())

    def _picture(self, inspection: Inspection, margin: float) -> np.ndarray:
        """Upright, and cut to its trim with the margin that the model's training photos had."""
        content = artifacts.read(self.settings.artifacts, inspection.photo)
        picture, _ = photos.open(content, inspection.name)
        if inspection.trim is None:
            return picture
        return photos.trim(picture, inspection.trim, margin)

    def _beside(self, answer: Asked, model: Any, card: Card) -> Asked:
        """A metal part seen in two ways: also whole where a box was drawn, else also in a proposed box."""
        if card.domain != "corrosion" or answer.error or not card.preprocessing.get("trimmed"):
            return answer
        inspection = answer.asked[1]
        other, more = dataclasses.replace(inspection, trim=None), {}
        if inspection.trim is None:
            box = coach.proposed(answer.arrays["looked"])
            other, more = dataclasses.replace(inspection, trim=box), {"box": np.asarray(box, np.float32)}
        picture = self._picture(other, float(card.preprocessing.get("margin", 1.0)))
        [seen] = work.ENGINES[card.domain].predict(model, iter([picture]))
        return dataclasses.replace(answer, arrays={**answer.arrays, **more, "beside": seen["p"]})

    def _file(self, answer: Asked, serving: services.Serving) -> None:
        """The verdict and the end of its run, in one transaction; nothing when the run is no longer ours."""
        run, inspection = answer.asked
        if answer.error is not None:
            queue.fail(self.db, run, str(answer.error), time.time())
            return
        if queue.is_cancelled(self.db, run):
            queue.stop(self.db, run, time.time())
            return
        scale = inspections.get(self.db, inspection.id).scale  # it may have been drawn meanwhile
        seen, unseen = self._marked(inspection) if scale is None else (None, {})
        scale = scale or seen
        verdict = work.verdict(
            answer,
            serving.card,
            serving.threshold,
            self.settings,
            trim=inspection.trim,
            scale_mm_per_px=scale.mm_per_px if scale else None,
            scale_error=scale.error if scale else 0.0,
            is_surface=scale.is_surface if scale else False,
            focal_px=self._lens(inspection, scale),
            costs=serving.costs,
        )
        verdict = dataclasses.replace(verdict, figures={**verdict.figures, **unseen})
        content, media_type = arrays.pack(answer.arrays)
        artifacts.put(self.settings.artifacts, content)  # on disk first: the lock is not held over it
        with store.writing(self.db):
            now = time.time()
            result = {"inspection": inspection.id, "label": verdict.label}
            if not queue.finish(self.db, run, result, now):
                return
            drawn = inspections.get(self.db, inspection.id).scale
            if drawn is not None and drawn != scale:  # a person gave it meanwhile: it stands
                standard = in_force.standard(self.settings)
                verdict = crack.scaled(
                    verdict,
                    drawn.mm_per_px,
                    drawn.error,
                    standard,
                    is_surface=drawn.is_surface,
                    focal_px=drawn.told.get("focal_px"),
                )
            elif seen is not None:
                asking.keep_scale(self.db, inspection.id, seen, who=inspection.owner, now=now)
            sha = artifacts.keep(self.db, self.settings.artifacts, content, media_type, now)
            asking.answer(
                self.db,
                inspection.id,
                verdict,
                who=f"model {verdict.model}",
                now=now,
                arrays=sha,
                run_id=run.id,
            )

    def _lens(self, inspection: Inspection, scale: Scale | None) -> float | None:
        """The lens in pixels, of a crack photo: as the photo itself says, else as was said with its scale."""
        if inspection.domain != "crack":
            return None
        mm = photos.focal_35mm(artifacts.read(self.settings.artifacts, inspection.photo), inspection.name)
        if mm:
            return scales.focal_px(mm, inspection.width_px, inspection.height_px)
        return scale.told.get("focal_px") if scale is not None else None

    def _marked(self, inspection: Inspection) -> tuple[Scale | None, dict[str, str]]:
        """The scale by the marker that a photo was handed in with, else why there is none: `no_marker`."""
        if inspection.domain != "crack" or inspection.marker_mm is None:
            return None, {}
        content = artifacts.read(self.settings.artifacts, inspection.photo)
        try:
            return markers.of_photo(content, inspection.name, inspection.marker_mm), {}
        except PatinaError as error:
            return None, {"no_marker": str(error)}

    def _model(self, domain: Domain) -> tuple[services.Serving, Any]:
        """What serves a domain now, loaded; loaded anew only when the model is another one."""
        stamp = self._stamp(domain)
        known = self._ready.get(domain)
        if known is not None and known[0] == stamp:
            return known[1], known[2]
        serving = services.serving(self.db, self.settings.models, domain)
        if known is not None and known[1].card == serving.card:
            model = known[2]
        else:
            began = time.monotonic()
            model = work.ready(serving.card, serving.folder)
            log.info("%s/%s loaded in %.1f s", domain, serving.card.id, time.monotonic() - began)
            if told := getattr(model, "told", ""):
                log.info("%s in %s", domain, told)
                self.life.describe(f"{self.machine}; {domain} in {told}", version())
        self._ready[domain] = (stamp, serving, model)
        return serving, model

    def _stamp(self, domain: Domain) -> object:
        """Changes whenever another model may serve: a promotion, or a folder more or less."""
        folder = self.settings.models / domain
        return services.current(self.db, domain), folder.stat().st_mtime_ns if folder.is_dir() else 0


class Train:
    """One training, evaluation or search at a time; its reports become rows, its model a card."""

    def __init__(self, life: Life, settings: Settings) -> None:
        # Photos that somebody waits for go first: all cores are used, but only what judging leaves of them.
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if os.name == "nt" else 10)
        loop.use_threads()
        self.life, self.settings, self.machine = life, settings, Machine.here()
        self.db = store.connect(settings.database)

    def warm(self) -> None:
        """Nothing to do: a training takes minutes."""

    def rest(self) -> None:
        """Nothing to do."""

    def take(self) -> bool:
        """Do the first run that waits."""
        runs = queue.claim(self.db, "train", self.life.name, time.time())
        for run in runs:
            with self.life.holding(runs):
                self._do(run)
        return bool(runs)

    def _do(self, run: Run) -> None:
        folder = self.settings.runs / str(run.id)
        folder.mkdir(parents=True, exist_ok=True)
        note = Log(folder / "log.txt")
        note(f"attempt {run.attempt}: {run.kind} {run.domain}, {self.life.name} on {self.machine}")
        reports = errands.KINDS[run.kind](run, folder, self.settings)
        try:
            with Stop(lambda: queue.is_cancelled(store.connect(self.settings.database), run)) as stop:
                self._listen(run, stop.through(reports), note)
        except Stopped:
            if self.db.conn.in_transaction:  # stopped between the work's last write and its commit
                self.db.conn.rollback()
            queue.stop(self.db, run, time.time())
            note("cancelled in the middle of a step; resume goes on from the last checkpoint")
        except PatinaError as error:
            note(str(error))
            queue.fail(self.db, run, str(error), time.time())
        except Exception as error:
            log.exception("run %d", run.id)
            note(traceback.format_exc())
            queue.fail(self.db, run, broken(error), time.time())
        finally:
            reports.close()
            loop.use_threads()  # a run may have been held to the count it began with

    def _listen(self, run: Run, reports: Generator[Progress, None, dict[str, Any]], note: Log) -> None:
        """Write down each report; stop listening when a person, the fence or the end says so."""
        told_at = 0.0
        while True:
            try:
                progress = next(reports)
            except StopIteration as end:
                queue.finish(self.db, run, end.value, time.time())
                note(f"done: {end.value.get('model', '')}")
                return
            now = time.time()
            if progress.figures or progress.note or now - told_at > REPORT_SECONDS:
                told_at = now
                note.report(progress)
                if not queue.report(self.db, run, progress, now):
                    note("this attempt is no longer wanted: another worker has the run")
                    return
            if queue.is_cancelled(self.db, run):
                queue.stop(self.db, run, now)
                note("cancelled; its checkpoint stays, resume goes on from it")
                return
            if self.life.ending.is_set():
                queue.put_back(self.db, run, now)
                note("the worker ends; the run waits and goes on from its checkpoint")
                return


class Log:
    """A run's log.txt: a line a report, with the time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, text: str) -> None:
        """Add a line."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')}  {text}\n")

    def report(self, progress: Progress) -> None:
        """Add a report."""
        figures = "  ".join(f"{name} {value:.6g}" for name, value in progress.figures.items())
        self(f"{progress.phase} {progress.step}/{progress.total}  {figures}  {progress.note}".rstrip())


def broken(error: BaseException) -> str:
    """The sentence for an error that is no person's fault."""
    first = str(error).strip().splitlines()[0] if str(error).strip() else "no more is known"
    return f"It broke off: {type(error).__name__}, {first}. The log has the details; resume to try again."


def version() -> str:
    """What a worker runs with."""
    return f"Patina {__version__}, torch {torch.__version__}"


LANES: Mapping[str, Callable[[Life, Settings], Lane]] = {"judge": Judge, "train": Train}
