"""Reads the mailboxes: what is new is taken in, and only what is in our database is marked on the server.

1. One reader a mailbox: a lease on its row, claimed by one UPDATE whose row count decides.
2. New messages after the cursor are listed, and each is read and taken in: one transaction of its own.
3. After that commit it is marked as handled on the server, or moved to quarantine.
4. When all of the batch are, the cursor moves on.
Whoever dies in between leaves messages that come again, and taking in the same again changes nothing.
"""

import hashlib
import logging
import os
import secrets
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from flask import Flask, current_app
from sqlalchemy import or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.exc import DatabaseError, IntegrityError

from ticketing.database import db, transaction
from ticketing.mail.gateways import Gateway, GatewayError, Trouble, open_gateway
from ticketing.mail.ingest import take_in
from ticketing.mail.mailboxes import Mailbox, mailboxes
from ticketing.mail.models import MailboxState
from ticketing.organisation.models import Municipality
from ticketing.vocabulary import MunicipalityId

log = logging.getLogger(__name__)

BATCH = 50
#: Batches of one mailbox in one round, so that a full one does not keep the others waiting.
ROUNDS = 20
#: How long a reader that shows no sign of life keeps a mailbox.
LEASE = timedelta(minutes=2)
#: With more mailboxes than this a slow one would hold up the others; then at most so many at a time.
ONE_AFTER_THE_OTHER = 4
AT_A_TIME = 8
LONGEST_WAIT = timedelta(minutes=30)
#: Several wrong passwords in a row lock an account; these are put right by a person, not by trying again.
SLOW_TROUBLES = frozenset({Trouble.CREDENTIALS, Trouble.SECRET, Trouble.PERMISSION})
SLOW_WAIT = timedelta(minutes=5)


@dataclass(frozen=True)
class PollResult:
    """What one look into a mailbox gave. `taken`: messages that were new to us; `again`: seen before;
    `quarantined` of them. `error`: what went wrong on the server. `more`: it holds more already."""

    key: str
    taken: int = 0
    again: int = 0
    quarantined: int = 0
    more: bool = False
    error: GatewayError | None = None


