"""The ladder's rules R1–R9, pure: where an item starts, where it goes next, and who is there.

A *step* is a named place on the ladder; its queue belongs to a unit. The way up is data (config/); these
functions walk it over a snapshot of who holds which post and who is present.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ticketing.vocabulary import (
    RUNG_HEIGHT,
    Lane,
    PersonId,
    Priority,
    RequesterRole,
    Role,
    Rung,
    Sector,
    UnitId,
    UnitKind,
)

#: How deep a kind of unit stands in the tree; a queue sits at the deepest of the item's units that is not
#: deeper than the step asks for.
LEVEL = {
    UnitKind.MUNICIPALITY: 0,
    UnitKind.SECTOR: 1,
    UnitKind.AREA: 2,
    UnitKind.INSTITUTION: 3,
    UnitKind.ADMINISTRATION: 3,
    UnitKind.IT: 3,
    UnitKind.DEPARTMENT: 4,
    UnitKind.ROOM: 5,
}


@dataclass(frozen=True)
class Step:
    """A named place on the ladder: the contract of a rung, as the municipality wrote it."""

    key: str
    rung: Rung
    name_da: str
    name_en: str
    roles: frozenset[Role]
    held_at: UnitKind
    #: Sectors where the step is held elsewhere: Dagplejen has one superuser for all (L148).
    held_in: Mapping[Sector, UnitKind] = field(default_factory=dict)
    widen_to: UnitKind | None = None
    asks_for_appointment: bool = False
    fallback: str | None = None
    sees_minimised: bool = False
    may_not: frozenset[str] = frozenset()
    may_not_solve: frozenset[Lane] = frozenset()

    @property
    def height(self) -> int:
        return RUNG_HEIGHT[self.rung]


@dataclass(frozen=True)
class Way:
    """A way up for the items that fit; None fits everything."""

    steps: tuple[str, ...]
    lane: Lane | None = None
    category: str | None = None
    sector: Sector | None = None
    requester: RequesterRole | None = None
    straight_to: str | None = None
    tells: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Ladder:
    """A municipality's ladder, as loaded from config/ and checked there."""

    name: str
    steps: Mapping[str, Step]
    ways: tuple[Way, ...]
    starts: Mapping[RequesterRole, str]
    triage: str
    refer_to: Mapping[Lane, tuple[str, ...]]
    between_sectors: frozenset[str]
    bounce_limit: int
    bounce_owner: str
    handover: Mapping[Rung, tuple[str, ...]]

    def roles_by_step(self) -> dict[str, frozenset[Role]]:
        return {step.key: step.roles for step in self.steps.values()}


@dataclass(frozen=True)
class Place:
    """A unit as the rules see it."""

    id: UnitId
    path: str
    kind: UnitKind
    sector: Sector | None
    name: str


@dataclass(frozen=True)
class Server:
    """One post and whether its person is here now; an absent person's named deputy stands in (R1–R3)."""

    person_id: PersonId
    name: str
    role: Role
    unit_path: str
    present: bool
    trained: bool = True
    phone: str | None = None
    deputy_id: PersonId | None = None
    deputy_name: str | None = None
    deputy_present: bool = False

    @property
    def is_reachable(self) -> bool:
        return self.present or (self.deputy_id is not None and self.deputy_present)


@dataclass(frozen=True)
class Surroundings:
    """The item's units from the municipality down to its own, the IT unit, and the posts around them."""

    chain: tuple[Place, ...]
    it_unit: Place | None
    servers: tuple[Server, ...]


@dataclass(frozen=True)
class Facts:
    """What decides an item's way."""

    sector: Sector | None
    lane: Lane
    category: str
    requester: RequesterRole
    priority: Priority


@dataclass(frozen=True)
class Target:
    """The queue that an item goes to, what was passed over and why, and what is missing on the way."""

    step: Step
    unit: Place
    skipped: tuple[tuple[str, str], ...] = ()
    #: Steps without anybody where the leader is to appoint one, with the unit.
    appoint: tuple[tuple[str, Place], ...] = ()
    widened: bool = False
    without_cover: bool = False
    servers: tuple[Server, ...] = field(default=(), compare=False)


