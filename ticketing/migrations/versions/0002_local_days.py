"""Closing days and openings of a municipality's own, unit by unit.

On a million rows: PostgreSQL widens `clock.calendar` in its catalogue alone; SQLite copies the clock table
once (some seconds). `unit` gets an empty column without being rewritten.
"""

import sqlalchemy as sa
from alembic import op

from ticketing.database import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "calendar_edit",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("unit_id", KEY, nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by_id", KEY, nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("again_at", UtcDateTime(), nullable=True),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("spread_after", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name="fk_calendar_edit_municipality_id_municipality"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_calendar_edit_unit_id_unit"),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name="fk_calendar_edit_made_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_edit"),
    )
    waiting = sa.text("again_at IS NOT NULL")
    op.create_index(
        "ix_calendar_edit_again",
        "calendar_edit",
        ["again_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.create_table(
        "calendar_days",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("unit_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("hours", sa.JSON(), nullable=False),
        sa.Column("added_in", KEY, nullable=False),
        sa.Column("removed_in", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name="fk_calendar_days_municipality_id_municipality"
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name="fk_calendar_days_unit_id_unit"),
        sa.ForeignKeyConstraint(
            ["added_in"], ["calendar_edit.id"], name="fk_calendar_days_added_in_calendar_edit"
        ),
        sa.ForeignKeyConstraint(
            ["removed_in"], ["calendar_edit.id"], name="fk_calendar_days_removed_in_calendar_edit"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_calendar_days"),
    )
    op.create_index("ix_calendar_days_unit", "calendar_days", ["unit_id", "first"])
    op.add_column("unit", sa.Column("calendar_revision", KEY, nullable=True))
    with op.batch_alter_table("clock") as clock:
        clock.alter_column(
            "calendar", type_=sa.String(120), existing_type=sa.String(40), existing_nullable=False
        )


def downgrade() -> None:
    with op.batch_alter_table("clock") as clock:
        clock.alter_column(
            "calendar", type_=sa.String(40), existing_type=sa.String(120), existing_nullable=False
        )
    with op.batch_alter_table("unit") as unit:
        unit.drop_column("calendar_revision")
    op.drop_table("calendar_days")
    op.drop_table("calendar_edit")
