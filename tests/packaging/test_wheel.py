"""A wheel built from the checkout works without it: templates, configuration, static files, migrations."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
#: What the installed service is asked to do, in a process that can't see the checkout.
VISIT = r"""
import re

import ticketing
from ticketing.app import create_app

assert "checkout" not in ticketing.__file__, ticketing.__file__
with create_app().test_client() as client:
    page = client.get("/log-ind")
    assert page.status_code == 200, page.status_code
    text = page.get_data(as_text=True)
    assert "Log ind" in text
    looks = re.findall(r'rel="stylesheet" href="([^"]+)"', text)
    assert looks
    assert [look for look in looks if client.get(look).status_code != 200] == []
    assert client.get("/healthz").json == {"status": "ok"}
print(ticketing.__file__)
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the files under version control or about to be."""
    source = tmp_path_factory.mktemp("source")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        check=True,
        capture_output=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (CHECKOUT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((CHECKOUT / name).read_bytes())
    made = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(made), str(source)]
    subprocess.run(build, check=True, capture_output=True)
    return next(made.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the installed wheel and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def _python(installed: Path, data: Path, *arguments: str) -> str:
    """Runs Python with the installed wheel and this environment's libraries, without the checkout."""
    # -S -I keep the path file out by which the checkout's own environment finds the checkout.
    libraries = sysconfig.get_path("purelib")
    start = f"import sys; sys.path[:0] = [{str(installed)!r}, {libraries!r}]; "
    environment = {"PATH": os.environ["PATH"], "TICKETING_DATA": str(data)}
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", start + arguments[0], *arguments[1:]],
        cwd=data,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_serves_a_municipality_outside_the_checkout(installed: Path, tmp_path: Path) -> None:
    command = "from ticketing.cli import main; main()"
    _python(installed, tmp_path, command, "db", "upgrade")
    _python(installed, tmp_path, command, "demo", "--size", "small")
    where = _python(installed, tmp_path, VISIT.replace("checkout", str(CHECKOUT)))
    assert where.startswith(str(installed))


def test_every_file_of_the_folders_travels(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder, inside in (
        ("templates", "ticketing/shipped/templates"),
        ("config", "ticketing/shipped/config"),
        ("ticketing/static", "ticketing/static"),
        ("ticketing/migrations", "ticketing/migrations"),
    ):
        files = [
            file.relative_to(CHECKOUT / folder)
            for file in (CHECKOUT / folder).rglob("*")
            if file.is_file() and "__pycache__" not in file.parts and not file.name.startswith(".")
        ]
        assert files, folder
        assert [file for file in files if f"{inside}/{file.as_posix()}" not in names] == []