def way_for(ladder: Ladder, facts: Facts) -> Way:
    """The first way that fits (the last way of a checked ladder fits everything)."""
    for way in ladder.ways:
        if (
            way.lane in (None, facts.lane)
            and way.category in (None, facts.category)
            and way.sector in (None, facts.sector)
            and way.requester in (None, facts.requester)
        ):
            return way
    raise LookupError("a ladder without a last way for everything was not refused at load")


def start(ladder: Ladder, facts: Facts, around: Surroundings) -> Target:
    """R1: where a new item starts. A start that is not on its way begins at the next step above it."""
    way = way_for(ladder, facts)
    wanted = ladder.steps[ladder.starts[facts.requester]]
    if wanted.key in way.steps:
        begin = way.steps.index(wanted.key)
    else:
        heights = [ladder.steps[key].height for key in way.steps]
        begin = next((i for i, height in enumerate(heights) if height >= wanted.height), len(heights) - 1)
    return _first_covered(ladder, way.steps[begin:], way.steps[:begin], around)


def held_by(ladder: Ladder, role: Role, facts: Facts, around: Surroundings) -> Target:
    """Where a task that `role` is responsible for stands: the highest step that the role holds, else the
    project group's. Without anybody there it goes on upwards like a question."""
    steps = [step for step in ladder.steps.values() if role in step.roles]
    steps = steps or [step for step in ladder.steps.values() if Role.PROJECT_GROUP in step.roles]
    step = max(steps, key=lambda one: one.height) if steps else ladder.steps[ladder.bounce_owner]
    return _first_covered(ladder, (step.key, *steps_above(ladder, facts, step.key)), (), around)


def triage(ladder: Ladder, around: Surroundings) -> Target:
    """R2: the queue for what nobody can place."""
    return _first_covered(ladder, (ladder.triage,), (), around)


def steps_above(ladder: Ladder, facts: Facts, current: str) -> tuple[str, ...]:
    """The steps that an item may climb to from `current`, nearest first."""
    way = way_for(ladder, facts)
    if current in way.steps:
        return way.steps[way.steps.index(current) + 1 :]
    height = ladder.steps[current].height
    return tuple(key for key in way.steps if ladder.steps[key].height > height)


def next_target(
    ladder: Ladder, facts: Facts, current: str, around: Surroundings, to_step: str | None = None
) -> Target | None:
    """R3, R4: the next queue up from `current`, or from `to_step` on; None at the top of the way.

    A step without anybody present is passed over, with the reason (vacancy, domain §2). Whether passing
    over a manned step was allowed is `is_jump`'s to say.
    """
    above = steps_above(ladder, facts, current)
    way = way_for(ladder, facts)
    if to_step is None and way.straight_to in above:
        to_step = way.straight_to
    if to_step is not None:
        if to_step not in above:
            return None
        above = above[above.index(to_step) :]
    if not above:
        return None
    return _first_covered(ladder, above, (), around)


def is_jump(ladder: Ladder, facts: Facts, current: str, to_step: str, around: Surroundings) -> bool:
    """R3: whether going to `to_step` passes over somebody who is there. P1, `brud` and `teknik`'s straight
    way to IT (R4) are no jumps."""
    way = way_for(ladder, facts)
    if facts.priority is Priority.P1 or facts.lane is Lane.BREACH or to_step == way.straight_to:
        return False
    above = steps_above(ladder, facts, current)
    between = above[: above.index(to_step)] if to_step in above else ()
    return any(_placement(ladder.steps[key], around) is not None for key in between)


def refer_target(
    ladder: Ladder, facts: Facts, current: str, around: Surroundings, down_only: bool = True
) -> Target | None:
    """R5: the right holder below for IT ServiceDesk (and administrators) to refer to; the first step for
    the lane with somebody present. None where there is nobody below."""
    height = ladder.steps[current].height
    skipped: list[tuple[str, str]] = []
    for key in ladder.refer_to.get(facts.lane, ()):
        step = ladder.steps[key]
        if key == current or (down_only and step.height > height):
            continue
        placed = _placement(step, around)
        if placed is None:
            skipped.append((key, _why_empty(step, around)))
            continue
        unit, widened = placed
        return Target(
            step, unit, tuple(skipped), (), widened, bool(skipped), servers_of(step, unit, around.servers)
        )
    return None


def bounce_target(ladder: Ladder, around: Surroundings) -> Target:
    """R7: who owns an item that has been sent back too often."""
    return _first_covered(ladder, (ladder.bounce_owner,), (), around)


