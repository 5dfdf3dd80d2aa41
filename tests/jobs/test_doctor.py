"""`ticketing doctor` says in plain words what is wrong and what to do; its exit code says whether to look."""

import shutil
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import update

from tests.factories import NOW, WorkItemFactory, small_municipality
from tests.mail.letterbox import multipart
from ticketing.cli import main
from ticketing.database import db
from ticketing.jobs.heartbeat import Heartbeat, workers
from ticketing.jobs.models import WorkerProcess
from ticketing.mail.ingest import ingest
from ticketing.mail.models import MailboxState
from ticketing.settings import shipped
from ticketing.work.models import Attachment, OutboxMessage
from ticketing.work.nightcheck import nightly


def _doctor(data_dir: Path, *arguments: str, **environment: str) -> Result:
    everything = {"TICKETING_DATA": str(data_dir), "TICKETING_SECRET_KEY": "only-for-tests", **environment}
    return CliRunner().invoke(main, ["doctor", *arguments], env=everything)


@pytest.fixture
def beating(app: Flask, tmp_path: Path) -> Path:
    """A data folder for `doctor`, and a worker that ran a moment ago."""
    _beat(app, "clocks", datetime.now(UTC))
    return tmp_path


def _beat(app: Flask, job: str, at: datetime, error: str | None = None, **whose) -> None:
    with app.app_context():
        Heartbeat(**whose).beat(job, at, error)


def test_all_is_well(app: Flask, database: str, beating: Path) -> None:
    result = _doctor(beating, TICKETING_DATABASE=database)
    assert result.exit_code == 0, result.output
    assert "✗" not in result.output


def test_a_database_without_tables_is_told_how_to_get_them(beating: Path) -> None:
    result = _doctor(beating, TICKETING_DATABASE=f"sqlite:///{beating / 'empty.db'}")
    assert result.exit_code == 1
    assert "ticketing db upgrade" in result.output


def test_a_database_that_does_not_answer(beating: Path) -> None:
    address = "postgresql://nobody@127.0.0.1:1/nothing?connect_timeout=2"
    result = _doctor(beating, "--language", "en", TICKETING_DATABASE=address)
    assert result.exit_code == 1
    assert "The database does not answer" in result.output


@pytest.mark.one_engine
def test_no_worker(app: Flask, database: str, tmp_path: Path) -> None:
    result = _doctor(tmp_path, TICKETING_DATABASE=database)
    assert result.exit_code == 1
    assert "Start: ticketing worker" in result.output


@pytest.mark.one_engine
def test_a_job_that_fails_is_named(app: Flask, database: str, beating: Path) -> None:
    _beat(app, "outbox", datetime.now(UTC), "SMTPServerDisconnected", host="arbejder2", pid=17)
    result = _doctor(beating, TICKETING_DATABASE=database)
    assert result.exit_code == 1
    assert "outbox (SMTPServerDisconnected) / arbejder2" in result.output


@pytest.mark.one_engine
def test_a_worker_that_died_without_a_word_is_named_for_a_day(app: Flask, database: str, beating: Path) -> None:
    _beat(app, "clocks", datetime.now(UTC) - timedelta(hours=3), host="arbejder2", pid=17)
    result = _doctor(beating, TICKETING_DATABASE=database)
    assert result.exit_code == 0
    assert "arbejder2 (17)" in result.output
    _beat(app, "clocks", datetime.now(UTC) + timedelta(hours=22), host="arbejder3")
    with app.app_context():
        assert {worker.host for worker in workers(db.session())} == {"arbejder3", socket.gethostname()}


@pytest.mark.one_engine
def test_the_worker_whose_clock_is_wrong_is_named(app: Flask, database: str, beating: Path) -> None:
    _beat(app, "clocks", datetime.now(UTC), host="arbejder2", pid=17)
    with app.app_context():
        db.session.execute(update(WorkerProcess).where(WorkerProcess.pid == 17).values(skew_seconds=-42.4))
        db.session.commit()
    result = _doctor(beating, "--language", "en", TICKETING_DATABASE=database)
    assert result.exit_code == 1
    assert "The clock of arbejder2 and the database's are 42 seconds apart" in result.output


@pytest.mark.one_engine
def test_a_mail_server_that_does_not_answer(app: Flask, database: str, beating: Path) -> None:
    result = _doctor(
        beating, TICKETING_DATABASE=database, TICKETING_SMTP_HOST="127.0.0.1", TICKETING_SMTP_PORT="1"
    )
    assert result.exit_code == 1
    assert "Mailserveren 127.0.0.1:1 svarer ikke" in result.output


