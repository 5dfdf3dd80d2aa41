"""The plan as an ICS calendar (RFC 5545): an all-day event an activity, kept by its own identifier. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from icalendar import Calendar, Event

from ticketing.rollout.plan import Activity


def calendar_feed(activities: Iterable[Activity], name: str, now: datetime, host: str) -> bytes:
    """A calendar named `name` with each dated activity. What has no end is shown on its first day. An
    activity keeps its UID when it moves, so that a subscribed calendar moves it too."""
    calendar = Calendar()
    calendar.add("prodid", "-//Aula-support//Udrulningsplan//DA")
    calendar.add("version", "2.0")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", timedelta(hours=12), parameters={"value": "DURATION"})
    for activity in activities:
        period = activity.period
        first = period.start or period.end
        if first is None:
            continue
        event = Event()
        event.add("uid", f"plan-{activity.id.lower()}@{host}")
        event.add("dtstamp", now)
        event.add("dtstart", first)
        event.add("dtend", (period.end or first) + timedelta(days=1))
        event.add("summary", f"{activity.id} {activity.audience}")
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    return bytes(calendar.to_ical())
