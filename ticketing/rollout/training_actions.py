"""What people do with courses: hold one, invite, answer, and say who took part. One transaction each."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session, joinedload

from ticketing.accounts.queries import ZONE
from ticketing.database import transaction
from ticketing.organisation.models import Municipality, Person, Post
from ticketing.organisation.queries import valid_on
from ticketing.privacy.cpr import mask
from ticketing.rollout.invitation import calendar_part, when
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.refused import PlanRefused
from ticketing.rollout.training import HOLDING, TRAINED_ROLES, room_left, untrained_trainers
from ticketing.rollout.training_models import CourseSession, Participation
from ticketing.vocabulary import ActivityCategory, PersonId, SeatKind, TakingPart, UnitId
from ticketing.work import links
from ticketing.work.actions import solve
from ticketing.work.change import Actor
from ticketing.work.errors import IllegalMove
from ticketing.work.models import WorkItem
from ticketing.work.notices import staff_letter

#: What an invited person may answer.
ANSWERS = frozenset({TakingPart.COMING, TakingPart.TENTATIVE, TakingPart.DECLINED})


@dataclass(frozen=True)
class Invited:
    """How many were invited now, and how many stood on the course already."""

    invited: int
    known: int


def hold_session(
    activity_id: int,
    *,
    starts_at: datetime,
    ends_at: datetime,
    place: str,
    capacity: int | None = None,
    unit_id: UnitId | None = None,
) -> CourseSession:
    """A time for a training activity. Raises `PlanRefused` for an activity that is no training, a time that
    ends before it begins, no place, or fewer than one seat."""
    with transaction() as session:
        activity = session.get_one(PlanActivity, activity_id)
        if activity.category is not ActivityCategory.TRAINING:
            raise PlanRefused("Kun uddannelse holdes som kursus.")
        if ends_at <= starts_at:
            raise PlanRefused("Kurset slutter, før det begynder. Ret tiderne.")
        if not place.strip():
            raise PlanRefused("Skriv, hvor kurset holdes.")
        if capacity is not None and capacity < 1:
            raise PlanRefused("Der skal være plads til mindst én.")
        row = CourseSession(
            municipality_id=activity.municipality_id,
            activity_id=activity.id,
            unit_id=unit_id,
            starts_at=starts_at,
            ends_at=ends_at,
            place=mask(place.strip())[0][:200],
            capacity=capacity,
        )
        session.add(row)
        session.flush()
        return row


def invite(
    session_id: int,
    person_ids: Collection[PersonId],
    actor: Actor,
    now: datetime,
    *,
    seat: SeatKind | None = None,
    paid_by_id: UnitId | None = None,
) -> Invited:
    """Invites people to a session, each with a mail and a calendar entry; who stands on the course already
    keeps their seat and gets no second mail. An activity with paid seats gives each a seat: a paid one while
    there are any, unless `seat` says extra.

    Raises `PlanRefused` when there is no room, no paid seat is left, an extra seat has nobody who pays, or
    somebody is not of the municipality.
    """
    with transaction() as session:
        course = _session(session, session_id)
        _lock_seats(session, course.activity_id)
        _are_own(session, course, person_ids)
        there = _participants(session, course.activity_id)
        new = [person_id for person_id in dict.fromkeys(person_ids) if person_id not in there]
        again = [one for key, one in there.items() if key in person_ids and one.status is TakingPart.DECLINED]
        _has_room(course, there, len(new) + len(again))
        kind = _seat_kind(course.activity, seat)
        _has_seats(course.activity, there, kind, len(new) + len(again), paid_by_id)
        for one in again:
            one.session_id, one.status, one.answered_at = course.id, TakingPart.INVITED, None
            one.seat, one.invited_at = kind, now
            one.paid_by_id = paid_by_id if kind is SeatKind.EXTRA else None
        rows = [
            Participation(
                municipality_id=course.municipality_id,
                activity_id=course.activity_id,
                session_id=course.id,
                person_id=person_id,
                status=TakingPart.INVITED,
                seat=kind,
                paid_by_id=paid_by_id if kind is SeatKind.EXTRA else None,
                invited_at=now,
            )
            for person_id in new
        ]
        session.add_all(rows)
        session.flush()
        for person_id in [*new, *(one.person_id for one in again)]:
            _write(session, course, person_id, now)
            _end_tasks(session, _enrolling(person_id), actor, now, "Er inviteret til kurset.")
        return Invited(len(rows) + len(again), len(set(person_ids)) - len(rows) - len(again))


def answer_invitation(
    participation_id: int, person_id: PersonId, now: datetime, answer: TakingPart
) -> Participation:
    """The invited person says whether they come. Raises `PlanRefused` when it is not theirs to answer, when
    the course is over and marked, or called off, and when a seat once given back has gone to another."""
    with transaction() as session:
        found = session.get(Participation, participation_id)
        if found is None or found.person_id != person_id or answer not in ANSWERS:
            raise PlanRefused("Invitationen findes ikke.")
        course = _session(session, found.session_id)
        _lock_seats(session, course.activity_id)
        there = _participants(session, course.activity_id)
        one = there[person_id]
        if one.marked_at is not None:
            raise PlanRefused("Kurset er holdt, og deltagelsen er noteret.")
        if one.status is TakingPart.DECLINED and answer in HOLDING:
            _has_room(course, there, 1)
            _has_seats(course.activity, there, one.seat, 1, one.paid_by_id)
        one.status, one.answered_at = answer, now
        session.flush()
        return one


def mark(
    session_id: int,
    took_part: Mapping[PersonId, bool],
    actor: Actor,
    now: datetime,
    *,
    trained_by_id: PersonId | None = None,
) -> int:
    """Notes who took part and who did not; how many did. Whoever took part is trained from that day on in
    each post that training is for, and their task of the plan is solved. Marked again, the newest word holds.

    Raises `PlanRefused` before the session has begun, and when a trainer has not been trained themselves.
    """
    with transaction() as session:
        course = _session(session, session_id)
        day = course.starts_at.astimezone(ZONE).date()
        if course.starts_at > now:
            raise PlanRefused("Kurset er ikke begyndt endnu.")
        _trainer_is_trained(session, trained_by_id, day)
        there = _participants(session, course.activity_id)
        minutes = int((course.ends_at - course.starts_at).total_seconds() // 60)
        for person_id, came in took_part.items():
            one = there.get(person_id)
            if one is None or one.session_id != course.id:
                raise PlanRefused("En af deltagerne er ikke på dette kursus. Hent siden igen.")
            one.status = TakingPart.TOOK_PART if came else TakingPart.MISSED
            one.minutes = minutes if came else None
            one.trained_by_id = trained_by_id if came else None
            one.marked_at, one.marked_by_id = now, actor.person_id
            session.flush()
            _train_posts(session, person_id, day, came=came)
            if came:
                own = and_(WorkItem.activity_id == course.activity_id, WorkItem.holder_id == person_id)
                _end_tasks(session, own, actor, now, "Har deltaget i kurset.")
        return sum(took_part.values())


def cancel_session(session_id: int, now: datetime) -> CourseSession:
    """Calls a session off: its calendar entries go, and everyone on it may be invited to another."""
    with transaction() as session:
        course = _session(session, session_id)
        course.cancelled_at = now
        for person_id, one in _participants(session, course.activity_id).items():
            if one.session_id == course.id and one.status in HOLDING and one.marked_at is None:
                _write(session, course, person_id, now, cancelled=True)
                one.status = TakingPart.DECLINED
        session.flush()
        return course


def buy_extra_seats(activity_id: int, count: int) -> PlanActivity:
    """The units have bought so many seats on top of the contract (L330: the unit pays). Raises `PlanRefused`
    for fewer than are used."""
    with transaction() as session:
        activity = session.get_one(PlanActivity, activity_id, with_for_update=True, populate_existing=True)
        used = sum(
            one.seat is SeatKind.EXTRA and one.status in HOLDING
            for one in _participants(session, activity_id).values()
        )
        if count < used:
            raise PlanRefused(f"{used} ekstra pladser er i brug. Tallet kan ikke være mindre.")
        activity.extra_seats = count
        session.flush()
        return activity


def _session(session: Session, session_id: int) -> CourseSession:
    found = session.scalars(
        select(CourseSession)
        .where(CourseSession.id == session_id)
        .options(joinedload(CourseSession.activity))
        .with_for_update(of=CourseSession)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if found is None or found.cancelled_at is not None:
        raise PlanRefused("Kurset findes ikke, eller det er aflyst.")
    return found


def _lock_seats(session: Session, activity_id: int) -> None:
    """Seats are counted over all sessions of an activity, so who gives one out waits for who does already."""
    session.get_one(PlanActivity, activity_id, with_for_update=True, populate_existing=True)


def _are_own(session: Session, course: CourseSession, person_ids: Collection[PersonId]) -> None:
    own = select(func.count()).where(
        Person.municipality_id == course.municipality_id, Person.id.in_(set(person_ids))
    )
    if session.scalar(own) != len(set(person_ids)):
        raise PlanRefused("En af personerne findes ikke. Hent siden igen.")


def _participants(session: Session, activity_id: int) -> dict[PersonId, Participation]:
    rows = session.scalars(
        select(Participation)
        .where(Participation.activity_id == activity_id)
        .order_by(Participation.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {row.person_id: row for row in rows}


def _has_room(course: CourseSession, there: Mapping[PersonId, Participation], more: int) -> None:
    here = [one.status for one in there.values() if one.session_id == course.id]
    left = room_left(course.capacity, here)
    if left is not None and more > left:
        raise PlanRefused(
            f"Der er {max(left, 0)} pladser tilbage på dette kursus. Vælg et andet, eller hold et til."
        )


def _seat_kind(activity: PlanActivity, wanted: SeatKind | None) -> SeatKind | None:
    if wanted is not None:
        return wanted
    return SeatKind.PAID if activity.paid_seats is not None else None


def _has_seats(
    activity: PlanActivity,
    there: Mapping[PersonId, Participation],
    kind: SeatKind | None,
    more: int,
    paid_by_id: UnitId | None,
) -> None:
    used = sum(one.seat is kind and one.status in HOLDING for one in there.values())
    if kind is SeatKind.PAID and activity.paid_seats is not None and used + more > activity.paid_seats:
        raise PlanRefused(
            f"Der er {activity.paid_seats} betalte pladser, og {used} er i brug. "
            "Køb en ekstra plads til resten."
        )
    if kind is SeatKind.EXTRA and paid_by_id is None:
        raise PlanRefused("Vælg den enhed, der betaler den ekstra plads.")


def _write(
    session: Session, course: CourseSession, person_id: PersonId, now: datetime, *, cancelled: bool = False
) -> None:
    municipality = session.get_one(Municipality, course.municipality_id)
    person = session.get_one(Person, person_id)
    title = course.activity.audience
    organiser = links.own_address(municipality)
    lines = (
        [f"Hej {person.name.split()[0]}", f"Kurset »{title}« {when(course)} er aflyst.", "Du hører nærmere."]
        if cancelled
        else [
            f"Hej {person.name.split()[0]}",
            f"Du er inviteret til kurset »{title}«.",
            f"Det er {when(course)}, {course.place}.",
            "Svar, om du kommer: {base}/kurser",
        ]
    )
    staff_letter(
        session,
        municipality,
        person_id,
        now,
        purpose="invitation",
        key=f"course:{course.id}:{person_id}:{'cancel' if cancelled else int(now.timestamp())}",
        subject=f"{'Aflyst: ' if cancelled else 'Kursus: '}{title}",
        lines=lines,
        parts=[calendar_part(course, title, person.email, organiser, now, cancelled=cancelled)],
    )


def _trainer_is_trained(session: Session, trainer_id: PersonId | None, day: date) -> None:
    if trainer_id is None:
        return
    rows = session.execute(
        select(Post.person_id, Post.trained_on).where(
            Post.person_id == trainer_id, Post.role.in_(TRAINED_ROLES), valid_on(day)
        )
    ).all()
    trained_on: dict[PersonId, date | None] = {}
    for person_id, on in rows:
        known = trained_on.get(person_id)
        trained_on[person_id] = on if known is None else known
    if untrained_trainers([trainer_id], trained_on, day):
        name = session.get_one(Person, trainer_id).name
        raise PlanRefused(f"{name} var ikke selv uddannet den dag og kan ikke have undervist.")


def _train_posts(session: Session, person_id: PersonId, day: date, *, came: bool) -> None:
    """A post is trained from the first course on; a course marked by mistake takes just its own day back."""
    posts = session.scalars(
        select(Post).where(Post.person_id == person_id, Post.role.in_(TRAINED_ROLES), valid_on(day))
    )
    for post in posts:
        if came and (post.trained_on is None or post.trained_on > day):
            post.trained_on = day
        elif not came and post.trained_on == day:
            post.trained_on = None
    session.flush()


def _enrolling(person_id: PersonId) -> ColumnElement[bool]:
    """The project group's task to enrol the person (`gaps`)."""
    return WorkItem.task_key == f"enrol:superuser:{person_id}"


def _end_tasks(session: Session, which: ColumnElement[bool], actor: Actor, now: datetime, text: str) -> None:
    for task_id in session.scalars(select(WorkItem.id).where(which, WorkItem.is_open)).all():
        try:
            with session.begin_nested():
                solve(task_id, actor, now, text=text)
        except IllegalMove:
            continue  # whoever does this may not touch the task: its holder ends it
