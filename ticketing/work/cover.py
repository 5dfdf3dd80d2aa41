"""Absence and departure: whoever goes, their open items never stand where nobody present can see them."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from ticketing.database import path_range, transaction
from ticketing.ladder.rules import Place, keep_or_move
from ticketing.organisation.models import Absence, Person, Post, Unit
from ticketing.vocabulary import EventKind, MunicipalityId, PersonId, State
from ticketing.work.change import SYSTEM, Actor, Change
from ticketing.work.errors import UnknownTarget
from ticketing.work.models import WorkItem
from ticketing.work.opening import after_arrival
from ticketing.work.queries import LOCAL_ZONE, facts_of


def set_absence(
    person_id: PersonId,
    actor: Actor,
    now: datetime,
    *,
    starts_at: datetime,
    ends_at: datetime | None,
    deputy_id: PersonId | None = None,
    note: str | None = None,
) -> Absence:
    """*Fravær* from `starts_at` to before `ends_at` (None: until further notice), with a named deputy, else
    the one who always stands in. An
    absence that has begun hands on at once what nobody else can see; a later one does when it begins.
    Raises `UnknownTarget` for a deputy who is oneself or of another municipality, or an end before start."""
    with transaction() as session:
        person = session.get(Person, person_id)
        deputy = session.get(Person, deputy_id) if deputy_id is not None else None
        wrong_deputy = deputy_id is not None and (
            deputy is None
            or person is None
            or deputy.id == person.id
            or deputy.municipality_id != person.municipality_id
        )
        if person is None or wrong_deputy or (ends_at is not None and ends_at <= starts_at):
            raise UnknownTarget
        if deputy_id is None:
            deputy_id = _standing_deputy(session, person, starts_at)
        absence = Absence(
            municipality_id=person.municipality_id,
            person_id=person_id,
            deputy_id=deputy_id,
            starts_at=starts_at,
            ends_at=ends_at,
            note=note,
        )
        session.add(absence)
        session.flush()
        if starts_at <= now and (ends_at is None or ends_at > now):
            absence.rerouted_at = now
            _after_loss(session, person, actor, now)
        return absence


def _standing_deputy(session: Session, person: Person, at: datetime) -> PersonId | None:
    """Who always stands in on one of the person's posts, and is still here."""
    today = at.astimezone(LOCAL_ZONE).date()
    named = (
        select(Post.deputy_id)
        .join(Person, Person.id == Post.deputy_id)
        .where(
            Post.person_id == person.id,
            or_(Post.valid_to.is_(None), Post.valid_to > today),
            or_(Person.left_on.is_(None), Person.left_on > today),
        )
        .order_by(Post.id)
        .limit(1)
    )
    return session.scalar(named)


def end_absence(absence_id: int, actor: Actor, now: datetime) -> Absence:
    """Back again, or a planned absence called off (its row goes). The deputy serves no longer, so a queue
    that only they covered is handed on; items that went on before stay where they are. Raises
    `UnknownTarget` for an absence that doesn't exist."""
    with transaction() as session:
        absence = session.get(Absence, absence_id)
        if absence is None:
            raise UnknownTarget
        if absence.starts_at >= now:
            session.delete(absence)
        elif absence.ends_at is None or absence.ends_at > now:
            absence.ends_at = now
        session.flush()
        person = session.get_one(Person, absence.person_id)
        if absence.deputy_id is not None:
            _after_loss(session, session.get_one(Person, absence.deputy_id), actor, now, release=False)
        _after_loss(session, person, actor, now, release=False)
        return absence


def end_post(post_id: int, actor: Actor, now: datetime, *, on: date) -> Post:
    """A person gives up a post from `on`; what only they could see goes on in the same transaction."""
    with transaction() as session:
        post = session.get(Post, post_id)
        if post is None:
            raise UnknownTarget
        post.valid_to, post.rerouted_at = on, None
        session.flush()
        _hand_on_ended(session, [post], actor, now)
        return post


def person_leaves(person_id: PersonId, actor: Actor, now: datetime, *, on: date) -> Person:
    """A person leaves: posts end, open items are let go and handed on in one action, history stays."""
    with transaction() as session:
        person = session.get(Person, person_id)
        if person is None:
            raise UnknownTarget
        person.left_on = on
        still = or_(Post.valid_to.is_(None), Post.valid_to > on)
        posts = session.scalars(select(Post).where(Post.person_id == person_id, still)).all()
        for post in posts:
            post.valid_to, post.rerouted_at = on, None
        session.flush()
        _hand_on_ended(session, posts, actor, now)
        return person


