"""`ticketing user`: accounts made by hand, for the first administrator."""

import click

from ticketing.accounts.actions import WeakPassword, set_password
from ticketing.cli import in_application
from ticketing.database import db
from ticketing.organisation.actions import add_person
from ticketing.organisation.queries import municipality_by_key, person_by_email


@click.group()
def user() -> None:
    """People who sign in."""


@user.command()
@click.argument("email")
@click.option("--municipality", "key", required=True, help="The municipality's key.")
@click.option("--name", help="The person's name; needed when the person is not there yet.")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True)
@in_application
def add(email: str, key: str, name: str | None, password: str) -> None:
    """Give the person with the address EMAIL a password; the person is made if need be."""
    session = db.session()
    municipality = municipality_by_key(session, key)
    if municipality is None:
        raise click.ClickException(f"There is no municipality with the key {key}.")
    person = person_by_email(session, municipality.id, email)
    if person is None and not name:
        raise click.ClickException(f"Nobody has the address {email}: give a --name to make the person.")
    person = person or add_person(municipality.id, email.lower()[:60], name or "", email)
    try:
        set_password(person.id, password)
    except WeakPassword as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{person.name} can sign in as {person.email}.")
