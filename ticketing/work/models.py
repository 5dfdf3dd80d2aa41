"""The work item and all that hangs on it. Nothing here changes outside `actions` (one transaction each)."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ticketing.database import Base, BigKey, PathString, Word
from ticketing.organisation.models import Person, Unit
from ticketing.vocabulary import (
    Affected,
    Apart,
    Channel,
    ClockKind,
    ClockState,
    EventKind,
    ItemId,
    ItemKind,
    Lane,
    MunicipalityId,
    PersonId,
    Priority,
    RequesterRole,
    Rung,
    Scan,
    Sector,
    State,
    UnitId,
)

Json = JSON().with_variant(JSONB(), "postgresql")


class WorkItem(Base):
    """A ticket or a task: something that somebody at a rung must finish before a time, for a unit.

    The queue that holds it is (`step`, `queue_unit_id`); `rung` is the step's rung. `is_open` follows
    `state`. `due_at`, `warn_at` and `next_at` are caches of the clocks, rebuilt by `clocks verify`.
    """

    __tablename__ = "work_item"
    __table_args__ = (
        UniqueConstraint("municipality_id", "number"),
        # SQLAlchemy asks SQLite for "is_open = 1", and SQLite uses a partial index only for the same words.
        # Hot lists: a partial index gives the order; `state IN (…) ORDER BY due_at` would sort every row.
        Index(
            "ix_work_item_queue",
            "municipality_id",
            "queue_unit_id",
            "step",
            "due_at",
            sqlite_where=text("is_open = 1"),
            postgresql_where=text("is_open"),
        ),
        Index(
            "ix_work_item_step",
            "municipality_id",
            "step",
            "due_at",
            sqlite_where=text("is_open = 1"),
            postgresql_where=text("is_open"),
        ),
        Index(
            "ix_work_item_unit",
            "municipality_id",
            "unit_path",
            "due_at",
            sqlite_where=text("is_open = 1"),
            postgresql_where=text("is_open"),
        ),
        Index(
            "ix_work_item_holder",
            "holder_id",
            "due_at",
            sqlite_where=text("is_open = 1"),
            postgresql_where=text("is_open"),
        ),
        Index(
            "ix_work_item_next",
            "next_at",
            sqlite_where=text("next_at IS NOT NULL"),
            postgresql_where=text("next_at IS NOT NULL"),
        ),
        Index("ix_work_item_logged", "logged_by_id", "opened_at"),
        Index("ix_work_item_opened", "municipality_id", "opened_at"),
        Index("ix_work_item_requester", "requester_id", "opened_at"),
        Index("ix_work_item_mail", "municipality_id", "requester_email", "opened_at"),
        Index("ix_work_item_fault", "known_fault_id"),
        Index("ix_work_item_task", "municipality_id", "task_key"),
        Index(
            "ix_work_item_activity",
            "municipality_id",
            "activity_id",
            "planned_on",
            sqlite_where=text("activity_id IS NOT NULL"),
            postgresql_where=text("activity_id IS NOT NULL"),
        ),
        Index(
            "ix_work_item_known",
            "municipality_id",
            "opened_at",
            sqlite_where=text("is_known_fault = 1"),
            postgresql_where=text("is_known_fault"),
        ),
    )

    id: Mapped[ItemId] = mapped_column(primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    kind: Mapped[ItemKind] = mapped_column(Word(ItemKind, 10), default=ItemKind.TICKET)
    number: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer)
    title: Mapped[str] = mapped_column(String(200))
    unit_id: Mapped[UnitId] = mapped_column(ForeignKey("unit.id"))
    unit_path: Mapped[str] = mapped_column(PathString)
    sector: Mapped[Sector | None] = mapped_column(Word(Sector, 20))
    category: Mapped[str] = mapped_column(String(40))
    lane: Mapped[Lane] = mapped_column(Word(Lane, 20))
    priority: Mapped[Priority] = mapped_column(Word(Priority, 2))
    channel: Mapped[Channel] = mapped_column(Word(Channel, 10))
    state: Mapped[State] = mapped_column(Word(State, 20))
    is_open: Mapped[bool] = mapped_column(Boolean)
    step: Mapped[str] = mapped_column(String(40))
    rung: Mapped[Rung] = mapped_column(Word(Rung, 20))
    queue_unit_id: Mapped[UnitId] = mapped_column(ForeignKey("unit.id"))
    queue_path: Mapped[str] = mapped_column(PathString)
    holder_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))

    requester_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    requester_role: Mapped[RequesterRole] = mapped_column(Word(RequesterRole, 20))
    requester_name: Mapped[str | None] = mapped_column(String(120))
    requester_email: Mapped[str | None] = mapped_column(String(254))
    sender_verified: Mapped[bool] = mapped_column(Boolean, default=True)
    logged_by_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    about_person_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    language: Mapped[str] = mapped_column(String(5), default="da")
    #: Message-IDs of the mails to and from the requester, oldest first, apart by spaces: the thread.
    thread_ids: Mapped[str | None] = mapped_column(Text)

    confidential: Mapped[bool] = mapped_column(Boolean, default=False)
    without_cover: Mapped[bool] = mapped_column(Boolean, default=False)
    reached_servicedesk: Mapped[bool] = mapped_column(Boolean, default=False)
    bounces: Mapped[int] = mapped_column(Integer, default=0)
    is_known_fault: Mapped[bool] = mapped_column(Boolean, default=False)
    known_fault_id: Mapped[ItemId | None] = mapped_column(ForeignKey("work_item.id"))
    #: A task that closes a gap says which, so that the same gap never makes two.
    task_key: Mapped[str | None] = mapped_column(String(120))
    #: A task of the rollout plan: its activity (whose table stands above this room) and the day that the
    #: activity is to be finished, as it was when the task was made or last moved.
    activity_id: Mapped[int | None] = mapped_column(BigKey)
    planned_on: Mapped[date | None] = mapped_column(Date)

    # R9: what a hand-over up the ladder must carry.
    tried: Mapped[str | None] = mapped_column(Text)
    affected: Mapped[Affected | None] = mapped_column(Word(Affected, 20))
    since: Mapped[str | None] = mapped_column(String(120))
    error_text: Mapped[str | None] = mapped_column(Text)

    vendor: Mapped[str | None] = mapped_column(String(40))
    vendor_ref: Mapped[str | None] = mapped_column(String(120))

    opened_at: Mapped[datetime]
    rung_entered_at: Mapped[datetime]
    state_changed_at: Mapped[datetime]
    solved_at: Mapped[datetime | None]
    solved_rung: Mapped[Rung | None] = mapped_column(Word(Rung, 20))
    closed_at: Mapped[datetime | None]
    #: When something happens by itself: a waiting item wakes, a solved one closes. UTC.
    wake_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    warn_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]

    unit: Mapped[Unit] = relationship(foreign_keys=[unit_id], lazy="raise")
    queue_unit: Mapped[Unit] = relationship(foreign_keys=[queue_unit_id], lazy="raise")
    holder: Mapped[Person | None] = relationship(foreign_keys=[holder_id], lazy="raise")
    logged_by: Mapped[Person | None] = relationship(foreign_keys=[logged_by_id], lazy="raise")
    requester: Mapped[Person | None] = relationship(foreign_keys=[requester_id], lazy="raise")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own name


class Event(Base):
    """What happened, in the action's own transaction; never changed afterwards (R10).

    `data` holds from/to of what moved and, where clocks start, the targets that were in force, so that
    clocks can be computed from the events alone. `seq` counts 1, 2, 3 … within the item.
    """

    __tablename__ = "event"
    __table_args__ = (
        UniqueConstraint("item_id", "seq"),
        Index("ix_event_municipality_at", "municipality_id", "at"),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    item_id: Mapped[ItemId] = mapped_column(ForeignKey("work_item.id"))
    seq: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime]
    kind: Mapped[EventKind] = mapped_column(Word(EventKind, 30))
    actor_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    #: "person", "requester" or "system".
    actor_kind: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str | None] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)

    actor: Mapped[Person | None] = relationship(lazy="raise")
    item: Mapped[WorkItem] = relationship(lazy="raise")


class Message(Base):
    """Something written: by the requester, to the requester (public) or among colleagues (internal)."""

    __tablename__ = "message"
    __table_args__ = (Index("ix_message_item", "item_id", "at"),)

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    item_id: Mapped[ItemId] = mapped_column(ForeignKey("work_item.id"))
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id"), index=True)
    at: Mapped[datetime]
    author_id: Mapped[PersonId | None] = mapped_column(ForeignKey("person.id"))
    author_kind: Mapped[str] = mapped_column(String(10))
    is_public: Mapped[bool] = mapped_column(Boolean)
    body: Mapped[str] = mapped_column(Text)
    #: The quoted history and signature that was folded away from `body`.
    folded: Mapped[str | None] = mapped_column(Text)
    #: The mail that it came in (a row of `inbound_mail`, which is a room above); None for all else.
    mail_id: Mapped[int | None] = mapped_column(BigKey)

    author: Mapped[Person | None] = relationship(lazy="raise")
    item: Mapped[WorkItem] = relationship(lazy="raise")
    event: Mapped[Event] = relationship(lazy="raise")


class Attachment(Base):
    """A file, stored once by its content (`sha256`) outside the web root."""

    __tablename__ = "attachment"
    __table_args__ = (
        Index("ix_attachment_item", "item_id"),
        Index(
            "ix_attachment_scan",
            "scan_at",
            sqlite_where=text("scan_at IS NOT NULL"),
            postgresql_where=text("scan_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    item_id: Mapped[ItemId] = mapped_column(ForeignKey("work_item.id"))
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[str] = mapped_column(String(64))
    #: What the virus scanner says of it; what is not OFF or CLEAN can't be opened.
    scan: Mapped[Scan] = mapped_column(Word(Scan, 10), default=Scan.OFF)
    #: The name of what was found, or why it could not be scanned.
    scan_note: Mapped[str | None] = mapped_column(String(200))
    scan_tries: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    #: When it is to be scanned next; null when that is over.
    scan_at: Mapped[datetime | None]

    item: Mapped[WorkItem] = relationship(lazy="raise")
    message: Mapped[Message] = relationship(lazy="raise")


class Watcher(Base):
    """A person who follows an item without holding it: helpers, those who sent it on."""

    __tablename__ = "watcher"
    __table_args__ = (Index("ix_watcher_person", "person_id", "item_id"),)

    item_id: Mapped[ItemId] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    person_id: Mapped[PersonId] = mapped_column(ForeignKey("person.id"), primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))


class ItemLink(Base):
    """Two items that have to do with each other: `item_id` came as an answer to `other_id`, which it could not
    join. `why` is a word of `Apart`."""

    __tablename__ = "item_link"
    __table_args__ = (Index("ix_item_link_other", "other_id"),)

    item_id: Mapped[ItemId] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    other_id: Mapped[ItemId] = mapped_column(ForeignKey("work_item.id"), primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    why: Mapped[Apart] = mapped_column(Word(Apart, 20))


class Clock(Base):
    """One clock of an item, as `clocks.derive` computes it from the events; a cache but for the verdict.

    `visit` counts the item's stays at a rung (0 for the end-to-end clock). Seconds are business seconds
    of `calendar`. `warned_at`/`breached_at` say when the sweep fired.
    """

    __tablename__ = "clock"
    __table_args__ = (
        UniqueConstraint("item_id", "kind", "visit"),
        Index(
            "ix_clock_breached",
            "municipality_id",
            "breached_at",
            sqlite_where=text("breached_at IS NOT NULL"),
            postgresql_where=text("breached_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    item_id: Mapped[ItemId] = mapped_column(ForeignKey("work_item.id"))
    kind: Mapped[ClockKind] = mapped_column(Word(ClockKind, 20))
    visit: Mapped[int] = mapped_column(Integer)
    rung: Mapped[Rung | None] = mapped_column(Word(Rung, 20))
    calendar: Mapped[str] = mapped_column(String(120))
    target_seconds: Mapped[int] = mapped_column(Integer)
    used_seconds: Mapped[int] = mapped_column(Integer)
    state: Mapped[ClockState] = mapped_column(Word(ClockState, 10))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    warn_at: Mapped[datetime | None]
    warned_at: Mapped[datetime | None]
    breached_at: Mapped[datetime | None]

    item: Mapped[WorkItem] = relationship(lazy="raise")


class OutboxMessage(Base):
    """A mail to be sent, written in the action's own transaction. `unique_key` (event and recipient) lets
    it be written, and so sent, only once."""

    __tablename__ = "outbox_message"
    __table_args__ = (
        UniqueConstraint("municipality_id", "unique_key"),
        Index(
            "ix_outbox_message_due",
            "next_try_at",
            sqlite_where=text("sent_at IS NULL AND next_try_at IS NOT NULL"),
            postgresql_where=text("sent_at IS NULL AND next_try_at IS NOT NULL"),
        ),
        Index("ix_outbox_message_mail_id", "municipality_id", "mail_message_id"),
        Index("ix_outbox_message_item", "item_id"),
        Index(
            "ix_outbox_message_digest",
            "digest_id",
            sqlite_where=text("digest_id IS NOT NULL"),
            postgresql_where=text("digest_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigKey, primary_key=True)
    municipality_id: Mapped[MunicipalityId] = mapped_column(ForeignKey("municipality.id"))
    item_id: Mapped[ItemId | None] = mapped_column(ForeignKey("work_item.id"))
    event_id: Mapped[int | None] = mapped_column(ForeignKey("event.id"))
    unique_key: Mapped[str] = mapped_column(String(200))
    #: "receipt", "answer", "question", "notice" … decides the wording and the headers.
    purpose: Mapped[str] = mapped_column(String(20))
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(250))
    body: Mapped[str] = mapped_column(Text)
    mail_message_id: Mapped[str] = mapped_column(String(250))
    in_reply_to: Mapped[str | None] = mapped_column(Text)
    references: Mapped[str | None] = mapped_column(Text)
    #: What goes along beside the words, such as an invitation: [{"media_type", "method", "name", "text"}].
    parts: Mapped[list[dict[str, str]] | None] = mapped_column(Json)
    created_at: Mapped[datetime]
    #: A notice waits for its receiver's working hours; null: it could go at once.
    not_before: Mapped[datetime | None]
    #: P1 and lane `brud`: goes night and day, also while a backlog is worked off.
    urgent: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    #: The mail that this notice was folded into; then it is never sent itself.
    digest_id: Mapped[int | None] = mapped_column(ForeignKey("outbox_message.id"))
    #: Null once it is sent, folded or given up.
    next_try_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(Text)

    item: Mapped[WorkItem | None] = relationship(lazy="raise")
    event: Mapped[Event | None] = relationship(lazy="raise")
