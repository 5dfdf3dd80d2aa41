"""The leaders' daily digest: what it has told of, and an index of the breaches by time.

On a million clock rows: the index is partial (breached clocks only) and takes a second or two to build; the
new table has a row a leader.
"""

import sqlalchemy as sa
from alembic import op

from ticketing.database import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "leader_digest",
        sa.Column("person_id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("told_until", UtcDateTime(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_leader_digest_person_id_person"),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name="fk_leader_digest_municipality_id_municipality"
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_leader_digest"),
    )
    op.create_index("ix_leader_digest_next", "leader_digest", ["next_at"])
    breached = sa.text("breached_at IS NOT NULL")
    op.create_index(
        "ix_clock_breached",
        "clock",
        ["municipality_id", "breached_at"],
        sqlite_where=breached,
        postgresql_where=breached,
    )


def downgrade() -> None:
    op.drop_index("ix_clock_breached", table_name="clock")
    op.drop_table("leader_digest")
