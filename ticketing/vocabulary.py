"""The words of the domain that every room shares, as types. Danish names stand in config/ and templates."""

from enum import StrEnum
from typing import NewType

#: Identifiers of different things are different types, so that a mix-up is found before it runs.
MunicipalityId = NewType("MunicipalityId", int)
UnitId = NewType("UnitId", int)
PersonId = NewType("PersonId", int)
ItemId = NewType("ItemId", int)


class Sector(StrEnum):
    """Where in the municipality a unit belongs."""

    SKOLE = "skole"
    DAGTILBUD = "dagtilbud"
    DAGPLEJE = "dagpleje"
    IT = "it"


class UnitKind(StrEnum):
    """A node of the organisation tree, from the municipality down."""

    MUNICIPALITY = "municipality"
    SECTOR = "sector"
    AREA = "area"
    INSTITUTION = "institution"
    DEPARTMENT = "department"
    ROOM = "room"
    ADMINISTRATION = "administration"
    IT = "it"


class Role(StrEnum):
    """A role that a post gives a person in a unit (domain §1). Parents and pupils hold no post."""

    EMPLOYEE = "employee"
    SCHOOL_ADMIN_STAFF = "school_admin_staff"
    SUPERUSER = "superuser"
    DIGITAL_CHILDMINDER = "digital_childminder"
    ADMIN_SUPERUSER = "admin_superuser"
    INSTITUTION_ADMIN = "institution_admin"
    MUNICIPAL_ADMIN = "municipal_admin"
    IT_SERVICEDESK = "it_servicedesk"
    LEADER = "leader"
    SECTOR_HEAD = "sector_head"
    STEERING_GROUP = "steering_group"
    COMM_GROUP = "comm_group"
    PROJECT_GROUP = "project_group"
    DATA_PROTECTION = "data_protection"


class RequesterRole(StrEnum):
    """Who has the problem: decides where a question starts (R1)."""

    PARENT = "parent"
    PUPIL = "pupil"
    EMPLOYEE = "employee"
    SCHOOL_ADMIN_STAFF = "school_admin_staff"
    SUPERUSER = "superuser"
    ADMINISTRATOR = "administrator"
    UNKNOWN = "unknown"


class Rung(StrEnum):
    """A rung of the ladder. The last two stand beside it: leader for `organisation`, project for wishes."""

    EMPLOYEE = "employee"
    SUPERUSER = "superuser"
    ADMINISTRATOR = "administrator"
    SERVICEDESK = "servicedesk"
    VENDOR = "vendor"
    LEADER = "leader"
    PROJECT = "project"


RUNG_HEIGHT = {
    Rung.EMPLOYEE: 1,
    Rung.SUPERUSER: 2,
    Rung.ADMINISTRATOR: 3,
    Rung.LEADER: 3,
    Rung.PROJECT: 4,
    Rung.SERVICEDESK: 4,
    Rung.VENDOR: 5,
}


class Lane(StrEnum):
    """What kind of help decides the way up (domain §2, "Lanes")."""

    GUIDANCE = "vejledning"
    SETUP = "opsaetning"
    TECHNICAL = "teknik"
    CONDUCT = "organisation"
    BREACH = "brud"
    VENDOR = "leverandoer"
    WISH = "oenske"


class Priority(StrEnum):
    """P1 critical … P4 low or wish."""

    P1 = "P1"
    P2 = "P2"
    P3 = "P3"
    P4 = "P4"


class State(StrEnum):
    """R12: Ny → Taget → I gang → (Afventer …) → Løst → Lukket | Genåbnet."""

    NEW = "new"
    TAKEN = "taken"
    IN_PROGRESS = "in_progress"
    WAITING_REQUESTER = "waiting_requester"
    WAITING_SYNC = "waiting_sync"
    WAITING_VENDOR = "waiting_vendor"
    SOLVED = "solved"
    CLOSED = "closed"
    REOPENED = "reopened"


OPEN_STATES = frozenset(set(State) - {State.SOLVED, State.CLOSED})
WAITING_STATES = frozenset({State.WAITING_REQUESTER, State.WAITING_SYNC, State.WAITING_VENDOR})


class ItemKind(StrEnum):
    """A ticket was asked for by somebody; a task is asked for by the plan or by a gap in the ladder."""

    TICKET = "ticket"
    TASK = "task"


class ActivityCategory(StrEnum):
    """The parts of a rollout plan; all but the first have a colour in its timelines (domain §3)."""

    PHASE = "phase"
    TRAINING = "training"
    SETUP = "setup"
    FAMILIES = "families"
    GO_LIVE = "go_live"


