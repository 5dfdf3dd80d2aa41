"""The last quarter under other rules: what was missed, and what would have been; and what a change does to the
items under way, told before it is saved."""

from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import func, select

from tests.clocks.test_editions import put, with_school_hours, with_target
from tests.clocks.test_local_days import OPENED, SHUT, ask
from tests.factories import SmallMunicipality, small_municipality
from ticketing.clocks.config import load_clock_texts
from ticketing.clocks.models import ClockEdition
from ticketing.vocabulary import Affected, ClockKind, ClockState, EventKind, Priority, Reach, Rung
from ticketing.work import actions
from ticketing.work.calendar_changes import change_days
from ticketing.work.errors import WorkError
from ticketing.work.models import Clock, Event, WorkItem
from ticketing.work.policy_trial import preview, replay
from ticketing.work.queries import clock_config, clocks_of
from ticketing.work.spreading import SECOND_LOOK, spread
from ticketing.work.sweep import sweep

HOUR = timedelta(hours=1)
HANDOVER = actions.Handover("Genstart", Affected.GROUP, "i går", "Fejl 7")
COUNTED = [kind for kind in ClockKind if kind is not ClockKind.BREACH_NOTICE]


@pytest.fixture
def town(session) -> SmallMunicipality:
    return small_municipality()


def missed(session) -> dict[tuple[int, Rung | None], int]:
    """By unit and rung, the verdicts that stand."""
    rows = session.execute(
        select(WorkItem.unit_id, Clock.rung, func.count())
        .join(Clock, Clock.item_id == WorkItem.id)
        .where(Clock.state == ClockState.MISSED, Clock.kind.in_(COUNTED))
        .group_by(WorkItem.unit_id, Clock.rung)
    ).all()
    return {(unit, rung): count for unit, rung, count in rows}


def pass_time(session, item: WorkItem, until: datetime) -> None:
    """Lets the worker fire everything in its own second."""
    session.refresh(item)
    while item.next_at is not None and item.next_at <= until:
        sweep(item.next_at)
        session.refresh(item)


def live(session, town: SmallMunicipality, item: WorkItem, random: Random) -> datetime:
    """A few things happen to the item, at odd times."""
    people = [town.superuser, town.second_superuser, town.municipal_admin, town.technicians[0]]
    now = item.opened_at
    for _ in range(random.randint(1, 6)):
        now += timedelta(seconds=random.choice([3_001, 40_013, 200_017]) * random.randint(1, 3) + 7)
        pass_time(session, item, now)
        actor = actions.Actor("person", random.choice(people).id)
        what = random.choice(
            [
                lambda a, n: actions.take(item.id, a, n),
                lambda a, n: actions.answer(item.id, a, n, text="Prøv igen"),
                lambda a, n: actions.ask_requester(item.id, a, n, text="Hvilken klasse?"),
                lambda a, n: actions.wait_for_sync(item.id, a, n, reason="Ny elev"),
                lambda a, n: actions.resume(item.id, a, n),
                lambda a, n: actions.reclassify(
                    item.id, a, n, reason="Flere er ramt", priority=random.choice(list(Priority))
                ),
                lambda a, n: actions.escalate(item.id, a, n, reason="Kan ikke selv", handover=HANDOVER),
                lambda a, n: actions.move_unit(
                    item.id, a, n, unit_id=town.daycare_room.id, reason="Hører til i dagtilbud"
                ),
                lambda a, n: actions.solve(item.id, a, n, text="Det virker nu"),
                lambda a, n: actions.reopen(item.id, a, n, reason="Det virker ikke"),
            ]
        )
        try:
            what(actor, now)
        except WorkError:
            session.rollback()  # not possible just now: nothing happened
    return now


def test_under_the_rules_in_force_the_verdicts_are_those_that_stand(session, town) -> None:
    random = Random(7)
    until = OPENED
    for n in range(60):
        unit = random.choice([town.school_indskoling, town.daycare_room, town.playgroup])
        item = ask(town, unit, OPENED + timedelta(hours=n * 3, seconds=n))
        session.commit()
        until = max(until, live(session, town, item, random))
    for item in session.scalars(select(WorkItem)).all():
        pass_time(session, item, until)
    session.expire_all()
    key = town.municipality.id
    found = replay(key, clocks_of(session, key), until)
    assert found.items == 60
    standing = missed(session)
    assert sum(cell.then for cell in found.cells.values()) == sum(standing.values()) > 40
    assert all(cell.then == cell.would for cell in found.cells.values())
    houses = {town.school.id: town.school_indskoling.id, town.daycare.id: town.daycare_room.id}
    for (house, rung), cell in found.cells.items():
        assert cell.then == standing.get((houses.get(house, house), rung), 0)
    kinds = set(session.scalars(select(Event.kind)))
    assert {EventKind.CLOCK_BREACHED, EventKind.RECLASSIFIED, EventKind.MOVED_UNIT, EventKind.REOPENED} <= kinds


