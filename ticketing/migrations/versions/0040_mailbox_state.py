"""How far each mailbox has been read, and by whom.

On a million rows: nothing, the table is new and has a row a mailbox.
"""

import sqlalchemy as sa
from alembic import op

from ticketing.database import UtcDateTime

revision = "0040"
down_revision = "0012"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mailbox_state",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("place", sa.String(length=64), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=True),
        sa.Column("leased_by", sa.String(length=120), nullable=True),
        sa.Column("leased_until", UtcDateTime(), nullable=True),
        sa.Column("next_poll_at", UtcDateTime(), nullable=False),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("send_again_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name="fk_mailbox_state_municipality_id_municipality"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_mailbox_state"),
    )


def downgrade() -> None:
    op.drop_table("mailbox_state")