def poll_due(now: datetime) -> list[PollResult]:
    """Looks into every mailbox whose time has come, each until it is empty or has had its share. A mailbox
    that another reads now is left out. A few are read one after the other, many several at a time."""
    keys = _due(now)
    db.session.rollback()  # nothing stays open while servers take their time
    if len(keys) <= ONE_AFTER_THE_OTHER:
        return [result for key in keys for result in poll_until_empty(mailboxes()[key], now)]
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # the proxy's own way to it
    with ThreadPoolExecutor(min(AT_A_TIME, len(keys) // ONE_AFTER_THE_OTHER + 1)) as threads:
        return [
            one for results in threads.map(lambda key: _in_a_thread(app, key, now), keys) for one in results
        ]


def poll_until_empty(mailbox: Mailbox, now: datetime, *, at_once: bool = False) -> list[PollResult]:
    """Batches of one mailbox, until there is no more or it has had its share."""
    results: list[PollResult] = []
    while len(results) < ROUNDS and (not results or results[-1].more):
        result = poll(mailbox, now, at_once=at_once)
        if result is None:
            break
        results.append(result)
    return results


def poll(mailbox: Mailbox, now: datetime, *, at_once: bool = False) -> PollResult | None:
    """One batch of `mailbox`. None when it is not its time (`at_once`: no matter), another reader has it or
    its municipality does not exist. What goes wrong on the server is kept with the next time to try; what
    goes wrong in our database is raised, and the messages come again."""
    municipality_id = _municipality(mailbox)
    if municipality_id is None:
        log.warning("The mailbox %s belongs to no municipality that exists", mailbox.key)
        return None
    state = _claimed(mailbox, municipality_id, now, at_once=at_once)
    if state is None:
        return None
    reader = _Reader(mailbox, municipality_id, now)
    with _released(mailbox, state, now) as end:
        try:
            end.cursor, end.result = reader.batch(state.cursor, state.since)
        except GatewayError as error:
            log.warning("The mailbox %s can't be read (%s)", mailbox.key, error.trouble)
            end.result = PollResult(mailbox.key, error=error)
        finally:
            reader.close()
    return end.result


def _in_a_thread(app: Flask, key: str, now: datetime) -> list[PollResult]:
    with app.app_context():
        try:
            return poll_until_empty(mailboxes()[key], now)
        finally:
            db.session.remove()


def hasten(key: str, now: datetime) -> None:
    """Something has come into the mailbox: its time is now, unless it is in trouble."""
    with transaction() as session:
        session.execute(
            update(MailboxState)
            .where(MailboxState.key == key, MailboxState.next_poll_at > now, MailboxState.failures == 0)
            .values(next_poll_at=now)
        )


class _Reader:
    def __init__(self, mailbox: Mailbox, municipality_id: MunicipalityId, now: datetime) -> None:
        self._mailbox = mailbox
        self._municipality_id = municipality_id
        self._now = now
        self._gateway: Gateway = open_gateway(mailbox)
        self._started = self._renewed = time.monotonic()

    def batch(self, cursor: str | None, since: datetime) -> tuple[str, PollResult]:
        """Steps 2 and 3 for the messages after `cursor`; the next cursor, and what was done."""
        found = self._gateway.list_new(cursor, since, BATCH)
        outcomes = []
        for handle in found.handles:
            self._stay_alive()
            raw = self._gateway.read(handle)
            if raw is None:
                continue  # somebody moved it while we were reading
            outcome = take_in(raw, self._municipality_id, self._now, mailbox_unit=self._mailbox.unit)
            if outcome.kind == "quarantine":
                self._gateway.move_to_quarantine(handle)
            else:
                self._gateway.mark_handled(handle)
            outcomes.append(outcome)
        return found.cursor, PollResult(
            self._mailbox.key,
            taken=sum(not one.seen_before for one in outcomes),
            again=sum(one.seen_before for one in outcomes),
            quarantined=sum(one.kind == "quarantine" for one in outcomes),
            more=found.more,
        )

    def close(self) -> None:
        self._gateway.close()

    def _stay_alive(self) -> None:
        passed = time.monotonic()
        if passed - self._renewed > LEASE.total_seconds() / 4:
            self._renewed = passed
            until = self._now + timedelta(seconds=passed - self._started) + LEASE
            _change(self._mailbox, leased_until=until)


@dataclass
class _End:
    """How a look ended: what stays when it ended by an exception gives the lease back and no more."""

    cursor: str | None
    result: PollResult | None = None


@contextmanager
def _released(mailbox: Mailbox, state: MailboxState, now: datetime) -> Iterator[_End]:
    """Step 4: the lease is given back, with the new cursor and the time of the next look."""
    end = _End(state.cursor)
    try:
        yield end
    finally:
        error = end.result.error if end.result else None
        values: dict[str, object]
        if end.result is None:
            values = {"next_poll_at": now + timedelta(seconds=mailbox.poll_seconds)}
        elif error is not None:
            failures = state.failures + 1
            values = {
                "failures": failures,
                "error": str(error),
                "next_poll_at": now + wait_after(error, failures, mailbox.poll_seconds),
            }
        else:
            wait = 0 if end.result.more else mailbox.poll_seconds
            values = {
                "failures": 0,
                "error": None,
                "cursor": end.cursor,
                "read_at": now,
                "next_poll_at": now + timedelta(seconds=wait),
            }
        _change(mailbox, leased_by=None, leased_until=None, **values)


def wait_after(error: GatewayError, failures: int, poll_seconds: int) -> timedelta:
    """How long a mailbox is left alone after its `failures`th (1 …) trouble in a row: twice as long each
    time, and never less than the server asked for."""
    doublings: int = 2 ** min(failures, 12)
    usual = timedelta(seconds=poll_seconds) * doublings
    if error.trouble in SLOW_TROUBLES:
        usual = max(usual, SLOW_WAIT)
    return max(min(usual, LONGEST_WAIT), error.wait or timedelta())


def _due(now: datetime) -> list[str]:
    """The mailboxes to look into, the longest waiting first; those never looked into before all."""
    if not mailboxes():
        return []
    rows = db.session.execute(select(MailboxState.key, MailboxState.next_poll_at))
    known: dict[str, datetime] = {row.key: row.next_poll_at for row in rows}
    due = [key for key in mailboxes() if key not in known or known[key] <= now]
    return sorted(due, key=lambda key: (key in known, known.get(key, now)))


def _municipality(mailbox: Mailbox) -> MunicipalityId | None:
    return db.session.scalar(select(Municipality.id).where(Municipality.key == mailbox.municipality))


def _claimed(
    mailbox: Mailbox, municipality_id: MunicipalityId, now: datetime, *, at_once: bool
) -> MailboxState | None:
    """The mailbox's row with the lease on it; made when it is looked into for the first time."""
    state = db.session.get(MailboxState, mailbox.key, populate_existing=True)
    if state is None or state.place != _place(mailbox):
        state = _begun(mailbox, municipality_id, now)
    may_be_taken = [MailboxState.leased_until.is_(None), MailboxState.leased_until <= now]
    if state.leased_by and _is_dead(state.leased_by):
        may_be_taken.append(MailboxState.leased_by == state.leased_by)
    claim = (
        update(MailboxState)
        .where(MailboxState.key == mailbox.key, or_(*may_be_taken))
        .values(leased_by=_me(os.getpid()), leased_until=now + LEASE)
    )
    if not at_once:
        claim = claim.where(MailboxState.next_poll_at <= now)
    with transaction() as session:
        result = session.execute(claim)
        assert isinstance(result, CursorResult)
        if result.rowcount != 1:
            return None
        return session.get_one(MailboxState, mailbox.key, populate_existing=True)


def _begun(mailbox: Mailbox, municipality_id: MunicipalityId, now: datetime) -> MailboxState:
    """A row without a cursor: the mailbox is new, or has another server or folder now."""
    try:
        with transaction() as session:
            state = session.get(MailboxState, mailbox.key) or MailboxState(key=mailbox.key)
            state.municipality_id, state.place = municipality_id, _place(mailbox)
            state.since = state.next_poll_at = now
            state.cursor, state.failures, state.error = None, 0, None
            session.add(state)
    except IntegrityError:  # another reader was a moment ahead
        return db.session.get_one(MailboxState, mailbox.key, populate_existing=True)
    return state


def _change(mailbox: Mailbox, **values: object) -> None:
    """Changes the row for as long as the lease is ours. A database that is away now is not made worse by
    saying so twice."""
    mine = (MailboxState.key == mailbox.key, MailboxState.leased_by == _me(os.getpid()))
    try:
        with transaction() as session:
            session.execute(update(MailboxState).where(*mine).values(**values))
    except DatabaseError:
        log.exception("The state of the mailbox %s could not be written", mailbox.key)


def _place(mailbox: Mailbox) -> str:
    where = (mailbox.protocol, mailbox.server, mailbox.address.lower(), mailbox.folder)
    return hashlib.sha256("\x00".join(where).encode()).hexdigest()


@cache
def _me(pid: int) -> str:
    """This process, told apart from an earlier one of the same number."""
    return f"{socket.gethostname()[:80]}/{pid}/{secrets.token_hex(4)}"


def _is_dead(reader: str) -> bool:
    """Whether `reader` was a process of this host that is gone: nobody has to wait for its lease."""
    host, pid, _ = reader.rsplit("/", 2)
    if host != socket.gethostname()[:80] or reader == _me(os.getpid()):
        return False
    if int(pid) == os.getpid():
        return True
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
