"""Nyt spørgsmål: three taps and one line."""

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from ticketing.accounts.queries import find_item
from ticketing.database import db
from ticketing.insight.asking import AskingUnit, units_to_ask_for
from ticketing.knowledge.cards import Card, matching
from ticketing.knowledge.queries import answered_cards
from ticketing.organisation.models import Person
from ticketing.vocabulary import Affected, Channel, RequesterRole, Sector
from ticketing.web.forms import Errors, QuestionForm, not_possible, read
from ticketing.web.viewing import actor, ladder_config, ladder_of, municipality, request_time, viewer
from ticketing.work.actions import Draft, Handover, open_and_solve
from ticketing.work.errors import WorkError
from ticketing.work.intake import log_and_send_up, own_requester_role, title_of
from ticketing.work.models import WorkItem

blueprint = Blueprint("new_question", __name__, url_prefix="/nyt")


@blueprint.get("")
@login_required
def page() -> ResponseReturnValue:
    """The empty form; ?kategori= chooses a chip and shows its answer cards, also without script."""
    return _form({"category": request.args.get("kategori")}, {})


@blueprint.post("")
@login_required
def send() -> ResponseReturnValue:
    """Send til superbruger."""
    return _log(_send_up)


@blueprint.post("/loest")
@login_required
def solve() -> ResponseReturnValue:
    """Løst her."""
    return _log(_solve_here)


@blueprint.post("/svarkort")
@login_required
def cards() -> ResponseReturnValue:
    """The cards for what has been typed so far. Posted, so that nobody's words end in a log of addresses."""
    found = matching(_all_cards(), request.form.get("category"), request.form.get("text", "")[:500])
    return render_template("questions/cards.html", found=found)


@blueprint.get("/sendt/<int:number>")
@login_required
def sent(number: int) -> ResponseReturnValue:
    """The receipt: the number, who has it now, when to expect an answer."""
    item = find_item(viewer(), number)
    holder = db.session.get(Person, item.holder_id) if item.holder_id else None
    step = ladder_of(municipality()).steps[item.step]
    return render_template(
        "questions/sent.html", item=item, step_name=step.name_da, holder_name=holder.name if holder else None
    )


def _log(finish: Any) -> ResponseReturnValue:
    values, errors = read(QuestionForm(), request.form)
    units = units_to_ask_for(viewer())
    unit = next((unit for unit in units if unit.id == values.get("unit")), units[0] if units else None)
    if unit is None:
        errors["unit"] = [_("Du er ikke knyttet til en skole eller institution. Spørg din leder.")]
    if errors or unit is None:
        return _form(dict(request.form), errors), 422
    try:
        item = finish(_draft(values, unit), values)
    except WorkError as error:
        return _form(dict(request.form), not_possible(error.message_da())), 409
    return redirect(url_for("new_question.sent", number=item.number))


def _send_up(draft: Draft, values: dict[str, Any]) -> WorkItem:
    handover = Handover(
        tried=values["tried"] or _first_contact(),
        affected=Affected.ONE,
        since=_("i dag"),
        error_text=_("Ingen fejltekst oplyst"),
    )
    return log_and_send_up(
        draft, actor(), request_time(), handover, reason=_("Sendt til superbruger ved første kontakt")
    )


def _solve_here(draft: Draft, values: dict[str, Any]) -> WorkItem:
    card = next((card for card in _all_cards() if card.key == values["solved_with"]), None)
    answer = "\n".join((card.text, *card.steps)) if card else _("Løst ved første kontakt.")
    return open_and_solve(draft, actor(), request_time(), answer=answer)


def _draft(values: dict[str, Any], unit: AskingUnit) -> Draft:
    who = viewer()
    for_self = values["asker"] == "self"
    role = own_requester_role({seat.role for seat in who.seats}) if for_self else RequesterRole(values["asker"])
    config = ladder_config()
    category = config.categories.get(values["category"] or "") or config.category_for_text(values["text"])
    return Draft(
        municipality_id=who.municipality_id,
        unit_id=unit.id,
        title=title_of(values["text"]),
        body=values["text"],
        category=category.key,
        channel=Channel.FORM,
        requester_role=role,
        requester_id=who.person_id if for_self else None,
        requester_name=values["name"],
        requester_email=values["email"],
        logged_by_id=who.person_id,
    )


def _form(values: dict[str, Any], errors: Errors) -> str:
    units = units_to_ask_for(viewer())
    chips = [
        (category.key, category.name_da)
        for category in ladder_config().categories.values()
        if category.chip and category.active
    ]
    askers = [("parent", _("forælder")), ("self", _("mig selv"))]
    if any(unit.sector == Sector.SKOLE for unit in units):
        askers.append(("pupil", _("elev")))
    return render_template(
        "questions/new.html",
        values=values,
        errors=errors,
        units=units,
        unit_options=[(unit.id, unit.name) for unit in units],
        chips=chips,
        askers=askers,
        found=matching(_all_cards(), values.get("category"), values.get("text", "")),
        first_contact=_first_contact(),
    )


def _first_contact() -> str:
    return str(_("Spurgt af medarbejder ved første kontakt"))


def _all_cards() -> tuple[Card, ...]:
    found = current_app.extensions["cards"]
    assert isinstance(found, tuple)
    return (*answered_cards(viewer().municipality_id), *found)
