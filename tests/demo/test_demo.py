"""The demo municipality has the source plan's shape and is the same every time."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from ticketing.demo.clone import clone_items
from ticketing.demo.shape import MUNICIPALITY, SMALL, draw, municipality_names, shares
from ticketing.demo.stories import STORIES
from ticketing.demo.town import load_demo, sign_ins
from ticketing.demo.workdays import ZONE, working_moment
from ticketing.ladder.config import load_ladders
from ticketing.organisation.models import Municipality, Person, Post, Unit
from ticketing.vocabulary import EventKind, ItemKind, Role, Rung, State, UnitKind
from ticketing.work.actions import Actor, take
from ticketing.work.models import Clock, Event, OutboxMessage, WorkItem

NOW = datetime(2026, 9, 15, 8, 0, tzinfo=UTC)


def superusers_by_sector(size: str = "municipality") -> dict[str, int]:
    drawing = draw("vesterkaer", "Vesterkær Kommune", MUNICIPALITY, 1)
    sector = {unit.key: unit.sector for unit in drawing.units}
    found: dict[str, set[str]] = {}
    for post in drawing.posts:
        if post.role is Role.SUPERUSER:
            found.setdefault(str(sector[post.unit]), set()).add(post.person)
    return {key: len(people) for key, people in found.items()}


def test_superusers_are_69_56_and_1() -> None:
    """Seats that have been held: of some the holder has stopped since (`leave_gaps`)."""
    assert superusers_by_sector() == {"skole": 69, "dagtilbud": 56, "dagpleje": 1}


def test_there_are_four_technicians_four_in_the_project_group_and_one_data_protection_officer() -> None:
    posts = draw("vesterkaer", "Vesterkær Kommune", MUNICIPALITY, 1).posts
    held = [post.role for post in posts]
    assert held.count(Role.IT_SERVICEDESK) == 4
    assert held.count(Role.PROJECT_GROUP) == 4
    assert held.count(Role.DATA_PROTECTION) == 1
    assert held.count(Role.INSTITUTION_ADMIN) == 56


def test_it_has_110_institutions_and_4000_staff() -> None:
    drawing = draw("vesterkaer", "Vesterkær Kommune", MUNICIPALITY, 1)
    assert sum(unit.kind is UnitKind.INSTITUTION for unit in drawing.units) == 110
    assert len(drawing.people) == 4000


def test_the_same_seed_draws_the_same_town_and_another_seed_another() -> None:
    first = draw("vesterkaer", "Vesterkær Kommune", SMALL, 7)
    again = draw("vesterkaer", "Vesterkær Kommune", SMALL, 7)
    other = draw("vesterkaer", "Vesterkær Kommune", SMALL, 8)
    assert (first.units, first.people, first.posts) == (again.units, again.people, again.posts)
    assert first.people != other.people


def test_the_nation_has_98_municipalities_with_keys_of_their_own() -> None:
    assert len({key for key, _ in municipality_names(98)}) == 98


@pytest.mark.parametrize("weights", [[1, 1, 1], [900, 120, 450], [500] * 25])
def test_shares_give_everybody_one_and_add_up(weights: list[int]) -> None:
    given = shares(69, weights)
    assert sum(given) == 69
    assert min(given) >= 1


def test_the_small_town_is_loaded_once(session: Session) -> None:
    assert load_demo("small", "hash", NOW, tickets=8)
    assert not load_demo("small", "hash", NOW, tickets=8)
    assert session.scalar(select(func.count()).select_from(Municipality)) == 1
    asked = select(func.count()).select_from(WorkItem).where(WorkItem.kind == ItemKind.TICKET)
    assert session.scalar(asked) == 8
    assert session.scalar(select(func.count()).select_from(Person)) == 80


def test_the_one_who_loads_may_go_on_making_rows(session: Session) -> None:
    """On PostgreSQL ids given by hand once left the counters behind."""
    load_demo("small", "hash", NOW, tickets=0)
    root = session.scalars(select(Unit).where(Unit.key == "kommune")).one()
    for row in (
        Person(municipality_id=root.municipality_id, key="ny", name="Ny", email="ny@vesterkaer.example"),
        Unit(municipality_id=root.municipality_id, key="ny", name="Ny", path="/ny/", kind=UnitKind.INSTITUTION),
    ):
        session.add(row)
        session.flush()
    session.add(
        Post(
            municipality_id=root.municipality_id,
            person_id=session.scalars(select(Person.id).where(Person.key == "ny")).one(),
            unit_id=root.id,
            role=Role.PROJECT_GROUP,
            valid_from=NOW.date(),
        )
    )
    session.flush()


def test_one_of_each_group_can_sign_in(session: Session) -> None:
    load_demo("small", "hash", NOW, tickets=0)
    for sign_in in sign_ins():
        assert (
            session.scalars(select(Person.password_hash).where(Person.email == sign_in.email)).one() == "hash"
        )


def test_the_past_is_lived_through_before_now_and_writes_to_nobody(session: Session) -> None:
    load_demo("small", "hash", NOW, tickets=70)
    latest = session.scalar(select(func.max(Event.at)))
    assert latest is not None and latest <= NOW
    unsent = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.sent_at.is_(None))
    assert session.scalar(unsent) == 0
    assert session.scalar(select(func.count()).select_from(WorkItem).where(WorkItem.solved_at.is_not(None)))


@pytest.mark.parametrize("hour", [1, 9, 20])
@pytest.mark.parametrize("day", [14, 15, 19, 20])
def test_questions_are_asked_on_working_days_before_now(day: int, hour: int) -> None:
    now = datetime(2026, 9, day, hour, tzinfo=UTC)
    chance = random.Random(3)
    for _ in range(300):
        at = working_moment(chance, now)
        assert at < now
        assert at.astimezone(ZONE).weekday() < 5
        assert 7 <= at.astimezone(ZONE).hour < 15


def open_at(session: Session, rung: Rung, unit_key: str) -> list[WorkItem]:
    path = session.scalars(select(Unit.path).where(Unit.key == unit_key)).one()
    inside = WorkItem.queue_path.startswith(path)
    return list(session.scalars(select(WorkItem).where(WorkItem.is_open, WorkItem.rung == rung, inside)))


def test_each_sign_in_finds_something_to_do(session: Session) -> None:
    load_demo("small", "hash", NOW, tickets=50)
    with_superuser = open_at(session, Rung.SUPERUSER, "skole01")
    assert len(with_superuser) >= 8
    assert any(item.due_at and item.due_at < NOW for item in with_superuser)
    assert any(item.due_at and item.due_at > NOW for item in with_superuser)
    assert any(item.state is State.WAITING_REQUESTER for item in with_superuser)
    assert len(open_at(session, Rung.EMPLOYEE, "skole01")) >= 3
    assert open_at(session, Rung.LEADER, "skole01")
    with_it = open_at(session, Rung.SERVICEDESK, "it")
    fault = next(item for item in with_it if item.is_known_fault)
    assert sum(item.known_fault_id == fault.id for item in with_it) == 12


def test_a_vacant_seat_leaves_a_task_for_the_leader_and_marks_what_passed_it(session: Session) -> None:
    load_demo("small", "hash", NOW, tickets=50)
    of_gaps = WorkItem.kind == ItemKind.TASK, WorkItem.activity_id.is_(None)
    tasks = session.scalars(select(WorkItem.title).where(*of_gaps)).all()
    assert sorted(tasks) == ["Udpeg superbruger: Mælkebøtten, stuerne", "Udpeg superbruger: Solsikken, stuerne"]
    passed = select(Unit.key).join(WorkItem, WorkItem.unit_id == Unit.id)
    marked = session.scalars(passed.where(WorkItem.without_cover, WorkItem.is_open)).all()
    assert {"hus01-stuer", "hus02-stuer"} <= set(marked)


def test_deadlines_of_the_past_fired_in_the_past(session: Session) -> None:
    load_demo("small", "hash", NOW, tickets=50)
    breaches = session.scalars(select(Event).where(Event.kind == EventKind.CLOCK_BREACHED)).all()
    assert breaches
    for event in breaches:
        late = event.at - datetime.fromisoformat(event.data["due_at"])
        assert timedelta(0) <= late < timedelta(minutes=5)
    assert not session.scalar(select(func.count()).select_from(WorkItem).where(WorkItem.next_at <= NOW))


def test_at_least_forty_different_questions_over_every_category_that_people_ask_about() -> None:
    config = load_ladders(Path(__file__).parents[2] / "config")
    categories = {key for key, category in config.categories.items() if category.active and key != "OPGAVE"}
    assert len({story.title for story in STORIES}) == len(STORIES) >= 40
    assert {story.category for story in STORIES} == categories


def test_items_are_multiplied_with_their_history(session: Session) -> None:
    load_demo("small", "hash", NOW, tickets=6, placed=False)
    town = session.scalars(select(Municipality)).one()
    events, clocks = (session.scalar(select(func.count()).select_from(m)) or 0 for m in (Event, Clock))
    assert clone_items(session, town.id, 30) == 30
    session.commit()
    assert session.scalar(select(func.count()).select_from(WorkItem)) == 30
    assert session.scalar(select(func.count()).select_from(Event)) == 5 * events
    assert session.scalar(select(func.count()).select_from(Clock)) == 5 * clocks
    assert session.scalar(select(func.count(WorkItem.number.distinct()))) == 30


def test_a_copied_item_can_be_worked_on(session: Session) -> None:
    load_demo("small", "hash", NOW, tickets=20)
    town = session.scalars(select(Municipality)).one()
    clone_items(session, town.id, 50)
    session.commit()
    fresh = select(WorkItem).where(WorkItem.is_open, WorkItem.holder_id.is_(None)).order_by(WorkItem.id.desc())
    item = session.scalars(fresh).first()
    assert item is not None
    config = session.scalars(
        select(Person)
        .join(Post)
        .join(Unit, Unit.id == Post.unit_id)
        .where(Unit.path.startswith(item.queue_path))
    ).all()
    roles = {"employee": Role.EMPLOYEE, "superuser": Role.SUPERUSER}
    wanted = roles.get(item.step, Role.MUNICIPAL_ADMIN)
    person = next(
        p
        for p in config
        if session.scalars(select(Post.id).where(Post.person_id == p.id, Post.role == wanted)).first()
    )
    taken = take(item.id, Actor("person", person.id), NOW)
    assert taken.holder_id == person.id
