"""A day of mail through a real worker that is killed without warning again and again: 500 messages, among
them deliveries of the same, replies, loops, absences, bounces and rubbish. Afterwards each is in one ticket or
kept with a reason, and each receipt was sent once."""

import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from flask import Flask, current_app
from sqlalchemy import func, select

from tests.factories import small_municipality
from tests.faults.invariants import broken_promises
from tests.faults.service import Command
from tests.faults.town_posts import ADDRESS, TownPost, on_exchange, on_graph, on_imap
from tests.mail.letterbox import bounce, letter
from tests.mail.servers.certificates import make_certificates
from ticketing.database import db
from ticketing.mail.mailboxes import FILE, load_mailboxes, our_addresses
from ticketing.mail.models import InboundMail
from ticketing.mail.outbox import LEASE, send_due
from ticketing.settings import shipped
from ticketing.work.models import OutboxMessage, WorkItem

pytestmark = [pytest.mark.fault, pytest.mark.filterwarnings("ignore:Requiring AUTH")]

MESSAGES = 500
#: A worker takes two seconds to start, so it is killed less often at the servers that are our own.
KILLS, KILLS_HTTP = 20, 10
#: Of each portion: 12 questions, 3 deliveries of the same, 3 automatic, 1 rubbish, 6 about our own mail.
PORTION = 25
SEED = 20_261_123
PATIENCE_SECONDS = 60
VARIABLE = "AULA_DAY_SECRET"


