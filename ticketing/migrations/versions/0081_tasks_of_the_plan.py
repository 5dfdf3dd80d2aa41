"""Tasks of the rollout plan: the activity and the day that a task follows, and a post's standing deputy.

On a million rows: empty columns are added without rewriting a table; the index reads work_item once and is
empty until the plan makes tasks.
"""

import sqlalchemy as sa
from alembic import op

revision = "0081"
down_revision = "0031"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("work_item", sa.Column("activity_id", KEY, nullable=True))
    op.add_column("work_item", sa.Column("planned_on", sa.Date(), nullable=True))
    op.add_column("post", sa.Column("deputy_id", KEY, nullable=True))
    planned = sa.text("activity_id IS NOT NULL")
    op.create_index(
        "ix_work_item_activity",
        "work_item",
        ["municipality_id", "activity_id", "planned_on"],
        sqlite_where=planned,
        postgresql_where=planned,
    )


def downgrade() -> None:
    op.drop_index("ix_work_item_activity", table_name="work_item")
    op.drop_column("post", "deputy_id")
    op.drop_column("work_item", "planned_on")
    op.drop_column("work_item", "activity_id")
