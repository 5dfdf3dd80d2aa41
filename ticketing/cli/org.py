"""`ticketing org`: the municipality's own organisation comes in from its files."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from ticketing.cli import in_application
from ticketing.database import db, transaction
from ticketing.organisation.actions import create_municipality
from ticketing.organisation.imports import Outcome, import_organisation
from ticketing.organisation.queries import municipality_by_key
from ticketing.work.actions import SYSTEM
from ticketing.work.cover import end_post

TABLE_NAMES = {"units": "enheder", "people": "personer", "posts": "poster"}


@click.group()
def org() -> None:
    """Units, people and posts."""


@org.command()
@click.argument("key")
@click.argument("name")
@click.option("--mail-domain", default="", help="The domain of the municipality's mailbox.")
@click.option("--ladder", default="ladder", show_default=True, help="Which ladder file of config/ it follows.")
@in_application
def create(key: str, name: str, mail_domain: str, ladder: str) -> None:
    """Make the municipality KEY with the name NAME, ready for an import."""
    if municipality_by_key(db.session(), key) is not None:
        raise click.ClickException(f"Kommunen {key} findes i forvejen.")
    create_municipality(key, name, mail_domain=mail_domain, ladder=ladder)
    click.echo(f"{name} er oprettet med nøglen {key}.")


@org.command("import")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--municipality", "key", required=True, help="The municipality's key.")
@click.option("--dry-run", is_flag=True, help="Check and count, write nothing.")
@click.option("--partial", is_flag=True, help="Import the good rows although others are bad.")
@in_application
def import_files(files: tuple[Path, ...], key: str, dry_run: bool, partial: bool) -> None:
    """Import units, people and posts from FILES (CSV or XLSX; docs/import.md has the columns).

    Ends with exit code 1, and nothing written, when a row is bad; --partial imports the others.
    """
    municipality = municipality_by_key(db.session(), key)
    if municipality is None:
        raise click.ClickException(f"Kommunen {key} findes ikke. Opret den med: ticketing org create.")
    now = datetime.now(UTC)
    today = now.astimezone(ZoneInfo("Europe/Copenhagen")).date()
    with transaction():
        outcome = import_organisation(municipality.id, files, today, dry_run=dry_run, partial=partial)
        for post_id, on in outcome.ended_posts if outcome.written else ():
            end_post(post_id, SYSTEM, now, on=on)
    _report(outcome, dry_run)
    if outcome.problems and not partial:
        raise click.exceptions.Exit(1)


def _report(outcome: Outcome, dry_run: bool) -> None:
    for warning in outcome.warnings:
        click.echo(f"Bemærk: {warning}", err=True)
    for problem in outcome.problems:
        click.echo(str(problem), err=True)
    for table, shown in TABLE_NAMES.items():
        click.echo(f"{shown}: {outcome.created[table]} nye, {outcome.updated[table]} ændrede")
    if outcome.written:
        click.echo("Importen er gemt.")
    elif dry_run and not outcome.problems:
        click.echo("Prøvekørsel: alt er i orden, intet er gemt.")
    else:
        click.echo("Intet er gemt.")
