"""Working on an item at its rung: taking it, writing, and waiting for somebody else."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, time, timedelta

from ticketing.privacy.cpr import mask
from ticketing.vocabulary import WAITING_STATES, EventKind, ItemId, State
from ticketing.work import notices
from ticketing.work.change import Actor, Change, changing
from ticketing.work.errors import MissingReason, MissingVendorFields, UnknownTarget
from ticketing.work.files import NewFile, keep_files
from ticketing.work.models import Event, WorkItem
from ticketing.work.queries import LOCAL_ZONE, calendars, clock_config, ladder_config
from ticketing.work.rules import REMINDERS_AFTER, Action

#: Tabulex and UNI-Login changes reach Aula overnight (R12).
SYNC_DONE_AT = time(7, 0)


def take(item_id: ItemId, actor: Actor, now: datetime, *, version: int | None = None) -> WorkItem:
    """*Tag*: the actor becomes its holder; from a colleague too."""
    with changing(item_id, actor, now, Action.TAKE, version) as change:
        item = change.item
        before = item.holder_id
        item.holder_id = actor.person_id
        change.set_state(State.TAKEN)
        event = change.record(EventKind.TAKEN, from_holder=before, to_holder=actor.person_id)
        change.tell(event, [before], "En kollega har overtaget din sag.")
        return item


def answer(
    item_id: ItemId,
    actor: Actor,
    now: datetime,
    *,
    text: str,
    by_phone: bool = False,
    version: int | None = None,
    files: Sequence[NewFile] = (),
) -> WorkItem:
    """*Svar til melder*: public, and mailed to the requester where an address is known. `by_phone`: `text`
    says what was told on the phone or at the desk; as much an answer, but nothing is mailed."""
    with _writing(item_id, actor, now, Action.ANSWER, text, version) as change:
        _work_on(change)
        event = change.record(EventKind.ANSWERED, to_holder=change.item.holder_id, by_phone=by_phone)
        keep_files(change.session, change.write(event, text, public=True), files)
        if not by_phone:
            notices.answer(change.session, change.item, event, now, mask(text.strip())[0])
        return change.item


def note(
    item_id: ItemId,
    actor: Actor,
    now: datetime,
    *,
    text: str,
    version: int | None = None,
    files: Sequence[NewFile] = (),
) -> WorkItem:
    """*Intern note*: for colleagues only; never sent to the requester."""
    with _writing(item_id, actor, now, Action.NOTE, text, version) as change:
        event = change.record(EventKind.NOTED)
        keep_files(change.session, change.write(event, text, public=False), files)
        return change.item


def ask_requester(
    item_id: ItemId, actor: Actor, now: datetime, *, text: str, version: int | None = None
) -> WorkItem:
    """*Spørg melder* and wait: the clocks stand still until the answer; reminded on days 2 and 5, closed
    on day 10 (domain §2, "Timers")."""
    with _writing(item_id, actor, now, Action.ASK_REQUESTER, text, version) as change:
        _hold(change)
        change.set_state(State.WAITING_REQUESTER)
        change.item.wake_at = now + REMINDERS_AFTER[0]
        event = change.record(EventKind.ASKED_REQUESTER, to_holder=change.item.holder_id)
        change.write(event, text, public=True)
        notices.question(change.session, change.item, event, now, mask(text.strip())[0])
        return change.item


def wait_for_sync(
    item_id: ItemId, actor: Actor, now: datetime, *, reason: str, version: int | None = None
) -> WorkItem:
    """*Afvent natlig synk* (R12): wakes at 07:00 local time on the rung's next working day."""
    with _writing(item_id, actor, now, Action.WAIT_FOR_SYNC, reason, version) as change:
        _hold(change)
        change.set_state(State.WAITING_SYNC)
        change.item.wake_at = next_sync(change, now)
        change.record(
            EventKind.WAITING_SYNC,
            reason,
            to_holder=change.item.holder_id,
            wake_at=change.item.wake_at.isoformat(),
        )
        return change.item


