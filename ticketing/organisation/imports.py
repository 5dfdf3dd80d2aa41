"""Imports units, people and posts from a municipality's own files: all or nothing, and again without doubles.

1. `read_tables` reads the files. 2. Each row is checked by itself and against the rest and the database.
3. If nothing is wrong (or `partial` leaves the bad ones out) the rows are written in the same transaction.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from ticketing.database import transaction
from ticketing.organisation.checks import Checked, Known, PersonChecked, PostChecked, UnitChecked, check
from ticketing.organisation.models import Person, Post, Unit
from ticketing.organisation.rules import child_path
from ticketing.organisation.tables import Problem, read_tables
from ticketing.vocabulary import MunicipalityId, UnitId, UnitKind


@dataclass
class Outcome:
    """What an import did, or with a dry run would have done. `written` says whether anything is kept."""

    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    written: bool = False
    created: dict[str, int] = field(default_factory=lambda: {"units": 0, "people": 0, "posts": 0})
    updated: dict[str, int] = field(default_factory=lambda: {"units": 0, "people": 0, "posts": 0})
    #: Posts that got an earlier end: whoever imports lets `work.cover.end_post` hand their items on.
    ended_posts: list[tuple[int, date]] = field(default_factory=list)


def import_organisation(
    municipality_id: MunicipalityId,
    paths: Sequence[Path],
    today: date,
    *,
    dry_run: bool = False,
    partial: bool = False,
) -> Outcome:
    """Imports the files in one transaction. Rows are known by their keys, so a second run updates. With a
    bad row nothing is written, unless `partial`: then the good ones are, without those that need a bad one.
    A post without a first day begins `today`."""
    tables = read_tables(paths)
    with transaction() as session:
        known = _known(session, municipality_id)
        checked, problems = check(tables.rows, known)
        outcome = Outcome((*tables.problems, *problems), tables.warnings)
        if outcome.problems and not partial:
            return outcome
        _write(session, municipality_id, checked, today, outcome)
        if dry_run:
            session.rollback()
            return outcome
        outcome.written = True
        return outcome


def _known(session: Session, municipality_id: MunicipalityId) -> Known:
    units = session.scalars(select(Unit).where(Unit.municipality_id == municipality_id)).all()
    people = session.scalars(select(Person).where(Person.municipality_id == municipality_id)).all()
    key_of = {unit.id: unit.key for unit in units}
    return Known(
        root=next(unit.key for unit in units if unit.kind is UnitKind.MUNICIPALITY),
        parents={unit.key: key_of[unit.parent_id] if unit.parent_id else None for unit in units},
        kinds={unit.key: unit.kind for unit in units},
        sectors={unit.key: unit.sector for unit in units},
        emails={person.email: person.key for person in people},
        people=frozenset(person.key for person in people),
    )


def _write(
    session: Session, municipality_id: MunicipalityId, checked: Checked, today: date, outcome: Outcome
) -> None:
    units = _write_units(session, municipality_id, checked.units, outcome)
    people = _write_people(session, municipality_id, checked.people, outcome)
    _write_posts(session, municipality_id, checked.posts, today, units, people, outcome)


def _write_units(
    session: Session, municipality_id: MunicipalityId, rows: Sequence[UnitChecked], outcome: Outcome
) -> dict[str, Unit]:
    mine = select(Unit).where(Unit.municipality_id == municipality_id)
    units = {unit.key: unit for unit in session.scalars(mine)}
    for row in rows:
        values: dict[str, Any] = {
            "name": row.name,
            "kind": row.kind,
            "sector": row.sector,
            "mail_key": row.mail_key,
            "phone": row.phone,
            "calendar": row.calendar,
        }
        if row.key in units:
            outcome.updated["units"] += _update(units[row.key], values)
            continue
        parent = units[row.parent]
        unit = Unit(
            municipality_id=municipality_id, key=row.key, parent_id=parent.id, path=f"new:{row.key}", **values
        )
        session.add(unit)
        session.flush()
        unit.path = child_path(parent.path, unit.id)
        units[row.key] = unit
        outcome.created["units"] += 1
    return units


def _write_people(
    session: Session, municipality_id: MunicipalityId, rows: Sequence[PersonChecked], outcome: Outcome
) -> dict[str, Person]:
    mine = select(Person).where(Person.municipality_id == municipality_id)
    people = {person.key: person for person in session.scalars(mine)}
    for row in rows:
        values = {"name": row.name, "email": row.email, "phone": row.phone}
        if row.key in people:
            outcome.updated["people"] += _update(people[row.key], values)
        else:
            people[row.key] = Person(municipality_id=municipality_id, key=row.key, **values)
            session.add(people[row.key])
            outcome.created["people"] += 1
    session.flush()
    return people


def _write_posts(
    session: Session,
    municipality_id: MunicipalityId,
    rows: Sequence[PostChecked],
    today: date,
    units: dict[str, Unit],
    people: dict[str, Person],
    outcome: Outcome,
) -> None:
    present: dict[tuple[int, UnitId, str], list[Post]] = {}
    for post in session.scalars(select(Post).where(Post.municipality_id == municipality_id)):
        present.setdefault((post.person_id, post.unit_id, post.role), []).append(post)
    for row in rows:
        person, unit = people[row.person], units[row.unit]
        same = present.setdefault((person.id, unit.id, row.role), [])
        there = next((post for post in same if row.valid_from in (None, post.valid_from)), None)
        values: dict[str, Any] = {"valid_to": row.valid_to, "tentative": row.tentative}
        if row.trained_on is not None:
            values["trained_on"] = row.trained_on
        if there is None:
            post = Post(
                municipality_id=municipality_id,
                person_id=person.id,
                unit_id=unit.id,
                role=row.role,
                valid_from=row.valid_from or today,
                **values,
            )
            session.add(post)
            same.append(post)
            outcome.created["posts"] += 1
            continue
        before = there.valid_to
        outcome.updated["posts"] += _update(there, values)
        if row.valid_to is not None and row.valid_to != before:
            outcome.ended_posts.append((there.id, row.valid_to))
    session.flush()


def _update(row: Any, values: dict[str, Any]) -> int:
    """Sets what differs; 1 if anything did."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    for name, value in changed.items():
        setattr(row, name, value)
    return int(bool(changed))
