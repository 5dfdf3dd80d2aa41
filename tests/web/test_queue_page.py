"""Min kø shows what waits for me, most urgent first, and lets me take it in one press."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.factories import AbsenceFactory, PostFactory, SmallMunicipality, WorkItemFactory, small_municipality
from tests.web.test_sign_in import sign_in
from ticketing.accounts.throttle import throttle
from ticketing.database import db
from ticketing.organisation.models import Post
from ticketing.vocabulary import Channel, ItemKind, RequesterRole, Role, Rung, State
from ticketing.work import actions
from ticketing.work.actions import Actor, Draft
from ticketing.work.models import WorkItem


@pytest.fixture
def town(session) -> SmallMunicipality:
    throttle.__init__()
    return small_municipality()


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


def opened(town, now, **more) -> WorkItem:
    facts = {
        "municipality_id": town.municipality.id,
        "unit_id": town.school_indskoling.id,
        "title": "Kan ikke logge på",
        "body": "Aula siger nej, siden i går.",
        "category": "LOGIN",
        "channel": Channel.FORM,
        "requester_role": RequesterRole.EMPLOYEE,
        "requester_id": town.teacher.id,
        "logged_by_id": town.teacher.id,
    }
    db.session.commit()
    return actions.open_ticket(Draft(**{**facts, **more}), Actor("person", town.teacher.id), now)


def row_of(town, **more) -> WorkItem:
    return WorkItemFactory(unit=town.school_indskoling, version=1, **more)


def test_a_new_question_stands_in_its_superusers_queue_with_tag_and_svar(client, town, now) -> None:
    item = opened(town, now)
    sign_in(client, town.superuser)
    page = client.get("/koe").text
    assert f"A-{item.number}" in page
    assert "Kan ikke logge på" in page
    assert f'action="/sager/A-{item.number}/tag"' in page
    assert f'href="/sager/A-{item.number}#svar"' in page


def test_one_press_takes_it_and_comes_back_to_the_queue(client, town, now) -> None:
    item = opened(town, now)
    sign_in(client, town.superuser)
    answer = client.post(f"/sager/A-{item.number}/tag", data={"version": item.version, "back": "koe"})
    assert answer.location == "/koe"
    db.session.refresh(item)
    assert (item.holder_id, item.state) == (town.superuser.id, State.TAKEN)
    assert f'action="/sager/A-{item.number}/tag"' not in client.get("/koe").text


def test_rows_stand_in_groups_by_what_is_due_and_are_counted(client, town, now) -> None:
    row_of(town, title="Denne er sent ude", due_at=now - timedelta(hours=1))
    row_of(town, title="Denne er også sent ude", due_at=now - timedelta(hours=2))
    row_of(town, title="Denne kan vente", due_at=now + timedelta(days=9))
    row_of(town, title="Denne venter på melder", state=State.WAITING_REQUESTER, due_at=now - timedelta(days=1))
    row_of(town, title="Denne står i planen", kind=ItemKind.TASK, due_at=now + timedelta(days=20))
    sign_in(client, town.superuser)
    page = client.get("/koe").text
    headings = ["Over frist", "Senere", "Venter", "Opgaver fra planen"]
    places = [page.index(f">{word} <span") for word in headings]
    assert places == sorted(places)
    assert page.index("Denne er også sent ude") < page.index("Denne er sent ude") < places[1]
    assert "<strong>5</strong> åbne" in page
    assert '<strong class="late">2</strong> over frist' in page


def test_what_is_due_before_midnight_is_due_today(client, town) -> None:
    from ticketing.insight.worklist import Due, end_of_day

    noon = datetime(2026, 9, 15, 10, 0, tzinfo=UTC)
    assert end_of_day(noon) == datetime(2026, 9, 15, 22, 0, tzinfo=UTC)  # midnight in Copenhagen
    assert Due.TODAY < Due.LATER


def test_other_departments_and_other_rungs_do_not_show(client, town) -> None:
    row_of(town, title="I udskolingen", queue_unit=town.school_udskoling)
    row_of(town, title="Hos administrator", step="municipal_admin", queue_unit=town.skole)
    row_of(town, title="Løst i går", state=State.SOLVED)
    sign_in(client, town.superuser)
    page = client.get("/koe").text
    assert not any(title in page for title in ("I udskolingen", "Hos administrator", "Løst i går"))
    assert "Ingen sager. Godt klaret." in page


def test_an_item_about_me_does_not_show_in_my_queue(client, town) -> None:
    row_of(town, title="Om superbrugeren selv", about_person_id=town.superuser.id)
    sign_in(client, town.superuser)
    assert "Om superbrugeren selv" not in client.get("/koe").text


def test_the_deputy_of_an_absent_superuser_sees_their_queue(client, town, now) -> None:
    row_of(town, title="Til den fraværende")
    AbsenceFactory(person=town.superuser, deputy=town.udskoling_superuser, starts_at=now - timedelta(hours=1))
    sign_in(client, town.udskoling_superuser)
    assert "Til den fraværende" in client.get("/koe").text


def test_an_administrator_of_the_sector_has_the_sectors_queue(client, town) -> None:
    row_of(town, title="Hos administrator", step="municipal_admin", queue_unit=town.skole)
    sign_in(client, town.municipal_admin)
    assert "Hos administrator" in client.get("/koe").text


def test_what_i_hold_shows_wherever_it_stands(client, town) -> None:
    row_of(town, title="Givet til mig", queue_unit=town.school_udskoling, holder_id=town.superuser.id)
    sign_in(client, town.superuser)
    assert "Givet til mig" in client.get("/koe").text


def test_a_leaders_task_to_appoint_a_superuser_stands_in_their_queue(client, town, now) -> None:
    for post in db.session.scalars(select(Post).where(Post.person_id == town.udskoling_superuser.id)):
        post.valid_to = post.valid_from
    unit, asker = town.school_udskoling.id, town.udskoling_teacher.id
    opened(town, now, unit_id=unit, requester_id=asker, logged_by_id=asker)
    task = db.session.scalars(select(WorkItem).where(WorkItem.kind == ItemKind.TASK)).first()
    assert task is not None
    sign_in(client, town.school_leader)
    page = client.get("/koe").text
    assert f"O-{task.number}" in page
    assert "Min kø</a>" in page
    assert client.get(f"/sager/O-{task.number}").status_code == 200


def test_a_hundred_rows_are_shown_and_the_rest_counted(client, town, now) -> None:
    for n in range(103):
        row_of(town, title=f"Sag nummer {n}", due_at=now + timedelta(days=3, minutes=n))
    sign_in(client, town.superuser)
    page = client.get("/koe").text
    assert page.count('class="item-number"') == 100
    assert "<strong>103</strong> åbne" in page
    assert "3 flere venter" in page


def test_a_strangers_post_in_another_municipality_shows_nothing_of_ours(client, town) -> None:
    row_of(town, title="Vores sag")
    other = small_municipality("andenby")
    PostFactory(person=other.teacher, unit=other.school_indskoling, role=Role.SUPERUSER)
    sign_in(client, other.superuser)
    assert "Vores sag" not in client.get("/koe").text


def test_one_must_sign_in(client, town) -> None:
    assert client.get("/koe").status_code == 302


def test_what_hangs_on_a_known_fault_waits_and_is_never_late(client, town) -> None:
    """Found by looking: twelve duplicates of one fault stood as twelve late questions."""
    fault = WorkItemFactory(unit=town.school_indskoling, is_known_fault=True, title="Alle er ramt")
    WorkItemFactory(
        unit=town.school_indskoling,
        step="superuser",
        rung=Rung.SUPERUSER,
        queue_unit=town.school_indskoling,
        known_fault_id=fault.id,
        title="Det samme igen",
        due_at=datetime(2020, 1, 1, tzinfo=UTC),
    )
    sign_in(client, town.superuser)
    page = client.get("/koe").text
    assert page.index("Venter") < page.index("Det samme igen")
    assert "<strong>0</strong> over frist" in re.sub(r' class="[^"]*"', "", page)
