"""The worker keeps going: a failing job is shown and tried again, and one process of a host works at a time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from ticketing.jobs.heartbeat import Heartbeat
from ticketing.jobs.worker import JOBS, HostLock, Job, Worker

pytestmark = pytest.mark.one_engine


def _data_dir(app: Flask) -> Path:
    folder: Path = app.config["SETTINGS"].data_dir
    return folder


def test_a_failing_job_is_shown_and_runs_again(app: Flask) -> None:
    runs = []

    def job(now: datetime) -> None:
        runs.append(now)
        if len(runs) == 1:
            raise RuntimeError("the words of a parent")

    worker = Worker(app, jobs=(Job("clocks", 10, job),))
    worker.run_once(Job("clocks", 10, job))
    failed = Heartbeat(_data_dir(app)).beats()["clocks"]
    worker.run_once(Job("clocks", 10, job))
    assert failed.error == "RuntimeError"
    assert Heartbeat(_data_dir(app)).beats()["clocks"].error is None
    assert len(runs) == 2


def test_only_one_worker_of_a_host_works_and_another_takes_over(app: Flask) -> None:
    done: list[str] = []
    jobs = [Job("outbox", 5, lambda _now, name=name: done.append(name)) for name in ("first", "second")]
    first, second = (Worker(app, jobs=(job,)) for job in jobs)
    first.start()
    first.run_once(jobs[0])
    second.run_once(jobs[1])
    assert set(done) == {"first"}
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
    before = datetime.now(UTC) - timedelta(seconds=1)
    for job in JOBS:
        worker.run_once(job)
    beats = Heartbeat(_data_dir(app)).beats()
    assert {name: beats[name].error for name in ("outbox", "clocks", "cover")} == {
        "outbox": None,
        "clocks": None,
        "cover": None,
    }
    assert all(beat.at > before for beat in beats.values())
