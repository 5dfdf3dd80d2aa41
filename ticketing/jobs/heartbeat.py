"""A worker's sign of life: its row in the database, from its first job to its orderly end."""

import os
import socket
import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, func, select
from sqlalchemy.orm import Session

from ticketing.database import transaction
from ticketing.jobs.models import WorkerProcess

#: The row is written so often while jobs run, and at once when one begins or ceases to fail.
EVERY = timedelta(seconds=10)
#: A worker that has not been seen for so long is dead; after a day nobody needs to hear of it any more.
LATE = timedelta(minutes=2)
FORGOTTEN_AFTER = timedelta(days=1)


class Heartbeat:
    """This process's row. Any thread may call; what it does to the database is a transaction of its own."""

    def __init__(self, host: str | None = None, pid: int | None = None) -> None:
        self._host = (host or socket.gethostname())[:120]
        self._pid = pid or os.getpid()
        self._jobs: dict[str, dict[str, str | None]] = {}
        self._started_at: datetime | None = None
        self._written_at: datetime | None = None
        self._writing = threading.Lock()

    def beat(self, job: str, at: datetime, error: str | None) -> None:
        """Remembers that `job` ended at `at`, with the kind of its error."""
        with self._writing:
            before = self._jobs.get(job, {"error": None})["error"]
            self._jobs[job] = {"at": at.isoformat(), "error": error}
            if self._written_at is None or before != error or at - self._written_at >= EVERY:
                self._write(at)

    def end(self) -> None:
        """Takes the row away: the process ends in order."""
        with self._writing, transaction() as session:
            session.execute(delete(WorkerProcess).where(self._own()))

    def _own(self) -> ColumnElement[bool]:
        return and_(WorkerProcess.host == self._host, WorkerProcess.pid == self._pid)

    def _write(self, at: datetime) -> None:
        with transaction() as session:
            if self._started_at is None:
                self._started_at = at
                self._forget_the_dead(session, at)
            row = session.scalar(select(WorkerProcess).where(self._own()))
            if row is None:
                row = WorkerProcess(host=self._host, pid=self._pid, started_at=self._started_at)
                session.add(row)
            row.seen_at, row.jobs = at, dict(self._jobs)
            row.skew_seconds = _skew(session)
        self._written_at = at

    def _forget_the_dead(self, session: Session, at: datetime) -> None:
        """Rows of before: of processes of this host that are no more (one may have had our number), and of
        any host that has not been heard of for a day."""
        here = session.scalars(select(WorkerProcess).where(WorkerProcess.host == self._host)).all()
        gone = [row.id for row in here if row.pid == self._pid or not _is_running(row.pid)]
        session.execute(delete(WorkerProcess).where(WorkerProcess.id.in_(gone)))
        session.execute(delete(WorkerProcess).where(WorkerProcess.seen_at < at - FORGOTTEN_AFTER))


def workers(session: Session) -> list[WorkerProcess]:
    """Every worker that runs or died without a word, the newest sign of life first."""
    return list(session.scalars(select(WorkerProcess).order_by(WorkerProcess.seen_at.desc())))


def _skew(session: Session) -> float:
    """Seconds that this host's clock is ahead of the database's; an embedded database has none of its own."""
    if session.get_bind().dialect.name != "postgresql":
        return 0.0
    theirs = session.scalar(select(func.clock_timestamp()))
    return (datetime.now(UTC) - theirs).total_seconds() if theirs else 0.0


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    return True
