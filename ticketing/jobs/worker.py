"""What happens by itself: clocks fire, mail leaves, gaps in cover are handed on. APScheduler only ticks;
what is due stands in the database, so any number of workers may run and nothing fires twice."""

import fcntl
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO

from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from flask import Flask
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from ticketing.database import again_after_deadlock, db
from ticketing.insight.leader_digest import write_leader_digests
from ticketing.jobs import turns
from ticketing.jobs.backlog import Backlog
from ticketing.jobs.heartbeat import Heartbeat
from ticketing.jobs.listening import Listeners
from ticketing.knowledge.actions import answer_those_who_asked
from ticketing.knowledge.travelling import find_travelling_everywhere
from ticketing.mail.polling import poll_due
from ticketing.rollout.gaps import ask_to_enrol
from ticketing.rollout.tasks import follow_plan
from ticketing.work.cover import hand_on_what_is_due
from ticketing.work.hypercare import turn
from ticketing.work.nightcheck import nightly
from ticketing.work.scanning import scan_due
from ticketing.work.spreading import spread

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """Something done every `seconds`; `run` is given the time it starts at (UTC). `by_many`: all workers do
    it at the same time and share what is due; any other job is done by one of them at a time."""

    name: str
    seconds: int
    run: Callable[[datetime], object]
    by_many: bool = False


_BACKLOG = Backlog()
MAIL = "mail"
JOBS = (
    Job(MAIL, 5, poll_due, by_many=True),
    Job("outbox", 5, _BACKLOG.send, by_many=True),
    Job("clocks", 10, _BACKLOG.fire, by_many=True),
    Job("leaders", 60, write_leader_digests),
    Job("cover", 60, hand_on_what_is_due),
    Job("virus scan", 10, scan_due),
    Job("hypercare", 60, turn),
    Job("travelling questions", 600, find_travelling_everywhere),
    Job("answers for all", 10, answer_those_who_asked),
    Job("nightly check", 600, nightly),
    Job("calendars", 30, spread),
    Job("plan", 60, follow_plan),
    Job("enrolling", 3600, ask_to_enrol),
)


class Worker:
    """Runs the jobs in threads of this process until `stop`.

    On PostgreSQL any number of workers work at the same time. On SQLite, which has one writer, and inside
    web processes (`embedded`), of which one is enough, only the process of a host works that holds the lock
    file in the data folder. The operating system lets go of it when that process dies, and the next tick of
    another takes over.
    """

    def __init__(self, app: Flask, jobs: tuple[Job, ...] = JOBS, *, embedded: bool = False) -> None:
        settings = app.config["SETTINGS"]
        self._app = app
        self._jobs = jobs
        self._heartbeat = Heartbeat()
        self._on_postgresql = make_url(settings.database_url).get_backend_name() == "postgresql"
        alone = embedded or not self._on_postgresql
        self._lock = HostLock(settings.data_dir / "worker.lock") if alone else None
        self._scheduler = BackgroundScheduler(
            timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self._listeners: Listeners | None = None

    def start(self) -> None:
        """Start ticking; each job runs at once and then at its own interval."""
        now = datetime.now(UTC)
        for job in self._jobs:
            self._scheduler.add_job(
                self.run_once, "interval", [job], seconds=job.seconds, id=job.name, next_run_time=now
            )
        self._scheduler.start()
        if any(job.name == MAIL for job in self._jobs):
            self._listeners = Listeners(self._app, self._may_work, self._read_mail_now)
            self._listeners.start()

    def stop(self) -> None:
        """Let the jobs that are running finish, then start no more."""
        if self._listeners is not None:
            self._listeners.stop()
        self._scheduler.shutdown(wait=True)
        if self._may_work():
            with self._app.app_context(), _logged("The worker's row could not be taken away"):
                self._heartbeat.end()
        if self._lock is not None:
            self._lock.release()

    def _may_work(self) -> bool:
        return self._lock is None or self._lock.held()

    def _read_mail_now(self) -> None:
        with suppress(JobLookupError):  # stopping
            self._scheduler.modify_job(MAIL, next_run_time=datetime.now(UTC))

    def run_once(self, job: Job) -> None:
        """One tick of `job`, in a session of its own. What goes wrong is logged and shown by `doctor`;
        the next tick tries again."""
        if not self._may_work():
            return
        with self._app.app_context():
            error = None
            try:
                now = datetime.now(UTC)
                with self._turn(job, now) as is_ours:
                    if is_ours:
                        again_after_deadlock(partial(job.run, now))
            except Exception as problem:  # a job that fails must not end the worker
                log.exception("The job %s failed; it runs again in %s seconds", job.name, job.seconds)
                # Only the kind of error: its text can hold what a person wrote.
                error = type(problem).__name__
            finally:
                db.session.remove()
            with _logged("The worker's sign of life could not be written"):
                self._heartbeat.beat(job.name, datetime.now(UTC), error)
            db.session.remove()

    @contextmanager
    def _turn(self, job: Job, now: datetime) -> Iterator[bool]:
        """Whether this worker is to do the job now."""
        if job.by_many or not self._on_postgresql:
            yield True
        elif not turns.take(job.name, now):
            yield False
        else:
            try:
                yield True
            finally:
                # A little early: the next tick is rarely a whole interval later to the millisecond.
                turns.give_back(job.name, now + timedelta(seconds=job.seconds * 0.9))


@contextmanager
def _logged(what: str) -> Iterator[None]:
    """What goes wrong in here is told in the log, and the worker goes on."""
    try:
        yield
    except SQLAlchemyError:
        log.exception(what)


class HostLock:
    """A lock file that one process at a time holds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self._one_thread = threading.Lock()

    def held(self) -> bool:
        """Whether this process holds the lock, after trying to take it."""
        with self._one_thread:  # else two threads of this process could shut each other out
            return self._file is not None or self._taken()

    def _taken(self) -> bool:
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