class TaskPer(StrEnum):
    """For whom an activity of the plan becomes a task: one for each of these that it concerns."""

    MUNICIPALITY = "municipality"
    SECTOR = "sector"
    INSTITUTION = "institution"
    DEPARTMENT = "department"
    PERSON = "person"


class Verdict(StrEnum):
    """What a person decided about a row that an import proposes."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Channel(StrEnum):
    """The door that a question came in by."""

    FORM = "form"
    PUBLIC = "public"
    MAIL = "mail"
    PHONE = "phone"
    API = "api"
    SYSTEM = "system"


class Affected(StrEnum):
    """R9: who is affected."""

    ONE = "one"
    GROUP = "group"
    INSTITUTION = "institution"
    ALL = "all"


class EventKind(StrEnum):
    """What can happen to a work item. Past events are never rewritten; new kinds may be added."""

    OPENED = "opened"
    TAKEN = "taken"
    HANDED_OVER = "handed_over"
    ANSWERED = "answered"
    NOTED = "noted"
    REQUESTER_WROTE = "requester_wrote"
    ASKED_REQUESTER = "asked_requester"
    WAITING_SYNC = "waiting_sync"
    WAITING_VENDOR = "waiting_vendor"
    VENDOR_DUE = "vendor_due"
    RESUMED = "resumed"
    ESCALATED = "escalated"
    REFERRED = "referred"
    RETURNED = "returned"
    MOVED_SIDEWAYS = "moved_sideways"
    REROUTED = "rerouted"
    SOLVED = "solved"
    REOPENED = "reopened"
    CLOSED = "closed"
    RECLASSIFIED = "reclassified"
    MOVED_UNIT = "moved_unit"
    CALENDAR_CHANGED = "calendar_changed"
    HYPERCARE_BEGUN = "hypercare_begun"
    HYPERCARE_ENDED = "hypercare_ended"
    POLICY_CHANGED = "policy_changed"
    CONFIDENTIAL = "confidential"
    NOT_CONFIDENTIAL = "not_confidential"
    WATCHED = "watched"
    UNWATCHED = "unwatched"
    ATTACHED = "attached"
    DETACHED = "detached"
    MADE_KNOWN_FAULT = "made_known_fault"
    CLOCK_WARNED = "clock_warned"
    CLOCK_BREACHED = "clock_breached"
    REMINDED = "reminded"
    HANDOVER_FILLED = "handover_filled"
    REPLANNED = "replanned"


class Apart(StrEnum):
    """Why a reply by mail became an item of its own: its sender takes no part in the other, could not be
    confirmed, or wrote long after it was closed."""

    STRANGER = "stranger"
    UNCONFIRMED = "unconfirmed"
    LATE = "late"


class DayKind(StrEnum):
    """A local day: closed for all, closed for those who follow the schools, or open at hours of its own."""

    CLOSED = "closed"
    SCHOOL_HOLIDAY = "school_holiday"
    OPENING = "opening"


class Reach(StrEnum):
    """What an edition of targets and calendars does to clocks that run: count by it from then on, with what
    is used so far, or as if it had held since they started."""

    FROM_NOW = "from_now"
    FROM_START = "from_start"


class Scan(StrEnum):
    """Where a file stands with the virus scanner."""

    #: No scanner was set up when it came.
    OFF = "off"
    PENDING = "pending"
    CLEAN = "clean"
    #: Flagged, or such that the scanner can't say: kept, and not handed out.
    HELD = "held"


class ClockKind(StrEnum):
    """Three clocks an item and rung, the vendor's follow-up and the breach lane's 72 hours."""

    FIRST_RESPONSE = "first_response"
    RUNG = "rung"
    END_TO_END = "end_to_end"
    BREACH_NOTICE = "breach_notice"


class ClockState(StrEnum):
    """A running clock has a due time; a met or missed one keeps its verdict for ever."""

    RUNNING = "running"
    PAUSED = "paused"
    MET = "met"
    MISSED = "missed"
    DROPPED = "dropped"


class KnownQuestionState(StrEnum):
    """A question that several institutions ask: found by the service, answered for all, or put aside."""

    PROPOSED = "proposed"
    ANSWERED = "answered"
    DISMISSED = "dismissed"


class TakingPart(StrEnum):
    """How a person stands to a course. Those who said no keep no seat."""

    INVITED = "invited"
    COMING = "coming"
    TENTATIVE = "tentative"
    DECLINED = "declined"
    TOOK_PART = "took_part"
    MISSED = "missed"


class SeatKind(StrEnum):
    """A seat at the supplier's course: in the contract, or bought on top of it by a unit."""

    PAID = "paid"
    EXTRA = "extra"


class GoVerdict(StrEnum):
    """Whether a unit begins on its day."""

    GO = "go"
    NO_GO = "no_go"
