"""Editions of a municipality's calendars and targets.

On a million rows: a new, small table, and a column on the handful of municipalities; nothing is rewritten.
"""

import sqlalchemy as sa
from alembic import op

from ticketing.database import UtcDateTime

revision = "0020"
down_revision = "0081"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "clock_edition",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("calendars", sa.Text(), nullable=False),
        sa.Column("targets", sa.Text(), nullable=False),
        sa.Column("reach", sa.String(length=20), nullable=False),
        sa.Column("in_force_from", UtcDateTime(), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by_id", KEY, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("again_at", UtcDateTime(), nullable=True),
        sa.Column("passes", sa.Integer(), nullable=False),
        sa.Column("spread_after", KEY, nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name="fk_clock_edition_municipality_id_municipality"
        ),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name="fk_clock_edition_made_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_clock_edition"),
        sa.UniqueConstraint("municipality_id", "number", name="uq_clock_edition_municipality_id_number"),
    )
    waiting = sa.text("again_at IS NOT NULL")
    op.create_index(
        "ix_clock_edition_again",
        "clock_edition",
        ["again_at"],
        sqlite_where=waiting,
        postgresql_where=waiting,
    )
    op.add_column("municipality", sa.Column("clock_edition", KEY, nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("municipality") as municipality:
        municipality.drop_column("clock_edition")
    op.drop_table("clock_edition")
