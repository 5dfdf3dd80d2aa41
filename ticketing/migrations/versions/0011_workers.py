"""Every worker's sign of life stands in the database, and whose turn a job is.

Two new, small tables; no row of another is touched, however many there are.
"""

import sqlalchemy as sa
from alembic import op

from ticketing.database import UtcDateTime

revision = "0011"
down_revision = "0020"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "worker_process",
        sa.Column("id", KEY, nullable=False),
        sa.Column("host", sa.String(length=120), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("skew_seconds", sa.Float(), nullable=False),
        sa.Column("jobs", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_worker_process"),
        sa.UniqueConstraint("host", "pid", name="uq_worker_process_host_pid"),
    )
    op.create_table(
        "job_turn",
        sa.Column("job", sa.String(length=60), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("job", name="pk_job_turn"),
    )


def downgrade() -> None:
    op.drop_table("job_turn")
    op.drop_table("worker_process")
