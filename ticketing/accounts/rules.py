"""Who sees what (domain §2), decided in one place: a viewer's posts make grants, a grant names items.

`access` reads the grants for one loaded item; `accounts.visibility` reads the same grants as SQL.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cached_property

from ticketing.vocabulary import ItemKind, Lane, MunicipalityId, PersonId, RequesterRole, Role, Sector, UnitId


class Access(IntEnum):
    """How much a viewer may know of an item; a higher one includes the lower ones."""

    NONE = 0
    #: It counts in figures and stands in lists as "Fortrolig sag", without its title.
    COUNT = 1
    TITLE = 2
    #: All that is written, but neither the requester's name nor address.
    MINIMISED = 3
    CONTENT = 4


#: A post with one of these gives an overview of everything inside its unit.
OVERVIEW_ROLES = frozenset(
    {
        Role.LEADER,
        Role.INSTITUTION_ADMIN,
        Role.SECTOR_HEAD,
        Role.STEERING_GROUP,
        Role.COMM_GROUP,
        Role.PROJECT_GROUP,
        Role.MUNICIPAL_ADMIN,
    }
)


class Relation(StrEnum):
    """What a person has to do with one single item, whatever posts they hold."""

    LOGGED = "logged"
    REQUESTED = "requested"
    HOLDS = "holds"
    WATCHES = "watches"


@dataclass(frozen=True)
class Seat:
    """A post as visibility sees it: the viewer's own, or one that they are deputy for just now."""

    role: Role
    unit_id: UnitId
    unit_path: str
    sector: Sector | None
    as_deputy: bool = False


@dataclass(frozen=True)
class Viewer:
    """A signed-in person with the posts they hold or stand in for now.

    `steps` says for each step of the municipality's ladder which roles hold it.
    """

    person_id: PersonId
    municipality_id: MunicipalityId
    seats: tuple[Seat, ...]
    steps: Mapping[str, frozenset[Role]]

    @cached_property
    def grants(self) -> tuple["Grant", ...]:
        """This viewer's grants, made once."""
        return grants(self)

    @cached_property
    def overview_paths(self) -> tuple[str, ...]:
        """The paths of this viewer's overview posts, without those that lie inside another."""
        paths = {seat.unit_path for seat in self.seats if seat.role in OVERVIEW_ROLES}
        return tuple(sorted(path for path in paths if not any(path != o and path.startswith(o) for o in paths)))

    def has_role(self, *roles: Role) -> bool:
        """Whether the viewer holds, or is deputy for, a post with one of `roles`."""
        return any(seat.role in roles for seat in self.seats)

    @property
    def sets_rules(self) -> bool:
        """Whether the viewer decides the municipality's calendars and targets (domain §1: central set-up)."""
        return self.has_role(Role.MUNICIPAL_ADMIN)


@dataclass(frozen=True)
class Grant:
    """`access` to the items of the viewer's municipality that meet every condition given; None asks nothing."""

    access: Access
    confidential: bool | None
    relation: Relation | None = None
    #: The item's unit lies inside this path.
    within: str | None = None
    #: The item's queue is held at one of these units.
    queue_units: frozenset[UnitId] | None = None
    steps: frozenset[str] | None = None
    lanes: frozenset[Lane] | None = None
    requester_roles: frozenset[RequesterRole] | None = None
    kinds: frozenset[ItemKind] | None = None
    reached_servicedesk: bool | None = None


@dataclass(frozen=True)
class ItemFacts:
    """What decides access to one item. `is_watched` says whether the viewer in question watches it."""

    municipality_id: MunicipalityId
    kind: ItemKind
    unit_path: str
    queue_unit_id: UnitId
    step: str
    lane: Lane
    requester_role: RequesterRole
    confidential: bool
    reached_servicedesk: bool
    holder_id: PersonId | None
    logged_by_id: PersonId | None
    requester_id: PersonId | None
    about_person_id: PersonId | None
    is_watched: bool


def access(viewer: Viewer, item: ItemFacts) -> Access:
    """The most that any of the viewer's grants gives for `item`.

    Another municipality's item is NONE. So is an item about the viewer, unless they asked or logged it
    themselves ("Tickets about a leader can be hidden from that leader").
    """
    if item.municipality_id != viewer.municipality_id:
        return Access.NONE
    if item.about_person_id == viewer.person_id and viewer.person_id not in (
        item.logged_by_id,
        item.requester_id,
    ):
        return Access.NONE
    return max(
        (grant.access for grant in viewer.grants if _meets(grant, viewer, item)),
        default=Access.NONE,
    )


def grants(viewer: Viewer) -> tuple[Grant, ...]:
    """All grants of a viewer: what anybody has, and what each seat adds. Without duplicates."""
    made = [*_personal_grants(viewer)]
    for seat in viewer.seats:
        made += _queue_grants(seat, viewer.steps)
        made += _role_grants(seat, viewer.steps)
    return tuple(dict.fromkeys(made))