def test_other_targets_are_told_by_rung_and_unit_and_nothing_is_written(session, town) -> None:
    item = ask(town, town.school_indskoling)
    actor = actions.Actor("person", town.superuser.id)
    actions.take(item.id, actor, OPENED + HOUR)
    actions.solve(item.id, actor, OPENED + 4 * HOUR, text="Det virker nu")
    events = session.scalar(select(func.count()).select_from(Event))
    key = town.municipality.id
    found = replay(key, load_clock_texts(with_target("3 h")), OPENED + timedelta(days=3))
    cell = found.cells[town.school.id, Rung.SUPERUSER]
    assert (cell.clocks, cell.then, cell.would) == (2, 0, 1)
    assert found.by_rung()[Rung.SUPERUSER] == found.cells[town.school.id, Rung.SUPERUSER]
    assert found.by_unit()[town.school.id].would == 1
    assert session.scalar(select(func.count()).select_from(Event)) == events
    assert session.scalars(select(ClockEdition.number)).all() == [1]


def test_other_hours_are_replayed_with_the_local_days_of_then(session, town) -> None:
    change_days(town.school.id, actions.SYSTEM, OPENED, source="side", add=[SHUT])
    item = ask(town, town.school_indskoling)
    solved = OPENED + timedelta(days=3)  # the rung's very last second, as Thursday was closed
    pass_time(session, item, solved)
    actions.solve(item.id, actions.Actor("person", town.superuser.id), solved, text="Det virker nu")
    found = replay(town.municipality.id, clocks_of(session, town.municipality.id), solved + HOUR)
    cell = found.cells[town.school.id, Rung.SUPERUSER]
    assert (cell.then, cell.would) == (2, 2)  # the worker was first in that second
    longer = load_clock_texts(with_school_hours("07:45-16:00"))
    assert replay(town.municipality.id, longer, solved + HOUR).items == 1


def test_only_the_quarter_and_only_the_municipality_is_replayed(session, town) -> None:
    other = small_municipality("noerager")
    ask(town, town.school_indskoling, OPENED - timedelta(days=100))
    ask(town, town.school_indskoling)
    ask(other, other.school_indskoling)
    assert replay(town.municipality.id, clock_config(), OPENED + HOUR).items == 1


def test_a_preview_says_which_items_are_touched_and_which_are_late_at_once(session, town) -> None:
    old, fresh = ask(town, town.school_indskoling), ask(town, town.school_indskoling, OPENED + 4 * HOUR)
    ask(town, town.daycare_room)
    now, key = OPENED + 5 * HOUR - timedelta(minutes=5), town.municipality.id
    proposed = load_clock_texts(with_target("4 h"))
    found = preview(key, proposed, Reach.FROM_NOW, now)
    assert (found.open_items, found.touched, found.earlier, found.late_at_once) == (3, 3, 3, 2)
    assert [one.item_id for one in found.first if not one.is_late_at_once] == [fresh.id]
    assert found.first[0].item_id == old.id
    put(town, with_target("4 h"), now)
    assert spread(now) == found.touched
    session.expire_all()
    assert session.get(WorkItem, fresh.id).due_at == found.first[-1].due_after
    assert preview(key, proposed, Reach.FROM_NOW, now).touched == 0


@pytest.mark.parametrize("reach", list(Reach))
def test_what_is_previewed_is_what_the_pass_does(session, town, reach) -> None:
    random = Random(11)
    until = OPENED
    for n in range(20):
        item = ask(town, town.school_indskoling, OPENED + timedelta(hours=n * 2))
        session.commit()
        until = max(until, live(session, town, item, random))
    texts = with_school_hours("09:00-14:00")
    found = preview(town.municipality.id, load_clock_texts(texts), reach, until)
    put(town, texts, until, reach)
    assert spread(until) == found.touched
    assert spread(until + SECOND_LOOK) == 0
    session.expire_all()
    due = {one.item_id: one.due_after for one in found.first if one.due_after}
    clocks = select(func.min(Clock.due_at)).where(Clock.state == ClockState.RUNNING)
    for item_id, after in due.items():
        assert session.scalar(clocks.where(Clock.item_id == item_id)).astimezone(UTC) == after
