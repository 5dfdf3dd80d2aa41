"""The ladder as it is drawn: each rung with who stands there now, and where an item would go next. Pure."""

from dataclasses import dataclass

from ticketing.ladder.rules import (
    Facts,
    Ladder,
    Place,
    Server,
    Step,
    Surroundings,
    Target,
    home_of,
    next_target,
    servers_of,
    way_for,
)


@dataclass(frozen=True)
class RungShown:
    """A step of the ladder for one unit. `standing`: "passed", "now" or "ahead" of the item, or "" where
    no item is in question."""

    step: Step
    unit: Place | None
    servers: tuple[Server, ...]
    standing: str = ""

    @property
    def present(self) -> tuple[Server, ...]:
        """Those who are here now."""
        return tuple(server for server in self.servers if server.present)

    @property
    def deputies(self) -> tuple[Server, ...]:
        """The absent ones whose deputy is here in their place."""
        return tuple(s for s in self.servers if not s.present and s.is_reachable)

    @property
    def has_cover(self) -> bool:
        """Whether anybody would see an item that came here now."""
        return any(server.is_reachable for server in self.servers)


@dataclass(frozen=True)
class LadderDrawing:
    """The way of one item from the lowest rung up, and its next queue; None at the top."""

    rungs: tuple[RungShown, ...]
    next: Target | None


def drawn_ladder(
    ladder: Ladder, facts: Facts, current: str, queue_unit: Place, around: Surroundings
) -> LadderDrawing:
    """The item's way with its current step marked. A step that is not on the way (it was referred there)
    is put in at its height."""
    keys = list(way_for(ladder, facts).steps)
    if current not in keys:
        height = ladder.steps[current].height
        lower = [key for key in keys if ladder.steps[key].height < height]
        keys.insert(len(lower), current)
    here = keys.index(current)
    rungs = []
    for index, key in enumerate(keys):
        step = ladder.steps[key]
        unit = queue_unit if key == current else home_of(step, around)
        standing = "now" if index == here else ("passed" if index < here else "ahead")
        rungs.append(RungShown(step, unit, _servers(step, unit, around), standing))
    return LadderDrawing(tuple(rungs), next_target(ladder, facts, current, around))


def whole_ladder(ladder: Ladder, around: Surroundings) -> tuple[RungShown, ...]:
    """Every step of the ladder as it is held for one unit, the lowest first."""
    rungs = []
    for step in sorted(ladder.steps.values(), key=lambda one: one.height):
        unit = home_of(step, around)
        rungs.append(RungShown(step, unit, _servers(step, unit, around)))
    return tuple(rungs)


def _servers(step: Step, unit: Place | None, around: Surroundings) -> tuple[Server, ...]:
    return servers_of(step, unit, around.servers) if unit else ()
