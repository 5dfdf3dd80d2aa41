"""The first tables: the organisation, work items with all that hangs on them, and mail.

It creates tables only, so it takes no time however much data there will be. A trigger keeps `event`
append-only (R10): no UPDATE, no DELETE, whoever asks.
"""

# Long because it is the whole first schema: one function a table, in the order in which they refer.

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from ticketing.database import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
PATH = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    """Create everything."""
    _create_municipality()
    _create_person()
    _create_unit()
    _create_absence()
    _create_post()
    _create_work_item()
    _create_clock()
    _create_event()
    _create_inbound_mail()
    _create_watcher()
    _create_message()
    _create_outbox_message()
    _create_attachment()
    if op.get_bind().dialect.name == "sqlite":
        _guard_events_on_sqlite()
    else:
        _guard_events_on_postgresql()


def downgrade() -> None:
    """Drop everything: all data is lost."""
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP TRIGGER event_is_append_only ON event")
        op.execute("DROP FUNCTION event_is_append_only()")
    for table in (
        "attachment",
        "outbox_message",
        "message",
        "watcher",
        "inbound_mail",
        "event",
        "clock",
        "work_item",
        "post",
        "absence",
        "unit",
        "person",
        "municipality",
    ):
        op.drop_table(table)


def _guard_events_on_sqlite() -> None:
    for verb in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER event_no_{verb.lower()} BEFORE {verb} ON event "
            "BEGIN SELECT RAISE(ABORT, 'an event is never changed'); END"
        )


def _guard_events_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'an event is never changed'; END $$"
    )
    op.execute(
        "CREATE TRIGGER event_is_append_only BEFORE UPDATE OR DELETE ON event "
        "FOR EACH ROW EXECUTE FUNCTION event_is_append_only()"
    )


def _create_municipality() -> None:
    op.create_table(
        "municipality",
        sa.Column("id", KEY, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("ladder", sa.String(length=40), nullable=False),
        sa.Column("mail_domain", sa.String(length=120), nullable=False),
        sa.Column("next_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_municipality")),
        sa.UniqueConstraint("key", name=op.f("uq_municipality_key")),
    )


def _create_person() -> None:
    op.create_table(
        "person",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_person_municipality_id_municipality")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("municipality_id", "email", name=op.f("uq_person_municipality_id_email")),
        sa.UniqueConstraint("municipality_id", "key", name=op.f("uq_person_municipality_id_key")),
    )
    op.create_index(op.f("ix_person_email"), "person", ["email"], unique=False)


