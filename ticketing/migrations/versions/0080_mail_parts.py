"""What goes along with a mail beside its words: invitations to courses.

On a million rows: an empty column is added without rewriting the table, on both engines.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0080"
down_revision = "0070"
branch_labels = None
depends_on = None


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("outbox_message", sa.Column("parts", json, nullable=True))


def downgrade() -> None:
    op.drop_column("outbox_message", "parts")
