"""Paths, periods, and which role belongs in which unit."""

from datetime import date

import pytest

from ticketing.organisation.rules import ROLE_NAMES, Period, child_path, may_stand_below, role_fits, unit_ids
from ticketing.vocabulary import Role, Sector, UnitKind


def test_a_path_names_every_unit_down_to_itself() -> None:
    assert unit_ids(child_path(child_path("/", 1), 42)) == (1, 42)


@pytest.mark.parametrize(
    ("day", "holds"),
    [
        (date(2026, 7, 31), False),
        (date(2026, 8, 1), True),
        (date(2026, 8, 31), True),
        (date(2026, 9, 1), False),
    ],
)
def test_a_period_holds_from_its_first_day_to_before_its_last(day: date, holds: bool) -> None:
    assert Period(date(2026, 8, 1), date(2026, 9, 1)).holds_on(day) is holds


def test_a_period_without_an_end_goes_on() -> None:
    assert Period(date(2026, 8, 1), None).holds_on(date(2040, 1, 1))


@pytest.mark.parametrize(
    ("role", "kind", "sector", "fits"),
    [
        (Role.SUPERUSER, UnitKind.DEPARTMENT, Sector.SKOLE, True),
        (Role.SUPERUSER, UnitKind.MUNICIPALITY, None, False),
        (Role.SCHOOL_ADMIN_STAFF, UnitKind.INSTITUTION, Sector.SKOLE, True),
        (Role.SCHOOL_ADMIN_STAFF, UnitKind.INSTITUTION, Sector.DAGTILBUD, False),
        (Role.MUNICIPAL_ADMIN, UnitKind.SECTOR, Sector.DAGTILBUD, True),
        (Role.MUNICIPAL_ADMIN, UnitKind.INSTITUTION, Sector.DAGTILBUD, False),
        (Role.IT_SERVICEDESK, UnitKind.IT, Sector.IT, True),
        (Role.IT_SERVICEDESK, UnitKind.INSTITUTION, Sector.SKOLE, False),
        (Role.DIGITAL_CHILDMINDER, UnitKind.INSTITUTION, Sector.DAGPLEJE, True),
        (Role.EMPLOYEE, UnitKind.ADMINISTRATION, None, True),
    ],
)
def test_a_role_belongs_in_certain_units(role: Role, kind: UnitKind, sector: Sector | None, fits: bool) -> None:
    assert role_fits(role, kind, sector) is fits


def test_nothing_stands_below_a_room_and_no_municipality_below_anything() -> None:
    assert not any(may_stand_below(kind, UnitKind.ROOM) for kind in UnitKind)
    assert not any(may_stand_below(UnitKind.MUNICIPALITY, kind) for kind in UnitKind)


def test_every_role_has_a_danish_and_an_english_name() -> None:
    assert set(ROLE_NAMES) == set(Role)
    assert all(da and en for da, en in ROLE_NAMES.values())
