"""A calendar invitation as text that a person reads, for mail that holds nothing else."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from icalendar import Calendar

_COPENHAGEN = ZoneInfo("Europe/Copenhagen")
_LARGEST = 200_000
_WORDS = {"REQUEST": "Mødeindkaldelse", "CANCEL": "Mødet er aflyst", "REPLY": "Svar på mødeindkaldelse"}


def text_of_calendar(content: bytes) -> str:
    """The first appointment of `content`: what, when (Danish time), where and its description; empty where
    nothing can be read."""
    if len(content) > _LARGEST:
        return ""
    try:
        calendar = Calendar.from_ical(content)
        event = next(iter(calendar.walk("VEVENT")), None)
        if event is None:
            return ""
        lines = [
            f"{_WORDS.get(str(calendar.get('METHOD', '')).upper(), 'Aftale')}: {event.get('SUMMARY', '')}",
            f"Hvornår: {_when(event.decoded('DTSTART', None))}",
            f"Hvor: {event.get('LOCATION', '')}",
        ]
        shown = [line for line in lines if not line.endswith(": ")]
        return "\n".join([*shown, "", str(event.get("DESCRIPTION", ""))]).strip()
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, RecursionError):
        return ""


def _when(start: object) -> str:
    if isinstance(start, datetime):
        local = start.astimezone(_COPENHAGEN) if start.tzinfo else start
        return f"{local:%d.%m.%Y} kl. {local:%H.%M}"
    return f"{start:%d.%m.%Y}" if isinstance(start, date) else ""
