"""When a unit goes live, and whether its items are in hypercare.

On a million tickets: nothing happens to them. `unit` gets two columns (a constant default, so that neither
engine rewrites the table) and a partial index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0080"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("unit", sa.Column("go_live_on", sa.Date(), nullable=True))
    op.add_column("unit", sa.Column("in_hypercare", sa.Boolean(), nullable=False, server_default=sa.false()))
    known = sa.text("go_live_on IS NOT NULL")
    op.create_index("ix_unit_go_live", "unit", ["go_live_on"], sqlite_where=known, postgresql_where=known)


def downgrade() -> None:
    op.drop_index("ix_unit_go_live", "unit")
    with op.batch_alter_table("unit") as unit:
        unit.drop_column("in_hypercare")
        unit.drop_column("go_live_on")