def _create_unit() -> None:
    op.create_table(
        "unit",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("parent_id", KEY, nullable=True),
        sa.Column("path", PATH, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sector", sa.String(length=20), nullable=True),
        sa.Column("key", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("mail_key", sa.String(length=60), nullable=True),
        sa.Column("phone", sa.String(length=40), nullable=True),
        sa.Column("calendar", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_unit_municipality_id_municipality")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["unit.id"], name=op.f("fk_unit_parent_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("municipality_id", "key", name=op.f("uq_unit_municipality_id_key")),
    )
    op.create_index(op.f("ix_unit_mail"), "unit", ["municipality_id", "mail_key"], unique=False)
    op.create_index(op.f("ix_unit_parent_id"), "unit", ["parent_id"], unique=False)
    op.create_index(op.f("ix_unit_path"), "unit", ["municipality_id", "path"], unique=False)


def _create_absence() -> None:
    op.create_table(
        "absence",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("deputy_id", KEY, nullable=True),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("rerouted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["deputy_id"], ["person.id"], name=op.f("fk_absence_deputy_id_person")),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_absence_municipality_id_municipality")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_absence_person_id_person")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_deputy"), "absence", ["deputy_id", "ends_at"], unique=False)
    op.create_index(op.f("ix_absence_municipality"), "absence", ["municipality_id", "ends_at"], unique=False)
    op.create_index(op.f("ix_absence_person"), "absence", ["person_id", "ends_at"], unique=False)


def _create_post() -> None:
    op.create_table(
        "post",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("unit_id", KEY, nullable=False),
        sa.Column("role", sa.String(length=30), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("trained_on", sa.Date(), nullable=True),
        sa.Column("tentative", sa.Boolean(), nullable=False),
        sa.Column("rerouted_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_post_municipality_id_municipality")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_post_person_id_person")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_post_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_post")),
        sa.UniqueConstraint(
            "municipality_id",
            "person_id",
            "role",
            "unit_id",
            "valid_from",
            name=op.f("uq_post_municipality_id_person_id_role_unit_id_valid_from"),
        ),
    )
    op.create_index(
        op.f("ix_post_ending"),
        "post",
        ["valid_to"],
        unique=False,
        sqlite_where=sa.text("valid_to IS NOT NULL AND rerouted_at IS NULL"),
        postgresql_where=sa.text("valid_to IS NOT NULL AND rerouted_at IS NULL"),
    )
    op.create_index(op.f("ix_post_person"), "post", ["person_id"], unique=False)
    op.create_index(op.f("ix_post_role"), "post", ["municipality_id", "role"], unique=False)
    op.create_index(op.f("ix_post_unit_role"), "post", ["municipality_id", "unit_id", "role"], unique=False)


def _create_work_item() -> None:
    op.create_table(
        "work_item",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("unit_id", KEY, nullable=False),
        sa.Column("unit_path", PATH, nullable=False),
        sa.Column("sector", sa.String(length=20), nullable=True),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("lane", sa.String(length=20), nullable=False),
        sa.Column("priority", sa.String(length=2), nullable=False),
        sa.Column("channel", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("step", sa.String(length=40), nullable=False),
        sa.Column("rung", sa.String(length=20), nullable=False),
        sa.Column("queue_unit_id", KEY, nullable=False),
        sa.Column("queue_path", PATH, nullable=False),
        sa.Column("holder_id", KEY, nullable=True),
        sa.Column("requester_id", KEY, nullable=True),
        sa.Column("requester_role", sa.String(length=20), nullable=False),
        sa.Column("requester_name", sa.String(length=120), nullable=True),
        sa.Column("requester_email", sa.String(length=254), nullable=True),
        sa.Column("sender_verified", sa.Boolean(), nullable=False),
        sa.Column("logged_by_id", KEY, nullable=True),
        sa.Column("about_person_id", KEY, nullable=True),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("thread_ids", sa.Text(), nullable=True),
        sa.Column("confidential", sa.Boolean(), nullable=False),
        sa.Column("without_cover", sa.Boolean(), nullable=False),
        sa.Column("reached_servicedesk", sa.Boolean(), nullable=False),
        sa.Column("bounces", sa.Integer(), nullable=False),
        sa.Column("is_known_fault", sa.Boolean(), nullable=False),
        sa.Column("known_fault_id", KEY, nullable=True),
        sa.Column("task_key", sa.String(length=120), nullable=True),
        sa.Column("tried", sa.Text(), nullable=True),
        sa.Column("affected", sa.String(length=20), nullable=True),
        sa.Column("since", sa.String(length=120), nullable=True),
        sa.Column("error_text", sa.Text(), nullable=True),
        sa.Column("vendor", sa.String(length=40), nullable=True),
        sa.Column("vendor_ref", sa.String(length=120), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.Column("rung_entered_at", UtcDateTime(), nullable=False),
        sa.Column("state_changed_at", UtcDateTime(), nullable=False),
        sa.Column("solved_at", UtcDateTime(), nullable=True),
        sa.Column("solved_rung", sa.String(length=20), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("wake_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("warn_at", UtcDateTime(), nullable=True),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["about_person_id"], ["person.id"], name=op.f("fk_work_item_about_person_id_person")
        ),
        sa.ForeignKeyConstraint(["holder_id"], ["person.id"], name=op.f("fk_work_item_holder_id_person")),
        sa.ForeignKeyConstraint(
            ["known_fault_id"], ["work_item.id"], name=op.f("fk_work_item_known_fault_id_work_item")
        ),
        sa.ForeignKeyConstraint(["logged_by_id"], ["person.id"], name=op.f("fk_work_item_logged_by_id_person")),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_work_item_municipality_id_municipality")
        ),
        sa.ForeignKeyConstraint(["queue_unit_id"], ["unit.id"], name=op.f("fk_work_item_queue_unit_id_unit")),
        sa.ForeignKeyConstraint(["requester_id"], ["person.id"], name=op.f("fk_work_item_requester_id_person")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_work_item_unit_id_unit")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_item")),
        sa.UniqueConstraint("municipality_id", "number", name=op.f("uq_work_item_municipality_id_number")),
    )
    op.create_index(op.f("ix_work_item_fault"), "work_item", ["known_fault_id"], unique=False)
    op.create_index(
        op.f("ix_work_item_holder"),
        "work_item",
        ["holder_id", "due_at"],
        unique=False,
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_index(
        op.f("ix_work_item_known"),
        "work_item",
        ["municipality_id", "opened_at"],
        unique=False,
        sqlite_where=sa.text("is_known_fault = 1"),
        postgresql_where=sa.text("is_known_fault"),
    )
    op.create_index(op.f("ix_work_item_logged"), "work_item", ["logged_by_id", "opened_at"], unique=False)
    op.create_index(
        op.f("ix_work_item_mail"),
        "work_item",
        ["municipality_id", "requester_email", "opened_at"],
        unique=False,
    )
    op.create_index(
        op.f("ix_work_item_next"),
        "work_item",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_work_item_queue"),
        "work_item",
        ["municipality_id", "queue_unit_id", "step", "due_at"],
        unique=False,
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_index(op.f("ix_work_item_requester"), "work_item", ["requester_id", "opened_at"], unique=False)
    op.create_index(
        op.f("ix_work_item_step"),
        "work_item",
        ["municipality_id", "step", "due_at"],
        unique=False,
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open"),
    )
    op.create_index(op.f("ix_work_item_task"), "work_item", ["municipality_id", "task_key"], unique=False)
    op.create_index(
        op.f("ix_work_item_unit"),
        "work_item",
        ["municipality_id", "unit_path", "due_at"],
        unique=False,
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open"),
    )


def _create_clock() -> None:
    op.create_table(
        "clock",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("rung", sa.String(length=20), nullable=True),
        sa.Column("calendar", sa.String(length=40), nullable=False),
        sa.Column("target_seconds", sa.Integer(), nullable=False),
        sa.Column("used_seconds", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("due_at", UtcDateTime(), nullable=True),
        sa.Column("warn_at", UtcDateTime(), nullable=True),
        sa.Column("warned_at", UtcDateTime(), nullable=True),
        sa.Column("breached_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_clock_item_id_work_item")),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_clock_municipality_id_municipality")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
        sa.UniqueConstraint("item_id", "kind", "visit", name=op.f("uq_clock_item_id_kind_visit")),
    )


def _create_event() -> None:
    op.create_table(
        "event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("actor_id", KEY, nullable=True),
        sa.Column("actor_kind", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("data", JSON, nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["person.id"], name=op.f("fk_event_actor_id_person")),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_event_item_id_work_item")),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_event_municipality_id_municipality")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
        sa.UniqueConstraint("item_id", "seq", name=op.f("uq_event_item_id_seq")),
    )
    op.create_index(op.f("ix_event_municipality_at"), "event", ["municipality_id", "at"], unique=False)


def _create_inbound_mail() -> None:
    op.create_table(
        "inbound_mail",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("identity", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=250), nullable=True),
        sa.Column("sender", sa.String(length=254), nullable=True),
        sa.Column("subject", sa.String(length=250), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("item_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_inbound_mail_item_id_work_item")),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_inbound_mail_municipality_id_municipality")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_mail")),
        sa.UniqueConstraint(
            "municipality_id", "identity", name=op.f("uq_inbound_mail_municipality_id_identity")
        ),
    )
    op.create_index(op.f("ix_inbound_mail_item"), "inbound_mail", ["item_id", "received_at"], unique=False)
    op.create_index(
        op.f("ix_inbound_mail_message_id"), "inbound_mail", ["municipality_id", "message_id"], unique=False
    )
    op.create_index(
        op.f("ix_inbound_mail_outcome"),
        "inbound_mail",
        ["municipality_id", "outcome", "received_at"],
        unique=False,
    )


def _create_watcher() -> None:
    op.create_table(
        "watcher",
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_watcher_item_id_work_item")),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_watcher_municipality_id_municipality")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_watcher_person_id_person")),
        sa.PrimaryKeyConstraint("item_id", "person_id", name=op.f("pk_watcher")),
    )
    op.create_index(op.f("ix_watcher_person"), "watcher", ["person_id", "item_id"], unique=False)


