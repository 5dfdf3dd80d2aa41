"""The twenty example tickets (domain §5): who acts chooses only what a person would choose, and each comes
out with the category, lane, priority, route and solving rung of the table."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from tests.factories import SmallMunicipality, small_municipality
from ticketing.organisation.models import Person, Unit
from ticketing.vocabulary import Affected, Channel, EventKind, Lane, Priority, RequesterRole, Rung, State
from ticketing.work import actions
from ticketing.work.actions import Actor, Draft, Handover
from ticketing.work.models import Event, WorkItem
from ticketing.work.queries import ladder_config, ladder_of, surroundings

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HANDOVER = Handover("Logget ud og ind igen", Affected.ONE, "i dag", "Ingen adgang")
P = RequesterRole


@dataclass(frozen=True)
class Example:
    number: int
    title: str
    unit: str
    requester: RequesterRole
    category: str
    #: What a person changes from the category's proposal.
    lane: Lane | None
    priority: Priority | None
    confidential: bool
    #: The steps it stands at, first to last.
    route: tuple[str, ...]
    solved_at: Rung
    expected_lane: Lane
    expected_priority: Priority
    vendor: str | None = None


G, S, T, C, B = Lane.GUIDANCE, Lane.SETUP, Lane.TECHNICAL, Lane.CONDUCT, Lane.BREACH
R = Rung
EXAMPLES = [
    Example(1, "Kan ikke se Noah i Aula", "school_indskoling", P.PARENT, "STAMDATA", None, None, False,
            ("employee", "superuser", "institution_admin"), R.ADMINISTRATOR, S, Priority.P3),
    Example(2, "Mit UNI-login virker ikke mere", "school_indskoling", P.PARENT, "LOGIN", None, None, False,
            ("employee",), R.EMPLOYEE, G, Priority.P3),
    Example(3, "Elev i 4.a har glemt kode", "school_indskoling", P.PUPIL, "LOGIN", None, None, False,
            ("employee",), R.EMPLOYEE, G, Priority.P3),
    Example(4, "Plejemor uden MitID", "school_indskoling", P.PARENT, "LOGIN", None, None, True,
            ("employee", "superuser", "municipal_admin"), R.VENDOR, G, Priority.P3, "stil"),
    Example(5, "Besked om udredning sendt til forkert forælder", "school_indskoling", P.PARENT, "BRUD", None,
            None, False, ("employee", "municipal_admin"), R.ADMINISTRATOR, B, Priority.P1),
    Example(6, "Hvor er mine sendte beskeder?", "daycare_room", P.PARENT, "BESKED", None, None, False,
            ("employee",), R.EMPLOYEE, G, Priority.P4),
    Example(7, "Skemaet er tomt i uge 35", "school_udskoling", P.EMPLOYEE, "SKEMA", None, None, False,
            ("superuser", "municipal_admin"), R.VENDOR, G, Priority.P2, "skema"),
    Example(8, "Sygemelding forsvinder", "school_indskoling", P.PARENT, "FRAVAER", None, None, False,
            ("employee", "superuser", "municipal_admin"), R.VENDOR, G, Priority.P3, "widget"),
    Example(9, "Komme/gå-skærmen er sort", "daycare", P.PARENT, "KOMGA", T, Priority.P2, False,
            ("employee", "servicedesk"), R.SERVICEDESK, T, Priority.P2),
    Example(10, "Klassebillede kan ikke deles", "school_indskoling", P.EMPLOYEE, "SAMTYKKE", None, None, False,
            ("superuser",), R.SUPERUSER, G, Priority.P3),
    Example(11, "Ny lærer kan ikke se 5.b", "school_indskoling", P.EMPLOYEE, "GRUPPE", None, None, False,
            ("superuser", "institution_admin"), R.ADMINISTRATOR, S, Priority.P3),
    Example(12, "Forældrerådsgruppen er tom efter sommerferien", "daycare_room", P.EMPLOYEE, "GRUPPE", None,
            None, False, ("superuser", "institution_admin"), R.ADMINISTRATOR, S, Priority.P3),
    Example(13, "Kan ikke åbne sikre filer på min iPad", "school_indskoling", P.EMPLOYEE, "FILER", T, None,
            False, ("superuser", "servicedesk"), R.SERVICEDESK, T, Priority.P3),
    Example(14, "Far uden forældremyndighed kan se opslag", "daycare_room", P.PARENT, "FAMILIE", None, None,
            False, ("employee", "institution_admin"), R.ADMINISTRATOR, S, Priority.P2),
    Example(15, "40 notifikationer om dagen", "school_indskoling", P.PARENT, "NOTIF", None, None, False,
            ("employee", "superuser"), R.SUPERUSER, G, Priority.P4),
    Example(16, "App findes ikke", "school_indskoling", P.PARENT, "APP", None, None, False,
            ("employee",), R.EMPLOYEE, G, Priority.P4),
    Example(17, "MeeBook-ugeplan er blank i Aula", "school_indskoling", P.EMPLOYEE, "WIDGET", None, Priority.P2,
            False, ("superuser", "municipal_admin"), R.VENDOR, G, Priority.P2, "widget"),
    Example(18, "Dagplejer kan ikke registrere gæstebarn", "playgroup", P.EMPLOYEE, "KOMGA", S, None, False,
            ("superuser", "admin_superuser"), R.ADMINISTRATOR, S, Priority.P3),
    Example(19, "Besked, opslag eller kalender?", "school_indskoling", P.EMPLOYEE, "ORG", None, None, False,
            ("superuser", "leader"), R.LEADER, C, Priority.P4),
    Example(20, "Lander altid som forælder", "school_indskoling", P.EMPLOYEE, "LOGIN", None, None, False,
            ("superuser",), R.SUPERUSER, G, Priority.P3),
]  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: f"{e.number:02d}-{e.category}")
def test_each_example_goes_the_way_the_table_says(session, example: Example) -> None:
    town = small_municipality()
    session.commit()
    item = _open(session, town, example)
    now = MONDAY
    route = [item.step]
    for _ in example.route[1:]:
        now += timedelta(minutes=5)
        item = actions.escalate(item.id, _someone_there(session, item, now), now, handover=HANDOVER)
        route.append(item.step)
    if example.vendor:
        now += timedelta(minutes=5)
        vendor = ladder_config().vendors[example.vendor]
        item = actions.wait_for_vendor(
            item.id,
            _someone_there(session, item, now),
            now,
            vendor=example.vendor,
            reference="EKS-1",
            ask_again_at=now + timedelta(days=vendor.ask_again_days),
            fields=dict.fromkeys(vendor.fields, "udfyldt"),
        )
    now += timedelta(minutes=5)
    item = actions.solve(item.id, _someone_there(session, item, now), now, text="Det virker nu.")
    assert tuple(route) == example.route
    assert (item.lane, item.priority) == (example.expected_lane, example.expected_priority)
    assert (item.state, item.solved_rung) == (State.SOLVED, example.solved_at)
    assert not item.without_cover
    if example.number in (4, 5, 14):
        assert item.confidential


def test_a_breach_tells_leader_and_data_protection(session) -> None:
    """R8: `brud` goes to the municipal administrator, the leader and data protection."""
    town = small_municipality()
    session.commit()
    item = _open(session, town, EXAMPLES[4])
    from ticketing.work.models import OutboxMessage

    told = set(session.scalars(select(OutboxMessage.recipient).where(OutboxMessage.item_id == item.id)))
    assert {town.school_leader.email, town.data_protection.email} <= told
    kinds = {row.kind for row in _clocks(session, item)}
    assert "breach_notice" in kinds


def test_twenty_five_duplicates_are_answered_with_one(session) -> None:
    """R11, example 17: the fault's answer solves each duplicate at its own rung."""
    town = small_municipality()
    session.commit()
    fault = _open(session, town, EXAMPLES[16])
    helper = _someone_there(session, fault, MONDAY)
    fault = actions.make_known_fault(fault.id, helper, MONDAY)
    children = [_open(session, town, EXAMPLES[16]) for _ in range(25)]
    for child in children:
        actions.attach_to_fault(child.id, helper, MONDAY, fault_id=fault.id)
    actions.solve(fault.id, helper, MONDAY + timedelta(hours=1), text="Leverandøren har rettet fejlen.")
    states = session.scalars(select(WorkItem.state).where(WorkItem.known_fault_id == fault.id)).all()
    assert states == [State.SOLVED] * 25
    solved = select(Event).where(Event.kind == EventKind.SOLVED, Event.item_id == children[0].id)
    assert session.scalars(solved).one().data["with_fault"] == fault.number


