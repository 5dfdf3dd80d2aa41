"""Real processes for the fault tests: `ticketing serve` and `ticketing mail ingest`, killed without warning."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path

START_SECONDS = 60
#: What a request meets when the server dies under it. `urllib` turns most into URLError (an OSError).
CONNECTION_LOST = (OSError, HTTPException)


class Command:
    """A `ticketing` command in a process group of its own."""

    def __init__(self, database: str, data_dir: Path, *arguments: str) -> None:
        environment = os.environ | {
            "TICKETING_DATABASE": database,
            "TICKETING_DATA": str(data_dir),
            "TICKETING_SECRET_KEY": "only-for-tests",
        }
        self._log = (data_dir / "process.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ticketing", *arguments],
            env=environment,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def kill(self) -> None:
        """SIGKILL to every process of the group at once: nobody gets to tidy up."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._log.close()

    def stop(self) -> int:
        """SIGTERM as a service manager sends it; returns the exit code."""
        self.process.terminate()
        code = self.process.wait(timeout=30)
        self._log.close()
        return code


class Service(Command):
    """`ticketing serve` on a free port, ready to answer."""

    def __init__(self, database: str, data_dir: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        super().__init__(database, data_dir, "serve", "--port", str(port))
        self._wait_until_it_answers(data_dir)

    def _wait_until_it_answers(self, data_dir: Path) -> None:
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.address}/healthz", timeout=5):
                    return
            except CONNECTION_LOST:
                time.sleep(0.05)
        self.kill()
        log = (data_dir / "process.log").read_text(encoding="utf-8", errors="replace")
        raise AssertionError(f"the server did not answer:\n{log[-4000:]}")


class Refused(Exception):
    """The server answered, and the answer was no: `code` is the HTTP status."""

    def __init__(self, code: int, path: str) -> None:
        self.code = code
        super().__init__(f"{code} for {path}")


class Browser:
    """A signed-in person at a server that may die at any moment. The session outlives the server."""

    def __init__(self) -> None:
        self.address = ""
        handlers = (urllib.request.HTTPCookieProcessor(CookieJar()), _StayHere())
        self._opener = urllib.request.build_opener(*handlers)
        self._token = ""

    def sign_in(self, address: str, email: str, password: str) -> None:
        self.address = address
        self._read_token("/log-ind")
        self.post("/log-ind", email=email, password=password)
        self._read_token("/nyt")

    def post(self, path: str, **typed: str) -> str:
        """Sends a form; returns where it leads. Only then has the server said that it is done."""
        body = urllib.parse.urlencode({"csrf_token": self._token, **typed}).encode()
        with self._open(urllib.request.Request(self.address + path, data=body)) as answer:
            if answer.status not in (302, 303):
                raise Refused(answer.status, path)
            return str(answer.headers["Location"])

    def _read_token(self, path: str) -> None:
        with self._open(urllib.request.Request(self.address + path)) as answer:
            page = answer.read().decode()
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert found, f"no form on {path}"
        self._token = found.group(1)

    def _open(self, request: urllib.request.Request):
        try:
            return self._opener.open(request, timeout=20)
        except urllib.error.HTTPError as error:
            if error.code in (302, 303):
                return error
            raise Refused(error.code, request.selector) from error


class _StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_named: object) -> None:
        return None