def hand_on_what_is_due(now: datetime, limit: int = 100) -> int:
    """Hands on what absences that have begun, and posts that have ended, left uncovered since the last time;
    each of them once. Returns how many absences and posts were looked after."""
    with transaction() as session:
        begun = (
            select(Absence)
            .where(
                Absence.rerouted_at.is_(None),
                Absence.starts_at <= now,
                or_(Absence.ends_at.is_(None), Absence.ends_at > now),
            )
            .order_by(Absence.id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        absences = session.scalars(begun).all()
        for absence in absences:
            absence.rerouted_at = now
            session.flush()
            _after_loss(session, session.get_one(Person, absence.person_id), SYSTEM, now)
        ended = (
            select(Post)
            .where(
                Post.valid_to.is_not(None),
                Post.rerouted_at.is_(None),
                Post.valid_to <= now.astimezone(LOCAL_ZONE).date(),
            )
            .order_by(Post.valid_to)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        posts = session.scalars(ended).all()
        _hand_on_ended(session, posts, SYSTEM, now)
        return len(absences) + len(posts)


def _hand_on_ended(session: Session, posts: Sequence[Post], actor: Actor, now: datetime) -> None:
    """Looks after those of `posts` that have ended by now; a later end is looked after when it comes."""
    today = now.astimezone(LOCAL_ZONE).date()
    over = [post for post in posts if post.valid_to is not None and post.valid_to <= today]
    for post in over:
        post.rerouted_at = now
    session.flush()
    for person_id in dict.fromkeys(post.person_id for post in over):
        _after_loss(session, session.get_one(Person, person_id), actor, now)


def _after_loss(session: Session, person: Person, actor: Actor, now: datetime, *, release: bool = True) -> None:
    """1. Items that the person held are let go into their queue. 2. Every open item in a queue that they
    (or somebody they stood in for) served, and that now has nobody, moves on by the ladder's rules."""
    if release:
        held = select(WorkItem).where(WorkItem.holder_id == person.id, WorkItem.is_open).with_for_update()
        for item in session.scalars(held.order_by(WorkItem.id)).all():
            change = Change(session, item, actor, now)
            item.holder_id = None
            if item.state in (State.TAKEN, State.IN_PROGRESS):
                change.set_state(State.NEW)
            change.record(EventKind.REROUTED, "Den, der havde sagen, er der ikke", from_holder=person.id)
            change.finish()
    stood_in_for = select(Absence.person_id).where(Absence.deputy_id == person.id)
    who = [person.id, *session.scalars(stood_in_for).all()]
    for municipality_id, paths in _unit_paths(session, who).items():
        for path in paths:
            _hand_on_uncovered(session, municipality_id, path, actor, now)


def _unit_paths(session: Session, who: list[PersonId]) -> dict[MunicipalityId, list[str]]:
    rows = session.execute(
        select(Unit.municipality_id, Unit.path)
        .join(Post, Post.unit_id == Unit.id)
        .where(Post.person_id.in_(who))
        .distinct()
    )
    paths: dict[MunicipalityId, list[str]] = {}
    for municipality_id, path in rows:
        paths.setdefault(municipality_id, []).append(path)
    return paths


def _hand_on_uncovered(
    session: Session, municipality_id: MunicipalityId, post_path: str, actor: Actor, now: datetime
) -> None:
    """Looks at the open items whose queue the post may have served: at its unit or any unit above it."""
    above = [int(part) for part in post_path.strip("/").split("/")]
    low, high = path_range(post_path)
    in_reach = or_(WorkItem.queue_unit_id.in_(above), WorkItem.queue_path.between(low, high))
    items = session.scalars(
        select(WorkItem)
        .where(WorkItem.municipality_id == municipality_id, WorkItem.is_open, in_reach)
        .order_by(WorkItem.id)
        .with_for_update()
    ).all()
    seen: dict[tuple[str, int, str], bool] = {}
    for item in items:
        queue = (item.step, item.queue_unit_id, item.unit_path)
        if seen.get(queue):
            continue
        change = Change(session, item, actor, now)
        if item.holder_id is not None and _is_reachable(change):
            continue
        seen[queue] = not _move_if_uncovered(change)


def _is_reachable(change: Change) -> bool:
    return any(s.person_id == change.item.holder_id and s.is_reachable for s in change.around.places.servers)


def _move_if_uncovered(change: Change) -> bool:
    item = change.item
    unit = change.place_of_queue() or _stored_place(change)
    target = keep_or_move(change.ladder, facts_of(item), item.step, unit, change.around.places)
    if target is None:
        return False
    change.set_state(State.NEW)
    change.record(EventKind.REROUTED, "Ingen til stede i køen", **change.place(target))
    after_arrival(change, target, "En sag er sendt videre til din kø, fordi køen var uden nogen.")
    change.finish()
    return True


def _stored_place(change: Change) -> Place:
    """A queue beside the item's own units (after a sideways move) as the rules see it."""
    unit = change.session.get_one(Unit, change.item.queue_unit_id)
    return Place(unit.id, unit.path, unit.kind, unit.sector, unit.name)