def _open(session, town: SmallMunicipality, example: Example) -> WorkItem:
    unit: Unit = getattr(town, example.unit)
    asks = {P.PARENT: None, P.PUPIL: None}.get(example.requester, town.teacher)
    logged_by: Person = town.pedagogue if example.unit.startswith("daycare") else town.teacher
    return actions.open_ticket(
        Draft(
            municipality_id=town.municipality.id,
            unit_id=unit.id,
            title=example.title,
            body=example.title + ".",
            category=example.category,
            channel=Channel.FORM,
            requester_role=example.requester,
            requester_id=asks.id if asks else None,
            requester_email=None if asks else "mor@example.org",
            logged_by_id=logged_by.id,
            lane=example.lane,
            priority=example.priority,
            confidential=example.confidential,
        ),
        Actor("person", logged_by.id),
        MONDAY,
    )


def _someone_there(session, item: WorkItem, now: datetime) -> Actor:
    """Somebody who serves the queue that the item stands in."""
    around = surroundings(session, item.municipality_id, item.unit_path, now)
    roles = ladder_of(session, item.municipality_id).steps[item.step].roles
    server = next(
        s for s in around.places.servers if s.role in roles and s.unit_path.startswith(item.queue_path)
    )
    return Actor("person", server.person_id)


def _clocks(session, item: WorkItem):
    from ticketing.work.models import Clock

    return session.scalars(select(Clock).where(Clock.item_id == item.id)).all()
