"""What holds in every organisation: paths, when a post is valid, which role belongs in which unit. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from ticketing.vocabulary import Role, Sector, UnitId, UnitKind

#: Role → its name in Danish (as the source document writes it) and English.
ROLE_NAMES: Mapping[Role, tuple[str, str]] = {
    Role.EMPLOYEE: ("Medarbejder", "Employee"),
    Role.SCHOOL_ADMIN_STAFF: ("Administrativt personale", "School administrative staff"),
    Role.SUPERUSER: ("Superbruger", "Superuser"),
    Role.DIGITAL_CHILDMINDER: ("Digital dagplejer", "Digital childminder"),
    Role.ADMIN_SUPERUSER: ("Administrativ superbruger", "Administrative superuser"),
    Role.INSTITUTION_ADMIN: ("Institutionsadministrator", "Institution administrator"),
    Role.MUNICIPAL_ADMIN: ("Kommunal administrator", "Municipal administrator"),
    Role.IT_SERVICEDESK: ("Tekniker i IT ServiceDesk", "IT ServiceDesk technician"),
    Role.LEADER: ("Leder", "Leader"),
    Role.SECTOR_HEAD: ("Chef", "Head of sector"),
    Role.STEERING_GROUP: ("Styregruppen", "Steering group"),
    Role.COMM_GROUP: ("Kommunikationsgruppen", "Communication group"),
    Role.PROJECT_GROUP: ("Projektgruppen", "Project group"),
    Role.DATA_PROTECTION: ("Databeskyttelsesrådgiver", "Data protection officer"),
}

KIND_NAMES: Mapping[UnitKind, str] = {
    UnitKind.MUNICIPALITY: "kommune",
    UnitKind.SECTOR: "sektor",
    UnitKind.AREA: "område",
    UnitKind.INSTITUTION: "institution",
    UnitKind.DEPARTMENT: "afdeling",
    UnitKind.ROOM: "stue",
    UnitKind.ADMINISTRATION: "administration",
    UnitKind.IT: "it",
}

_CHILD_KINDS: Mapping[UnitKind, frozenset[UnitKind]] = {
    UnitKind.MUNICIPALITY: frozenset({UnitKind.SECTOR, UnitKind.ADMINISTRATION, UnitKind.IT}),
    UnitKind.SECTOR: frozenset({UnitKind.AREA, UnitKind.INSTITUTION, UnitKind.ADMINISTRATION}),
    UnitKind.AREA: frozenset({UnitKind.INSTITUTION, UnitKind.ADMINISTRATION}),
    UnitKind.INSTITUTION: frozenset({UnitKind.DEPARTMENT, UnitKind.ROOM}),
    UnitKind.DEPARTMENT: frozenset({UnitKind.ROOM}),
    UnitKind.ADMINISTRATION: frozenset({UnitKind.DEPARTMENT}),
    UnitKind.IT: frozenset({UnitKind.DEPARTMENT}),
    UnitKind.ROOM: frozenset(),
}

_LOCAL = frozenset({UnitKind.INSTITUTION, UnitKind.DEPARTMENT, UnitKind.ROOM})
_ABOVE = frozenset({UnitKind.MUNICIPALITY, UnitKind.SECTOR, UnitKind.AREA, UnitKind.ADMINISTRATION})
_ROLE_KINDS: Mapping[Role, frozenset[UnitKind]] = {
    Role.SCHOOL_ADMIN_STAFF: _LOCAL,
    Role.SUPERUSER: _LOCAL | {UnitKind.SECTOR, UnitKind.AREA},
    Role.DIGITAL_CHILDMINDER: _LOCAL | {UnitKind.SECTOR},
    Role.ADMIN_SUPERUSER: _LOCAL | _ABOVE,
    Role.INSTITUTION_ADMIN: _LOCAL | {UnitKind.AREA},
    Role.MUNICIPAL_ADMIN: _ABOVE,
    Role.IT_SERVICEDESK: frozenset({UnitKind.IT, UnitKind.DEPARTMENT}),
    Role.LEADER: _LOCAL | _ABOVE | {UnitKind.IT},
    Role.SECTOR_HEAD: _ABOVE | {UnitKind.IT},
    Role.STEERING_GROUP: _ABOVE,
    Role.COMM_GROUP: _ABOVE,
    Role.PROJECT_GROUP: _ABOVE,
    Role.DATA_PROTECTION: _ABOVE,
}
_ROLE_SECTORS: Mapping[Role, frozenset[Sector]] = {
    Role.SCHOOL_ADMIN_STAFF: frozenset({Sector.SKOLE}),
    Role.DIGITAL_CHILDMINDER: frozenset({Sector.DAGPLEJE}),
    Role.IT_SERVICEDESK: frozenset({Sector.IT}),
}


@dataclass(frozen=True)
class Period:
    """From `start` to before `end` (None: until further notice)."""

    start: date
    end: date | None

    def holds_on(self, day: date) -> bool:
        return self.start <= day and (self.end is None or day < self.end)


def child_path(parent_path: str, unit_id: UnitId) -> str:
    """The path of the unit `unit_id` right below `parent_path` ("/" for a municipality's root)."""
    return f"{parent_path}{unit_id}/"


def unit_ids(path: str) -> tuple[UnitId, ...]:
    """The units of a path, from the municipality's root down to the unit itself."""
    return tuple(UnitId(int(part)) for part in path.strip("/").split("/"))


def may_stand_below(kind: UnitKind, parent: UnitKind) -> bool:
    """Whether a unit of `kind` may have a parent of the kind `parent`."""
    return kind in _CHILD_KINDS[parent]


def role_fits(role: Role, kind: UnitKind, sector: Sector | None) -> bool:
    """Whether `role` can be held in a unit of this kind and sector (domain §1). An employee can be anywhere."""
    kinds, sectors = _ROLE_KINDS.get(role), _ROLE_SECTORS.get(role)
    return (kinds is None or kind in kinds) and (sectors is None or sector in sectors)
