"""The processes that do the jobs."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Float, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ticketing.database import Base, BigKey


class JobTurn(Base):
    """When a job that one worker at a time does is due next; it belongs to the installation."""

    __tablename__ = "job_turn"

    job: Mapped[str] = mapped_column(String(60), primary_key=True)
    next_at: Mapped[datetime]


class WorkerProcess(Base):
    """A worker that runs, or died without a word. It belongs to the installation, not to a municipality.

    `jobs` holds by name when each job last ended and the kind of its error (null: it went well).
    `skew_seconds` is how far the host's clock was ahead of the database's when it was last seen.
    """

    __tablename__ = "worker_process"
    __table_args__ = (UniqueConstraint("host", "pid"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    host: Mapped[str] = mapped_column(String(120))
    pid: Mapped[int] = mapped_column(Integer)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    skew_seconds: Mapped[float] = mapped_column(Float, default=0.0)
    jobs: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    def failing(self) -> dict[str, str]:
        """The jobs whose last run failed, with the kind of error."""
        return {name: run["error"] for name, run in self.jobs.items() if run["error"]}
