"""Checks the rows of an organisation import: each by itself, and against the others and what is known. Pure."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from ticketing.organisation.rules import KIND_NAMES, ROLE_NAMES, may_stand_below, role_fits
from ticketing.organisation.tables import REQUIRED, Problem, Row
from ticketing.vocabulary import Role, Sector, UnitKind

_KINDS = {name: kind for kind, name in KIND_NAMES.items()} | {kind.value: kind for kind in UnitKind}
_ROLES = {da.lower(): role for role, (da, _) in ROLE_NAMES.items()} | {role.value: role for role in Role}
_SECTORS = {sector.value: sector for sector in Sector}
Word = TypeVar("Word")
_YES = frozenset({"ja", "x", "1", "true", "yes"})
_LONGEST = {"key": 60, "name": 120, "email": 254, "phone": 40, "mail_key": 60, "calendar": 40}


@dataclass(frozen=True)
class Known:
    """What the municipality has already, by key. A row without a parent stands under `root`."""

    root: str
    parents: Mapping[str, str | None]
    kinds: Mapping[str, UnitKind]
    sectors: Mapping[str, Sector | None]
    emails: Mapping[str, str]
    people: frozenset[str]


@dataclass(frozen=True)
class UnitChecked:
    key: str
    name: str
    kind: UnitKind
    sector: Sector | None
    parent: str
    mail_key: str | None
    phone: str | None
    calendar: str | None


@dataclass(frozen=True)
class PersonChecked:
    key: str
    name: str
    email: str
    phone: str | None


@dataclass(frozen=True)
class PostChecked:
    person: str
    unit: str
    role: Role
    valid_from: date | None
    valid_to: date | None
    trained_on: date | None
    tentative: bool


@dataclass
class Checked:
    """The good rows, each unit after its parent."""

    units: list[UnitChecked] = field(default_factory=list)
    people: list[PersonChecked] = field(default_factory=list)
    posts: list[PostChecked] = field(default_factory=list)


class _Bad(Exception):
    def __init__(self, column: str, reason: str) -> None:
        self.column, self.reason = column, reason


def check(rows: Sequence[Row], known: Known) -> tuple[Checked, tuple[Problem, ...]]:
    """The good rows and what is wrong with the others, in the order of the files."""
    checker = _Checker(known)
    by_table = {table: [row for row in rows if row.table == table] for table in REQUIRED}
    checker.units(by_table["units"])
    for row in by_table["people"]:
        checker.attempt(row, checker.person)
    for row in by_table["posts"]:
        checker.attempt(row, checker.post)
    return checker.good, tuple(checker.problems)


def parse_date(text: str) -> date | None:
    """A day written dd.mm.yyyy, dd-mm-yyyy, dd.mm.yy or yyyy-mm-dd; None for nothing. Raises ValueError."""
    if not text:
        return None
    danish = re.fullmatch(r"(\d{1,2})[.\-/](\d{1,2})[.\-/](\d{4}|\d{2})", text)
    if danish:
        day, month, year = (int(part) for part in danish.groups())
        return date(year + 2000 if year < 100 else year, month, day)
    return date.fromisoformat(text)


class _Checker:
    def __init__(self, known: Known) -> None:
        self.known = known
        self.good = Checked()
        self.problems: list[Problem] = []
        self.kinds = dict(known.kinds)
        self.sectors = dict(known.sectors)
        self.emails = dict(known.emails)
        self.people = set(known.people)
        self.seen: set[tuple[str, ...]] = set()

    def attempt(self, row: Row, check_row: Callable[[Row], None]) -> bool:
        """Runs one row's check; what is wrong becomes a problem of that row."""
        try:
            for column in REQUIRED[row.table]:
                if not row.values[column]:
                    raise _Bad(column, "skal udfyldes")
            for column, longest in _LONGEST.items():
                if len(row.values.get(column, "")) > longest:
                    raise _Bad(column, f"er længere end {longest} tegn")
            check_row(row)
        except _Bad as bad:
            self.problems.append(row.problem(bad.column, bad.reason))
            return False
        return True

    def units(self, rows: Sequence[Row]) -> None:
        """Parents first, whatever order the file has; what is left stands in a circle or below a bad row."""
        waiting, in_file = list(rows), {row.values["key"] for row in rows}
        while waiting:
            ready = [
                row for row in waiting if self._parent(row) in self.kinds or self._parent(row) not in in_file
            ]
            if not ready:
                break
            for row in ready:
                self.attempt(row, self.unit)
            done = {id(row) for row in ready}
            waiting = [row for row in waiting if id(row) not in done]
            # A bad row's key will never become known: those below it are told so instead of waiting.
            in_file = {row.values["key"] for row in waiting}
        for row in waiting:
            self.problems.append(row.problem("parent", f"{self._parent(row)} ligger under sig selv (en ring)"))

    def unit(self, row: Row) -> None:
        key, parent = row.values["key"], self._parent(row)
        self._once("key", "unit", key)
        kind = _word(row, "kind", _KINDS, "en type enhed")
        own_sector = _word(row, "sector", _SECTORS, "en sektor") if row.values["sector"] else None
        if key == self.known.root:
            raise _Bad("key", "er kommunen selv, som findes i forvejen")
        if parent not in self.kinds:
            raise _Bad("parent", f"{parent} findes ikke")
        if not may_stand_below(kind, self.kinds[parent]):
            raise _Bad("kind", f"{KIND_NAMES[kind]} kan ikke ligge under {KIND_NAMES[self.kinds[parent]]}")
        if key in self.known.parents and self.known.parents[key] != parent:
            raise _Bad(
                "parent", f"ligger i forvejen under {self.known.parents[key]} og kan ikke flyttes ved import"
            )
        sector = own_sector or self.sectors[parent] or (Sector.IT if kind is UnitKind.IT else None)
        more = {name: row.values[name] or None for name in ("mail_key", "phone", "calendar")}
        self.kinds[key], self.sectors[key] = kind, sector
        self.good.units.append(UnitChecked(key, row.values["name"], kind, sector, parent, **more))

    def person(self, row: Row) -> None:
        key, email = row.values["key"], row.values["email"].lower()
        self._once("key", "person", key)
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", email):
            raise _Bad("email", f"{email} er ikke en e-mailadresse")
        if self.emails.get(email, key) != key:
            raise _Bad("email", f"{email} hører til {self.emails[email]}")
        self.emails[email] = key
        self.people.add(key)
        self.good.people.append(PersonChecked(key, row.values["name"], email, row.values["phone"] or None))

    def post(self, row: Row) -> None:
        person, unit = row.values["person"], row.values["unit"]
        role = _word(row, "role", _ROLES, "en rolle")
        if person not in self.people:
            raise _Bad("person", f"{person} findes ikke")
        if unit not in self.kinds:
            raise _Bad("unit", f"{unit} findes ikke")
        if not role_fits(role, self.kinds[unit], self.sectors[unit]):
            raise _Bad(
                "role", f"{ROLE_NAMES[role][0]} kan ikke ligge i {unit} ({KIND_NAMES[self.kinds[unit]]})"
            )
        start, end, trained = (_day(row, column) for column in ("valid_from", "valid_to", "trained_on"))
        if start is not None and end is not None and end <= start:
            raise _Bad("valid_to", "skal ligge efter den første dag")
        self._once("person", "post", person, unit, role, str(start))
        tentative = row.values["tentative"].lower() in _YES
        self.good.posts.append(PostChecked(person, unit, role, start, end, trained, tentative))

    def _parent(self, row: Row) -> str:
        return row.values["parent"] or self.known.root

    def _once(self, column: str, *what: str) -> None:
        if what in self.seen:
            raise _Bad(column, "står to gange")
        self.seen.add(what)


def _word(row: Row, column: str, words: Mapping[str, Word], what: str) -> Word:
    found = words.get(row.values[column].lower())
    if found is None:
        raise _Bad(column, f"{row.values[column]} er ikke {what}")
    return found


def _day(row: Row, column: str) -> date | None:
    try:
        return parse_date(row.values[column])
    except ValueError:
        raise _Bad(column, f"{row.values[column]} er ikke en dato (dd.mm.åååå)") from None
