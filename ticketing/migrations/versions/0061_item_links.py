"""Which items have to do with each other: a reply that could not join is linked to what it answers.

On a million rows: a new table, which takes no time; nothing that exists is touched.
"""

import sqlalchemy as sa
from alembic import op

revision = "0061"
down_revision = "0101"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "item_link",
        sa.Column("item_id", KEY, nullable=False),
        sa.Column("other_id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["item_id"], ["work_item.id"], name="fk_item_link_item_id_work_item"),
        sa.ForeignKeyConstraint(["other_id"], ["work_item.id"], name="fk_item_link_other_id_work_item"),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name="fk_item_link_municipality_id_municipality"
        ),
        sa.PrimaryKeyConstraint("item_id", "other_id", name="pk_item_link"),
    )
    op.create_index("ix_item_link_other", "item_link", ["other_id"])


def downgrade() -> None:
    op.drop_table("item_link")