def test_mail_and_due_times_that_are_behind(app: Flask, database: str, beating: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(minutes=47)
    with app.app_context():
        item = WorkItemFactory(next_at=long_ago)
        db.session.add(
            OutboxMessage(
                municipality_id=item.municipality_id,
                item_id=item.id,
                unique_key="1",
                purpose="notice",
                recipient="a@b.example",
                subject="s",
                body="b",
                mail_message_id="<1@b.example>",
                created_at=long_ago,
                next_try_at=datetime.now(UTC),
            )
        )
        db.session.commit()
    result = _doctor(beating, TICKETING_DATABASE=database)
    assert result.exit_code == 1
    assert "den ældste i 47 minutter" in result.output
    assert "Frister er 47 minutter bagud" in result.output


@pytest.mark.one_engine
def test_a_wrong_configuration_file_is_named_with_its_line(app: Flask, database: str, beating: Path) -> None:
    config = beating / "config"
    shutil.copytree(shipped("config"), config)
    (config / "ladder.yaml").write_text("name: Stige\nsteps: nothing\n", encoding="utf-8")
    result = _doctor(beating, TICKETING_DATABASE=database, TICKETING_CONFIG=str(config))
    assert result.exit_code == 1
    assert "ladder.yaml:2: steps" in result.output


@pytest.mark.one_engine
def test_what_the_nightly_check_of_the_clocks_found_is_told(app: Flask, database: str, beating: Path) -> None:
    with app.app_context():
        item = WorkItemFactory()
        db.session.commit()
        assert nightly(datetime.now(UTC)) == 1
        assert "1 sager, ingen afvigelser" in _doctor(beating, TICKETING_DATABASE=database).output
        item.due_at = datetime.now(UTC) + timedelta(days=1)
        db.session.commit()
        nightly(datetime.now(UTC) + timedelta(days=1))
        result = _doctor(beating, TICKETING_DATABASE=database)
    assert result.exit_code == 1
    assert "1 værdier passer ikke med hændelserne" in result.output
    assert "ticketing clocks verify" in result.output


def test_mail_that_waits_and_files_that_nobody_scans(app: Flask, database: str, beating: Path) -> None:
    with app.app_context():
        town = small_municipality()
        ingest(b"\x00\x01", town.municipality.id, NOW)
        ingest(multipart(("Content-Type: image/png; name=a.png", b"x")), town.municipality.id, NOW)
        db.session.execute(update(Attachment).values(scan="pending", scan_at=NOW))
        db.session.commit()
    result = _doctor(beating, TICKETING_DATABASE=database)
    assert result.exit_code == 1
    assert "1 mails kunne ikke blive til en sag" in result.output
    assert "ingen scanner er sat op" in result.output
    with_one = _doctor(beating, TICKETING_DATABASE=database, TICKETING_CLAMD="tcp://127.0.0.1:1")
    assert "Svarer clamd på tcp://127.0.0.1:1?" in with_one.output


@pytest.mark.one_engine
def test_mailboxes_by_what_the_worker_has_noted(app: Flask, database: str, beating: Path) -> None:
    with app.app_context():
        town = small_municipality()
        now = datetime.now(UTC)
        notes = {
            "laest": {"read_at": now},
            "forkert": {"read_at": now, "error": "credentials: LOGIN failed", "failures": 3},
            "glemt": {"read_at": now - timedelta(hours=2)},
        }
        for key, noted in notes.items():
            state = {"place": "x", "since": now, "next_poll_at": now, "failures": 0, **noted}
            db.session.add(MailboxState(key=key, municipality_id=town.municipality.id, **state))
        db.session.commit()
    config = beating / "config"
    shutil.copytree(shipped("config"), config)
    entry = (
        "  {key}:\n    municipality: {town}\n    protocol: imap\n    server: imap.vesterkaer.example\n"
        "    smtp_server: smtp.vesterkaer.example\n    address: {key}@vesterkaer.example\n"
        "    quarantine_folder: K\n    secret_variable: AULA_SECRET\n"
    )
    entries = [entry.format(key=key, town="vesterkaer") for key in (*notes, "aldrig")]
    entries.append(entry.format(key="fremmed", town="oesterkaer"))
    (config / "mailboxes.yaml").write_text("mailboxes:\n" + "".join(entries), encoding="utf-8")
    result = _doctor(beating, TICKETING_DATABASE=database, TICKETING_CONFIG=str(config))
    assert result.exit_code == 1
    assert "✓ Postkassen laest bliver læst." in result.output
    assert "✗ Postkassen forkert kan ikke læses (3 forsøg i træk): credentials: LOGIN failed" in result.output
    assert "✗ Postkassen glemt er ikke læst i 120 minutter" in result.output
    assert "! Postkassen aldrig er aldrig læst" in result.output
    assert "✗ Postkassen fremmed: kommunen oesterkaer" in result.output
    assert "Ingen mailserver er sat op" not in result.output
