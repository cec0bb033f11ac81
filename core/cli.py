"""The command line: `python -m core train rail --data photos/ --preset quick`.

It does what the pages do, with neither the app nor a database running; `core.options` has its words,
`core.commands` what they do. With `--json` one document goes to stdout; whatever else is said goes to stderr.
Bad input ends with one sentence and code 2, Ctrl-C with 130. Only what needs the engine loads torch.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence

from core import terminal
from core.errors import PatinaError
from core.options import parser
from core.settings import Settings

COMMANDS: Mapping[str, str] = {
    "import": "importing.bring",
    "train": "learning.train",
    "search": "learning.search",
    "evaluate": "judging.evaluate",
    "predict": "judging.predict",
    "models list": "models.all_models",
    "models show": "models.show",
    "models file": "models.file",
    "models int8": "models.int8",
    "models promote": "models.promote",
    "user add": "site.add_person",
    "worker": "site.worker",
    "doctor": "site.doctor",
}
"""Where in `core.commands` each one lies; only the one that is asked for is loaded."""


def main(words: Sequence[str], environ: Mapping[str, str] = os.environ) -> int:
    """Run one command; the exit code: 0, 2 for bad input, 130 when stopped, 1 when the doctor is worried."""
    try:
        told = parser().parse_args(words)
        return _command(told.command)(told, Settings.of(environ)) or 0
    except PatinaError as error:
        return _complain(str(error), error.exit_code, "--json" in words)
    except BrokenPipeError:  # `… | head`: whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a full disk, a folder that may not be written
        return _complain(f"{error.filename or 'A file'}: {error.strerror or error}.", 2, "--json" in words)
    except KeyboardInterrupt:
        return _complain("Stopped.", 130, "--json" in words)


def _command(words: str) -> Callable[[Namespace, Settings], int | None]:
    room, name = COMMANDS[words].split(".")
    found: Callable[[Namespace, Settings], int | None] = getattr(
        importlib.import_module(f"core.commands.{room}"), name
    )
    return found


def _complain(sentence: str, code: int, as_json: bool) -> int:
    if as_json:
        print(json.dumps({"error": sentence}, ensure_ascii=False))
    terminal.say(sentence)
    return code
