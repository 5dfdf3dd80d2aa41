"""A token a municipality that changes with its organisation, so that what was read of it can be kept in memory.

Triggers of the database see to it, so no way of writing a unit, a person, a post or an absence can forget it.
A migration that lets SQLite copy one of those four tables (`batch_alter_table`) takes the triggers with it and
must make them again; a test of the migrations asks for them.

It writes one row a municipality and no other, so it takes no time on a million tickets.
"""

import sqlalchemy as sa
from alembic import op

revision = "0060"
down_revision = "0040"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("unit", "person", "post", "absence")
#: What happens to a row, and the name under which the trigger sees it.
CHANGES = {"INSERT": "NEW", "UPDATE": "NEW", "DELETE": "OLD"}


def upgrade() -> None:
    op.create_table(
        "organisation_version",
        sa.Column("municipality_id", KEY, nullable=False),
        sa.Column("token", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_id"],
            ["municipality.id"],
            name="fk_organisation_version_municipality_id_municipality",
        ),
        sa.PrimaryKeyConstraint("municipality_id", name="pk_organisation_version"),
    )
    if op.get_bind().dialect.name == "sqlite":
        _on_sqlite()
    else:
        _on_postgresql()


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in TABLES:
            for change in CHANGES:
                op.execute(f"DROP TRIGGER {table}_{change.lower()}_is_new_organisation")
        op.execute("DROP TRIGGER municipality_has_organisation")
    else:
        for table in TABLES:
            for change in CHANGES:
                op.execute(f"DROP TRIGGER {table}_{change.lower()}_is_new_organisation ON {table}")
        op.execute("DROP FUNCTION organisation_is_new()")
        op.execute("DROP TRIGGER municipality_has_organisation ON municipality")
        op.execute("DROP FUNCTION municipality_has_organisation()")
    op.drop_table("organisation_version")


def _on_sqlite() -> None:
    op.execute("INSERT INTO organisation_version SELECT id, lower(hex(randomblob(16))) FROM municipality")
    op.execute(
        "CREATE TRIGGER municipality_has_organisation AFTER INSERT ON municipality BEGIN "
        "INSERT INTO organisation_version VALUES (NEW.id, lower(hex(randomblob(16)))); END"
    )
    for table in TABLES:
        for change, row in CHANGES.items():
            name = f"{table}_{change.lower()}_is_new_organisation"
            renew = "UPDATE organisation_version SET token = lower(hex(randomblob(16))) WHERE municipality_id ="
            op.execute(
                f"CREATE TRIGGER {name} AFTER {change} ON {table} BEGIN {renew} {row}.municipality_id; END"
            )


def _on_postgresql() -> None:
    op.execute("INSERT INTO organisation_version SELECT id, gen_random_uuid()::text FROM municipality")
    op.execute(
        "CREATE FUNCTION municipality_has_organisation() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "INSERT INTO organisation_version VALUES (NEW.id, gen_random_uuid()::text); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER municipality_has_organisation AFTER INSERT ON municipality "
        "FOR EACH ROW EXECUTE FUNCTION municipality_has_organisation()"
    )
    # Once a statement, however many rows it changes: an import writes thousands at a time.
    op.execute(
        "CREATE FUNCTION organisation_is_new() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE organisation_version SET token = gen_random_uuid()::text "
        "WHERE municipality_id IN (SELECT DISTINCT municipality_id FROM changed); RETURN NULL; END $$"
    )
    for table in TABLES:
        for change, row in CHANGES.items():
            op.execute(
                f"CREATE TRIGGER {table}_{change.lower()}_is_new_organisation AFTER {change} ON {table} "
                f"REFERENCING {row} TABLE AS changed "
                "FOR EACH STATEMENT EXECUTE FUNCTION organisation_is_new()"
            )
