"""The form behind each action on a ticket: its address, its words, and only the fields that are needed now.

A form is data. `ticket_actions` runs it, `ticket` shows it, and neither knows one action from another.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from flask_babel import gettext as _

from ticketing.ladder.rules import missing_handover, steps_above
from ticketing.vocabulary import Affected, Lane, Priority
from ticketing.web.ticket_desk import Desk
from ticketing.web.timeline import in_sentence
from ticketing.web.wording import COPENHAGEN, lane_word, priority_word, simple_word
from ticketing.work.rules import Action, is_urgent

Options = list[tuple[str, str]]

#: The last part of the address of each action.
SLUGS = {
    Action.TAKE: "tag",
    Action.HAND_OVER: "giv-videre",
    Action.ANSWER: "svar",
    Action.NOTE: "note",
    Action.ASK_REQUESTER: "spoerg",
    Action.WAIT_FOR_SYNC: "vent-synk",
    Action.WAIT_FOR_VENDOR: "vent-leverandoer",
    Action.RESUME: "genoptag",
    Action.ESCALATE: "loeft",
    Action.REFER: "henvis",
    Action.RETURN_TO_SENDER: "send-tilbage",
    Action.NOT_OURS: "ikke-vores",
    Action.MOVE_SIDEWAYS: "til-siden",
    Action.SOLVE: "loest",
    Action.REOPEN: "genaabn",
    Action.CLOSE: "luk",
    Action.RECLASSIFY: "skift",
    Action.MOVE_UNIT: "flyt-enhed",
    Action.SET_CONFIDENTIAL: "fortrolig",
    Action.WATCH: "foelg",
    Action.UNWATCH: "foelg-ikke",
    Action.MAKE_KNOWN_FAULT: "kendt-fejl",
    Action.ATTACH_TO_FAULT: "haeft",
    Action.DETACH_FROM_FAULT: "loesn",
}
BY_SLUG = {slug: action for action, slug in SLUGS.items()}
#: Done by one press, without a form of their own.
QUICK = frozenset(
    {
        Action.TAKE,
        Action.RESUME,
        Action.CLOSE,
        Action.WATCH,
        Action.UNWATCH,
        Action.MAKE_KNOWN_FAULT,
        Action.DETACH_FROM_FAULT,
    }
)


@dataclass(frozen=True)
class Input:
    """One field of a form. `kind` is textarea, text, select, choice, date or hidden."""

    name: str
    label: str
    kind: str = "textarea"
    optional: bool = False
    hint: str = ""
    value: str = ""
    options: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Form:
    """What one fills in before an action. `look` is "public" where the requester will read the text."""

    action: Action
    title: str
    submit: str
    inputs: tuple[Input, ...] = ()
    explain: str = ""
    look: str = ""
    #: Only chooses which form comes next: nothing is done yet.
    only_chooses: bool = False

    @property
    def slug(self) -> str:
        """The last part of the form's address."""
        return SLUGS[self.action]


def word(action: Action, *, is_confidential: bool = False) -> str:
    """What the button of an action says."""
    if action is Action.SET_CONFIDENTIAL:
        return _("Ophæv fortrolighed") if is_confidential else _("Gør fortrolig")
    return {
        Action.TAKE: _("Tag"),
        Action.HAND_OVER: _("Giv til kollega"),
        Action.ANSWER: _("Svar"),
        Action.NOTE: _("Intern note"),
        Action.ASK_REQUESTER: _("Spørg melder"),
        Action.WAIT_FOR_SYNC: _("Afvent natlig synk"),
        Action.WAIT_FOR_VENDOR: _("Afvent leverandør"),
        Action.RESUME: _("Genoptag"),
        Action.ESCALATE: _("Løft"),
        Action.REFER: _("Henvis"),
        Action.RETURN_TO_SENDER: _("Send tilbage"),
        Action.NOT_OURS: _("Ikke vores"),
        Action.MOVE_SIDEWAYS: _("Flyt til siden"),
        Action.SOLVE: _("Løst"),
        Action.REOPEN: _("Genåbn"),
        Action.CLOSE: _("Luk"),
        Action.RECLASSIFY: _("Skift kategori, spor eller prioritet"),
        Action.MOVE_UNIT: _("Flyt til anden enhed"),
        Action.WATCH: _("Følg"),
        Action.UNWATCH: _("Følg ikke længere"),
        Action.MAKE_KNOWN_FAULT: _("Gør til kendt fejl"),
        Action.ATTACH_TO_FAULT: _("Hæft på kendt fejl"),
        Action.DETACH_FROM_FAULT: _("Tag af den kendte fejl"),
    }[action]


