"""How an item comes into the world (R1, R2) and how its requester speaks in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from ticketing.database import transaction
from ticketing.ladder.rules import Facts, Place, Step, Target, start, way_for
from ticketing.organisation.models import Municipality
from ticketing.organisation.snapshot import UnitRow, organisation_now
from ticketing.privacy.cpr import mask
from ticketing.vocabulary import (
    Channel,
    EventKind,
    ItemId,
    ItemKind,
    Lane,
    MunicipalityId,
    PersonId,
    Priority,
    RequesterRole,
    Role,
    Rung,
    State,
    UnitId,
)
from ticketing.work import notices
from ticketing.work.change import REQUESTER, SYSTEM, Actor, Change, changing
from ticketing.work.errors import IllegalMove, MissingReason, UnknownTarget
from ticketing.work.faults import tell_fault
from ticketing.work.files import NewFile, keep_files
from ticketing.work.lifecycle import open_again, solve
from ticketing.work.models import Event, WorkItem
from ticketing.work.queries import around_in, facts_of, ladder_config, ladder_of
from ticketing.work.rules import CLOSES_AFTER, Action, may_reopen

TITLE_LENGTH = 120


@dataclass(frozen=True)
class Draft:
    """A question as it comes through a door. Lane and priority None: the category's own."""

    municipality_id: MunicipalityId
    unit_id: UnitId
    title: str
    body: str
    category: str
    channel: Channel
    requester_role: RequesterRole
    requester_id: PersonId | None = None
    requester_name: str | None = None
    requester_email: str | None = None
    logged_by_id: PersonId | None = None
    lane: Lane | None = None
    priority: Priority | None = None
    confidential: bool = False
    sender_verified: bool = True
    language: str = "da"
    about_person_id: PersonId | None = None
    folded: str | None = None
    kind: ItemKind = ItemKind.TICKET
    task_key: str | None = None
    #: Message-IDs of the mail that asks, what it answers first and its own last.
    thread: tuple[str, ...] = ()


def open_ticket(draft: Draft, actor: Actor, now: datetime, *, files: Sequence[NewFile] = ()) -> WorkItem:
    """R1: opens an item at the rung where its requester's questions start, numbers it, starts its clocks,
    and writes the receipt. Raises `UnknownTarget` for a unit or category that is not the municipality's.

    All of it is made first and written in one go (`no_autoflush`): the item's rows in the order in which they
    refer, each once, the clocks' due times among them."""
    with transaction() as session, session.no_autoflush:
        organisation = organisation_now(session, draft.municipality_id)
        municipality = session.get(Municipality, draft.municipality_id)
        category = ladder_config().categories.get(draft.category)
        unit = organisation.unit(draft.unit_id)
        if category is None or unit is None or municipality is None:
            raise UnknownTarget
        lane, priority = draft.lane or category.lane, draft.priority or category.priority
        around = around_in(organisation, unit.path, now)
        ladder = ladder_of(session, municipality.id)
        facts = Facts(unit.sector, lane, draft.category, draft.requester_role, priority)
        target = start(ladder, facts, around.places)
        item = _new_item(session, draft, unit, facts, target, now)
        item.confidential = draft.confidential or category.confidential or lane is Lane.BREACH
        notices.join_thread(item, draft.thread)
        change = Change(session, item, actor, now).arriving(ladder, around)
        event = change.record(
            EventKind.OPENED,
            None,
            to_step=target.step.key,
            to_unit=target.unit.id,
            skipped=[{"step": step, "why": why} for step, why in target.skipped],
            tag="dækning mangler" if target.without_cover else None,
            lane=lane.value,
            priority=priority.value,
            category=draft.category,
            channel=draft.channel.value,
            visit={"rung": target.step.rung.value},
            policy=change.policy(),
        )
        by_staff = draft.logged_by_id is not None and draft.logged_by_id != draft.requester_id
        writer = change if by_staff or actor.kind == "person" else Change(session, item, REQUESTER, now)
        message = writer.write(event, draft.body, public=True, folded=draft.folded)
        keep_files(session, message, files)
        if draft.kind is ItemKind.TICKET:
            notices.receipt(session, item, event, now, queue=target.unit.name)
        after_arrival(change, target, "Der er en ny sag i din kø.")
        change.finish()
        return item


