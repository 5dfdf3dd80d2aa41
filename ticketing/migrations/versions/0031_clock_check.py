"""What the nightly check of the clocks found.

On a million tickets: nothing happens to them; a new table gets one row a municipality and night.
"""

import sqlalchemy as sa
from alembic import op

from ticketing.database import UtcDateTime

revision = "0031"
down_revision = "0090"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "clock_check",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("night", sa.Date(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("looked_at", sa.Integer(), nullable=False),
        sa.Column("differences", sa.Integer(), nullable=False),
        sa.Column("broken", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name="fk_clock_check_municipality_id_municipality"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_clock_check"),
        sa.UniqueConstraint("municipality_id", "night", name="uq_clock_check_municipality_id_night"),
    )


def downgrade() -> None:
    op.drop_table("clock_check")