def form_for(action: Action, desk: Desk, typed: Mapping[str, str]) -> Form:
    """The form of `action` for this item now; `typed` is what has been chosen so far."""
    make = _FORMS.get(action)
    return make(desk, typed) if make else Form(action, word(action), word(action))


def _text(action: Action, title: str, submit: str, label: str, **more: str) -> Form:
    look, explain = more.get("look", ""), more.get("explain", "")
    return Form(action, title, submit, (Input("text", label),), explain, look)


def _answer(_desk: Desk, _typed: Mapping[str, str]) -> Form:
    ways = (("0", _("Send det til melder")), ("1", _("Jeg har sagt det i telefonen; send ingen mail")))
    how = Input("by_phone", _("Hvordan får melder svaret?"), "choice", optional=True, options=ways, value="0")
    text = Input("text", _("Dit svar til melder"))
    return Form(Action.ANSWER, _("Svar melder"), _("Send svar til melder"), (text, how), look="public")


def _note(_desk: Desk, _typed: Mapping[str, str]) -> Form:
    return _text(Action.NOTE, _("Intern note"), _("Gem intern note"), _("Note til kolleger"), look="note")


def _ask(_desk: Desk, _typed: Mapping[str, str]) -> Form:
    explain = _("Uret på dette trin står stille, til melder svarer. Melder bliver mindet om det.")
    title, submit = _("Spørg melder"), _("Send spørgsmål til melder")
    return _text(
        Action.ASK_REQUESTER, title, submit, _("Hvad mangler du at vide?"), look="public", explain=explain
    )


def _solve(_desk: Desk, _typed: Mapping[str, str]) -> Form:
    explain = _("Melder får løsningen. Svarer melder inden 14 dage, åbner sagen igen.")
    title, submit = _("Meld sagen løst"), _("Send løsning og meld løst")
    return _text(Action.SOLVE, title, submit, _("Hvordan blev det løst?"), look="public", explain=explain)


def _reason(label: str = "", hint: str = "") -> Input:
    return Input("reason", label or _("Begrundelse"), hint=hint)


def _hand_over(desk: Desk, _typed: Mapping[str, str]) -> Form:
    pick = Input("to_person_id", _("Kollega"), "select", options=tuple(desk.colleagues()))
    return Form(Action.HAND_OVER, _("Giv til en kollega"), _("Giv sagen videre"), (pick, _reason()))


def _wait_sync(_desk: Desk, _typed: Mapping[str, str]) -> Form:
    explain = _("Ændringer i brugeradministrationen når Aula om natten. Sagen vågner næste arbejdsdag kl. 7.")
    inputs = (_reason(_("Hvad er ændret?")),)
    return Form(Action.WAIT_FOR_SYNC, _("Afvent natlig synk"), _("Vent til i morgen"), inputs, explain)


