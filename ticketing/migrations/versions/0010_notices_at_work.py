"""Notices wait for their receiver's working hours, and many at once become one digest.

On a million rows: both engines add the columns without rewriting the table on PostgreSQL; SQLite copies
`outbox_message` once (some seconds). The index on `digest_id` is partial and empty at first.
"""

import sqlalchemy as sa
from alembic import op

from ticketing.database import UtcDateTime

revision = "0010"
down_revision = "0030"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    with op.batch_alter_table("outbox_message") as outbox:
        outbox.add_column(sa.Column("not_before", UtcDateTime(), nullable=True))
        outbox.add_column(sa.Column("urgent", sa.Boolean(), nullable=False, server_default=sa.false()))
        outbox.add_column(sa.Column("digest_id", KEY, nullable=True))
        outbox.create_foreign_key(
            "fk_outbox_message_digest_id_outbox_message", "outbox_message", ["digest_id"], ["id"]
        )
    folded = sa.text("digest_id IS NOT NULL")
    op.create_index(
        "ix_outbox_message_digest",
        "outbox_message",
        ["digest_id"],
        sqlite_where=folded,
        postgresql_where=folded,
    )


def downgrade() -> None:
    op.drop_index("ix_outbox_message_digest", table_name="outbox_message")
    with op.batch_alter_table("outbox_message") as outbox:
        outbox.drop_constraint("fk_outbox_message_digest_id_outbox_message", type_="foreignkey")
        outbox.drop_column("digest_id")
        outbox.drop_column("urgent")
        outbox.drop_column("not_before")
