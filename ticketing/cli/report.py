"""`ticketing report`: the figures of the pages, for a terminal or another program."""

import json
from datetime import UTC, datetime

import click
from sqlalchemy import select

from ticketing.accounts.queries import load_viewer
from ticketing.accounts.rules import Seat, Viewer
from ticketing.cli import in_application
from ticketing.database import db
from ticketing.insight.queries import UnresolvedRow, unresolved_by_institution
from ticketing.organisation.models import Municipality, Person, Unit
from ticketing.vocabulary import PersonId, Role, Rung


@click.group()
def report() -> None:
    """Figures about the work."""


@report.command()
@click.option("--as", "email", help="Only what the person with this e-mail sees; else the whole municipality.")
@click.option("--municipality", "key", help="The municipality's key, where the database holds several.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array instead of a table.")
@in_application
def unresolved(email: str | None, key: str | None, as_json: bool) -> None:
    """Open items at each institution: by rung, overdue, the oldest, cover."""
    now = datetime.now(UTC)
    municipality = _municipality(key)
    viewer = _whole(municipality) if email is None else _seen_by(email, municipality, now)
    rows = unresolved_by_institution(viewer, now)
    if as_json:
        click.echo(json.dumps([_as_data(row) for row in rows], ensure_ascii=False, indent=2))
        return
    click.echo(f"{'unit':<34}" + "".join(f"{rung.value:>14}" for rung in Rung) + f"{'overdue':>9}  cover")
    for row in rows:
        counts = "".join(f"{row.open_by_rung.get(rung, 0):>14}" for rung in Rung)
        cover = row.coverage.value if row.coverage else "-"
        click.echo(f"{row.unit_name[:33]:<34}{counts}{row.overdue:>9}  {cover}")


def _municipality(key: str | None) -> Municipality:
    wanted = select(Municipality).order_by(Municipality.id)
    found = db.session.scalars(wanted if key is None else wanted.where(Municipality.key == key)).all()
    if not found:
        raise click.ClickException("there is no such municipality" if key else "no municipality is loaded yet")
    if len(found) > 1:
        keys = ", ".join(municipality.key for municipality in found)
        raise click.ClickException(f"say which with --municipality: {keys}")
    return found[0]


def _seen_by(email: str, municipality: Municipality, now: datetime) -> Viewer:
    person = db.session.scalars(
        select(Person).where(Person.municipality_id == municipality.id, Person.email == email)
    ).one_or_none()
    if person is None:
        raise click.ClickException(f"nobody in {municipality.name} has the e-mail {email}")
    return load_viewer(person.id, now)


def _whole(municipality: Municipality) -> Viewer:
    """Whoever may start commands here has the database; figures are shown as the project group sees them."""
    root = db.session.scalars(
        select(Unit).where(Unit.municipality_id == municipality.id, Unit.parent_id.is_(None))
    ).one()
    seat = Seat(Role.PROJECT_GROUP, root.id, root.path, root.sector)
    return Viewer(PersonId(0), municipality.id, (seat,), {})


def _as_data(row: UnresolvedRow) -> dict[str, object]:
    return {
        "unit_id": row.unit_id,
        "unit": row.unit_name,
        "sector": row.sector,
        "open": row.open_count,
        "open_by_rung": {rung.value: row.open_by_rung.get(rung, 0) for rung in Rung},
        "overdue": row.overdue,
        "oldest_opened_at": row.oldest_opened_at.isoformat() if row.oldest_opened_at else None,
        "coverage": row.coverage,
        "uncovered": list(row.uncovered),
        "stuck_at_superuser": row.stuck,
        "passed_on_without_cover": row.passed_on,
    }