def _wait_vendor(desk: Desk, typed: Mapping[str, str]) -> Form:
    """The side exit: first which vendor, then what that vendor demands (domain §4)."""
    vendors = desk.config.vendors_for(desk.item.category)
    chosen = next((one for one in vendors if one.key == typed.get("vendor")), None)
    if chosen is None:
        options = tuple((one.key, one.name_da) for one in vendors)
        pick = Input("vendor", _("Hvem skal sagen til?"), "choice", options=options)
        return Form(Action.WAIT_FOR_VENDOR, _("Afvent leverandør"), _("Fortsæt"), (pick,), only_chooses=True)
    again = desk.now.astimezone(COPENHAGEN) + timedelta(days=chosen.ask_again_days)
    inputs = [Input("vendor", "", "hidden", value=chosen.key)]
    inputs += [Input(f"field_{key}", label_da, "text") for key, (label_da, _en) in chosen.fields.items()]
    inputs += [
        Input("reference", _("Leverandørens sagsnummer"), "text"),
        Input(
            "ask_again_at",
            _("Spørg igen den"),
            "date",
            hint=_("Tomt: så ofte, som kommunen har bestemt. Sagen minder dig om det, indtil der er svar."),
            value="" if is_urgent(desk.item.priority, desk.item.lane) else f"{again:%Y-%m-%d}",
            optional=True,
        ),
    ]
    return Form(
        Action.WAIT_FOR_VENDOR, chosen.name_da, _("Overdrag og vent"), tuple(inputs), chosen.do_not_send
    )


def _escalate(desk: Desk, typed: Mapping[str, str]) -> Form:
    above = steps_above(desk.ladder, desk.facts, desk.item.step)
    coming = desk.drawing.next
    inputs: list[Input] = []
    if len(above) > 1:
        names = [(key, desk.step_name(key)) for key in above]
        first = _("Næste led: %(step)s", step=coming.step.name_da) if coming else _("Næste led")
        hint = _("At springe et bemandet led over kræver, at begrundelsen siger hvorfor.")
        options = (("", first), *(pair for pair in names if not coming or pair[0] != coming.step.key))
        inputs.append(Input("to_step", _("Løft til"), "select", optional=True, hint=hint, options=options))
    goal = desk.ladder.steps[typed["to_step"]] if typed.get("to_step") in above else None
    top = goal or (coming.step if coming else None)
    missing = missing_handover(desk.ladder, top.rung, desk.handover()) if top else ()
    inputs += [handover_input(name) for name in missing]
    jumps = bool(typed.get("to_step"))
    inputs.append(Input("reason", _("Hvorfor skal sagen op?"), optional=not jumps))
    title = _("Løft sagen til %(step)s", step=in_sentence(top.name_da)) if top else _("Løft sagen")
    return Form(Action.ESCALATE, title, _("Løft sagen"), tuple(inputs), desk.why_next())


def handover_input(name: str) -> Input:
    """The field for one fact that a hand-over must carry (R9)."""
    affected = ((one.value, simple_word(one)) for one in Affected)
    return {
        "tried": Input("tried", _("Hvad er prøvet?")),
        "affected": Input("affected", _("Hvem er ramt?"), "choice", options=tuple(affected)),
        "since": Input("since", _("Siden hvornår?"), "text"),
        "error_text": Input("error_text", _("Hvad står der på skærmen?")),
    }[name]


def _refer(desk: Desk, _typed: Mapping[str, str]) -> Form:
    units = (("", _("Det foreslåede sted")), *desk.units())
    inputs = (
        Input("unit_id", _("Enhed"), "select", optional=True, options=units),
        _reason(_("Hvorfor hører sagen til der?")),
    )
    return Form(Action.REFER, _("Henvis sagen"), _("Henvis"), inputs, desk.why_refer())


def _return(_desk: Desk, _typed: Mapping[str, str]) -> Form:
    explain = _("Sagen går tilbage til den, der sendte den. Spørgsmålet fortæller, hvad du mangler.")
    inputs = (Input("question", _("Hvad skal de svare på?")),)
    return Form(Action.RETURN_TO_SENDER, _("Send tilbage"), _("Send tilbage med spørgsmål"), inputs, explain)


