"""For parents, who have no account: one form, and one page that says where their question is."""

from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from itsdangerous import BadSignature, TimestampSigner

from ticketing.database import db
from ticketing.insight.asking import (
    AskingUnit,
    institutions_for_parents,
    may_still_write,
    municipality_by_key,
    public_messages,
    unit_for_parents,
)
from ticketing.organisation.models import Municipality, Unit
from ticketing.vocabulary import Channel, RequesterRole
from ticketing.web.forms import Errors, MessageForm, PublicQuestionForm, not_possible, read
from ticketing.web.rate_limit import RateLimit
from ticketing.web.viewing import ladder_config, request_time
from ticketing.web.wording import whereabouts
from ticketing.work.actions import Draft, open_ticket, requester_says_solved, requester_writes
from ticketing.work.change import REQUESTER
from ticketing.work.errors import WorkError
from ticketing.work.intake import title_of
from ticketing.work.links import item_of_status_token, status_token
from ticketing.work.models import WorkItem

blueprint = Blueprint("public", __name__)

#: Nobody reads and fills three fields in less; a form may stand open over a night shift.
SHORTEST_SECONDS = 2
LONGEST_SECONDS = 24 * 3600


@blueprint.get("/hjaelp/<municipality_key>")
@blueprint.get("/hjaelp/<municipality_key>/<unit_key>")
def ask(municipality_key: str, unit_key: str | None = None) -> ResponseReturnValue:
    """The form, for one house or with a list of them."""
    municipality, unit = _place(municipality_key, unit_key)
    return _ask_form(municipality, unit, {}, {})


@blueprint.post("/hjaelp/<municipality_key>")
@blueprint.post("/hjaelp/<municipality_key>/<unit_key>")
def send(municipality_key: str, unit_key: str | None = None) -> ResponseReturnValue:
    """Opens the question and leads to its status page. A robot's is thanked for and forgotten."""
    municipality, unit = _place(municipality_key, unit_key)
    values, errors = read(PublicQuestionForm(), request.form)
    chosen = unit_for_parents(municipality.id, values.get("unit", ""))
    if values and chosen is None:
        errors["unit"] = [_("Vælg barnets skole eller institution.")]
    if errors or chosen is None:
        return _ask_form(municipality, unit, dict(request.form), errors), 422
    if request.form.get("website") or not _filled_by_a_person():
        return _ask_form(
            municipality, unit, dict(request.form), not_possible(_("Vent et øjeblik, og send igen."))
        ), 422
    if not _limit("public_questions").allows(request.remote_addr or ""):
        abort(429)
    try:
        item = open_ticket(_draft(municipality, chosen, values), REQUESTER, request_time())
    except WorkError as error:
        return _ask_form(municipality, unit, dict(request.form), not_possible(error.message_da())), 409
    flash(_("Tak. Vi har modtaget dit spørgsmål og sender svaret til din e-mail."), "success")
    return redirect(url_for("public.status", token=status_token(item)))


@blueprint.get("/status/<token>")
def status(token: str) -> ResponseReturnValue:
    """Where the question is, in a sentence, and what has been answered."""
    return _status_page(_item(token), token, {}, {})


@blueprint.post("/status/<token>")
def add(token: str) -> ResponseReturnValue:
    """The requester writes more."""
    item = _item(token)
    values, errors = read(MessageForm(), request.form)
    if errors:
        return _status_page(item, token, dict(request.form), errors), 422
    if not _limit("public_messages").allows(token):
        abort(429)
    try:
        requester_writes(item.id, request_time(), values["text"])
    except WorkError as error:
        return _status_page(item, token, dict(request.form), not_possible(error.message_da())), 409
    flash(_("Tak. Din besked er sendt."), "success")
    return redirect(url_for("public.status", token=token))


@blueprint.post("/status/<token>/loest")
def solved(token: str) -> ResponseReturnValue:
    """The requester says that it is solved."""
    item = _item(token)
    try:
        requester_says_solved(item.id, request_time())
    except WorkError as error:
        return _status_page(item, token, {}, not_possible(error.message_da())), 409
    flash(_("Tak for besked. Godt, at det virker."), "success")
    return redirect(url_for("public.status", token=token))


def opened_token() -> str:
    """A signed time that says when a form was shown."""
    return _signer().sign("form").decode()


def _filled_by_a_person() -> bool:
    try:
        _value, shown_at = _signer().unsign(
            request.form.get("opened", ""), max_age=LONGEST_SECONDS, return_timestamp=True
        )
    except BadSignature:
        return False
    return (request_time() - shown_at).total_seconds() >= SHORTEST_SECONDS


def _signer() -> TimestampSigner:
    return TimestampSigner(str(current_app.secret_key), salt="public form")


def _limit(name: str) -> RateLimit:
    found = current_app.extensions["rate_limits"][name]
    assert isinstance(found, RateLimit)
    return found


def _place(municipality_key: str, unit_key: str | None) -> tuple[Municipality, Unit | None]:
    municipality = municipality_by_key(municipality_key)
    if municipality is None:
        abort(404)
    unit = unit_for_parents(municipality.id, unit_key) if unit_key else None
    if unit_key and unit is None:
        abort(404)
    return municipality, unit


def _item(token: str) -> WorkItem:
    return item_of_status_token(db.session(), token) or abort(404)


def _draft(municipality: Municipality, unit: Unit, values: dict[str, Any]) -> Draft:
    return Draft(
        municipality_id=municipality.id,
        unit_id=unit.id,
        title=title_of(values["text"]),
        body=values["text"],
        category=ladder_config().category_for_text(values["text"]).key,
        channel=Channel.PUBLIC,
        requester_role=RequesterRole.PARENT,
        requester_name=values["name"],
        requester_email=values["email"],
        # Whoever fills the form may write any address.
        sender_verified=False,
    )


def _ask_form(municipality: Municipality, unit: Unit | None, values: dict[str, Any], errors: Errors) -> str:
    houses: list[AskingUnit] = [] if unit else institutions_for_parents(municipality.id)
    return render_template(
        "public/ask.html",
        unit=unit,
        units=[(house.key, house.name) for house in houses],
        values=values,
        errors=errors,
        opened=opened_token(),
        municipality_name=municipality.name,
    )


def _status_page(item: WorkItem, token: str, values: dict[str, Any], errors: Errors) -> str:
    now = request_time()
    municipality = db.session.get_one(Municipality, item.municipality_id)
    house = db.session.get_one(Unit, item.unit_id)
    return render_template(
        "public/status.html",
        item=item,
        token=token,
        sentence=whereabouts(item.state, item.rung, house.name, item.due_at, now),
        messages=public_messages(item),
        can_write=may_still_write(item, now),
        values=values,
        errors=errors,
        municipality_name=municipality.name,
    )
