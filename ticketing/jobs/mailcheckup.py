"""What `ticketing doctor` says of the mailboxes, from what the worker has noted of them: nobody is signed in to
for it. `ticketing mail check` tries them out."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import select

from ticketing.database import db
from ticketing.jobs.finding import Finding, Level
from ticketing.mail.check import belonging
from ticketing.mail.mailboxes import Mailbox, mailboxes, sending_mailbox
from ticketing.mail.models import MailboxState
from ticketing.organisation.models import Municipality

#: How long after its time a mailbox may be unread before that is worth a word.
READ_LATE = timedelta(minutes=15)


def mailboxes_read(now: datetime) -> Iterator[Finding]:
    """A line for each mailbox; nothing when there is none."""
    states = {state.key: state for state in db.session.scalars(select(MailboxState))}
    for key, mailbox in mailboxes().items():
        yield _mailbox(mailbox, states.get(key), now)


def every_town_sends() -> bool:
    """Whether each municipality's mail goes out through a mailbox of its own."""
    keys = db.session.scalars(select(Municipality.key)).all()
    return bool(keys) and all(sending_mailbox(key) is not None for key in keys)


def _mailbox(mailbox: Mailbox, state: MailboxState | None, now: datetime) -> Finding:
    key, try_it = mailbox.key, f"ticketing mail check {mailbox.key}"
    belongs = belonging(mailbox)
    if not belongs.good:
        return Finding(
            Level.BAD,
            f"Postkassen {key}: kommunen {mailbox.municipality} eller institutionen {mailbox.unit} findes "
            f"ikke. Ret mailboxes.yaml, og kør: {try_it}",
            f"The mailbox {key}: {belongs.said}. {belongs.advice}",
        )
    if state is not None and state.error:
        return Finding(
            Level.BAD,
            f"Postkassen {key} kan ikke læses ({state.failures} forsøg i træk): {state.error}. Kør: {try_it}",
            f"The mailbox {key} can't be read ({state.failures} tries in a row): {state.error}. Run: {try_it}",
        )
    if state is None or state.read_at is None:
        return Finding(
            Level.WARN,
            f"Postkassen {key} er aldrig læst. Det gør arbejdsprocessen; prøv den med: {try_it}",
            f"The mailbox {key} has never been read. The worker does that; try it with: {try_it}",
        )
    minutes = int((now - state.read_at).total_seconds() // 60)
    if now - state.read_at > READ_LATE + timedelta(seconds=mailbox.poll_seconds):
        return Finding(
            Level.BAD,
            f"Postkassen {key} er ikke læst i {minutes} minutter. Kører der en arbejdsproces?",
            f"The mailbox {key} has not been read for {minutes} minutes. Is a worker running?",
        )
    return Finding(Level.OK, f"Postkassen {key} bliver læst.", f"The mailbox {key} is being read.")
