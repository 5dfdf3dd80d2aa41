"""The Danish words for what the data says: times, states, rungs and events. Everything a page shows that is
not a person's own text comes through here, so a thing is called the same everywhere."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from ticketing.vocabulary import (
    WAITING_STATES,
    Affected,
    Channel,
    Lane,
    Priority,
    RequesterRole,
    Role,
    Rung,
    Sector,
    State,
)
from ticketing.work.models import WorkItem
from ticketing.work.rules import shown_number

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
WEEKDAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
MONTHS = ("jan.", "feb.", "marts", "april", "maj", "juni", "juli", "aug.", "sep.", "okt.", "nov.", "dec.")


@dataclass(frozen=True)
class DueWords:
    """A due time as a page shows it: `tone` names the colour (late, today, later, paused, done), `icon` the
    picture, `text` when, and `left` how long."""

    tone: str
    icon: str
    text: str
    left: str


def time_of_day(at: datetime) -> str:
    """`at` as "kl. 14.30" in Copenhagen."""
    return f"kl.\u00a0{at.astimezone(COPENHAGEN):%H.%M}"


def day(at: datetime, now: datetime) -> str:
    """The day of `at` as one says it on `now`: "i dag", "torsdag", "12. dec.", "12. dec. 2025"."""
    local, today = at.astimezone(COPENHAGEN).date(), now.astimezone(COPENHAGEN).date()
    near = {-1: _("i går"), 0: _("i dag"), 1: _("i morgen")}.get((local - today).days)
    if near:
        return near
    if 1 < (local - today).days < 7:
        return WEEKDAYS[local.weekday()]
    text = f"{local.day}. {MONTHS[local.month - 1]}"
    return text if local.year == today.year else f"{text} {local.year}"


def plan_day(on: date) -> str:
    """A day of the plan, always with its year: "16. aug. 2027"."""
    return f"{on.day}. {MONTHS[on.month - 1]} {on.year}"


def short_day(at: datetime) -> str:
    """The day of `at` in a few letters: "ma. 23."."""
    local = at.astimezone(COPENHAGEN)
    return f"{WEEKDAYS[local.weekday()][:2]}. {local.day}."


def moment(at: datetime, now: datetime) -> str:
    """Day and time: "i dag kl. 14.30"."""
    return f"{day(at, now)} {time_of_day(at)}"


def duration(length: timedelta) -> str:
    """A length of time in its two largest units: "40 min", "2 t 10 min", "3 d 4 t". Never negative."""
    minutes = max(0, int(length.total_seconds())) // 60
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    if days:
        return f"{days} d {hours} t" if hours and days < 7 else f"{days} d"
    if hours:
        return f"{hours} t {rest} min" if rest else f"{hours} t"
    return f"{rest} min" if rest else _("under 1 min")


def due(due_at: datetime | None, now: datetime, state: State | None = None) -> DueWords:
    """What to show for `due_at`; a finished item has no running clock, whatever the time. One that waits has
    one where the whole journey goes on without it: for the vendor, the nightly sync, and in a data breach."""
    if state in (State.SOLVED, State.CLOSED):
        return DueWords("done", "check", state_word(State(state)), "")
    if due_at is None:
        why = state_word(State(state)).lower() if state in WAITING_STATES else ""
        return DueWords("paused", "hourglass", _("Uret står stille"), why)
    if due_at <= now:
        over = duration(now - due_at)
        return DueWords("late", "warning", _("%(time)s over", time=over), "")
    left = _("%(time)s tilbage", time=duration(due_at - now))
    if state in WAITING_STATES:
        return DueWords("paused", "hourglass", _("frist %(when)s", when=moment(due_at, now)), left)
    today = due_at.astimezone(COPENHAGEN).date() == now.astimezone(COPENHAGEN).date()
    return DueWords("today" if today else "later", "time", moment(due_at, now), left)


def whereabouts(state: State, rung: Rung, unit: str, due_at: datetime | None, now: datetime) -> str:
    """One sentence for a parent: where the question is, who helps, and when to expect more."""
    resting = {
        State.WAITING_REQUESTER: _("Vi venter på svar fra dig."),
        State.WAITING_SYNC: _("Rettelsen er lavet og slår igennem i løbet af natten."),
        State.WAITING_VENDOR: _("Vi har bedt leverandøren om hjælp og følger op."),
        State.SOLVED: _("Dit spørgsmål er løst. Virker det ikke alligevel, så skriv herunder."),
        State.CLOSED: _("Dit spørgsmål er løst og afsluttet."),
    }.get(State(state))
    if resting:
        return resting
    where = _("Dit spørgsmål er hos %(helper)s.", helper=_helper(Rung(rung), unit))
    if due_at is None or due_at <= now:
        return where + " " + _("Der bliver arbejdet på det.")
    return where + " " + _("Du hører fra os senest %(when)s.", when=moment(due_at, now))


def _helper(rung: Rung, unit: str) -> str:
    """Who stands on a rung, as a parent would say it."""
    return {
        Rung.EMPLOYEE: _("personalet i %(unit)s", unit=unit),
        Rung.SUPERUSER: _("superbrugeren for %(unit)s, som kender Aula særlig godt", unit=unit),
        Rung.ADMINISTRATOR: _("den administrator, der hjælper %(unit)s", unit=unit),
        Rung.SERVICEDESK: _("kommunens IT ServiceDesk"),
        Rung.VENDOR: _("leverandøren"),
        Rung.LEADER: _("ledelsen i %(unit)s", unit=unit),
        Rung.PROJECT: _("kommunens projektgruppe for Aula"),
    }[rung]


def state_word(state: State) -> str:
    """The word for a state (R12)."""
    return {
        State.NEW: _("Ny"),
        State.TAKEN: _("Taget"),
        State.IN_PROGRESS: _("I gang"),
        State.WAITING_REQUESTER: _("Afventer melder"),
        State.WAITING_SYNC: _("Afventer natlig synk"),
        State.WAITING_VENDOR: _("Afventer leverandør"),
        State.SOLVED: _("Løst"),
        State.CLOSED: _("Lukket"),
        State.REOPENED: _("Genåbnet"),
    }[State(state)]


def wakes(state: State, wake_at: datetime, now: datetime) -> str:
    """What happens by itself to an item that waits, and when; nothing for one that does not."""
    sentence = {
        State.WAITING_VENDOR: _("Spørg leverandøren igen %(when)s"),
        State.WAITING_SYNC: _("Går videre %(when)s"),
        State.WAITING_REQUESTER: _("Melder hører fra os igen %(when)s"),
        State.SOLVED: _("Lukkes %(when)s"),
    }.get(state)
    return sentence % {"when": moment(wake_at, now)} if sentence else ""


def state_look(state: State) -> tuple[str, str]:
    """The tone and the icon that go with a state's word."""
    if state in WAITING_STATES:
        return "waiting", "hourglass"
    return {
        State.NEW: ("new", "add-document"),
        State.TAKEN: ("active", "person"),
        State.IN_PROGRESS: ("active", "edit"),
        State.SOLVED: ("done", "check"),
        State.CLOSED: ("done", "lock"),
        State.REOPENED: ("new", "refresh"),
    }[State(state)]


