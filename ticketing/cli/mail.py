"""`ticketing mail`: takes mail in from files, shows what is understood of a message, sends what is due."""

import json
import mailbox
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from ticketing.cli import in_application
from ticketing.database import db
from ticketing.mail.ingest import Outcome
from ticketing.mail.message import MailAddress, NotAMessage, ParsedMessage
from ticketing.mail.parse import parse as parse_message
from ticketing.organisation.models import Municipality
from ticketing.settings import read_attachment_limits, read_trusted_mail_hosts
from ticketing.vocabulary import MunicipalityId
from ticketing.work.change import SYSTEM
from ticketing.work.errors import WorkError

if TYPE_CHECKING:
    from ticketing.mail.mailboxes import Mailbox

#: Each mailbox has its own time; this is how often it is seen whether one's has come.
_POLL_SECONDS = 5
_MARKS = {True: "✓", False: "✗", None: "-"}


@click.group("mail")
def mail() -> None:
    """Mail in and out."""


@mail.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="As JSON instead of text.")
def parse(file: Path, *, as_json: bool) -> None:
    """Show what is understood of the message in FILE ("-": standard input). Writes nothing."""
    raw = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    try:
        shown = _shown(parse_message(raw, read_attachment_limits(), read_trusted_mail_hosts()))
    except NotAMessage as error:
        raise click.ClickException(f"{file} is not a mail message: {error.reason}") from error
    if as_json:
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    for key, value in shown.items():
        click.echo(f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}")


@mail.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True, path_type=Path))
@click.option("--municipality", "key", help="The municipality's key; not needed when there is one.")
@in_application
def ingest(paths: tuple[Path, ...], key: str | None) -> None:
    """Take in messages: files, folders, mbox files, or "-" for one on standard input.

    Taking in the same again changes nothing. Exit code 1 only when a message could not be kept.
    """
    from ticketing.mail.ingest import take_in

    municipality_id = _municipality(key)
    counts: Counter[str] = Counter()
    for name, raw in _messages(paths):
        try:
            outcome = take_in(raw, municipality_id, datetime.now(UTC))
        except (SQLAlchemyError, OSError) as error:
            counts["failed"] += 1
            click.echo(f"{name}: not kept: {error}", err=True)
            continue
        kind = "seen before" if outcome.seen_before else outcome.kind
        counts[kind] += 1
        number = f" A-{outcome.number}" if outcome.number is not None else ""
        reason = f" ({outcome.reason})" if outcome.reason else ""
        click.echo(f"{name}: {kind}{number}{reason}")
    total = ", ".join(f"{count} {kind}" for kind, count in sorted(counts.items())) or "nothing"
    click.echo(f"{sum(counts.values())} messages: {total}")
    if counts["failed"]:
        sys.exit(1)


@mail.command()
@click.option("--limit", default=100, show_default=True, help="At most so many mails.")
@in_application
def send(limit: int) -> None:
    """Send what is due in the outbox. Without an SMTP host it is written to files in the data folder."""
    from ticketing.mail.outbox import send_due

    result = send_due(datetime.now(UTC), limit)
    click.echo(f"{result.sent} sent, {result.retried} to be tried again, {result.given_up} given up")


@mail.command()
@click.option("--mailbox", "key", help="Only this one, and at once.")
@click.option("--once", is_flag=True, help="One look, instead of looking again and again until Ctrl-C.")
@in_application
def poll(key: str | None, *, once: bool) -> None:
    """Read the mailboxes of mailboxes.yaml: what is new becomes tickets, and is then marked on the server.

    The worker does this by itself. Exit code 1 after --once when a mailbox could not be read.
    """
    from ticketing.mail.polling import poll_due, poll_until_empty

    chosen = _mailbox(key) if key is not None else None
    failed = False
    while True:
        now = datetime.now(UTC)
        for result in poll_until_empty(chosen, now, at_once=True) if chosen else poll_due(now):
            failed = failed or result.error is not None
            said = f": {result.error}" if result.error else ""
            click.echo(
                f"{result.key}: {result.taken} new, {result.again} seen before, "
                f"{result.quarantined} of them in quarantine{said}"
            )
        if once:
            sys.exit(int(failed))
        time.sleep(_POLL_SECONDS)


@mail.command("check")
@click.argument("keys", metavar="[KEY]...", nargs=-1)
@in_application
def check_mailboxes(keys: tuple[str, ...]) -> None:
    """Try the mailboxes KEY (all, when none is named) of mailboxes.yaml: sign in, look into the folders, send
    a mail to itself and see it arrive.

    Says what is wrong and what to do about it. Exit code 1 when anything is.
    """
    from ticketing.mail.check import check
    from ticketing.mail.mailboxes import mailboxes

    chosen = [_mailbox(key) for key in keys] or list(mailboxes().values())
    if not chosen:
        raise click.ClickException("There are no mailboxes yet. docs/mail.md says how to set one up.")
    wrong = False
    for one in chosen:
        click.echo(f"{one.key} ({one.protocol}, {one.address})")
        for step in check(one, current_app.config["SETTINGS"], datetime.now(UTC)):
            click.echo(f"  {_MARKS[step.good]} {step.name}: {step.said}")
            if step.advice:
                click.echo(f"    {step.advice}")
            wrong = wrong or step.good is False
    sys.exit(int(wrong))