def open_and_solve(draft: Draft, actor: Actor, now: datetime, *, answer: str) -> WorkItem:
    """*Løst her*: logs a question and its answer in one; both are kept, the figures count it at rung 1."""
    with transaction():
        item = open_ticket(draft, actor, now)
        return solve(item.id, actor, now, text=answer)


def requester_writes(
    item_id: ItemId,
    now: datetime,
    text: str,
    *,
    folded: str | None = None,
    author_id: PersonId | None = None,
    public: bool = True,
    files: Sequence[NewFile] = (),
) -> WorkItem:
    """The requester (or, with `author_id`, a colleague by mail) writes in the item. An item that waited for
    them goes on; one that has not been over for long (`may_reopen`) opens again. Raises `IllegalMove` after."""
    if not text.strip() and not files:
        raise MissingReason
    actor = REQUESTER if author_id is None else Actor("person", author_id)
    with changing(item_id, actor, now, None) as change:
        item = change.item
        if not item.is_open and author_id is None:
            if not may_reopen(item.solved_at, item.closed_at, now):
                raise IllegalMove("requester_writes", item.state, [Action.REOPEN.value])
            open_again(change, None)
        waited = item.state is State.WAITING_REQUESTER and author_id is None
        if waited:
            change.set_state(State.IN_PROGRESS if item.holder_id else State.NEW)
        kind = EventKind.REQUESTER_WROTE if author_id is None else EventKind.NOTED
        event = change.record(kind, resumed=waited)
        message = change.write(event, text, public=public, folded=folded)
        keep_files(change.session, message, files)
        if item.holder_id is not None or author_id is not None:
            change.tell(event, [item.holder_id], "Melderen har skrevet i din sag.")
        else:
            change.tell_own_queue(event, "Melderen har skrevet i en sag i din kø.")
        tell_fault(change)
        return item


def requester_says_solved(item_id: ItemId, now: datetime) -> WorkItem:
    """The requester says on the status page that it is solved; an item that is over stays as it is. A known
    fault stays open, with the requester's word on it: others hang on it (R11)."""
    with changing(item_id, REQUESTER, now, None) as change:
        item = change.item
        if item.is_open and item.is_known_fault:
            # Others hang on it: one who is helped does not end it for them (R11).
            event = change.record(EventKind.REQUESTER_WROTE, "Melder siger: løst for mig")
            change.tell(event, [item.holder_id], "Melderen siger, at sagen er løst.")
        elif item.is_open:
            item.solved_at, item.solved_rung = now, item.rung
            change.set_state(State.SOLVED)
            item.wake_at = now + CLOSES_AFTER
            event = change.record(EventKind.SOLVED, "Melder siger: løst")
            change.tell(event, [item.holder_id], "Melderen siger, at sagen er løst.")
        return item


def after_arrival(change: Change, target: Target, what: str) -> None:
    """What an arrival in a queue sets off: notices, the breach lane's informed roles (R8), and a task for
    the leader where a post is vacant (domain §2, "Vacancy" b)."""
    event = change.events[-1]
    if target.step.height > 1:
        change.tell_queue(event, target.servers, what)
    tells = way_for(change.ladder, facts_of(change.item)).tells
    if tells:
        tell_informed(change, event, tells)
    if change.item.kind is not ItemKind.TASK:
        for step_key, place in target.appoint:
            ask_for_appointment(
                change.session, change.item.municipality_id, change.ladder.steps[step_key], place, change.now
            )


