"""What `ticketing doctor` looks at. Each check says in plain words what it found and what to do about it."""

import os
import shutil
import smtplib
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from ticketing.clocks.editions import towns_without
from ticketing.database import UtcDateTime, db
from ticketing.jobs.finding import Finding, Level
from ticketing.jobs.heartbeat import LATE, workers
from ticketing.jobs.mailcheckup import every_town_sends, mailboxes_read
from ticketing.jobs.models import WorkerProcess
from ticketing.mail.models import InboundMail
from ticketing.settings import Settings
from ticketing.work.models import Attachment, Message, OutboxMessage, WorkItem
from ticketing.work.nightcheck import last_check
from ticketing.work.queries import clock_config

OUTBOX_LATE = timedelta(minutes=15)
SCAN_LATE = timedelta(minutes=15)
SWEEP_LATE = timedelta(minutes=2)
CHECK_LATE = timedelta(days=2)
CLOCK_SKEW = timedelta(seconds=5)
FREE_BYTES = 500_000_000
SMTP_SECONDS = 5


def examine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Every finding, the database first; without a usable database only what needs none. Writes nothing."""
    yield from _data_folder(settings)
    database = list(_database())
    yield from database
    if all(finding.level is not Level.BAD for finding in database):
        checks: tuple[Callable[[datetime], Iterator[Finding]], ...] = (
            _clock_skew,
            _outbox,
            _mail_without_ticket,
            mailboxes_read,
            _files_to_scan,
            _sweep_lag,
            _clocks_as_the_events_say,
            _targets_in_force,
            _workers,
        )
        for check in checks:
            yield from check(now)
        if not settings.smtp_host and every_town_sends():
            return  # nothing is left for a common mail server
    yield from _smtp(settings)


def _data_folder(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_dir
    if not os.access(folder, os.W_OK):
        yield Finding(
            Level.BAD,
            f"Der kan ikke skrives i datamappen {folder}. Giv tjenestens bruger skriveadgang.",
            f"The data folder {folder} can't be written to. Give the service's user write access.",
        )
        return
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES:
        yield Finding(
            Level.WARN,
            f"Der er kun {free // 1_000_000} MB fri plads, hvor datamappen {folder} ligger.",
            f"Only {free // 1_000_000} MB are free where the data folder {folder} is.",
        )
    else:
        yield Finding(Level.OK, f"Datamappen {folder} kan bruges.", f"The data folder {folder} is usable.")


def _database() -> Iterator[Finding]:
    wanted = set(ScriptDirectory(current_app.extensions["migrate"].directory).get_heads())
    try:
        with db.engine.connect() as connection:
            found = set(MigrationContext.configure(connection).get_current_heads())
    except SQLAlchemyError as error:
        kind = type(error).__name__
        yield Finding(
            Level.BAD,
            f"Databasen svarer ikke ({kind}). Se efter TICKETING_DATABASE, og om databasen kører.",
            f"The database does not answer ({kind}). Check TICKETING_DATABASE and that it is running.",
        )
        return
    if found != wanted:
        yield Finding(
            Level.BAD,
            "Databasens tabeller passer ikke til denne version. Kør: ticketing db upgrade",
            "The database's tables are not those of this version. Run: ticketing db upgrade",
        )
        return
    yield Finding(
        Level.OK, "Databasen svarer og har de rigtige tabeller.", "The database answers and is up to date."
    )


def _clock_skew(_now: datetime) -> Iterator[Finding]:
    if db.engine.dialect.name != "postgresql":
        return  # an embedded database has no clock of its own
    theirs = db.session.scalar(select(func.clock_timestamp()))
    skew = abs(datetime.now(UTC) - theirs) if theirs else timedelta()
    seconds = round(skew.total_seconds())
    if skew > CLOCK_SKEW:
        yield Finding(
            Level.BAD,
            f"Denne maskines ur og databasens er {seconds} sekunder fra hinanden. Sæt NTP op på begge.",
            f"This machine's clock and the database's are {seconds} seconds apart. Set up NTP on both.",
        )
    else:
        yield Finding(
            Level.OK, "Maskinens og databasens ure er enige.", "This machine's and the database's clocks agree."
        )


def _outbox(now: datetime) -> Iterator[Finding]:
    waiting = (OutboxMessage.sent_at.is_(None), OutboxMessage.next_try_at.is_not(None))
    # A notice may wait for its receiver's working hours: it is late from then on.
    since = func.coalesce(OutboxMessage.not_before, OutboxMessage.created_at, type_=UtcDateTime)
    count, oldest = db.session.execute(select(func.count(), func.min(since)).where(*waiting)).one()
    given_up = db.session.scalar(
        select(func.count())
        .select_from(OutboxMessage)
        .where(
            OutboxMessage.sent_at.is_(None),
            OutboxMessage.next_try_at.is_(None),
            OutboxMessage.digest_id.is_(None),
            OutboxMessage.created_at > now - timedelta(days=7),
        )
    )
    if oldest and now - oldest > OUTBOX_LATE:
        minutes = int((now - oldest).total_seconds() // 60)
        yield Finding(
            Level.BAD,
            f"{count} mails venter på at blive sendt, den ældste i {minutes} minutter. Se efter mailserveren.",
            f"{count} mails wait to be sent, the oldest for {minutes} minutes. Check the mail server.",
        )
    else:
        yield Finding(Level.OK, f"Udbakken: {count} venter.", f"The outbox: {count} waiting.")
    if given_up:
        yield Finding(
            Level.WARN,
            f"{given_up} mails fra de sidste 7 dage blev opgivet; outbox_message.error siger hvorfor.",
            f"{given_up} mails of the last 7 days were given up; outbox_message.error says why.",
        )


def _mail_without_ticket(_now: datetime) -> Iterator[Finding]:
    count = db.session.scalar(
        select(func.count()).select_from(InboundMail).where(InboundMail.outcome == "quarantine")
    )
    if count:
        yield Finding(
            Level.WARN,
            f"{count} mails kunne ikke blive til en sag. Se siden Mail, eller: ticketing mail quarantine list",
            f"{count} mails could not become a ticket. See the page Mail or: ticketing mail quarantine list",
        )


def _files_to_scan(now: datetime) -> Iterator[Finding]:
    """Files that nobody can open because the scanner is away, or is set up no longer."""
    late = db.session.scalar(
        select(func.count())
        .select_from(Attachment)
        .join(Message, Message.id == Attachment.message_id)
        .where(Attachment.scan_at.is_not(None), Message.at < now - SCAN_LATE)
    )
    if not late:
        return
    scanner = current_app.config["SETTINGS"].clamd
    if scanner is None:
        yield Finding(
            Level.BAD,
            f"{late} filer venter på virusscanning, men ingen scanner er sat op. Sæt TICKETING_CLAMD.",
            f"{late} files wait for the virus scanner, but none is set up. Set TICKETING_CLAMD.",
        )
    else:
        yield Finding(
            Level.BAD,
            f"{late} filer har ventet på virusscanning i over 15 minutter. Svarer clamd på {scanner}?",
            f"{late} files have waited over 15 minutes for the virus scanner. Does clamd answer at {scanner}?",
        )


def _sweep_lag(now: datetime) -> Iterator[Finding]:
    first = db.session.scalar(select(func.min(WorkItem.next_at)).where(WorkItem.next_at.is_not(None)))
    if first and now - first > SWEEP_LATE:
        minutes = int((now - first).total_seconds() // 60)
        yield Finding(
            Level.BAD,
            f"Frister er {minutes} minutter bagud. Start: ticketing worker",
            f"Due times are {minutes} minutes behind. Start: ticketing worker",
        )
    else:
        yield Finding(Level.OK, "Ingen frister er bagud.", "No due time is behind.")


def _clocks_as_the_events_say(now: datetime) -> Iterator[Finding]:
    last = last_check()
    if last is None:
        yield Finding(
            Level.OK,
            "Urene efterses første gang i nat.",
            "The clocks are checked against their events for the first time tonight.",
        )
    elif last.differences or last.broken:
        yield Finding(
            Level.BAD,
            f"Urene blev efterset {last.night}: {last.differences} værdier passer ikke med hændelserne, og "
            f"{last.broken} sager kan ikke efterregnes. Se dem med: ticketing clocks verify",
            f"The clocks were checked on {last.night}: {last.differences} values are not what the events say, "
            f"and {last.broken} items can't be computed. See them with: ticketing clocks verify",
        )
    elif now.date() - last.night > CHECK_LATE:
        yield Finding(
            Level.WARN,
            f"Urene er ikke efterset siden {last.night}. Det gør arbejdsprocessen hver nat.",
            f"The clocks have not been checked since {last.night}. The worker does so every night.",
        )
    else:
        yield Finding(
            Level.OK,
            f"Urene blev efterset {last.night}: {last.looked_at} sager, ingen afvigelser.",
            f"The clocks were checked on {last.night}: {last.looked_at} items, no differences.",
        )


def _targets_in_force(_now: datetime) -> Iterator[Finding]:
    lacking = towns_without(db.session(), clock_config().texts)
    if lacking:
        towns = ", ".join(lacking[:5])
        command = "ticketing clocks policy apply --from-config --municipality KEY --reason …"
        yield Finding(
            Level.WARN,
            f"calendars.yaml eller targets.yaml er ændret, men gælder ikke for {towns}. Sæt i kraft: {command}",
            f"calendars.yaml or targets.yaml has changed, but is not in force for {towns}. Run: {command}",
        )
    else:
        yield Finding(
            Level.OK,
            "Svartider og åbningstider er dem, kommunerne har valgt.",
            "Targets and opening hours are those that the municipalities have chosen.",
        )


def _workers(now: datetime) -> Iterator[Finding]:
    known = workers(db.session())
    living = [worker for worker in known if now - worker.seen_at <= LATE]
    if not living:
        when = known[0].seen_at.isoformat(timespec="seconds") if known else "aldrig / never"
        yield Finding(
            Level.BAD,
            f"Ingen arbejdsproces kører (sidst set: {when}). Start: ticketing worker",
            f"No worker is running (last seen: {when}). Start: ticketing worker",
        )
        return
    dead = [f"{worker.host} ({worker.pid})" for worker in known if worker not in living]
    if dead:
        yield Finding(
            Level.WARN,
            f"Døde arbejdsprocesser, som ikke er stoppet ordentligt: {', '.join(dead)}. Start dem igen, eller "
            "lad være: linjen forsvinder efter et døgn.",
            f"Dead workers that did not stop in order: {', '.join(dead)}. Start them again, or leave them: "
            "this line goes away after a day.",
        )
    yield from _their_clocks(living)
    failing = sorted(
        f"{name} ({error}) / {worker.host}" for worker in living for name, error in worker.failing().items()
    )
    if failing:
        yield Finding(
            Level.BAD,
            f"Arbejdsprocessen kører, men dette fejler: {', '.join(failing)}. Se dens log.",
            f"The worker runs, but this fails: {', '.join(failing)}. See its log.",
        )
    else:
        yield Finding(
            Level.OK,
            f"Arbejdsprocesser, der kører: {len(living)}.",
            f"Workers that are running: {len(living)}.",
        )


def _their_clocks(living: Sequence[WorkerProcess]) -> Iterator[Finding]:
    worst = max(living, key=lambda worker: abs(worker.skew_seconds))
    if abs(worst.skew_seconds) > CLOCK_SKEW.total_seconds():
        seconds = round(abs(worst.skew_seconds))
        yield Finding(
            Level.BAD,
            f"Uret på {worst.host} og databasens er {seconds} sekunder fra hinanden. Sæt NTP op på begge.",
            f"The clock of {worst.host} and the database's are {seconds} seconds apart. Set up NTP on both.",
        )


def _smtp(settings: Settings) -> Iterator[Finding]:
    if not settings.smtp_host:
        yield Finding(
            Level.WARN,
            "Ingen mailserver er sat op: mails lægges som filer i outbox/. Sæt TICKETING_SMTP_HOST.",
            "No mail server is set up: mails become files in outbox/. Set TICKETING_SMTP_HOST.",
        )
        return
    place = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=SMTP_SECONDS) as server:
            server.noop()
    except OSError as error:  # smtplib's own errors are OSErrors too
        kind = type(error).__name__
        yield Finding(
            Level.BAD,
            f"Mailserveren {place} svarer ikke ({kind}). Mails venter i udbakken, til den gør.",
            f"The mail server {place} does not answer ({kind}). Mail waits in the outbox until it does.",
        )
    else:
        yield Finding(Level.OK, f"Mailserveren {place} svarer.", f"The mail server {place} answers.")
