"""The house: which room may use which. The arrows go one way, and only the upper floor imports torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

DOMAIN_MODULES = ("rail", "crack", "corrosion")
DOMAIN_NEEDS = {"records", "config", "errors", "metrics", "sweep", "losses", "photos", "published", "quality"}
DOMAIN_NEEDS |= {"dealing", "disk", "reasons", "few_labels.divisions", "few_labels.selection"}
DOMAIN_NEEDS |= {
    f"measuring.{m}" for m in ("certainty", "fine", "measures", "profiles", "standards", "widths")
}
DOMAIN_NEEDS |= {f"grading.{m}" for m in ("coach", "decisions", "grades")}
"""What a domain module may use of core: arrays in, verdicts out, never the store."""

DOOR_TO_THE_ENGINE = "core/commands/"
"""Commands that work without app and database reach upstairs, inside the command and not before."""

ROOMS = ("commands", "few_labels", "grading", "measuring", "people", "rest", "synthetic")
GROUND_FLOOR = ("core/*.py", *(f"core/{room}/*.py" for room in ROOMS))


def imports(file: Path) -> Iterator[tuple[str, bool]]:
    """(module, is it imported when the file is) for every import in a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    inside = {
        node
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(outer)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield name.name, node not in inside
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: write whole names, not relative ones"
            for name in node.names:
                yield f"{node.module}.{name.name}", node not in inside


def files(*patterns: str) -> list[Path]:
    found = [f for pattern in patterns for f in sorted(ROOT.glob(pattern)) if f.name != "__init__.py"]
    assert found, f"no file fits {patterns}"
    return found


def named(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def is_of(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


@pytest.mark.parametrize("file", files(*GROUND_FLOOR, "pages/**/*.py", "app.py"), ids=named)
def test_only_the_engine_imports_torch(file: Path):
    heavy = [m for m, _ in imports(file) for p in ("torch", "torchvision", "optuna") if is_of(m, p)]
    assert not [m for m in heavy if not (m.startswith("optuna") and named(file).startswith("pages/"))]


@pytest.mark.parametrize("file", files(*GROUND_FLOOR, "pages/**/*.py", "app.py"), ids=named)
def test_the_ground_floor_and_the_doors_do_not_go_upstairs(file: Path):
    for module, at_once in imports(file):
        if is_of(module, "core.engine"):
            assert named(file).startswith(DOOR_TO_THE_ENGINE), f"{named(file)} imports {module}"
            assert not at_once, f"{named(file)} imports {module} when it is itself imported"


def test_every_room_is_on_a_floor():
    rooms = {f.parent.name for f in files("core/*/*.py")}
    assert rooms == {*ROOMS, "engine"}


@pytest.mark.parametrize("file", files("core/**/*.py"), ids=named)
def test_nothing_in_core_imports_a_page_or_streamlit(file: Path):
    assert not [m for m, _ in imports(file) if is_of(m, "pages") or is_of(m, "streamlit")]


@pytest.mark.parametrize("file", files("pages/*.py"), ids=named)
def test_a_page_does_not_import_another_page(file: Path):
    pages = {f"pages.{other.stem}" for other in files("pages/*.py")}
    assert not [m for m, _ in imports(file) if any(is_of(m, page) for page in pages)]


@pytest.mark.parametrize("name", DOMAIN_MODULES)
def test_a_domain_module_knows_no_store(name: str):
    used = set()
    for module, _ in imports(ROOT / "core" / f"{name}.py"):
        if is_of(module, "core"):
            first, second = [*module.split("."), ""][1:3]
            used.add(f"{first}.{second}" if first in ROOMS else first)
    assert used <= DOMAIN_NEEDS, f"core/{name}.py imports {sorted(used - DOMAIN_NEEDS)}"


@pytest.mark.parametrize("file", files("pages/*.py", "app.py"), ids=named)
def test_no_page_speaks_sql(file: Path):
    words = ("select ", "insert into", "update ", "delete from")
    told = [
        node.value
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    assert not [t for t in told if t.strip().lower().startswith(words) and " from " in t.lower()]


def test_the_doors_open_without_torch():
    """In an interpreter where torch cannot be imported, everything but the engine still can."""
    modules = [
        named(f)[:-3].replace("/", ".")
        for f in files(*GROUND_FLOOR, "pages/parts/*.py")
        if f.stem != "__main__"
    ]
    modules.remove("pages.parts.main")  # a script: running it is what Streamlit does
    code = (
        "import sys, importlib\n"
        "sys.modules['torch'] = None\n"
        f"for name in {modules!r}:\n    importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_top_level_is_as_it_was_given():
    """Nothing lies at the top that the house does not know."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    top = {line.split("/")[0] for line in done.stdout.splitlines()}
    given = {"app.py", "pages", "core", "models_store", "data", "tests", "requirements.txt", "README.md"}
    small = {
        "Makefile",
        "pyproject.toml",
        ".streamlit",
        ".ci",
        ".gitignore",
        "requirements-dev.txt",
        "LICENSE",
    }
    assert top <= given | small