def unit_ids(path: str) -> tuple[UnitId, ...]:
    """The units on the way down to and including `path`'s own: "/1/7/42/" gives (1, 7, 42)."""
    return tuple(UnitId(int(part)) for part in path.strip("/").split("/"))


def _personal_grants(viewer: Viewer) -> list[Grant]:
    # IT sees requesters' names only while they hold the item; having once sent it on gives no more.
    watching = Access.MINIMISED if viewer.has_role(Role.IT_SERVICEDESK) else Access.CONTENT
    return [
        Grant(Access.CONTENT, None, relation=Relation.LOGGED),
        Grant(Access.CONTENT, None, relation=Relation.REQUESTED),
        Grant(Access.CONTENT, None, relation=Relation.HOLDS),
        Grant(watching, None, relation=Relation.WATCHES),
    ]


def _queue_grants(seat: Seat, steps: Mapping[str, frozenset[Role]]) -> list[Grant]:
    """A seat serves the queues of its role's steps at its own unit and at every unit above."""
    held = _steps_of(seat.role, steps)
    if not held:
        return []
    level = Access.MINIMISED if seat.role is Role.IT_SERVICEDESK else Access.CONTENT
    return [Grant(level, None, queue_units=frozenset(unit_ids(seat.unit_path)), steps=held)]


def _role_grants(seat: Seat, steps: Mapping[str, frozenset[Role]]) -> list[Grant]:
    inside, everywhere = seat.unit_path, _root(seat.unit_path)
    match seat.role:
        case Role.EMPLOYEE | Role.DIGITAL_CHILDMINDER | Role.SCHOOL_ADMIN_STAFF:
            asked_by_families = frozenset({RequesterRole.PARENT, RequesterRole.PUPIL})
            tickets = frozenset({ItemKind.TICKET})
            return [
                Grant(Access.CONTENT, False, within=inside, requester_roles=asked_by_families, kinds=tickets)
            ]
        case Role.SUPERUSER:
            return [Grant(Access.CONTENT, False, within=inside)]
        case Role.MUNICIPAL_ADMIN:
            return _all_but_confidential(Access.CONTENT, inside)
        case Role.ADMIN_SUPERUSER:
            return _admin_superuser_grants(seat, steps)
        case Role.IT_SERVICEDESK:
            return [
                Grant(Access.MINIMISED, False, within=everywhere, reached_servicedesk=True),
                Grant(Access.MINIMISED, False, within=everywhere, lanes=frozenset({Lane.TECHNICAL})),
            ]
        case Role.DATA_PROTECTION:
            return [Grant(Access.CONTENT, None, within=everywhere, lanes=frozenset({Lane.BREACH}))]
        case (
            Role.INSTITUTION_ADMIN
            | Role.LEADER
            | Role.SECTOR_HEAD
            | Role.STEERING_GROUP
            | Role.COMM_GROUP
            | Role.PROJECT_GROUP
        ):
            return _all_but_confidential(Access.TITLE, inside)


def _admin_superuser_grants(seat: Seat, steps: Mapping[str, frozenset[Role]]) -> list[Grant]:
    """Dagplejen's one is its administrator; a school's one has the administrative way up, no more."""
    if seat.sector is Sector.DAGPLEJE:
        return _all_but_confidential(Access.CONTENT, seat.unit_path)
    office = frozenset({RequesterRole.SCHOOL_ADMIN_STAFF})
    return [
        Grant(Access.CONTENT, False, within=seat.unit_path, requester_roles=office),
        Grant(Access.CONTENT, False, within=seat.unit_path, steps=_steps_of(seat.role, steps)),
    ]


def _all_but_confidential(level: Access, inside: str) -> list[Grant]:
    return [Grant(level, False, within=inside), Grant(Access.COUNT, True, within=inside)]


def _steps_of(role: Role, steps: Mapping[str, frozenset[Role]]) -> frozenset[str]:
    return frozenset(key for key, roles in steps.items() if role in roles)


def _root(path: str) -> str:
    return "/" + path.split("/", 2)[1] + "/"


def _meets(grant: Grant, viewer: Viewer, item: ItemFacts) -> bool:
    return (
        grant.confidential in (None, item.confidential)
        and _related(grant.relation, viewer.person_id, item)
        and (grant.within is None or item.unit_path.startswith(grant.within))
        and (grant.queue_units is None or item.queue_unit_id in grant.queue_units)
        and (grant.steps is None or item.step in grant.steps)
        and (grant.lanes is None or item.lane in grant.lanes)
        and (grant.requester_roles is None or item.requester_role in grant.requester_roles)
        and (grant.kinds is None or item.kind in grant.kinds)
        and grant.reached_servicedesk in (None, item.reached_servicedesk)
    )


def _related(relation: Relation | None, person_id: PersonId, item: ItemFacts) -> bool:
    match relation:
        case None:
            return True
        case Relation.LOGGED:
            return item.logged_by_id == person_id
        case Relation.REQUESTED:
            return item.requester_id == person_id
        case Relation.HOLDS:
            return item.holder_id == person_id
        case Relation.WATCHES:
            return item.is_watched
