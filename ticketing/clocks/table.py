"""A municipality's targets as a table that people can read: rung by priority, for one sector and lane. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from ticketing.clocks.config import ClockConfig
from ticketing.clocks.targets import RungTarget, SpanTarget, first_match
from ticketing.vocabulary import Lane, Priority, Rung, Sector


@dataclass(frozen=True)
class TargetTable:
    """What holds for one sector (None: an item without one) and lane; each row in the order of `Priority`.
    Times are as written: "15 min", "4 h" or "2 d" of the rung's own calendar."""

    rungs: tuple[tuple[Rung, tuple[RungTarget, ...]], ...]
    end_to_end: tuple[str, ...]
    vendor: tuple[str, ...]


def target_table(config: ClockConfig, sector: Sector | None, lane: Lane) -> TargetTable:
    """The first matching row for each rung and priority."""

    def found(rung: Rung, priority: Priority) -> RungTarget:
        target = first_match(config.rung_targets, sector, rung, lane, priority)
        assert target, "every item has a target, the texts have been checked"
        return target

    def spans(rows: Sequence[SpanTarget], rung: Rung) -> tuple[str, ...]:
        targets = (first_match(rows, sector, rung, lane, priority) for priority in Priority)
        return tuple(str(target.within) for target in targets if target)

    rungs = [rung for rung in Rung if rung is not Rung.VENDOR]
    return TargetTable(
        tuple((rung, tuple(found(rung, priority) for priority in Priority)) for rung in rungs),
        spans(config.end_to_end, Rung.EMPLOYEE),
        spans(config.vendor_follow_up, Rung.ADMINISTRATOR),
    )
