"""Whose turn it is: a job that several workers know is done by one of them at a time, once an interval."""

from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import IntegrityError

from ticketing.database import transaction
from ticketing.jobs.models import JobTurn

#: A worker that died over a job is waited for so long.
LEASE = timedelta(minutes=5)


def take(job: str, now: datetime) -> bool:
    """Whether the job is this worker's to do: it is due, and one UPDATE's row count decides who has it."""
    try:
        with transaction() as session:
            due = (
                update(JobTurn)
                .where(JobTurn.job == job, JobTurn.next_at <= now)
                .values(next_at=now + LEASE)
                .execution_options(synchronize_session=False)
            )
            result = session.execute(due)
            assert isinstance(result, CursorResult)
            if result.rowcount == 1:
                return True
            if session.get(JobTurn, job) is not None:
                return False
            session.add(JobTurn(job=job, next_at=now + LEASE))  # the first time ever
        return True
    except IntegrityError:
        return False  # another worker's first time too


def give_back(job: str, next_at: datetime) -> None:
    """The job is done; whoever comes first from `next_at` on does it again."""
    with transaction() as session:
        session.execute(
            update(JobTurn)
            .where(JobTurn.job == job)
            .values(next_at=next_at)
            .execution_options(synchronize_session=False)
        )
