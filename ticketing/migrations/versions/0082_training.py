"""Courses, who takes part in them, and decisions to go live.

On a million rows: three new tables; nothing that is there is touched.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from ticketing.database import UtcDateTime

revision = "0082"
down_revision = "0060"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "course_session",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("activity_id", KEY, nullable=False),
        sa.Column("unit_id", KEY, nullable=True),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("cancelled_at", UtcDateTime(), nullable=True),
        _to("course_session", "municipality_id", "municipality"),
        _to("course_session", "activity_id", "plan_activity"),
        _to("course_session", "unit_id", "unit"),
        sa.PrimaryKeyConstraint("id", name="pk_course_session"),
    )
    op.create_index("ix_course_session_activity", "course_session", ["activity_id", "starts_at"])
    op.create_table(
        "participation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("activity_id", KEY, nullable=False),
        sa.Column("session_id", KEY, nullable=False),
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("seat", sa.String(length=10), nullable=True),
        sa.Column("paid_by_id", KEY, nullable=True),
        sa.Column("trained_by_id", KEY, nullable=True),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("invited_at", UtcDateTime(), nullable=False),
        sa.Column("answered_at", UtcDateTime(), nullable=True),
        sa.Column("marked_at", UtcDateTime(), nullable=True),
        sa.Column("marked_by_id", KEY, nullable=True),
        _to("participation", "municipality_id", "municipality"),
        _to("participation", "activity_id", "plan_activity"),
        _to("participation", "session_id", "course_session"),
        _to("participation", "person_id", "person"),
        _to("participation", "paid_by_id", "unit"),
        _to("participation", "trained_by_id", "person"),
        _to("participation", "marked_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name="pk_participation"),
        sa.UniqueConstraint("activity_id", "person_id", name="uq_participation_activity_id_person_id"),
    )
    op.create_index("ix_participation_session", "participation", ["session_id", "status"])
    op.create_index("ix_participation_person", "participation", ["person_id", "status"])
    op.create_index("ix_participation_municipality", "participation", ["municipality_id", "activity_id"])
    op.create_table(
        "go_decision",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("unit_id", KEY, nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("go_live_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=False),
        sa.Column("decided_by_id", KEY, nullable=True),
        _to("go_decision", "municipality_id", "municipality"),
        _to("go_decision", "unit_id", "unit"),
        _to("go_decision", "decided_by_id", "person"),
        sa.PrimaryKeyConstraint("id", name="pk_go_decision"),
    )
    op.create_index("ix_go_decision_unit", "go_decision", ["unit_id", "decided_at"])


def downgrade() -> None:
    op.drop_table("go_decision")
    op.drop_table("participation")
    op.drop_table("course_session")


def _to(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")
