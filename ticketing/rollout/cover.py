"""Coverage: has each department a superuser who is present and trained, and somebody who can stand in?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select

from ticketing.accounts.rules import Viewer
from ticketing.database import db
from ticketing.insight.coverage import Coverage, SuperuserPost, coverage_of, superuser_posts
from ticketing.organisation.models import Unit
from ticketing.rollout.training_queries import inside_overview
from ticketing.vocabulary import Sector, UnitId, UnitKind
from ticketing.work.models import WorkItem

COVERED_SECTORS = (Sector.SKOLE, Sector.DAGTILBUD, Sector.DAGPLEJE)


class Light(StrEnum):
    """The traffic light: what the leader has to do about it."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True)
class Cover:
    """One department (or a house without departments). `people`: superusers there, `trained` of them.
    `has_deputy`: a second superuser, or one in the same house, can stand in."""

    unit_id: UnitId
    name: str
    path: str
    house_id: UnitId
    house_name: str
    sector: Sector
    coverage: Coverage
    people: int
    trained: int
    has_deputy: bool
    #: The number of the open task that closes the gap.
    task_number: int | None = None

    @property
    def light(self) -> Light:
        """Red: a question finds nobody. Yellow: nobody trained, or nobody to stand in. Green: covered."""
        if not self.coverage.has_somebody:
            return Light.RED
        return Light.GREEN if self.coverage is Coverage.COVERED and self.has_deputy else Light.YELLOW


def cover_of(viewer: Viewer, now: datetime, *, within: str | None = None) -> list[Cover]:
    """The departments inside the viewer's overview (inside the path `within`), what needs a leader first. Three
    statements, however many there are."""
    units = [
        unit
        for unit in db.session.scalars(
            select(Unit)
            .where(
                Unit.municipality_id == viewer.municipality_id,
                Unit.kind.in_((UnitKind.INSTITUTION, UnitKind.DEPARTMENT)),
                Unit.sector.in_(COVERED_SECTORS),
                inside_overview(viewer),
            )
            .order_by(Unit.path)
        )
        if within is None or unit.path.startswith(within)
    ]
    houses = {unit.path: unit for unit in units if unit.kind is UnitKind.INSTITUTION}
    posts = superuser_posts(viewer.municipality_id, Unit.sector.in_(COVERED_SECTORS), now)
    divided = {_parent(unit.path) for unit in units if unit.kind is UnitKind.DEPARTMENT}
    places = [unit for unit in units if unit.path not in divided]
    tasks = _tasks(viewer, [unit.id for unit in places] + [house.id for house in houses.values()])
    found = [_cover(unit, houses.get(_parent(unit.path), unit), posts, tasks) for unit in places]
    return sorted(found, key=lambda one: (list(Light)[::-1].index(one.light), one.house_name, one.name))


def share_trained(covers: Sequence[Cover]) -> float | None:
    """The share of departments with a trained superuser present; None without a department."""
    return sum(one.coverage is Coverage.COVERED for one in covers) / len(covers) if covers else None


def _cover(unit: Unit, house: Unit, posts: Sequence[SuperuserPost], tasks: dict[UnitId, int]) -> Cover:
    own = [
        post for post in posts if post.unit_path.startswith(unit.path) or unit.path.startswith(post.unit_path)
    ]
    near = [post for post in posts if post.unit_path.startswith(house.path)]
    present = [post for post in own if post.reachable]
    others = max(len(present), len([post for post in near if post.reachable]))
    assert unit.sector is not None
    return Cover(
        unit_id=unit.id,
        name=unit.name,
        path=unit.path,
        house_id=house.id,
        house_name=house.name,
        sector=unit.sector,
        coverage=coverage_of(unit.path, posts),
        people=len(own),
        trained=sum(post.trained for post in own),
        has_deputy=others > 1,
        task_number=tasks.get(unit.id) or tasks.get(house.id),
    )


def _tasks(viewer: Viewer, unit_ids: Sequence[UnitId]) -> dict[UnitId, int]:
    """The open task that closes a unit's gap: appoint somebody, or enrol who is appointed."""
    key_of = {f"{what}:superuser:{unit_id}": unit_id for unit_id in unit_ids for what in ("appoint", "enrol")}
    rows = db.session.execute(
        select(WorkItem.task_key, WorkItem.number).where(
            WorkItem.municipality_id == viewer.municipality_id, WorkItem.task_key.in_(key_of), WorkItem.is_open
        )
    )
    return {key_of[row.task_key]: row.number for row in rows}


def _parent(path: str) -> str:
    return path[: path.rstrip("/").rfind("/") + 1]
