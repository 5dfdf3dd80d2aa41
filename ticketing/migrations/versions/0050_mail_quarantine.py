"""Which mail a message came in, what an administrator decided about a mail, and the virus scan of files.

On a million rows: columns without a value of their own, which both databases add in their catalogue alone;
the new index holds only files that wait for a scan. `message.mail_id` has no foreign key, so that SQLite need
not copy the table.
"""

import sqlalchemy as sa
from alembic import op

from ticketing.database import UtcDateTime

revision = "0050"
down_revision = "0082"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mail_decision",
        sa.Column("id", KEY, nullable=False),
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("mail_id", KEY, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("person_id", KEY, nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["municipality_id"], ["municipality.id"], name="fk_mail_decision_municipality_id_municipality"
        ),
        sa.ForeignKeyConstraint(["mail_id"], ["inbound_mail.id"], name="fk_mail_decision_mail_id_inbound_mail"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_mail_decision_person_id_person"),
        sa.PrimaryKeyConstraint("id", name="pk_mail_decision"),
    )
    op.create_index("ix_mail_decision_mail", "mail_decision", ["mail_id", "id"])
    op.add_column("message", sa.Column("mail_id", KEY, nullable=True))
    op.add_column("attachment", sa.Column("scan", sa.String(length=10), nullable=False, server_default="off"))
    op.add_column("attachment", sa.Column("scan_note", sa.String(length=200), nullable=True))
    op.add_column("attachment", sa.Column("scan_tries", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("attachment", sa.Column("scan_at", UtcDateTime(), nullable=True))
    waiting = sa.text("scan_at IS NOT NULL")
    op.create_index(
        "ix_attachment_scan", "attachment", ["scan_at"], sqlite_where=waiting, postgresql_where=waiting
    )


def downgrade() -> None:
    op.drop_index("ix_attachment_scan", table_name="attachment")
    for name in ("scan_at", "scan_tries", "scan_note", "scan"):
        op.drop_column("attachment", name)
    op.drop_column("message", "mail_id")
    op.drop_table("mail_decision")
