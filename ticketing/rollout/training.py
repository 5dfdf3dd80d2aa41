"""What holds for courses: seats, capacity, and who may train whom. Pure."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from ticketing.rollout.plan import Activity
from ticketing.vocabulary import PersonId, Role, SeatKind, TakingPart

#: Who sits on a seat, or has sat on it: those who said no have given it back.
HOLDING = frozenset(set(TakingPart) - {TakingPart.DECLINED})
#: Roles whose holders are trained to help others; a course trains the post and not the person alone.
TRAINED_ROLES = frozenset(
    {
        Role.SUPERUSER,
        Role.DIGITAL_CHILDMINDER,
        Role.ADMIN_SUPERUSER,
        Role.INSTITUTION_ADMIN,
        Role.MUNICIPAL_ADMIN,
        Role.IT_SERVICEDESK,
    }
)


@dataclass(frozen=True)
class Seats:
    """The seats of one course, or of all: `paid` by the contract and `extra` bought (None: unknown), those
    `used` on each kind, and the `persons` who sit on them. Somebody on two courses is one person."""

    paid: int | None
    extra: int | None
    used_paid: int
    used_extra: int
    persons: int

    @property
    def used(self) -> int:
        """Seats that somebody sits on."""
        return self.used_paid + self.used_extra

    @property
    def free_paid(self) -> int | None:
        """Paid seats that nobody sits on; None where the number is unknown."""
        return None if self.paid is None else self.paid - self.used_paid


@dataclass(frozen=True)
class Taken:
    """One seat that somebody sits on."""

    activity_id: str
    person_id: PersonId
    seat: SeatKind


def seats(activities: Iterable[Activity], taken: Iterable[Taken]) -> Seats:
    """The seats of `activities` and who sits on them. Unknown numbers of paid seats count as none beside
    known ones; all unknown is unknown."""
    rows = {activity.id: activity for activity in activities}
    mine = [one for one in taken if one.activity_id in rows]
    return Seats(
        paid=_sum(row.quota.paid for row in rows.values()),
        extra=_sum(row.quota.extra for row in rows.values()),
        used_paid=sum(one.seat is SeatKind.PAID for one in mine),
        used_extra=sum(one.seat is SeatKind.EXTRA for one in mine),
        persons=len({one.person_id for one in mine}),
    )


def untrained_trainers(
    trainers: Iterable[PersonId], trained_on: Mapping[PersonId, date | None], day: date
) -> list[PersonId]:
    """Those of `trainers` who on `day` have not been trained themselves: nobody passes on what they have not
    learnt. `trained_on` holds just those who must be (superusers, administrators)."""
    return [
        person_id
        for person_id in trainers
        if person_id in trained_on and not _before(trained_on[person_id], day)
    ]


def room_left(capacity: int | None, statuses: Collection[TakingPart]) -> int | None:
    """Places free in a session; None where there is no limit."""
    return None if capacity is None else capacity - sum(status in HOLDING for status in statuses)


def _before(trained: date | None, day: date) -> bool:
    return trained is not None and trained <= day


def _sum(numbers: Iterable[int | None]) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None
