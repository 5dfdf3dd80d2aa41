"""Questions that several institutions ask, and an index to look at the newest items.

On a million rows: two new tables; the index on work_item is built in some seconds, and on PostgreSQL writers
wait for it.
"""

import sqlalchemy as sa
from alembic import op

from ticketing.database import UtcDateTime

revision = "0090"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "known_question",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("found_at", UtcDateTime(), nullable=False),
        sa.Column("last_asked_at", UtcDateTime(), nullable=False),
        sa.Column("institutions", sa.Integer(), nullable=False),
        sa.Column("questions", sa.Integer(), nullable=False),
        sa.Column("card_title", sa.String(length=80), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("decided_by_id", KEY, nullable=True),
        sa.Column("reason", sa.String(length=500), nullable=True),
        sa.Column("answers_all", sa.Boolean(), nullable=False),
        sa.Column("activity_id", KEY, nullable=True),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name="fk_known_question_municipality_id_municipality"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["person.id"], name="fk_known_question_decided_by_id_person"
        ),
        sa.ForeignKeyConstraint(
            ["activity_id"], ["plan_activity.id"], name="fk_known_question_activity_id_plan_activity"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_known_question"),
    )
    op.create_index("ix_known_question_state", "known_question", ["municipality_id", "state", "last_asked_at"])
    op.create_index(
        "ix_known_question_answering",
        "known_question",
        ["id"],
        sqlite_where=sa.text("answers_all = 1"),
        postgresql_where=sa.text("answers_all"),
    )
    op.create_table(
        "known_question_item",
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("question_id", KEY, nullable=False),
        sa.Column("handled_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name="fk_known_question_item_item_id_work_item"),
        sa.ForeignKeyConstraint(
            ["question_id"], ["known_question.id"], name="fk_known_question_item_question_id_known_question"
        ),
        sa.PrimaryKeyConstraint("item_id", name="pk_known_question_item"),
    )
    op.create_index("ix_known_question_item_question", "known_question_item", ["question_id", "item_id"])
    op.create_index("ix_work_item_opened", "work_item", ["municipality_id", "opened_at"])


def downgrade() -> None:
    op.drop_index("ix_work_item_opened", "work_item")
    op.drop_table("known_question_item")
    op.drop_table("known_question")