def keep_or_move(
    ladder: Ladder, facts: Facts, current: str, unit: Place, around: Surroundings
) -> Target | None:
    """After somebody left or went away: None if the queue still has somebody, else where the item goes.

    Order of domain §2 "Vacancy": deputy, others of the department, the institution, the next rung.
    """
    step = ladder.steps[current]
    if any(s.is_reachable for s in servers_of(step, unit, around.servers)):
        return None
    way = way_for(ladder, facts)
    above = (current, *steps_above(ladder, facts, current))
    below = tuple(key for key in way.steps if key not in above)
    target = _first_covered(ladder, above, below, around)
    return None if target.step.key == current and target.unit.id == unit.id else target


def sideways_allowed(
    ladder: Ladder, current: str, origin: Sequence[Place], destination: Sequence[Place]
) -> bool:
    """R6: within an institution or a sector for everyone; between sectors only for those who coordinate."""
    here, there = origin[-1], destination[-1]
    return here.sector == there.sector or current in ladder.between_sectors


def servers_of(step: Step, unit: Place, servers: Iterable[Server]) -> tuple[Server, ...]:
    """Everyone whose post serves the queue of `step` at `unit`: in the unit or inside it."""
    return tuple(s for s in servers if s.role in step.roles and s.unit_path.startswith(unit.path))


def home_of(step: Step, around: Surroundings) -> Place | None:
    """The unit whose queue `step` has for the item: the deepest of its units that is not deeper than where
    the step is held in its sector. None only where the municipality has no IT unit."""
    return _deepest(_held_at(step, around), around)


def _held_at(step: Step, around: Surroundings) -> UnitKind:
    sector = around.chain[-1].sector
    return step.held_in.get(sector, step.held_at) if sector else step.held_at


def _deepest(kind: UnitKind, around: Surroundings) -> Place | None:
    if kind is UnitKind.IT:
        return around.it_unit
    fitting = [place for place in around.chain if LEVEL[place.kind] <= LEVEL[kind]]
    return fitting[-1] if fitting else None


def missing_handover(ladder: Ladder, target: Rung, filled: Mapping[str, object]) -> tuple[str, ...]:
    """R9: the facts that must still be given before an item goes to `target`; nothing that is known."""
    return tuple(name for name in ladder.handover.get(target, ()) if not filled.get(name))


def _placement(step: Step, around: Surroundings) -> tuple[Place, bool] | None:
    home = home_of(step, around)
    wider = _deepest(step.widen_to, around) if step.widen_to else None
    for unit in (home, wider):
        if unit and any(s.is_reachable for s in servers_of(step, unit, around.servers)):
            return unit, unit is not home
    return None


def _why_empty(step: Step, around: Surroundings) -> str:
    """ "vacant" where nobody holds the post, "absent" where all who hold it are away without a deputy."""
    unit = home_of(step, around)
    if unit is not None and servers_of(step, unit, around.servers):
        return "absent"
    return "vacant"


def _first_covered(ladder: Ladder, upward: Sequence[str], below: Sequence[str], around: Surroundings) -> Target:
    """The first step of `upward` with somebody present; then the fallbacks of those that had nobody, then
    down again: an item must always stand where a present person can see it."""
    fallbacks = [f for key in upward if (f := ladder.steps[key].fallback) is not None]
    rest = [ladder.bounce_owner, ladder.triage]
    rest += [f for key in rest if (f := ladder.steps[key].fallback) is not None]
    order = dict.fromkeys((*upward, *fallbacks, *reversed(below), *rest))
    skipped: list[tuple[str, str]] = []
    appoint: list[tuple[str, Place]] = []
    for key in order:
        step = ladder.steps[key]
        placed = _placement(step, around)
        at_home = home_of(step, around)
        if step.asks_for_appointment and at_home and not servers_of(step, at_home, around.servers):
            appoint.append((key, at_home))
        if placed is not None:
            unit, widened = placed
            return Target(
                step,
                unit,
                tuple(skipped),
                tuple(appoint),
                widened,
                bool(skipped) or widened,
                servers_of(step, unit, around.servers),
            )
        skipped.append((key, _why_empty(step, around)))
    step = ladder.steps[upward[-1]]
    unit = home_of(step, around) or around.chain[0]
    return Target(step, unit, tuple(skipped), tuple(appoint), without_cover=True)
