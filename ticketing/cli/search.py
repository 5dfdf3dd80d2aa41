"""`ticketing search`: the full-text index made anew, or compared with what it was made from."""

import sys

import click

from ticketing.cli import in_application
from ticketing.insight import search_index


@click.group()
def search() -> None:
    """The full-text index."""


@search.command()
@in_application
def rebuild() -> None:
    """Make the index anew, some thousand rows a transaction, while the service runs."""
    click.echo(f"{search_index.rebuild()} rows indexed")


@search.command()
@in_application
def check() -> None:
    """Compare the index with the rows; exit code 1 when it differs."""
    wrong = search_index.differences()
    click.echo("the index agrees" if not wrong else f"{wrong} rows differ: run `ticketing search rebuild`")
    sys.exit(1 if wrong else 0)
