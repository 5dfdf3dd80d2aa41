"""`ticketing mail`: the same mail taken in from a file, a folder, an mbox and standard input is one."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import func, select

from tests.factories import small_municipality
from tests.mail.letterbox import letter, multipart
from ticketing.cli import main
from ticketing.database import db
from ticketing.mail import ingest as intake
from ticketing.work.models import WorkItem


@pytest.fixture
def run(app: Flask, monkeypatch):
    monkeypatch.setattr("ticketing.app.create_app", lambda: app)
    with app.app_context():
        small_municipality()
        db.session.commit()

    def invoke(*words: str, given: bytes | None = None) -> Result:
        return CliRunner().invoke(main, ["mail", *words], input=given)

    return invoke


def count(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(WorkItem)) or 0


def test_a_second_run_opens_nothing(run, app, tmp_path: Path):
    for n in range(3):
        (tmp_path / f"{n}.eml").write_bytes(letter(f"Spørgsmål {n}", Message_ID=f"<{n}@x.example>"))
    first, second = run("ingest", str(tmp_path)), run("ingest", str(tmp_path))
    assert first.exit_code == second.exit_code == 0
    assert "3 messages: 3 opened" in first.output
    assert "3 messages: 3 seen before" in second.output
    assert count(app) == 3


def test_an_mbox_is_many_messages_and_standard_input_is_one(run, app, tmp_path: Path):
    box = tmp_path / "post.mbox"
    raws = [letter(f"Nr. {n}", Message_ID=f"<{n}@x.example>").replace(b"\r\n", b"\n") for n in range(4)]
    box.write_bytes(b"".join(b"From mor@x.example Mon May  4 10:00:00 2026\n" + raw + b"\n\n" for raw in raws))
    assert "4 messages: 4 opened" in run("ingest", str(box)).output
    assert "1 messages: 1 seen before" in run("ingest", "-", given=raws[0]).output
    assert count(app) == 4


def test_what_is_no_message_is_quarantined_and_the_rest_goes_on(run, app, tmp_path: Path):
    (tmp_path / "a").write_bytes(b"\x00\x01")
    (tmp_path / "b").write_bytes(letter())
    result = run("ingest", str(tmp_path))
    assert result.exit_code == 0
    assert "1 opened, 1 quarantine" in result.output


def test_a_message_that_breaks_our_program_is_kept_and_the_rest_goes_on(run, app, tmp_path, monkeypatch):
    real = intake._handle

    def breaks(session, kept, mail, *more, **named):
        if mail.subject == "gift":
            raise KeyError("nobody thought of that")
        return real(session, kept, mail, *more, **named)

    monkeypatch.setattr(intake, "_handle", breaks)
    (tmp_path / "a").write_bytes(letter(Subject="gift"))
    (tmp_path / "b").write_bytes(letter())
    result = run("ingest", str(tmp_path))
    assert result.exit_code == 0
    assert "1 opened, 1 quarantine" in result.output
    assert "KeyError" in run("quarantine", "list").output


def test_parse_prints_what_is_understood_and_writes_nothing(run, app, tmp_path: Path):
    file = tmp_path / "besked.eml"
    file.write_bytes(
        multipart(
            ("Content-Type: text/plain; charset=utf-8", "Hej på jer"),
            ('Content-Type: image/png; name="a.png"', b"\x89PNG\r\n\x1a\n" + b"0" * 8),
            In_Reply_To="<x@y.example>",
        )
    )
    result = run("parse", str(file), "--json")
    shown = json.loads(result.output)
    assert result.exit_code == 0
    assert set(shown) == {
        *("message_id", "from", "to", "cc", "subject", "date", "text", "reply", "attachments"),
        *("auto_response", "references", "in_reply_to", "warnings", "auth"),
    }
    assert shown["from"] == {"name": "Mor Mose", "email": "mor@privat.example"}
    assert shown["attachments"] == [{"name": "a.png", "type": "image/png", "bytes": 16}]
    assert shown["in_reply_to"] == ["<x@y.example>"]
    assert count(app) == 0


def test_parse_of_what_is_no_message_says_so(run, tmp_path: Path):
    (tmp_path / "x").write_bytes(b"\x00")
    assert run("parse", str(tmp_path / "x")).exit_code == 1
