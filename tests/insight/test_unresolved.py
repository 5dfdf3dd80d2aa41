"""The leader's overview: what is unresolved at each institution, where it is stuck, and what to press."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import insert, text

from tests.factories import NOW, AbsenceFactory, SmallMunicipality, WorkItemFactory, small_municipality
from tests.statements import statements
from ticketing.accounts.queries import NotFound, load_viewer
from ticketing.accounts.session import signed_in
from ticketing.database import db
from ticketing.insight.coverage import Coverage
from ticketing.insight.queries import (
    UnresolvedRow,
    open_items,
    overview_unit,
    unresolved_by_department,
    unresolved_by_institution,
)
from ticketing.organisation.models import Person, Post, Unit
from ticketing.vocabulary import ItemKind, Rung, Sector, State
from ticketing.work.models import WorkItem

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture
def town(session: object) -> SmallMunicipality:
    return small_municipality()


def rows_for(person: Person) -> list[UnresolvedRow]:
    return unresolved_by_institution(load_viewer(person.id, NOW), NOW)


def test_counts_by_rung_overdue_and_oldest(town: SmallMunicipality) -> None:
    week_ago = NOW - timedelta(days=7)
    WorkItemFactory(unit=town.school_indskoling, opened_at=week_ago, due_at=NOW - timedelta(hours=1))
    WorkItemFactory(unit=town.school_udskoling, confidential=True, due_at=NOW + timedelta(hours=1))
    WorkItemFactory(unit=town.school, step="employee", rung=Rung.EMPLOYEE)
    WorkItemFactory(unit=town.school, state=State.SOLVED, opened_at=week_ago - timedelta(days=9))
    [row] = rows_for(town.school_leader)
    assert (row.unit_name, row.open_by_rung) == ("Engskolen", {Rung.SUPERUSER: 2, Rung.EMPLOYEE: 1})
    assert (row.overdue, row.oldest_opened_at, row.coverage) == (1, week_ago, Coverage.COVERED)


def test_a_leader_sees_own_institution_and_a_head_the_sector(town: SmallMunicipality) -> None:
    assert [row.unit_name for row in rows_for(town.school_leader)] == ["Engskolen"]
    assert [row.unit_name for row in rows_for(town.daycare_head)] == ["Børnehuset Mælkebøtten"]
    assert {row.unit_name for row in rows_for(town.project_group[0])} == {
        "Engskolen",
        "Børnehuset Mælkebøtten",
        "Legestuegruppe Øst",
        "IT ServiceDesk",
    }
    assert rows_for(town.teacher) == []


def test_items_stuck_where_the_only_superuser_is_away(town: SmallMunicipality) -> None:
    AbsenceFactory(person=town.udskoling_superuser)
    WorkItemFactory(unit=town.school_udskoling)
    WorkItemFactory(unit=town.school_indskoling)
    [row] = rows_for(town.school_leader)
    assert (row.coverage, row.uncovered, row.stuck) == (Coverage.ABSENT, ("Engskolen, udskoling",), 1)


def test_what_was_passed_on_to_somebody_is_not_stuck(town: SmallMunicipality) -> None:
    AbsenceFactory(person=town.udskoling_superuser)
    WorkItemFactory(unit=town.school_udskoling, without_cover=True)
    [row] = rows_for(town.school_leader)
    assert (row.coverage, row.stuck, row.passed_on) == (Coverage.ABSENT, 0, 1)


def test_a_present_deputy_is_cover_and_an_absent_one_is_not(town: SmallMunicipality) -> None:
    AbsenceFactory(person=town.udskoling_superuser, deputy=town.udskoling_teacher)
    assert rows_for(town.school_leader)[0].coverage is Coverage.COVERED
    AbsenceFactory(person=town.udskoling_teacher)
    assert rows_for(town.school_leader)[0].coverage is Coverage.ABSENT


def test_an_untrained_superuser_is_cover_with_a_warning(town: SmallMunicipality) -> None:
    db.session.query(Post).filter_by(person_id=town.daycare_superuser.id).update({"trained_on": None})
    assert rows_for(town.daycare_leader)[0].coverage is Coverage.UNTRAINED


def test_nobody_in_the_post_comes_first(town: SmallMunicipality) -> None:
    WorkItemFactory(unit=town.school, step="employee", rung=Rung.EMPLOYEE, due_at=NOW - timedelta(days=3))
    db.session.query(Post).filter_by(person_id=town.daycare_superuser.id).delete()
    task = WorkItemFactory(
        unit=town.daycare_room, kind=ItemKind.TASK, task_key=f"appoint:superuser:{town.daycare_room.id}"
    )
    first, second, *_ = rows_for(town.project_group[0])
    assert (first.unit_name, first.coverage, first.stuck) == ("Børnehuset Mælkebøtten", Coverage.VACANT, 1)
    assert first.appoint_number == task.number
    assert (second.unit_name, second.overdue) == ("Engskolen", 1)


def test_items_above_the_institutions_are_not_lost(town: SmallMunicipality) -> None:
    WorkItemFactory(unit=town.skole, step="municipal_admin", rung=Rung.ADMINISTRATOR)
    rows = {row.unit_name: row.open_count for row in rows_for(town.school_head)}
    assert rows == {"Engskolen": 0, "Skole": 1}


def test_departments_of_an_institution(town: SmallMunicipality) -> None:
    WorkItemFactory(unit=town.school_udskoling)
    WorkItemFactory(unit=town.school, step="employee", rung=Rung.EMPLOYEE)
    viewer = load_viewer(town.school_leader.id, NOW)
    rows = unresolved_by_department(viewer, NOW, town.school)
    assert {row.unit_name: row.open_count for row in rows} == {
        "Engskolen": 1,
        "Engskolen, indskoling": 0,
        "Engskolen, udskoling": 1,
    }


def test_a_fortrolig_item_has_neither_title_nor_number(town: SmallMunicipality) -> None:
    WorkItemFactory(unit=town.school, title="Almindelig")
    WorkItemFactory(unit=town.school, title="Hemmelig", confidential=True)
    viewer = load_viewer(town.school_leader.id, NOW)
    items = open_items(viewer, town.school)
    assert sorted((item.title or "", item.number is None) for item in items) == [
        ("", True),
        ("Almindelig", False),
    ]


def test_another_leaders_unit_is_not_found(town: SmallMunicipality) -> None:
    viewer = load_viewer(town.school_leader.id, NOW)
    with pytest.raises(NotFound):
        overview_unit(viewer, town.daycare.id)


def test_the_page_says_what_is_stuck_and_the_list_hides_fortrolige(
    town: SmallMunicipality, client: FlaskClient
) -> None:
    db.session.query(Post).filter_by(person_id=town.udskoling_superuser.id).delete()
    WorkItemFactory.create_batch(2, unit=town.school_udskoling, title="Kan ikke se ugeplanen")
    WorkItemFactory(unit=town.school_udskoling, title="Hemmelig", confidential=True)
    sign_in(client, town.school_leader)
    page = client.get("/leder").text
    assert "3 sager venter på en superbruger; Engskolen, udskoling har ingen." in page
    listed = client.get(f"/leder/enhed/{town.school.id}").text
    assert "Kan ikke se ugeplanen" in listed and "Fortrolig sag" in listed and "Hemmelig" not in listed
    assert client.get(f"/leder/enhed/{town.daycare.id}").status_code == 404


def test_statements_do_not_grow_with_the_items(town: SmallMunicipality) -> None:
    viewer = load_viewer(town.project_group[0].id, NOW)
    with statements() as few:
        unresolved_by_institution(viewer, NOW)
    insert_many(town, 1000)
    with statements() as many:
        rows = unresolved_by_institution(viewer, NOW)
    assert sum(row.open_count for row in rows) == 100
    assert len(few) == len(many) <= 4


def test_a_viewer_is_loaded_in_three_statements(town: SmallMunicipality) -> None:
    with statements() as seen:
        load_viewer(town.municipal_admin.id, NOW)
    assert len(seen) <= 3


@pytest.mark.parametrize("who", ["school_leader", "school_head", "steering"])
def test_no_query_of_the_overview_reads_the_whole_table(town: SmallMunicipality, who: str) -> None:
    insert_many(town, 20_000)
    db.session.execute(text("ANALYZE"))
    viewer = load_viewer(getattr(town, who).id, NOW)
    with statements() as seen:
        unresolved_by_institution(viewer, NOW)
        unresolved_by_department(viewer, NOW, town.school if who == "school_leader" else town.skole)
        open_items(viewer, town.school)
    for statement, parameters in list(seen):
        if "work_item" in statement:
            plan = query_plan(statement, parameters)
            assert "Seq Scan on work_item" not in plan and "SCAN work_item" not in plan, plan
            assert "ix_work_item" in plan, plan


def sign_in(client: FlaskClient, person: Person) -> None:
    with client.session_transaction() as cookie:
        cookie["_user_id"] = signed_in(person, NOW).get_id()
        cookie["_fresh"] = True


def query_plan(statement: str, parameters: object) -> str:
    word = "EXPLAIN" if db.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    rows = db.session.connection().exec_driver_sql(f"{word} {statement}", parameters)  # type: ignore[arg-type]
    return "\n".join(str(row[-1]) for row in rows)


def insert_many(town: SmallMunicipality, count: int) -> None:
    """`count` items over the departments, one in ten of them open."""
    units = [town.school_indskoling, town.school_udskoling, town.daycare_room, town.playgroup]
    db.session.execute(insert(WorkItem), [item_row(town, units[n % 4], n) for n in range(count)])


def item_row(town: SmallMunicipality, unit: Unit, n: int) -> dict[str, object]:
    is_open = n // 4 % 10 == 0
    at = NOW - timedelta(minutes=n)
    return {
        "municipality_id": town.municipality.id,
        "kind": "ticket",
        "number": 1_000_000 + n,
        "version": 1,
        "title": "Kan ikke logge på",
        "unit_id": unit.id,
        "unit_path": unit.path,
        "sector": unit.sector or Sector.SKOLE,
        "category": "LOGIN",
        "lane": "vejledning",
        "priority": "P3",
        "channel": "form",
        "state": State.NEW if is_open else State.CLOSED,
        "is_open": is_open,
        "step": "superuser",
        "rung": "superuser",
        "queue_unit_id": unit.id,
        "queue_path": unit.path,
        "requester_role": "employee",
        "opened_at": at,
        "rung_entered_at": at,
        "state_changed_at": at,
        "due_at": NOW + timedelta(minutes=n),
    }
