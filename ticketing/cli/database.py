"""`ticketing db`: brings the database's tables up to this version, or back."""

import click
from flask_migrate import downgrade as flask_downgrade
from flask_migrate import upgrade as flask_upgrade

from ticketing.cli import in_application


@click.group("db")
def database() -> None:
    """The database's tables."""


@database.command()
@in_application
def upgrade() -> None:
    """Bring the tables up to this version. Safe to run again."""
    flask_upgrade()
    click.echo("The database is up to date.")


@database.command()
@click.argument("revision")
@in_application
def downgrade(revision: str) -> None:
    """Take the tables back to REVISION ("base": none at all, all data is lost)."""
    flask_downgrade(revision=revision)
    click.echo(f"The database is at {revision}.")
