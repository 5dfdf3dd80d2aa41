"""The gaps that a municipality always has: posts whose holder stopped, and superusers who are away."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from ticketing.demo.history import History, Steps
from ticketing.demo.workdays import days_back
from ticketing.organisation.models import Municipality, Person, Post
from ticketing.vocabulary import PersonId, Role
from ticketing.work.actions import SYSTEM
from ticketing.work.cover import end_post, set_absence

#: The only superuser of a day-care house, who gave up the post: the seat is vacant.
STOPPED = ("superbruger-hus01", "superbruger-hus02")
#: Away with nobody in their place.
AWAY = ("superbruger-skole01-2", "superbruger-hus04")
#: Away, and who stands in.
STOOD_IN_FOR = {"superbruger-skole02-1": "laerer-skole02-1"}
AWAY_FOR = timedelta(days=14)


def leave_gaps(session: Session, municipality: Municipality, history: History) -> None:
    """Puts the gaps into the history, through the real actions; people whom a small town lacks are left
    out. Two and a half weeks ago the holders stopped, four working days ago the absences began."""

    def person(key: str) -> PersonId | None:
        mine = and_(Person.municipality_id == municipality.id, Person.key == key)
        return session.scalar(select(Person.id).where(mine))

    def add(key: str, days: int, what: Callable[[PersonId, datetime], object]) -> None:
        found, at = person(key), days_back(history.end, days, 7.5)
        if found is not None:
            history.add(at, _once(what, found, at))

    for key in STOPPED:
        add(key, 12, lambda who, at: end_post(_superuser_post(session, who), SYSTEM, at, on=at.date()))
    for key in (*AWAY, *STOOD_IN_FOR):
        deputy = person(STOOD_IN_FOR.get(key, ""))
        add(key, 4, lambda who, at, deputy=deputy: _away(who, at, deputy))  # type: ignore[misc]


def _once(what: Callable[[PersonId, datetime], object], who: PersonId, at: datetime) -> Steps:
    """A story of one step."""
    what(who, at)
    yield from ()


def _away(who: PersonId, at: datetime, deputy: PersonId | None) -> None:
    set_absence(who, SYSTEM, at, starts_at=at, ends_at=at + AWAY_FOR, deputy_id=deputy)


def _superuser_post(session: Session, who: PersonId) -> int:
    return session.scalars(select(Post.id).where(Post.person_id == who, Post.role == Role.SUPERUSER)).one()