def _create_message() -> None:
    op.create_table(
        "message",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("event_id", KEY, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("author_id", KEY, nullable=True),
        sa.Column("author_kind", sa.String(length=10), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["person.id"], name=op.f("fk_message_author_id_person")),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_message_event_id_event")),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_message_item_id_work_item")),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_message_municipality_id_municipality")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index(op.f("ix_message_event_id"), "message", ["event_id"], unique=False)
    op.create_index(op.f("ix_message_item"), "message", ["item_id", "at"], unique=False)


def _create_outbox_message() -> None:
    op.create_table(
        "outbox_message",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=True),
        sa.Column("event_id", KEY, nullable=True),
        sa.Column("unique_key", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.String(length=20), nullable=False),
        sa.Column("recipient", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=250), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("mail_message_id", sa.String(length=250), nullable=False),
        sa.Column("in_reply_to", sa.Text(), nullable=True),
        sa.Column("references", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["event_id"], ["event.id"], name=op.f("fk_outbox_message_event_id_event")),
        sa.ForeignKeyConstraint(
            ["item_id"], ["work_item.id"], name=op.f("fk_outbox_message_item_id_work_item")
        ),
        sa.ForeignKeyConstraint(
            ["municipality_id"],
            ["municipality.id"],
            name=op.f("fk_outbox_message_municipality_id_municipality"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_message")),
        sa.UniqueConstraint(
            "municipality_id", "unique_key", name=op.f("uq_outbox_message_municipality_id_unique_key")
        ),
    )
    op.create_index(
        op.f("ix_outbox_message_due"),
        "outbox_message",
        ["next_try_at"],
        unique=False,
        sqlite_where=sa.text("sent_at IS NULL AND next_try_at IS NOT NULL"),
        postgresql_where=sa.text("sent_at IS NULL AND next_try_at IS NOT NULL"),
    )
    op.create_index(op.f("ix_outbox_message_item"), "outbox_message", ["item_id"], unique=False)
    op.create_index(
        op.f("ix_outbox_message_mail_id"),
        "outbox_message",
        ["municipality_id", "mail_message_id"],
        unique=False,
    )


def _create_attachment() -> None:
    op.create_table(
        "attachment",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("message_id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name=op.f("fk_attachment_item_id_work_item")),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_attachment_message_id_message")),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name=op.f("fk_attachment_municipality_id_municipality")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
    )
    op.create_index(op.f("ix_attachment_item"), "attachment", ["item_id"], unique=False)
    op.create_index(op.f("ix_attachment_message_id"), "attachment", ["message_id"], unique=False)
