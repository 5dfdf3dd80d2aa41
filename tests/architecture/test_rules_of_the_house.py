"""Rules of the house that a machine can check: layers, names, who reads the clock, no real addresses."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
TEXT = {".py", ".yaml", ".html", ".md", ".css", ".js", ".csv", ".eml", ".txt", ".cfg", ".toml", ".sh", ".ics"}
#: A drawer without a name collects what has not been understood.
DRAWERS = {"utils", "helpers", "common", "misc", "manager", "base"}
#: The domains of a real municipality; example addresses end in .example (RFC 2606).
REAL_DOMAINS = re.compile(r"@[a-z.-]*kommune\.dk|@esbjerg", re.IGNORECASE)


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    paths = [CHECKOUT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file() and "vendor" not in path.parts]


def _texts() -> list[tuple[Path, str]]:
    return [(path, path.read_text(encoding="utf-8")) for path in _tracked() if path.suffix in TEXT]


def test_the_rooms_import_only_downwards() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_module_is_a_drawer() -> None:
    assert [path for path in _tracked() if path.suffix == ".py" and path.stem in DRAWERS] == []


def test_no_address_of_a_real_municipality() -> None:
    here = Path(__file__)
    assert [path for path, text in _texts() if path != here and REAL_DOMAINS.search(text)] == []


#: Flask-Login calls it while a request is received: a door, though it stands in accounts.
DOORS_BELOW = {"session.py"}


@pytest.mark.parametrize("room", ["organisation", "work", "ladder", "clocks", "mail", "accounts"])
def test_nobody_below_the_doors_reads_the_clock(room: str) -> None:
    readers = []
    for path in sorted((CHECKOUT / "ticketing" / room).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if path.name in DOORS_BELOW:
                continue
            if isinstance(node, ast.Attribute) and node.attr in {"utcnow", "today"}:
                readers.append(f"{path.name}:{node.lineno}")
            elif isinstance(node, ast.Attribute) and node.attr == "now":
                owner = ast.unparse(node.value)
                if owner in {"datetime", "func", "datetime.datetime"}:
                    readers.append(f"{path.name}:{node.lineno}")
    assert readers == []


def test_no_handler_catches_everything() -> None:
    bare = []
    for path in _tracked():
        if path.suffix != ".py" or CHECKOUT / "ticketing" not in path.parents:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ExceptHandler) and node.type is None:
                bare.append(f"{path.relative_to(CHECKOUT)}:{node.lineno}")
    assert bare == []
