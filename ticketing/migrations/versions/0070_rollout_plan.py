"""The rollout plan: activities, warnings, and what an import proposes.

On a million rows: four new tables; nothing that is there is touched.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from ticketing.database import UtcDateTime

revision = "0070"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "plan_activity",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("sector", sa.String(length=20), nullable=True),
        sa.Column("other_sectors", JSON, nullable=False),
        sa.Column("audience", sa.String(length=300), nullable=False),
        sa.Column("responsible", sa.String(length=30), nullable=True),
        sa.Column("trainers", JSON, nullable=False),
        sa.Column("per", sa.String(length=20), nullable=False),
        sa.Column("baseline_start", sa.Date(), nullable=True),
        sa.Column("baseline_end", sa.Date(), nullable=True),
        sa.Column("revised_start", sa.Date(), nullable=True),
        sa.Column("revised_end", sa.Date(), nullable=True),
        sa.Column("hours", sa.String(length=80), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("paid_seats", sa.Integer(), nullable=True),
        sa.Column("extra_seats", sa.Integer(), nullable=True),
        sa.Column("participants", sa.Integer(), nullable=True),
        sa.Column("same_people", JSON, nullable=False),
        sa.Column("topics", JSON, nullable=False),
        sa.Column("depends_on", JSON, nullable=False),
        sa.Column("section", sa.String(length=60), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("inferred_values", JSON, nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        _municipality("plan_activity"),
        sa.PrimaryKeyConstraint("id", name="pk_plan_activity"),
        sa.UniqueConstraint("municipality_id", "key", name="uq_plan_activity_municipality_id_key"),
    )
    op.create_table(
        "plan_warning",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("activity_id", KEY, nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=True),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("cleared_at", UtcDateTime(), nullable=True),
        sa.Column("cleared_by_id", KEY, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        _municipality("plan_warning"),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["plan_activity.id"], name="fk_plan_warning_activity_id_plan_activity"
        ),
        sa.ForeignKeyConstraint(["cleared_by_id"], ["person.id"], name="fk_plan_warning_cleared_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_plan_warning"),
    )
    op.create_index("ix_plan_warning_municipality", "plan_warning", ["municipality_id", "activity_id"])
    op.create_index("ix_plan_warning_activity", "plan_warning", ["activity_id"])
    op.create_table(
        "plan_import",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("made_by_id", KEY, nullable=True),
        sa.Column("quotas", JSON, nullable=False),
        sa.Column("warnings", JSON, nullable=False),
        _municipality("plan_import"),
        sa.ForeignKeyConstraint(["made_by_id"], ["person.id"], name="fk_plan_import_made_by_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_plan_import"),
        sa.UniqueConstraint("municipality_id", "sha256", name="uq_plan_import_municipality_id_sha256"),
    )
    op.create_table(
        "plan_proposal",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("import_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("row", JSON, nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("warnings", JSON, nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by_id", KEY, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("activity_id", KEY, nullable=True),
        _municipality("plan_proposal"),
        sa.ForeignKeyConstraint(
            ["import_id"], ["plan_import.id"], name="fk_plan_proposal_import_id_plan_import"
        ),
        sa.ForeignKeyConstraint(["decided_by_id"], ["person.id"], name="fk_plan_proposal_decided_by_id_person"),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["plan_activity.id"], name="fk_plan_proposal_activity_id_plan_activity"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_plan_proposal"),
    )
    op.create_index("ix_plan_proposal_import", "plan_proposal", ["import_id", "position"])
    op.create_index("ix_plan_proposal_municipality", "plan_proposal", ["municipality_id", "verdict"])


def downgrade() -> None:
    for table in ("plan_proposal", "plan_import", "plan_warning", "plan_activity"):
        op.drop_table(table)


def _municipality(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["municipality_id"], ["municipality.id"], name=f"fk_{table}_municipality_id_municipality"
    )
