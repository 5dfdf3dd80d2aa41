"""The words and the calendar entry (RFC 5545, RFC 5546) of an invitation to a course."""

from datetime import datetime
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, vCalAddress, vText

from ticketing.rollout.training_models import CourseSession

ZONE = ZoneInfo("Europe/Copenhagen")
_WEEKDAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")


def when(session: CourseSession) -> str:
    """ "torsdag den 3.12.2026 kl. 9.00–12.00" on Copenhagen's clock."""
    starts, ends = session.starts_at.astimezone(ZONE), session.ends_at.astimezone(ZONE)
    day = f"{_WEEKDAYS[starts.weekday()]} den {starts.day}.{starts.month}.{starts.year}"
    return f"{day} kl. {starts.hour}.{starts:%M}–{ends.hour}.{ends:%M}"


def calendar_part(
    session: CourseSession,
    title: str,
    recipient: str,
    organiser: str,
    now: datetime,
    *,
    cancelled: bool = False,
) -> dict[str, str]:
    """The part that makes a mail program ask "Kommer du?", or take the entry away again. The same UID each
    time, a higher sequence after a change: the recipient's calendar follows."""
    calendar = Calendar()
    method = "CANCEL" if cancelled else "REQUEST"
    calendar.add("prodid", "-//Aula-support//Kursus//DA")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    event = Event()
    event.add("uid", f"course-{session.id}@{organiser.rpartition('@')[2]}")
    event.add("sequence", session.sequence + (1 if cancelled else 0))
    event.add("dtstamp", now)
    event.add("dtstart", session.starts_at)
    event.add("dtend", session.ends_at)
    event.add("summary", title)
    event.add("location", vText(session.place))
    event.add("status", "CANCELLED" if cancelled else "CONFIRMED")
    event.add("organizer", vCalAddress(f"mailto:{organiser}"))
    attendee = vCalAddress(f"mailto:{recipient}")
    attendee.params["RSVP"] = vText("TRUE")
    event.add("attendee", attendee)
    calendar.add_component(event)
    return {
        "media_type": "text/calendar",
        "method": method,
        "name": "kursus.ics",
        "text": calendar.to_ical().decode(),
    }
