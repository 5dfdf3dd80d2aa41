"""A plan is saved whole or not at all; what people did with it since stays."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.factories import NOW, MunicipalityFactory, PersonFactory
from ticketing.rollout.actions import ReasonMissing, Saved, UnusablePlan, clear_warning, save_plan
from ticketing.rollout.config import load_plan
from ticketing.rollout.plan import Period, Plan
from ticketing.rollout.queries import activities, activity_by_key, open_warnings, plan_of, warnings_by_activity
from ticketing.work.change import Actor

SHIPPED = load_plan(Path(__file__).parents[2] / "config")


def with_row(plan: Plan, key: str, **changes: object) -> Plan:
    rows = (replace(row, **changes) if row.id == key else row for row in plan.activities)
    return replace(plan, activities=tuple(rows))


def test_what_was_saved_is_read_back_the_same(session) -> None:
    municipality = MunicipalityFactory()
    assert save_plan(municipality.id, SHIPPED, NOW) == Saved(38, 0, 0)
    assert plan_of(session(), municipality.id, SHIPPED.organisations) == SHIPPED


def test_saving_twice_changes_nothing(session) -> None:
    municipality = MunicipalityFactory()
    save_plan(municipality.id, SHIPPED, NOW)
    assert save_plan(municipality.id, SHIPPED, NOW) == Saved(0, 0, 38)
    assert open_warnings(session(), municipality.id) == 40


def test_another_period_becomes_the_revised_one_and_the_baseline_stays(session) -> None:
    municipality = MunicipalityFactory()
    save_plan(municipality.id, SHIPPED, NOW)
    later = Period(date(2019, 4, 1), date(2019, 4, 5))
    save_plan(municipality.id, with_row(SHIPPED, "U03", baseline=later), NOW)
    row = activity_by_key(session(), municipality.id, "U03").value()
    assert row.baseline == Period(date(2019, 3, 4), date(2019, 3, 11))
    assert row.period == later


def test_a_plan_that_cannot_be_leaves_nothing_behind(session) -> None:
    municipality = MunicipalityFactory()
    session.commit()
    with pytest.raises(UnusablePlan) as refused:
        save_plan(municipality.id, with_row(SHIPPED, "G03", depends_on=("U99",)), NOW)
    assert refused.value.sentences == ("G03, depends_on: forventede en aktivitet i planen, ikke »U99«",)
    assert list(activities(session(), municipality.id)) == []


def test_a_circle_through_rows_that_are_there_already_is_refused(session) -> None:
    municipality = MunicipalityFactory()
    save_plan(municipality.id, SHIPPED, NOW)
    only = replace(SHIPPED, activities=tuple(row for row in SHIPPED.activities if row.id == "S10"), warnings=())
    with pytest.raises(UnusablePlan, match="ring"):
        save_plan(municipality.id, with_row(only, "S10", depends_on=("U07",)), NOW)


def test_a_warning_is_cleared_with_a_reason_and_stays_cleared_after_a_new_import(session) -> None:
    municipality = MunicipalityFactory()
    person = PersonFactory(municipality=municipality)
    save_plan(municipality.id, SHIPPED, NOW)
    row = activity_by_key(session(), municipality.id, "U10")
    first = next(w for w in warnings_by_activity(session(), municipality.id)[row.id] if w.code == "W01")
    with pytest.raises(ReasonMissing):
        clear_warning(municipality.id, first.id, Actor("person", person.id), NOW, "  ")
    clear_warning(municipality.id, first.id, Actor("person", person.id), NOW, "Aftalt: 28.02.2019")
    save_plan(municipality.id, SHIPPED, NOW + timedelta(days=1))
    assert open_warnings(session(), municipality.id) == 39
    cleared = session.get(type(first), first.id)
    assert (cleared.reason, cleared.cleared_by_id, cleared.cleared_at) == ("Aftalt: 28.02.2019", person.id, NOW)


def test_another_municipalitys_warning_is_not_there(session) -> None:
    municipality, other = MunicipalityFactory(), MunicipalityFactory()
    save_plan(municipality.id, SHIPPED, NOW)
    warning = warnings_by_activity(session(), municipality.id)[None][0]
    with pytest.raises(LookupError):
        clear_warning(other.id, warning.id, Actor("person", None), NOW, "nej")