def _not_ours(_desk: Desk, _typed: Mapping[str, str]) -> Form:
    inputs = (_reason(_("Hvorfor hører den ikke til her?")),)
    return Form(Action.NOT_OURS, _("Ikke vores"), _("Send tilbage som ikke vores"), inputs)


def _sideways(desk: Desk, _typed: Mapping[str, str]) -> Form:
    pick = Input("unit_id", _("Enhed"), "select", options=tuple(desk.units()))
    return Form(Action.MOVE_SIDEWAYS, _("Flyt til siden"), _("Flyt sagen"), (pick, _reason()))


def _move_unit(desk: Desk, _typed: Mapping[str, str]) -> Form:
    here = str(desk.item.unit_id)
    pick = Input("unit_id", _("Enhed"), "select", value=here, options=tuple(desk.units()))
    explain = _("Brug den, når sagen er oprettet på en forkert institution eller afdeling.")
    return Form(Action.MOVE_UNIT, _("Flyt til anden enhed"), _("Flyt sagen"), (pick, _reason()), explain)


def _reopen(_desk: Desk, _typed: Mapping[str, str]) -> Form:
    return Form(Action.REOPEN, _("Genåbn sagen"), _("Genåbn"), (_reason(_("Hvad er der stadig galt?")),))


def _reclassify(desk: Desk, _typed: Mapping[str, str]) -> Form:
    item, categories = desk.item, desk.config.categories
    shown = ((c.key, c.name_da) for c in categories.values() if c.active or c.key == item.category)
    lanes = tuple((one.value, lane_word(one)) for one in Lane)
    priorities = tuple((one.value, priority_word(one)) for one in Priority)
    inputs = (
        Input("category", _("Kategori"), "select", value=item.category, options=tuple(shown)),
        Input("lane", _("Spor"), "select", value=item.lane, options=lanes),
        Input("priority", _("Prioritet"), "select", value=item.priority, options=priorities),
        _reason(),
    )
    return Form(Action.RECLASSIFY, _("Skift kategori, spor eller prioritet"), _("Gem ændringen"), inputs)


def _confidential(desk: Desk, _typed: Mapping[str, str]) -> Form:
    secret = desk.item.confidential
    inputs = (Input("confidential", "", "hidden", value="0" if secret else "1"), _reason())
    explain = _("Kun den, der har sagen, og dens kø kan læse en fortrolig sag.")
    title = word(Action.SET_CONFIDENTIAL, is_confidential=secret)
    return Form(Action.SET_CONFIDENTIAL, title, title, inputs, explain)


def _attach(desk: Desk, _typed: Mapping[str, str]) -> Form:
    pick = Input("fault_id", _("Kendt fejl"), "choice", options=tuple(desk.faults()))
    explain = _("Når den kendte fejl bliver løst, får melder også svar på denne sag.")
    return Form(Action.ATTACH_TO_FAULT, _("Hæft på kendt fejl"), _("Hæft sagen på"), (pick,), explain)


_FORMS: dict[Action, Callable[[Desk, Mapping[str, str]], Form]] = {
    Action.ANSWER: _answer,
    Action.NOTE: _note,
    Action.ASK_REQUESTER: _ask,
    Action.SOLVE: _solve,
    Action.HAND_OVER: _hand_over,
    Action.WAIT_FOR_SYNC: _wait_sync,
    Action.WAIT_FOR_VENDOR: _wait_vendor,
    Action.ESCALATE: _escalate,
    Action.REFER: _refer,
    Action.RETURN_TO_SENDER: _return,
    Action.NOT_OURS: _not_ours,
    Action.MOVE_SIDEWAYS: _sideways,
    Action.MOVE_UNIT: _move_unit,
    Action.REOPEN: _reopen,
    Action.RECLASSIFY: _reclassify,
    Action.SET_CONFIDENTIAL: _confidential,
    Action.ATTACH_TO_FAULT: _attach,
}