def wait_for_vendor(
    item_id: ItemId,
    actor: Actor,
    now: datetime,
    *,
    vendor: str,
    reference: str,
    fields: Mapping[str, str],
    ask_again_at: datetime | None = None,
    version: int | None = None,
) -> WorkItem:
    """*Afvent leverandør*: a side exit by topic (domain §4). What the vendor demands must be filled
    (`MissingVendorFields`) before the item leaves; it stays with the actor's rung, which asks again: first at
    `ask_again_at`, then (and when none is given) as often as config/targets.yaml says."""
    with changing(item_id, actor, now, Action.WAIT_FOR_VENDOR, version) as change:
        item = change.item
        chosen = next((v for v in ladder_config().vendors_for(item.category) if v.key == vendor), None)
        if chosen is None or (ask_again_at is not None and ask_again_at <= now):
            raise UnknownTarget
        missing = [labels for name, labels in chosen.fields.items() if not fields.get(name, "").strip()]
        if missing:
            raise MissingVendorFields(missing)
        _hold(change)
        item.vendor, item.vendor_ref = vendor, mask(reference.strip())[0][:120] or None
        change.set_state(State.WAITING_VENDOR)
        item.wake_at = ask_again_at or next_follow_up(change)
        given = {name: mask(fields[name].strip())[0] for name in chosen.fields}
        change.record(
            EventKind.WAITING_VENDOR,
            vendor=vendor,
            reference=item.vendor_ref,
            fields=given,
            to_holder=item.holder_id,
            wake_at=item.wake_at.isoformat(),
        )
        return item


def resume(
    item_id: ItemId, actor: Actor, now: datetime, *, reason: str = "", version: int | None = None
) -> WorkItem:
    """*Genoptag* an item that waits: its clocks run again."""
    with changing(item_id, actor, now, Action.RESUME, version) as change:
        wake(change, reason)
        return change.item


def wake(change: Change, reason: str) -> Event:
    """An item that waited goes on at its rung; its holder is told unless they did it."""
    item = change.item
    before = item.state.value
    change.set_state(State.IN_PROGRESS if item.holder_id else State.NEW)
    event = change.record(EventKind.RESUMED, reason, from_state=before)
    change.tell(event, [item.holder_id], "En sag, der ventede, er i gang igen.")
    return event


def next_sync(change: Change, now: datetime) -> datetime:
    """07:00 on the first day after `now` on which the rung's calendar opens at all (UTC)."""
    calendar = calendars(change.session)(change.policy()["rung_calendar"])
    midnight = datetime.combine(now.astimezone(LOCAL_ZONE).date() + timedelta(days=1), time(0), LOCAL_ZONE)
    opens = calendar.next_opening(midnight.astimezone(UTC)).astimezone(LOCAL_ZONE)
    return datetime.combine(opens.date(), SYNC_DONE_AT, LOCAL_ZONE).astimezone(UTC)


def next_follow_up(change: Change) -> datetime:
    """When whoever holds an item that waits for a vendor asks there again: `vendor_follow_up` of
    config/targets.yaml, in the rung's opening hours (UTC)."""
    item = change.item
    _, seconds = clock_config().vendor_interval(item.sector, item.rung, item.lane, item.priority)
    return calendars(change.session)(change.policy()["rung_calendar"]).due(change.now, seconds)


def _writing(
    item_id: ItemId, actor: Actor, now: datetime, action: Action, text: str, version: int | None
) -> AbstractContextManager[Change]:
    if not text.strip():
        raise MissingReason
    return changing(item_id, actor, now, action, version)


def _hold(change: Change) -> None:
    """Whoever acts on an item that nobody holds, holds it from then on."""
    if change.item.holder_id is None:
        change.item.holder_id = change.actor.person_id


def _work_on(change: Change) -> None:
    _hold(change)
    if change.item.state not in WAITING_STATES:
        change.set_state(State.IN_PROGRESS)
