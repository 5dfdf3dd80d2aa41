"""What happens by itself: clocks fire, mail leaves, gaps in cover are handed on. APScheduler only ticks;
what is due stands in the database, so any number of workers may run and nothing fires twice."""

import fcntl
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask

from ticketing.database import db
from ticketing.jobs.heartbeat import Heartbeat
from ticketing.knowledge.actions import answer_those_who_asked
from ticketing.knowledge.travelling import find_travelling_everywhere
from ticketing.mail.outbox import send_due
from ticketing.rollout.tasks import follow_plan
from ticketing.work.cover import hand_on_what_is_due
from ticketing.work.hypercare import turn
from ticketing.work.nightcheck import nightly
from ticketing.work.spreading import spread
from ticketing.work.sweep import sweep

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """Something done every `seconds`; `run` is given the time it starts at (UTC)."""

    name: str
    seconds: int
    run: Callable[[datetime], object]


JOBS = (
    Job("outbox", 5, send_due),
    Job("clocks", 10, sweep),
    Job("cover", 60, hand_on_what_is_due),
    Job("hypercare", 60, turn),
    Job("travelling questions", 600, find_travelling_everywhere),
    Job("answers for all", 10, answer_those_who_asked),
    Job("nightly check", 600, nightly),
    Job("calendars", 30, spread),
    Job("plan", 60, follow_plan),
)


class Worker:
    """Runs the jobs in threads of this process until `stop`.

    Of the processes of one host that share a data folder only one works at a time: the one that holds
    the lock file. The operating system lets go of it when that process dies, and the next tick of
    another takes over.
    """

    def __init__(self, app: Flask, jobs: tuple[Job, ...] = JOBS) -> None:
        self._app = app
        self._jobs = jobs
        self._heartbeat = Heartbeat(app.config["SETTINGS"].data_dir)
        self._lock = HostLock(app.config["SETTINGS"].data_dir / "worker.lock")
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Start ticking; each job runs at once and then at its own interval."""
        now = datetime.now(UTC)
        for job in self._jobs:
            self._scheduler.add_job(
                self.run_once, "interval", [job], seconds=job.seconds, id=job.name, next_run_time=now
            )
        self._scheduler.start()

    def stop(self) -> None:
        """Let the jobs that are running finish, then start no more."""
        self._scheduler.shutdown(wait=True)
        self._lock.release()

    def run_once(self, job: Job) -> None:
        """One tick of `job`, in a session of its own. What goes wrong is logged and shown by `doctor`;
        the next tick tries again."""
        if not self._lock.held():
            return
        with self._app.app_context():
            error = None
            try:
                job.run(datetime.now(UTC))
            except Exception as problem:  # a job that fails must not end the worker
                log.exception("The job %s failed; it runs again in %s seconds", job.name, job.seconds)
                # Only the kind of error: its text can hold what a person wrote.
                error = type(problem).__name__
            finally:
                db.session.remove()
            self._heartbeat.beat(job.name, datetime.now(UTC), error)


class HostLock:
    """A lock file that one process at a time holds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def held(self) -> bool:
        """Whether this process holds the lock, after trying to take it."""
        if self._file is not None:
            return True
        file = self._path.open("a", encoding="ascii")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        self._file = file
        return True

    def release(self) -> None:
        """Let another process have it."""
        if self._file is not None:
            self._file.close()
            self._file = None
