"""What makes a plan unusable: circles, unknown names, days that can't be, seats that don't reach. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from ticketing.rollout.plan import Activity, Period
from ticketing.vocabulary import ActivityCategory, Role

#: The values of a row that may be marked as inferred.
INFERABLE = frozenset(
    {"start", "end", "sector", "audience", "responsible", "trainers", "hours", "paid_seats", "category"}
)
ROLES = frozenset(role.value for role in Role)


@dataclass(frozen=True)
class Fault:
    """What is wrong with which value of which row; `index` counts the rows from 0. Danish."""

    index: int
    key: str
    text: str


def faults(
    activities: Sequence[Activity], organisations: Collection[str], known: Iterable[str] = ()
) -> list[Fault]:
    """Everything that makes these rows unusable, in their order. `known` are ids of rows outside them."""
    ids = {activity.id for activity in activities} | set(known)
    found: list[Fault] = []
    seen: set[str] = set()
    for index, activity in enumerate(activities):
        if activity.id in seen:
            found.append(Fault(index, "id", f"{activity.id} står to gange"))
        seen.add(activity.id)
        found += [Fault(index, key, text) for key, text in _of_one(activity, ids, organisations)]
    return found + _circle(activities)


def _of_one(
    activity: Activity, ids: Collection[str], organisations: Collection[str]
) -> Iterator[tuple[str, str]]:
    for trainer in activity.trainers:
        if trainer not in ROLES and trainer not in organisations:
            yield "trainers", f"forventede en rolle eller en af organisationerne, ikke »{trainer}«"
    for key in activity.depends_on:
        if key not in ids:
            yield "depends_on", f"forventede en aktivitet i planen, ikke »{key}«"
        if key == activity.id:
            yield "depends_on", f"{key} venter på sig selv"
    for name in activity.inferred_values:
        if name not in INFERABLE:
            yield "inferred", f"forventede {', '.join(sorted(INFERABLE))}, ikke »{name}«"
    for key, period in (("baseline", activity.baseline), ("revised", activity.revised or Period())):
        if period.start and period.end and period.end < period.start:
            yield key, f"slutter {period.end:%d.%m.%Y}, før den begynder {period.start:%d.%m.%Y}"
    if activity.other_sectors and activity.sector is None:
        yield "other_sectors", "forventede også sector; uden den gælder aktiviteten alle"
    yield from _seats(activity, ids)


def _seats(activity: Activity, ids: Collection[str]) -> Iterator[tuple[str, str]]:
    paid, extra, taking_part = activity.quota.paid, activity.quota.extra, activity.participants
    if paid is not None and taking_part is not None and paid + (extra or 0) < taking_part:
        yield "seats", f"{paid + (extra or 0)} pladser er færre end de {taking_part} deltagere"
    for key in activity.same_people:
        if key not in ids:
            yield "same_people", f"forventede en aktivitet i planen, ikke »{key}«"
    if taking_part is not None and sum(activity.same_people.values()) > taking_part:
        yield "same_people", f"{sum(activity.same_people.values())} er flere end de {taking_part} deltagere"


def _circle(activities: Sequence[Activity]) -> list[Fault]:
    places = {activity.id: index for index, activity in enumerate(activities)}
    graph = {a.id: [d for d in a.depends_on if d in places and d != a.id] for a in activities}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        return [Fault(places[circle[0]], "depends_on", f"venter på sig selv i en ring: {' → '.join(circle)}")]
    return []


def default_category(key: str) -> ActivityCategory | None:
    """The category that a row's id says by its first letter, where a file has none."""
    letters = {
        "P": ActivityCategory.PHASE,
        "U": ActivityCategory.TRAINING,
        "S": ActivityCategory.SETUP,
        "F": ActivityCategory.FAMILIES,
        "G": ActivityCategory.GO_LIVE,
    }
    return letters.get(key[:1].upper())
