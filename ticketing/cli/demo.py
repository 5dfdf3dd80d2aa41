"""`ticketing demo`: a fictitious municipality to try the service on."""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import current_app

from ticketing.accounts.actions import WeakPassword, hash_password
from ticketing.cli import in_application
from ticketing.demo.town import NAME, SIZES, load_demo, sign_ins


@click.command()
@click.option("--size", type=click.Choice(list(SIZES)), default="small", show_default=True)
@click.option("--tickets", type=click.IntRange(min=0), help="How many questions (default: fits the size).")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same town.")
@in_application
def demo(size: str, tickets: int | None, seed: int) -> None:
    """Load the fictitious Vesterkær Kommune, once, and print who can sign in.

    The password is TICKETING_DEMO_PASSWORD, else one is made and kept in the data folder.
    """
    password = _password(current_app.config["SETTINGS"].data_dir / "demo_password")
    try:
        password_hash = hash_password(password)
    except WeakPassword as error:
        raise click.ClickException(f"TICKETING_DEMO_PASSWORD: {error}") from error
    loaded = load_demo(size, password_hash, datetime.now(UTC), tickets=tickets, seed=seed)
    click.echo(f"{NAME} is loaded." if loaded else f"{NAME} was loaded already; nothing is changed.")
    click.echo(f"\nSign in with the password {password}:")
    for sign_in in sign_ins():
        click.echo(f"  {sign_in.group:<15} {sign_in.email}")


def _password(kept: Path) -> str:
    given = os.environ.get("TICKETING_DEMO_PASSWORD")
    if given:
        return given
    try:
        handle = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return kept.read_text(encoding="ascii")
    with os.fdopen(handle, "w", encoding="ascii") as file:
        password = secrets.token_urlsafe(9)
        file.write(password)
    return password