def rung_word(rung: Rung) -> str:
    """Who stands on a rung, in one word."""
    return {
        Rung.EMPLOYEE: _("Medarbejder"),
        Rung.SUPERUSER: _("Superbruger"),
        Rung.ADMINISTRATOR: _("Administrator"),
        Rung.SERVICEDESK: _("IT ServiceDesk"),
        Rung.VENDOR: _("Leverandør"),
        Rung.LEADER: _("Leder"),
        Rung.PROJECT: _("Projektgruppe"),
    }[Rung(rung)]


def role_word(role: Role) -> str:
    """The title of a role."""
    return {
        Role.EMPLOYEE: _("Medarbejder"),
        Role.SCHOOL_ADMIN_STAFF: _("Administrativ medarbejder"),
        Role.SUPERUSER: _("Superbruger"),
        Role.DIGITAL_CHILDMINDER: _("Digital dagplejer"),
        Role.ADMIN_SUPERUSER: _("Administrativ superbruger"),
        Role.INSTITUTION_ADMIN: _("Institutionsadministrator"),
        Role.MUNICIPAL_ADMIN: _("Kommunal administrator"),
        Role.IT_SERVICEDESK: _("Tekniker i IT ServiceDesk"),
        Role.LEADER: _("Leder"),
        Role.SECTOR_HEAD: _("Chef"),
        Role.STEERING_GROUP: _("Styregruppe"),
        Role.COMM_GROUP: _("Kommunikationsgruppe"),
        Role.PROJECT_GROUP: _("Projektgruppe"),
        Role.DATA_PROTECTION: _("Databeskyttelse"),
    }[Role(role)]


