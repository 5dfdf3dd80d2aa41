"""Writes drawn municipalities into the database in bulk: all 98 in one go, each row with its own id."""

from datetime import date
from typing import Any

from sqlalchemy import Table, func, insert, select, text
from sqlalchemy.orm import Session

from ticketing.demo.shape import FIRST_DAY, Drawing
from ticketing.organisation.models import Municipality, Person, Post, Unit
from ticketing.organisation.rules import child_path
from ticketing.vocabulary import MunicipalityId, UnitId

#: Who signs in as one of the four user groups, by the key of the drawn person.
SIGN_INS = {
    "Medarbejder": "laerer-skole01-1",
    "Superbruger": "superbruger-skole01-1",
    "IT ServiceDesk": "tekniker1",
    "Leder": "leder-skole01",
    "Administrator": "kommunaladm",
    "Projektgruppe": "projekt1",
}


def load(session: Session, drawing: Drawing, password_hash: str) -> Municipality:
    """Adds the drawn municipality with its units, people and posts inside the caller's transaction. Those
    in `SIGN_INS` get the password."""
    municipality = Municipality(
        key=drawing.key, name=drawing.name, mail_domain=f"{drawing.key}.example", ladder="ladder"
    )
    session.add(municipality)
    session.flush()
    units = _units(session, drawing, municipality.id)
    people = _people(session, drawing, municipality.id, password_hash)
    _posts(session, drawing, municipality.id, units, people)
    return municipality


def first_free_id(session: Session, table: Table) -> int:
    """The id after the highest that is taken."""
    highest: int | None = session.scalar(select(func.max(table.c.id)))
    return (highest or 0) + 1


def count_on(session: Session, *tables: Table) -> None:
    """Lets PostgreSQL's own counters go on after ids that were given by hand. SQLite does so by itself."""
    if session.get_bind().dialect.name != "postgresql":
        return
    for table in tables:
        session.execute(
            text("SELECT setval(pg_get_serial_sequence(:name, 'id'), :last)"),
            {"name": f'"{table.name}"', "last": first_free_id(session, table) - 1 or 1},
        )


def _units(session: Session, drawing: Drawing, municipality_id: MunicipalityId) -> dict[str, UnitId]:
    table: Any = Unit.__table__
    first = first_free_id(session, table)
    ids = {unit.key: UnitId(first + n) for n, unit in enumerate(drawing.units)}
    paths: dict[str | None, str] = {None: "/"}
    rows = []
    for unit in drawing.units:
        paths[unit.key] = child_path(paths[unit.parent], ids[unit.key])
        rows.append(
            {
                "id": ids[unit.key],
                "municipality_id": municipality_id,
                "parent_id": ids[unit.parent] if unit.parent else None,
                "path": paths[unit.key],
                "kind": unit.kind,
                "sector": unit.sector,
                "key": unit.key,
                "name": unit.name,
                "mail_key": unit.key,
                "phone": unit.phone,
            }
        )
    session.execute(insert(table), rows)
    count_on(session, table)
    return ids


def _people(
    session: Session, drawing: Drawing, municipality_id: MunicipalityId, password_hash: str
) -> dict[str, int]:
    table: Any = Person.__table__
    first = first_free_id(session, table)
    signing_in = set(SIGN_INS.values())
    rows = [
        {
            "id": first + n,
            "municipality_id": municipality_id,
            "key": person.key,
            "name": person.name,
            "email": f"{person.key}@{drawing.key}.example",
            "password_hash": password_hash if person.key in signing_in else None,
        }
        for n, person in enumerate(drawing.people)
    ]
    session.execute(insert(table), rows)
    count_on(session, table)
    return {person.key: first + n for n, person in enumerate(drawing.people)}


def _posts(
    session: Session,
    drawing: Drawing,
    municipality_id: MunicipalityId,
    units: dict[str, UnitId],
    people: dict[str, int],
) -> None:
    rows: list[dict[str, int | str | bool | date | None]] = [
        {
            "municipality_id": municipality_id,
            "person_id": people[post.person],
            "unit_id": units[post.unit],
            "role": post.role,
            "valid_from": FIRST_DAY,
            "trained_on": post.trained_on,
            "tentative": False,
        }
        for post in drawing.posts
    ]
    table: Any = Post.__table__
    session.execute(insert(table), rows)