class Correspondence:
    """What the world writes in the course of the day; it answers to the receipts it has been sent."""

    def __init__(self, post: TownPost, chance: random.Random) -> None:
        self.post, self._chance = post, chance
        self.written: list[bytes] = []
        self.questions: list[bytes] = []
        self._answered: set[str] = set()
        self._number = 0

    def portion(self) -> list[bytes]:
        """The next 25 messages."""
        new = [self._question() for _ in range(12)]
        self.questions += new
        again = self._chance.sample(self.questions, 3)
        made = [*new, *(b"Received: from another.example by mx.example; x\r\n" + one for one in again)]
        made += [self._automatic(kind) for kind in range(3)]
        made.append(b"\x01\x02 rubbish %d\r\n" % self._next())
        made += self._about_receipts(PORTION - len(made))
        self._chance.shuffle(made)
        self.written += made
        return made

    def _question(self) -> bytes:
        number = self._next()
        return letter(
            f"Jeg kan ikke logge på. Nummer {number}.",
            Message_ID=f"<q{number}@privat.example>",
            From=f"Forælder {number} <p{number}@privat.example>",
            Subject=f"Login driller {number}",
        )

    def _automatic(self, kind: int) -> bytes:
        number = self._next()
        headers: dict[str, str | bytes | None] = [
            {"Auto-Submitted".replace("-", "_"): "auto-replied"},
            {"List_Id": "<nyt.liste.example>"},
            {"Subject": "Automatisk svar: Ikke til stede"},
        ][kind]
        sender = {"From": f"p{number}@privat.example", "Message_ID": f"<a{number}@privat.example>"}
        return letter(f"Jeg er tilbage på mandag. {number}", **{**sender, **headers})

    def _about_receipts(self, count: int) -> list[bytes]:
        """Replies, bounces and our own mail coming back, to receipts not used yet; questions while there are
        too few."""
        made: list[bytes] = []
        for raw in self.post.sent():
            message = message_from_bytes(raw, policy=default)
            identity = str(message["Message-ID"]).strip()
            if len(made) == count:
                break
            if identity.startswith("<receipt.") and identity not in self._answered:
                self._answered.add(identity)
                made.append(
                    [self._reply, self._bounce, self._comes_back][len(made) % 3](message, identity, raw)
                )
        extra = [self._question() for _ in range(count - len(made))]
        self.questions += extra
        return made + extra

    def _reply(self, message, identity: str, _raw: bytes) -> bytes:
        number = self._next()
        return letter(
            f"Det hjalp ikke. {number}",
            Message_ID=f"<r{number}@privat.example>",
            From=str(message["To"]),
            In_Reply_To=identity,
            Subject=f"Sv: {number}",
        )

    def _bounce(self, _message, identity: str, _raw: bytes) -> bytes:
        return bounce(identity).replace(b"<bounce@", b"<bounce%d@" % self._next())

    def _comes_back(self, _message, _identity: str, raw: bytes) -> bytes:
        return raw

    def _next(self) -> int:
        self._number += 1
        return self._number


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that a server without our privileges can enter."""
    made = Path(tempfile.mkdtemp(prefix="tkt-day-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def restored(app: Flask) -> Iterator[None]:
    before = {name: app.extensions[name] for name in ("mailboxes", "our_addresses")}
    yield
    app.extensions.update(before)


@pytest.mark.postgresql
def test_imap(app: Flask, database: str, folder: Path, tmp_path: Path, restored, monkeypatch) -> None:
    _a_day(on_imap, KILLS, app, database, folder, tmp_path, monkeypatch)


@pytest.mark.one_engine
@pytest.mark.parametrize("kind", [on_graph, on_exchange], ids=["graph", "exchange"])
def test_http(kind, app: Flask, database: str, folder: Path, tmp_path: Path, restored, monkeypatch) -> None:
    _a_day(kind, KILLS_HTTP, app, database, folder, tmp_path, monkeypatch)


def _a_day(kind, kills: int, app: Flask, database: str, folder: Path, tmp_path: Path, monkeypatch) -> None:
    chance = random.Random(SEED)
    with app.app_context():
        small_municipality()
        db.session.commit()
    with kind(folder, make_certificates(folder)) as post:
        config = _configured(post, tmp_path, monkeypatch)
        world = Correspondence(post, chance)
        killed_at_work = 0
        for _ in range(kills):
            for _ in range(MESSAGES // kills // PORTION):
                post.receive(*world.portion())
            worker = Command(database, tmp_path, "worker")
            try:
                _wait_for_more(app, _kept(app))
                time.sleep(chance.uniform(0, 0.4))
            finally:
                worker.kill()
            killed_at_work += post.unread() > 0
        _until_all_is_handled(database, tmp_path, post)
        _last_round_of_sending(app, config)
        assert len(world.written) == MESSAGES
        assert killed_at_work >= kills / 4, "the kills came while there was mail to read"
        _each_message_is_somewhere(app, world, post)
        _each_receipt_was_sent_once(app, post, kills)


def _configured(post: TownPost, tmp_path: Path, monkeypatch) -> Path:
    config = tmp_path / "config"
    shutil.copytree(shipped("config"), config)
    usual = {
        "municipality": "vesterkaer",
        "address": ADDRESS,
        "quarantine_folder": "Karantæne",
        "secret_variable": VARIABLE,
        "poll_seconds": 5,
    }
    lines = [f"    {name}: {value}\n" for name, value in {**usual, **post.keys}.items()]
    (config / FILE).write_text("mailboxes:\n  faelles:\n" + "".join(lines), encoding="utf-8")
    monkeypatch.setenv("TICKETING_CONFIG", str(config))
    monkeypatch.setenv(VARIABLE, post.secret)
    return config


def _kept(app: Flask) -> int:
    with app.app_context():
        found = db.session.scalar(select(func.count()).select_from(InboundMail)) or 0
        db.session.rollback()
    return found


def _wait_for_more(app: Flask, before: int) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while _kept(app) <= before:
        assert time.monotonic() < give_up, "the worker takes nothing in"
        time.sleep(0.01)


def _until_all_is_handled(database: str, tmp_path: Path, post: TownPost) -> None:
    last = Command(database, tmp_path, "worker")
    give_up = time.monotonic() + PATIENCE_SECONDS
    while post.unread() and time.monotonic() < give_up:
        time.sleep(0.1)
    assert last.stop() == 0
    assert post.unread() == 0


def _last_round_of_sending(app: Flask, config: Path) -> None:
    """What a killed sender had in hand is free again after its lease."""
    with app.app_context():
        boxes = load_mailboxes(config / FILE)
        current_app.extensions.update(mailboxes=boxes, our_addresses=our_addresses(boxes))
        while send_due(datetime.now(UTC) + LEASE, limit=1000).sent:
            pass


def _each_message_is_somewhere(app: Flask, world: Correspondence, post: TownPost) -> None:
    with app.app_context():
        kept = db.session.scalars(select(InboundMail)).all()
        assert broken_promises(db.session()) == []
        opened = [one.item_id for one in kept if one.outcome == "opened"]
        assert sorted(opened) == sorted(db.session.scalars(select(WorkItem.id)))
        assert [one.id for one in kept if not (one.item_id or one.reason)] == []
        outcomes = Counter(one.outcome for one in kept)
        raws = {_without_trace(bytes(one.raw)) for one in kept}
    expected = {_without_trace(raw) for raw in world.written}
    assert len(kept) == len(expected) and raws == expected
    assert outcomes["opened"] == len(world.questions)
    assert outcomes["quarantine"] == post.in_quarantine() == MESSAGES // PORTION
    assert min(outcomes[kind] for kind in ("joined", "bounce", "automatic")) >= MESSAGES // PORTION


def _each_receipt_was_sent_once(app: Flask, post: TownPost, kills: int) -> None:
    """A sender killed between the server's "250" and its own note of it sends again with the same Message-ID,
    which is one mail to a mail program."""
    sent = Counter(str(message_from_bytes(raw, policy=default)["Message-ID"]).strip() for raw in post.sent())
    with app.app_context():
        receipts = select(OutboxMessage).where(OutboxMessage.purpose == "receipt")
        rows = db.session.scalars(receipts).all()
        questions = db.session.scalar(select(func.count()).select_from(WorkItem))
        wanted = {row.mail_message_id for row in rows}
        assert all(row.sent_at for row in rows)
        assert len({row.item_id for row in rows}) == len(rows) == questions
    assert {one for one in sent if one.startswith("<receipt.")} == wanted
    assert sum(sent.values()) - len(sent) <= kills


def _without_trace(raw: bytes) -> bytes:
    """The message without what its way has left on it: another line at the top, other ends of lines."""
    plain = raw.replace(b"\r\n", b"\n")
    return plain.split(b"\n", 1)[1] if plain.startswith(b"Received: from another.example") else plain