def _mailbox(key: str) -> "Mailbox":
    from ticketing.mail.mailboxes import FILE, mailboxes

    known = mailboxes()
    if key not in known:
        names = ", ".join(known) or f"none yet (see docs/mail.md for {FILE})"
        raise click.ClickException(f"There is no mailbox {key!r}; there are: {names}")
    return known[key]


@mail.group()
def quarantine() -> None:
    """Mail that became no question: list it, try it again, refuse it."""


@quarantine.command("list")
@click.option("--municipality", "key", help="The municipality's key; not needed when there is one.")
@click.option(
    "--kind", type=click.Choice(("quarantine", "automatic", "bounce", "refused")), default="quarantine"
)
@in_application
def quarantine_list(key: str | None, kind: str) -> None:
    """The newest mails that became no question, each with its reason."""
    from ticketing.mail.quarantine import kept_mails

    for one in kept_mails(_municipality(key), kind):
        reason = f": {one.reason}" if one.reason else ""
        click.echo(f"{one.id}\t{one.received_at:%Y-%m-%d %H:%M}\t{one.sender or '-'}\t{one.subject}{reason}")


@quarantine.command("retry")
@click.argument("mail_ids", nargs=-1, required=True, type=int)
@click.option(
    "--as-question", is_flag=True, help="Make a ticket of it, though a machine seems to have written it."
)
@in_application
def quarantine_retry(mail_ids: tuple[int, ...], *, as_question: bool) -> None:
    """Take mails in again. One that became a question already stays as it is."""
    from ticketing.mail.quarantine import retry

    _each(mail_ids, lambda one: _became(retry(one, SYSTEM, datetime.now(UTC), as_question=as_question)))


@quarantine.command("refuse")
@click.argument("mail_ids", nargs=-1, required=True, type=int)
@click.option("--reason", required=True, help="Why; kept with the mail.")
@in_application
def quarantine_refuse(mail_ids: tuple[int, ...], reason: str) -> None:
    """Put mails aside for good. They are kept."""
    from ticketing.mail.quarantine import refuse

    _each(mail_ids, lambda one: refuse(one, SYSTEM, datetime.now(UTC), reason=reason).outcome)


def _each(mail_ids: tuple[int, ...], do: Callable[[int], str]) -> None:
    failed = False
    for mail_id in mail_ids:
        try:
            click.echo(f"{mail_id}: {do(mail_id)}")
        except WorkError:
            failed = True
            click.echo(f"{mail_id}: there is no such mail without a ticket", err=True)
    if failed:
        sys.exit(1)


def _became(outcome: Outcome) -> str:
    number = f" A-{outcome.number}" if outcome.number is not None else ""
    return f"{outcome.kind}{number}{f' ({outcome.reason})' if outcome.reason else ''}"


def _municipality(key: str | None) -> MunicipalityId:
    rows = db.session.execute(select(Municipality.key, Municipality.id).order_by(Municipality.key)).all()
    known: dict[str, MunicipalityId] = {row.key: row.id for row in rows}
    if key is None and len(known) == 1:
        return next(iter(known.values()))
    if key is None or key not in known:
        names = ", ".join(known) or "none yet (see `ticketing demo` and `ticketing org import`)"
        raise click.ClickException(f"Give --municipality one of: {names}")
    return known[key]


def _messages(paths: tuple[Path, ...]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        if str(path) == "-":
            yield from _in_bytes("-", sys.stdin.buffer.read())
        elif path.is_dir():
            for file in sorted(one for one in path.rglob("*") if one.is_file()):
                yield from _in_bytes(str(file), file.read_bytes())
        else:
            yield from _in_bytes(str(path), path.read_bytes())


def _in_bytes(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """One message, or each of an mbox, which is known by its first line."""
    if not content.startswith(b"From "):
        yield name, content
        return
    with tempfile.NamedTemporaryFile(suffix=".mbox") as file:
        file.write(content)
        file.flush()
        box = mailbox.mbox(file.name, create=False)
        for number, key in enumerate(box.iterkeys(), 1):
            yield f"{name}:{number}", box.get_bytes(key)
        box.close()


def _shown(message: ParsedMessage) -> dict[str, object]:
    auto = message.auto_response
    return {
        "message_id": message.message_id,
        "from": _address(message.sender) if message.sender else None,
        "to": [_address(one) for one in message.to],
        "cc": [_address(one) for one in message.cc],
        "subject": message.subject,
        "date": message.date.isoformat() if message.date else None,
        "text": message.text,
        "reply": message.reply,
        "attachments": [
            {"name": one.name, "type": one.media_type, "bytes": len(one.content)} for one in message.attachments
        ],
        "auto_response": {"kind": auto.kind, "reason": auto.reason} if auto else None,
        "references": list(message.references),
        "in_reply_to": list(message.in_reply_to),
        "warnings": list(message.warnings),
        "auth": {"spf": message.auth.spf, "dkim": message.auth.dkim, "dmarc": message.auth.dmarc},
    }


def _address(address: MailAddress) -> dict[str, str]:
    return {"name": address.name, "email": address.email}