def lane_word(lane: Lane) -> str:
    """The word for a lane."""
    return {
        Lane.GUIDANCE: _("Vejledning"),
        Lane.SETUP: _("Opsætning"),
        Lane.TECHNICAL: _("Teknik"),
        Lane.CONDUCT: _("Organisation"),
        Lane.BREACH: _("Brud på persondata"),
        Lane.VENDOR: _("Leverandør"),
        Lane.WISH: _("Ønske"),
    }[Lane(lane)]


def priority_word(priority: Priority) -> str:
    """A priority with the word that says what it means."""
    return {
        Priority.P1: _("P1 · kritisk"),
        Priority.P2: _("P2 · haster"),
        Priority.P3: _("P3 · almindelig"),
        Priority.P4: _("P4 · kan vente"),
    }[Priority(priority)]


def simple_word(value: StrEnum) -> str:
    """The word for a channel, a sector, a kind of requester or who is affected."""
    words: dict[StrEnum, str] = {
        Channel.FORM: _("Skrevet ind af medarbejder"),
        Channel.PUBLIC: _("Formular til forældre"),
        Channel.MAIL: _("E-mail"),
        Channel.PHONE: _("Telefon"),
        Channel.API: _("Andet system"),
        Channel.SYSTEM: _("Systemet"),
        Sector.SKOLE: _("Skole"),
        Sector.DAGTILBUD: _("Dagtilbud"),
        Sector.DAGPLEJE: _("Dagpleje"),
        Sector.IT: _("IT"),
        RequesterRole.PARENT: _("Forælder"),
        RequesterRole.PUPIL: _("Elev"),
        RequesterRole.EMPLOYEE: _("Medarbejder"),
        RequesterRole.SCHOOL_ADMIN_STAFF: _("Administrativ medarbejder"),
        RequesterRole.SUPERUSER: _("Superbruger"),
        RequesterRole.ADMINISTRATOR: _("Administrator"),
        RequesterRole.UNKNOWN: _("Ukendt"),
        Affected.ONE: _("Én person"),
        Affected.GROUP: _("En gruppe eller klasse"),
        Affected.INSTITUTION: _("Hele institutionen"),
        Affected.ALL: _("Alle i kommunen"),
    }
    return next(word for key, word in words.items() if type(key) is type(value) and key == value)


def affected_word(value: str) -> str:
    """Who is affected (R9), from the value as the database keeps it."""
    return simple_word(Affected(value))


def requester_word(value: str) -> str:
    """Who has the problem, from the value as the database keeps it."""
    return simple_word(RequesterRole(value))


def channel_word(value: str) -> str:
    """The door that the question came in by, from the value as the database keeps it."""
    return simple_word(Channel(value))


def sector_word(value: str) -> str:
    """A sector's name, from the value as the database keeps it."""
    return simple_word(Sector(value))


def number_word(item: WorkItem) -> str:
    """The number as one says it on the phone."""
    return shown_number(item.kind, item.number)


def initials(name: str) -> str:
    """One or two letters that stand for a person where there is no photo."""
    words = [word for word in name.split() if word[0].isalpha()]
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper() if words else "?"


FILTERS: dict[str, Callable[..., Any]] = {
    "affected_word": affected_word,
    "channel_word": channel_word,
    "day": day,
    "due": due,
    "duration": duration,
    "initials": initials,
    "lane_word": lane_word,
    "moment": moment,
    "plan_day": plan_day,
    "priority_word": priority_word,
    "requester_word": requester_word,
    "role_word": role_word,
    "rung_word": rung_word,
    "sector_word": sector_word,
    "short_day": short_day,
    "shown_number": number_word,
    "state_look": state_look,
    "state_word": state_word,
    "time_of_day": time_of_day,
    "wakes": wakes,
}
