"""`ticketing serve` and `ticketing worker`: the processes that run for as long as the service does."""

import os
import signal
import threading
from typing import Any

import click
from flask import Flask
from gunicorn.app.base import BaseApplication
from sqlalchemy import make_url

from ticketing.cli import in_application
from ticketing.database import db
from ticketing.jobs.worker import Worker

THREADS = 8
#: A request that takes longer than this (seconds) loses its process.
TIMEOUT_SECONDS = 60
STOP_SECONDS = 10
MOST_PROCESSES = 4


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(1, 65535))
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Processes. Default: 1 on SQLite, else by the cores."
)
@in_application
def serve(host: str, port: int, workers: int | None) -> None:
    """Serve the pages; with TICKETING_EMBEDDED_WORKER=1 (the default) also do the worker's jobs."""
    from flask import current_app

    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    # No connection may cross the fork: two processes on one would read each other's answers.
    db.engine.dispose()
    Server(app, host, port, workers or _processes(app.config["SETTINGS"].database_url)).run()


@click.command()
@in_application
def worker() -> None:
    """Send mail, fire clocks and hand on uncovered queues until stopped (SIGTERM or Ctrl-C)."""
    from flask import current_app

    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    running = Worker(current_app._get_current_object())  # type: ignore[attr-defined]
    running.start()
    click.echo("The worker is running. Ctrl-C stops it.")
    stop.wait()
    running.stop()
    click.echo("The worker has stopped.")


def _processes(database_url: str) -> int:
    # SQLite has one writer at a time: more processes would only queue for it.
    if make_url(database_url).get_backend_name() == "sqlite":
        return 1
    return min(MOST_PROCESSES, max(2, os.cpu_count() or 1))


class Server(BaseApplication):
    """Gunicorn around an application that is already made, so that a wrong configuration ends the command
    before anything listens."""

    def __init__(self, app: Flask, host: str, port: int, processes: int) -> None:
        self._app = app
        self._worker: Worker | None = None
        self._bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._options: dict[str, Any] = {
            "bind": self._bind,
            "workers": processes,
            "threads": THREADS,
            "worker_class": "gthread",
            "timeout": TIMEOUT_SECONDS,
            "graceful_timeout": STOP_SECONDS,
            "loglevel": "warning",
            "control_socket_disable": True,
            "when_ready": lambda _server: click.echo(f"Serving on http://{self._bind} - Ctrl-C stops it."),
            "post_fork": lambda _server, _process: self._start_worker(),
            "worker_exit": lambda _server, _process: self._stop_worker(),
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return self._app

    def _start_worker(self) -> None:
        # In every process; a lock file in the data folder decides which one of them works.
        if self._app.config["SETTINGS"].embedded_worker:
            self._worker = Worker(self._app, embedded=True)
            self._worker.start()

    def _stop_worker(self) -> None:
        if self._worker is not None:
            self._worker.stop()
