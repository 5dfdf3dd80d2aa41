"""The history of an item as Danish sentences that a tired person reads once. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _

from ticketing.insight.ticket_page import Moment, TicketPage
from ticketing.vocabulary import Channel, ClockKind, EventKind, Lane, PersonId, Priority, Reach
from ticketing.web.wording import channel_word, lane_word, priority_word


@dataclass(frozen=True)
class Names:
    """What the history calls things: a step, a category and a vendor by their keys."""

    step: Callable[[str], str]
    category: Callable[[str], str]
    vendor: Callable[[str], str]


def sentence(moment: Moment, page: TicketPage, names: Names) -> str:
    """What happened at `moment`, without its reason and without what was written."""
    tell = _SENTENCES.get(moment.kind)
    return tell(_Told(moment, page, names)) if tell else _("Sagen blev ændret")


def skipped(moment: Moment, names: Names) -> list[str]:
    """Why rungs were passed over, a sentence each."""
    return [
        _("%(step)s blev sprunget over: %(why)s", step=names.step(one["step"]), why=why_skipped(one["why"]))
        for one in moment.data.get("skipped") or ()
    ]


def why_skipped(why: str) -> str:
    """The sentence for a reason that the ladder gives for passing over a step; unknown ones as they are."""
    return {
        "vacant": _("der er ingen på posten"),
        "absent": _("alle er fraværende"),
        "closed": _("trinnet har lukket"),
    }.get(why, why)


def in_sentence(name: str) -> str:
    """A step's name inside a sentence: "superbruger", but "IT ServiceDesk"."""
    return name if name[:2].isupper() else name[:1].lower() + name[1:]


@dataclass(frozen=True)
class _Told:
    moment: Moment
    page: TicketPage
    names: Names

    @property
    def who(self) -> str:
        if self.moment.actor_name:
            return self.moment.actor_name
        return {"requester": _("Melder"), "system": _("Systemet")}.get(self.moment.actor_kind, _("En kollega"))

    @property
    def is_system(self) -> bool:
        return self.moment.actor_kind == "system"

    def step(self, end: str) -> str:
        key = self.moment.data.get(f"{end}_step")
        return in_sentence(self.names.step(str(key))) if key else _("et andet trin")

    def place(self, end: str) -> str:
        """A step with the unit whose queue it is: "superbruger (Blå afdeling)"."""
        unit = self.page.units.get(self.moment.data.get(f"{end}_unit", 0))
        step = self.step(end)
        return f"{step} ({unit})" if unit and unit != step else step

    def person(self, end: str) -> str:
        return self.page.people.get(PersonId(self.moment.data.get(f"{end}_holder") or 0)) or _("en kollega")


def _opened(told: _Told) -> str:
    channel = channel_word(Channel(told.page.item.channel)).lower()
    if told.moment.actor_kind == "person":
        return _("%(who)s oprettede sagen", who=told.who)
    if told.is_system:
        return _("Opgaven blev oprettet automatisk")
    return _("%(who)s henvendte sig (%(channel)s)", who=told.who, channel=channel)


def _escalated(told: _Told) -> str:
    if told.is_system:
        return _(
            "Sagen blev løftet automatisk fra %(from_place)s til %(to_place)s",
            from_place=told.step("from"),
            to_place=told.place("to"),
        )
    return _(
        "%(who)s løftede sagen fra %(from_place)s til %(to_place)s",
        who=told.who,
        from_place=told.step("from"),
        to_place=told.place("to"),
    )


def _rerouted(told: _Told) -> str:
    return _("Sagen blev flyttet til %(to_place)s, fordi ingen var til stede", to_place=told.place("to"))


def _waiting_vendor(told: _Told) -> str:
    item = told.page.item
    vendor = told.moment.data.get("vendor") or item.vendor
    name = told.names.vendor(str(vendor)) if vendor else _("leverandøren")
    return _("%(who)s overdrog sagen til %(vendor)s", who=told.who, vendor=name)


def _resumed(told: _Told) -> str:
    if told.is_system:
        return _("Ventetiden er slut, og sagen er i gang igen")
    return _("%(who)s tog sagen op igen", who=told.who)


def _solved(told: _Told) -> str:
    return _("%(who)s meldte sagen løst", who=told.who)


def _closed(told: _Told) -> str:
    if told.is_system:
        return _("Sagen blev lukket automatisk")
    return _("%(who)s lukkede sagen", who=told.who)


def _reclassified(told: _Told) -> str:
    data, changes = told.moment.data, []
    if data.get("category") != data.get("from_category") and data.get("category"):
        changes.append(_("kategori til %(name)s", name=told.names.category(data["category"])))
    if data.get("lane") != data.get("from_lane") and data.get("lane"):
        changes.append(_("spor til %(name)s", name=lane_word(Lane(data["lane"]))))
    if data.get("priority") != data.get("from_priority") and data.get("priority"):
        changes.append(_("prioritet til %(name)s", name=priority_word(Priority(data["priority"]))))
    what = _(" og ").join(changes) or _("kategori, spor eller prioritet")
    return _("%(who)s ændrede %(what)s", who=told.who, what=what)


def _replanned(told: _Told) -> str:
    days = [told.moment.data.get(key) for key in ("from_day", "to_day")]
    was, now = (f"{date.fromisoformat(day):%d.%m.%Y}" if day else _("ingen dato") for day in days)
    return _("Planen er flyttet: fra %(was)s til %(now)s", was=was, now=now)


