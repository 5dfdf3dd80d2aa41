"""Writes rows of the organisation: municipalities, units, people, posts, absence.

Rows only: what becomes of open items when a post ends or somebody goes away is `work.cover`'s.
"""

from datetime import date

from sqlalchemy.orm import Session

from ticketing.database import transaction
from ticketing.organisation.models import Municipality, Person, Post, Unit
from ticketing.organisation.rules import KIND_NAMES, ROLE_NAMES, child_path, may_stand_below, role_fits
from ticketing.vocabulary import MunicipalityId, PersonId, Role, Sector, UnitId, UnitKind


class OrganisationError(Exception):
    """What was asked for doesn't fit the organisation; the text is for the user, in Danish."""


def create_municipality(
    key: str, name: str, *, mail_domain: str = "", ladder: str = "ladder"
) -> tuple[Municipality, Unit]:
    """A municipality and the root of its tree (whose key is the municipality's own)."""
    with transaction() as session:
        municipality = Municipality(key=key, name=name, mail_domain=mail_domain, ladder=ladder)
        session.add(municipality)
        session.flush()
        root = Unit(
            municipality_id=municipality.id, kind=UnitKind.MUNICIPALITY, key=key, name=name, path=f"new:{key}"
        )
        _add_with_path(session, root, "/")
        return municipality, root


def add_unit(
    parent_id: UnitId,
    key: str,
    name: str,
    kind: UnitKind,
    *,
    sector: Sector | None = None,
    mail_key: str | None = None,
    phone: str | None = None,
    calendar: str | None = None,
) -> Unit:
    """A unit below `parent_id`; without a `sector` it has its parent's. Raises `OrganisationError`."""
    with transaction() as session:
        parent = session.get(Unit, parent_id)
        if parent is None:
            raise OrganisationError("Den overordnede enhed findes ikke.")
        if not may_stand_below(kind, parent.kind):
            raise OrganisationError(
                f"En enhed af typen {KIND_NAMES[kind]} kan ikke ligge under {KIND_NAMES[parent.kind]}."
            )
        unit = Unit(
            municipality_id=parent.municipality_id,
            parent_id=parent.id,
            path=f"new:{key}",
            kind=kind,
            sector=sector or parent.sector,
            key=key,
            name=name,
            mail_key=mail_key,
            phone=phone,
            calendar=calendar,
        )
        _add_with_path(session, unit, parent.path)
        return unit


def add_person(
    municipality_id: MunicipalityId, key: str, name: str, email: str, *, phone: str | None = None
) -> Person:
    """Somebody who works in the municipality. Addresses are kept in lower case."""
    with transaction() as session:
        person = Person(municipality_id=municipality_id, key=key, name=name, email=email.lower(), phone=phone)
        session.add(person)
        session.flush()
        return person


def add_post(
    person_id: PersonId,
    unit_id: UnitId,
    role: Role,
    *,
    valid_from: date,
    valid_to: date | None = None,
    trained_on: date | None = None,
    tentative: bool = False,
) -> Post:
    """Gives a person a role in a unit for a period. Raises `OrganisationError` where role and unit don't
    fit, or person and unit are of different municipalities."""
    with transaction() as session:
        person, unit = session.get(Person, person_id), session.get(Unit, unit_id)
        if person is None or unit is None or person.municipality_id != unit.municipality_id:
            raise OrganisationError("Person og enhed findes ikke i samme kommune.")
        if not role_fits(role, unit.kind, unit.sector):
            raise OrganisationError(f"Rollen {ROLE_NAMES[role][0]} kan ikke ligge i {unit.name}.")
        post = Post(
            municipality_id=unit.municipality_id,
            person_id=person_id,
            unit_id=unit_id,
            role=role,
            valid_from=valid_from,
            valid_to=valid_to,
            trained_on=trained_on,
            tentative=tentative,
        )
        session.add(post)
        session.flush()
        return post


def _add_with_path(session: Session, unit: Unit, parent_path: str) -> None:
    session.add(unit)
    session.flush()
    unit.path = child_path(parent_path, unit.id)
    session.flush()
