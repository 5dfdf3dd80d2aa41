"""The worker keeps going: a failing job is shown and tried again; on SQLite one process of a host works, on
PostgreSQL all do, and what one of them is to do at a time is done once an interval."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from flask import Flask

from ticketing.database import db
from ticketing.jobs import turns
from ticketing.jobs.heartbeat import FORGOTTEN_AFTER, Heartbeat, workers
from ticketing.jobs.models import WorkerProcess
from ticketing.jobs.worker import JOBS, HostLock, Job, Worker


def _known(app: Flask) -> list[WorkerProcess]:
    with app.app_context():
        return workers(db.session())


def test_a_failing_job_is_shown_and_runs_again(app: Flask) -> None:
    runs = []

    def job(now: datetime) -> None:
        runs.append(now)
        if len(runs) == 1:
            raise RuntimeError("the words of a parent")

    clocks = Job("clocks", 10, job, by_many=True)
    worker = Worker(app, jobs=(clocks,))
    worker.run_once(clocks)
    assert [found.failing() for found in _known(app)] == [{"clocks": "RuntimeError"}]
    worker.run_once(clocks)
    assert [found.failing() for found in _known(app)] == [{}]
    assert len(runs) == 2


def _two_workers(app: Flask, done: list[str], **options: bool) -> tuple[Worker, Worker, list[Job]]:
    jobs = [
        Job("outbox", 5, lambda _now, name=name: done.append(name), by_many=True)
        for name in ("first", "second")
    ]
    first, second = (Worker(app, jobs=(job,), **options) for job in jobs)
    return first, second, jobs


@pytest.mark.parametrize("embedded", [True, False])
def test_one_worker_of_a_host_works_where_one_is_enough_and_another_takes_over(
    app: Flask, database: str, embedded: bool
) -> None:
    done: list[str] = []
    first, second, jobs = _two_workers(app, done, embedded=embedded)
    first.start()
    first.run_once(jobs[0])
    second.run_once(jobs[1])
    all_work = database.startswith("postgresql") and not embedded
    assert set(done) == ({"first", "second"} if all_work else {"first"})
    first.stop()
    second.run_once(jobs[1])
    assert done[-1] == "second"


def test_the_lock_is_free_again_when_its_holder_lets_go(tmp_path: Path) -> None:
    first, second = HostLock(tmp_path / "lock"), HostLock(tmp_path / "lock")
    assert first.held()
    assert not second.held()
    first.release()
    assert second.held()


def test_every_job_does_its_work_on_an_empty_database(app: Flask) -> None:
    worker = Worker(app)
    for job in JOBS:
        worker.run_once(job)
    [found] = _known(app)
    assert found.pid == os.getpid()
    assert found.failing() == {}
    assert found.jobs.keys() >= {JOBS[0].name}


class TestTheRow:
    def test_it_goes_away_when_the_worker_ends_in_order(self, app: Flask) -> None:
        clocks = Job("clocks", 10, lambda _now: None, by_many=True)
        worker = Worker(app, jobs=(clocks,))
        worker.start()
        worker.run_once(clocks)
        assert len(_known(app)) == 1
        worker.stop()
        assert _known(app) == []

    def test_a_new_worker_takes_away_those_of_its_host_that_are_no_more(self, app: Flask) -> None:
        now = datetime.now(UTC)
        with app.app_context():
            gone = 2**22 + 1  # no process can have this number
            Heartbeat("her", gone).beat("clocks", now, None)
            Heartbeat("her", os.getppid()).beat("clocks", now, None)
            Heartbeat("der", gone).beat("clocks", now, None)
            Heartbeat("her", os.getpid()).beat("clocks", now, None)
        assert {(row.host, row.pid) for row in _known(app)} == {
            ("her", os.getppid()),
            ("der", gone),
            ("her", os.getpid()),
        }

    def test_one_that_was_taken_for_dead_comes_back(self, app: Flask) -> None:
        now = datetime.now(UTC)
        with app.app_context():
            asleep = Heartbeat("der", 17)
            asleep.beat("clocks", now, None)
            later = now + FORGOTTEN_AFTER + timedelta(minutes=1)
            Heartbeat("her").beat("clocks", later, None)
            assert [row.host for row in workers(db.session())] == ["her"]
            asleep.beat("clocks", later, None)
        assert {row.host for row in _known(app)} == {"her", "der"}

    def test_it_is_not_written_at_every_tick(self, app: Flask) -> None:
        now = datetime.now(UTC)
        with app.app_context():
            heart = Heartbeat("her", 17)
            for second in range(9):
                heart.beat("outbox", now + timedelta(seconds=second), None)
        assert [row.seen_at for row in _known(app)] == [now]


class TestTurns:
    def test_one_of_many_workers_has_it_and_the_next_comes_an_interval_later(self, app: Flask) -> None:
        now, taken, ready = datetime.now(UTC), [], Barrier(4)

        def worker() -> None:
            with app.app_context():
                ready.wait()
                taken.append(turns.take("nightly", now))
                db.session.remove()

        threads = [Thread(target=worker) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(taken) == [False, False, False, True]
        with app.app_context():
            turns.give_back("nightly", now + timedelta(seconds=60))
            assert not turns.take("nightly", now + timedelta(seconds=59))
            assert turns.take("nightly", now + timedelta(seconds=60))

    def test_a_worker_that_died_over_it_is_waited_for_and_then_replaced(self, app: Flask) -> None:
        now = datetime.now(UTC)
        with app.app_context():
            assert turns.take("nightly", now)
            assert not turns.take("nightly", now + turns.LEASE - timedelta(seconds=1))
            assert turns.take("nightly", now + turns.LEASE)
