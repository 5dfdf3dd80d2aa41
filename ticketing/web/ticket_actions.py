"""What a filled form does: reads what was typed, and calls the one action that the form stands for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import partial

from flask_babel import gettext as _

from ticketing.database import again_after_deadlock
from ticketing.vocabulary import Affected, ItemId, Lane, PersonId, Priority, UnitId
from ticketing.web.ticket_forms import Form, Input
from ticketing.web.wording import COPENHAGEN
from ticketing.work import actions
from ticketing.work.actions import Actor, Handover
from ticketing.work.models import WorkItem
from ticketing.work.rules import Action

#: Longer than any question; keeps a pasted book out of the database.
TEXT_LENGTH = 20_000
#: When a vendor is asked again: the start of the working day in Copenhagen.
ASK_AGAIN_TIME = time(8, 0)
Typed = Mapping[str, str]
Errors = dict[str, list[str]]


@dataclass(frozen=True)
class Press:
    """Somebody's press on a button: which item, who, when, the version they saw and what they typed."""

    item_id: ItemId
    actor: Actor
    now: datetime
    version: int | None
    typed: Typed

    def text(self, name: str) -> str:
        """What was typed in a field, without space around it."""
        return self.typed.get(name, "").strip()

    def unit(self) -> UnitId | None:
        """The unit that was chosen, None for the one that is proposed."""
        return UnitId(int(self.text("unit_id"))) if self.text("unit_id") else None


def faults_in(form: Form, typed: Typed) -> Errors:
    """What is missing or can't be, by field: empty when the form can be sent."""
    errors: Errors = {}
    for field in form.inputs:
        sentence = _fault(field, typed.get(field.name, "").strip())
        if sentence:
            errors[field.name] = [sentence]
    return errors


def run(action: Action, press: Press) -> WorkItem:
    """Does it. Raises a `WorkError` as the action does; then nothing was written."""
    return again_after_deadlock(partial(_RUNNERS[action], press))


def _fault(field: Input, value: str) -> str | None:
    choices = {key for key, _word in field.options}
    if not value:
        return None if field.optional else _missing(field)
    if field.kind in ("select", "choice") and value not in choices:
        return _("%(label)s: Vælg et af de steder, som siden viser.", label=field.label)
    if field.kind == "date" and _day(value) is None:
        return _("%(label)s: Skriv en dato.", label=field.label)
    if len(value) > TEXT_LENGTH:
        return _("%(label)s: Teksten er for lang.", label=field.label)
    return None


def _missing(field: Input) -> str:
    if field.kind in ("select", "choice"):
        return _("Vælg: %(label)s", label=field.label)
    return _("Udfyld: %(label)s", label=field.label)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _with_text(act: Callable[..., WorkItem], name: str = "text") -> Callable[[Press], WorkItem]:
    return lambda p: act(p.item_id, p.actor, p.now, **{name: p.text(name)}, version=p.version)


def _plain(act: Callable[..., WorkItem]) -> Callable[[Press], WorkItem]:
    return lambda p: act(p.item_id, p.actor, p.now, version=p.version)


def _hand_over(p: Press) -> WorkItem:
    to_person = PersonId(int(p.text("to_person_id")))
    return actions.hand_over(
        p.item_id, p.actor, p.now, to_person_id=to_person, reason=p.text("reason"), version=p.version
    )


def _answer(p: Press) -> WorkItem:
    by_phone = p.text("by_phone") == "1"
    return actions.answer(p.item_id, p.actor, p.now, text=p.text("text"), by_phone=by_phone, version=p.version)


def _wait_for_vendor(p: Press) -> WorkItem:
    day = p.text("ask_again_at")
    again = datetime.combine(date.fromisoformat(day), ASK_AGAIN_TIME, COPENHAGEN) if day else None
    fields = {
        name.removeprefix("field_"): value.strip()
        for name, value in p.typed.items()
        if name.startswith("field_") and value.strip()
    }
    return actions.wait_for_vendor(
        p.item_id,
        p.actor,
        p.now,
        vendor=p.text("vendor"),
        reference=p.text("reference"),
        ask_again_at=again.astimezone(UTC) if again else None,
        fields=fields,
        version=p.version,
    )


def _escalate(p: Press) -> WorkItem:
    affected = p.text("affected")
    handover = Handover(
        tried=p.text("tried") or None,
        affected=Affected(affected) if affected in set(Affected) else None,
        since=p.text("since") or None,
        error_text=p.text("error_text") or None,
    )
    return actions.escalate(
        p.item_id,
        p.actor,
        p.now,
        reason=p.text("reason"),
        handover=handover,
        to_step=p.text("to_step") or None,
        version=p.version,
    )


def _refer(p: Press) -> WorkItem:
    return actions.refer(
        p.item_id, p.actor, p.now, reason=p.text("reason"), unit_id=p.unit(), version=p.version
    )


def _to_unit(act: Callable[..., WorkItem]) -> Callable[[Press], WorkItem]:
    return lambda p: act(
        p.item_id, p.actor, p.now, unit_id=p.unit(), reason=p.text("reason"), version=p.version
    )


def _reclassify(p: Press) -> WorkItem:
    return actions.reclassify(
        p.item_id,
        p.actor,
        p.now,
        reason=p.text("reason"),
        category=p.text("category"),
        lane=Lane(p.text("lane")),
        priority=Priority(p.text("priority")),
        version=p.version,
    )


def _set_confidential(p: Press) -> WorkItem:
    return actions.set_confidential(
        p.item_id,
        p.actor,
        p.now,
        confidential=p.text("confidential") == "1",
        reason=p.text("reason"),
        version=p.version,
    )


def _attach(p: Press) -> WorkItem:
    fault = ItemId(int(p.text("fault_id")))
    return actions.attach_to_fault(p.item_id, p.actor, p.now, fault_id=fault, version=p.version)


_RUNNERS: dict[Action, Callable[[Press], WorkItem]] = {
    Action.TAKE: _plain(actions.take),
    Action.HAND_OVER: _hand_over,
    Action.ANSWER: _answer,
    Action.NOTE: _with_text(actions.note),
    Action.ASK_REQUESTER: _with_text(actions.ask_requester),
    Action.WAIT_FOR_SYNC: _with_text(actions.wait_for_sync, "reason"),
    Action.WAIT_FOR_VENDOR: _wait_for_vendor,
    Action.RESUME: _plain(actions.resume),
    Action.ESCALATE: _escalate,
    Action.REFER: _refer,
    Action.RETURN_TO_SENDER: _with_text(actions.return_to_sender, "question"),
    Action.NOT_OURS: _with_text(actions.not_ours, "reason"),
    Action.MOVE_SIDEWAYS: _to_unit(actions.move_sideways),
    Action.SOLVE: _with_text(actions.solve),
    Action.REOPEN: _with_text(actions.reopen, "reason"),
    Action.CLOSE: _plain(actions.close),
    Action.RECLASSIFY: _reclassify,
    Action.MOVE_UNIT: _to_unit(actions.move_unit),
    Action.SET_CONFIDENTIAL: _set_confidential,
    Action.WATCH: lambda p: actions.watch(p.item_id, p.actor, p.now),
    Action.UNWATCH: lambda p: actions.unwatch(p.item_id, p.actor, p.now),
    Action.MAKE_KNOWN_FAULT: _plain(actions.make_known_fault),
    Action.ATTACH_TO_FAULT: _attach,
    Action.DETACH_FROM_FAULT: _plain(actions.detach_from_fault),
}