def _answered(told: _Told) -> str:
    if told.moment.data.get("by_phone"):
        return _("%(who)s svarede melder i telefonen", who=told.who)
    return _("%(who)s svarede melder", who=told.who)


def _policy_changed(told: _Told) -> str:
    number = told.moment.data.get("number")
    if told.moment.data.get("reach") == Reach.FROM_START:
        return _("Svartider og åbningstider er ændret (udgave %(n)s); urene er regnet om fra start", n=number)
    return _("Svartider og åbningstider er ændret (udgave %(n)s); fristerne følger dem herfra", n=number)


def _clock(told: _Told) -> str:
    kind = (told.moment.data.get("clock") or {}).get("kind", "")
    name = clock_word(ClockKind(kind)).lower() if kind in set(ClockKind) else _("fristen")
    if told.moment.kind is EventKind.CLOCK_WARNED:
        return _("%(share)s %% af tiden er gået: %(clock)s", share=_warn_share(told), clock=name)
    return _("Fristen er overskredet: %(clock)s", clock=name)


def _warn_share(told: _Told) -> int:
    """The share, in percent, that the policy in force at the moment warns at."""
    before = (e.data for e in reversed(told.page.events) if e.seq <= told.moment.seq)
    policy: dict[str, Any] = next((data["policy"] for data in before if "policy" in data), {})
    return round(100 * float(policy.get("warn_share", 0.75)))


def clock_word(kind: ClockKind) -> str:
    """What a clock measures."""
    return {
        ClockKind.FIRST_RESPONSE: _("Første svar"),
        ClockKind.RUNG: _("Dette trin"),
        ClockKind.END_TO_END: _("Hele vejen"),
        ClockKind.BREACH_NOTICE: _("Anmeldelse til Datatilsynet"),
    }[kind]


_SENTENCES: dict[EventKind, Callable[[_Told], str]] = {
    EventKind.OPENED: _opened,
    EventKind.TAKEN: lambda t: _("%(who)s tog sagen", who=t.who),
    EventKind.HANDED_OVER: lambda t: _("%(who)s gav sagen videre til %(to)s", who=t.who, to=t.person("to")),
    EventKind.ANSWERED: _answered,
    EventKind.NOTED: lambda t: _("%(who)s skrev en intern note", who=t.who),
    EventKind.REQUESTER_WROTE: lambda t: _("%(who)s skrev", who=t.who),
    EventKind.ASKED_REQUESTER: lambda t: _("%(who)s spurgte melder", who=t.who),
    EventKind.WAITING_SYNC: lambda t: _("%(who)s lod sagen vente på den natlige synkronisering", who=t.who),
    EventKind.WAITING_VENDOR: _waiting_vendor,
    EventKind.VENDOR_DUE: lambda _told: _("Tid til at spørge leverandøren igen"),
    EventKind.RESUMED: _resumed,
    EventKind.ESCALATED: _escalated,
    EventKind.REFERRED: lambda t: _("%(who)s henviste sagen til %(to)s", who=t.who, to=t.place("to")),
    EventKind.RETURNED: lambda t: _(
        "%(who)s sendte sagen tilbage til %(to)s med et spørgsmål", who=t.who, to=t.place("to")
    ),
    EventKind.MOVED_SIDEWAYS: lambda t: _("%(who)s flyttede sagen til %(to)s", who=t.who, to=t.place("to")),
    EventKind.REROUTED: _rerouted,
    EventKind.SOLVED: _solved,
    EventKind.REOPENED: lambda t: _("%(who)s genåbnede sagen", who=t.who),
    EventKind.CLOSED: _closed,
    EventKind.RECLASSIFIED: _reclassified,
    EventKind.REPLANNED: _replanned,
    EventKind.CALENDAR_CHANGED: lambda _t: _("Åbningstiderne er ændret; fristerne følger dem herfra"),
    EventKind.HYPERCARE_BEGUN: lambda _t: _("Enheden går snart i drift: fristerne er kortere i den første tid"),
    EventKind.HYPERCARE_ENDED: lambda _t: _(
        "Den første tid efter idriftsættelsen er slut; fristerne er normale igen"
    ),
    EventKind.POLICY_CHANGED: _policy_changed,
    EventKind.MOVED_UNIT: lambda t: _("%(who)s flyttede sagen til en anden enhed", who=t.who),
    EventKind.CONFIDENTIAL: lambda t: _("%(who)s gjorde sagen fortrolig", who=t.who),
    EventKind.NOT_CONFIDENTIAL: lambda t: _("%(who)s ophævede fortroligheden", who=t.who),
    EventKind.ATTACHED: lambda t: _("%(who)s hæftede sagen på en kendt fejl", who=t.who),
    EventKind.DETACHED: lambda t: _("%(who)s tog sagen af den kendte fejl", who=t.who),
    EventKind.MADE_KNOWN_FAULT: lambda t: _("%(who)s gjorde sagen til en kendt fejl", who=t.who),
    EventKind.CLOCK_WARNED: _clock,
    EventKind.CLOCK_BREACHED: _clock,
    EventKind.REMINDED: lambda _told: _("Melder fik en påmindelse"),
}