def tell_informed(change: Change, event: Event, roles: frozenset[Role]) -> None:
    """R8: lets those whom a lane informs (leader, data protection …) follow the item, and tells them."""
    informed = _informed(change, roles)
    for person_id in informed:
        change.watch(person_id)
    change.tell(event, informed, "En sag kræver din opmærksomhed.")


def ask_for_appointment(
    session: Session, municipality_id: MunicipalityId, step: Step, place: Place, now: datetime
) -> None:
    """A task for the leader of `place` to appoint a holder (L197), once for as long as it is open."""
    key = f"appoint:{step.key}:{place.id}"
    open_already = select(WorkItem.id).where(
        WorkItem.municipality_id == municipality_id, WorkItem.task_key == key, WorkItem.is_open
    )
    if session.scalar(open_already.limit(1)) is not None:
        return
    name = step.name_da.lower()
    open_ticket(
        Draft(
            municipality_id=municipality_id,
            unit_id=place.id,
            title=f"Udpeg {name}: {place.name}",
            body=f"{place.name} har ingen {name}. Udpeg en, og meld den nye til kursus.",
            category="OPGAVE",
            channel=Channel.SYSTEM,
            requester_role=RequesterRole.ADMINISTRATOR,
            lane=Lane.CONDUCT,
            kind=ItemKind.TASK,
            task_key=key,
        ),
        SYSTEM,
        now,
    )


def _informed(change: Change, roles: frozenset[Role]) -> list[PersonId | None]:
    path = change.item.unit_path
    ids: dict[PersonId, None] = {}
    for server in change.around.places.servers:
        # Leaders of the item's own units, and those who serve the whole municipality.
        if server.role in roles and (server.role is not Role.LEADER or path.startswith(server.unit_path)):
            ids[server.person_id] = None
    return [person_id for person_id in ids if person_id != change.item.about_person_id]


def _new_item(
    session: Session, draft: Draft, unit: UnitRow, facts: Facts, target: Target, now: datetime
) -> WorkItem:
    body = mask(draft.body.strip())[0]
    first_line = body.splitlines()[0] if body else ""
    title = mask(draft.title.strip())[0] or first_line
    if not title:
        raise MissingReason
    item = WorkItem(
        municipality_id=draft.municipality_id,
        kind=draft.kind,
        number=_next_number(session, draft.municipality_id),
        title=title if len(title) <= TITLE_LENGTH else title[: TITLE_LENGTH - 1].rstrip() + "…",
        unit_id=unit.id,
        unit_path=unit.path,
        sector=unit.sector,
        category=draft.category,
        lane=facts.lane,
        priority=facts.priority,
        channel=draft.channel,
        state=State.NEW,
        is_open=True,
        step=target.step.key,
        rung=target.step.rung,
        queue_unit_id=target.unit.id,
        queue_path=target.unit.path,
        requester_id=draft.requester_id,
        requester_role=draft.requester_role,
        requester_name=mask(draft.requester_name)[0] if draft.requester_name else None,
        requester_email=draft.requester_email.strip().lower() if draft.requester_email else None,
        sender_verified=draft.sender_verified,
        logged_by_id=draft.logged_by_id,
        about_person_id=draft.about_person_id,
        language=draft.language,
        confidential=draft.confidential,
        without_cover=target.without_cover,
        reached_servicedesk=target.step.rung is Rung.SERVICEDESK,
        is_known_fault=False,
        bounces=0,
        task_key=draft.task_key,
        opened_at=now,
        rung_entered_at=now,
        state_changed_at=now,
    )
    session.add(item)
    return item


def _next_number(session: Session, municipality_id: MunicipalityId) -> int:
    following = session.scalar(
        update(Municipality)
        .where(Municipality.id == municipality_id)
        .values(next_number=Municipality.next_number + 1)
        .returning(Municipality.next_number)
        .execution_options(synchronize_session=False)
    )
    if following is None:
        raise UnknownTarget
    return following - 1
