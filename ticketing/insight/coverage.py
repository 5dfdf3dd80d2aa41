"""Is there a superuser to turn to? "At least 1 present, trained superuser per afdeling" (domain §2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import aliased

from ticketing.accounts.queries import ZONE, is_away_at, is_valid_on
from ticketing.database import db
from ticketing.organisation.models import Absence, Person, Post, Unit
from ticketing.vocabulary import MunicipalityId, Role


class Coverage(StrEnum):
    """How a unit is covered, the best first."""

    COVERED = "covered"
    #: Somebody is present, but nobody of them is trained yet: counts as "gul" (domain §2, Vacancy e).
    UNTRAINED = "untrained"
    #: There are superusers, but all are away, and so are their deputies.
    ABSENT = "absent"
    #: Nobody holds the post.
    VACANT = "vacant"

    @property
    def has_somebody(self) -> bool:
        """Whether a question finds a person."""
        return self in (Coverage.COVERED, Coverage.UNTRAINED)


WORST_FIRST = (Coverage.VACANT, Coverage.ABSENT, Coverage.UNTRAINED, Coverage.COVERED)


@dataclass(frozen=True)
class SuperuserPost:
    """A superuser's post today. `reachable`: the holder is here, or away with a deputy who is here."""

    unit_path: str
    reachable: bool
    trained: bool


def superuser_posts(
    municipality_id: MunicipalityId, where: ColumnElement[bool], now: datetime
) -> list[SuperuserPost]:
    """The superuser posts in force whose `Unit` meets `where`, with presence at `now`. One statement."""
    today = now.astimezone(ZONE).date()
    away = exists().where(Absence.person_id == Post.person_id, is_away_at(now))
    rows = db.session.execute(
        select(Unit.path, Post.trained_on, away.label("is_away"), _has_deputy(now).label("has_deputy"))
        .join(Post, Post.unit_id == Unit.id)
        .join(Person, Person.id == Post.person_id)
        .where(
            Post.municipality_id == municipality_id,
            Post.role == Role.SUPERUSER,
            is_valid_on(today),
            or_(Person.left_on.is_(None), Person.left_on > today),
            where,
        )
    )
    return [
        SuperuserPost(
            unit_path=row.path,
            reachable=not row.is_away or row.has_deputy,
            trained=row.trained_on is not None and row.trained_on <= today,
        )
        for row in rows
    ]


def coverage_of(unit_path: str, posts: Iterable[SuperuserPost]) -> Coverage:
    """How the unit is covered by the posts held in it, inside it or above it."""
    own = [
        post for post in posts if post.unit_path.startswith(unit_path) or unit_path.startswith(post.unit_path)
    ]
    if not own:
        return Coverage.VACANT
    present = [post for post in own if post.reachable]
    if not present:
        return Coverage.ABSENT
    return Coverage.COVERED if any(post.trained for post in present) else Coverage.UNTRAINED


def _has_deputy(now: datetime) -> ColumnElement[bool]:
    """The post's holder is away with a deputy who is neither away nor gone."""
    holders, deputys, deputy = aliased(Absence), aliased(Absence), aliased(Person)

    def going_on(absence: type[Absence]) -> ColumnElement[bool]:
        return and_(absence.starts_at <= now, or_(absence.ends_at.is_(None), absence.ends_at > now))

    today = now.astimezone(ZONE).date()
    deputy_away = exists().where(deputys.person_id == holders.deputy_id, going_on(deputys))
    return (
        exists()
        .where(holders.person_id == Post.person_id, going_on(holders))
        .where(
            deputy.id == holders.deputy_id,
            or_(deputy.left_on.is_(None), deputy.left_on > today),
            ~deputy_away,
        )
    )
