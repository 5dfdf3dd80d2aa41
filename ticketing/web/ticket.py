"""The ticket page, and one form and one address for every action that is possible on it."""

from collections.abc import Mapping
from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response

from ticketing.accounts.queries import NotFound
from ticketing.database import db
from ticketing.insight.ticket_page import ticket_page
from ticketing.web import viewing
from ticketing.web.ticket_actions import Errors, Press, faults_in, run
from ticketing.web.ticket_clocks import clocks_of
from ticketing.web.ticket_desk import Desk
from ticketing.web.ticket_forms import BY_SLUG, QUICK, Form, form_for, handover_input, word
from ticketing.web.ticket_menu import menu
from ticketing.web.timeline import sentence, skipped
from ticketing.work import queries
from ticketing.work.errors import Conflict, IllegalMove, MissingHandover, WorkError
from ticketing.work.files import path_of
from ticketing.work.rules import Action, parse_number, shown_number

blueprint = Blueprint("ticket", __name__)

#: Where a button in a list leads back to.
RETURNS = {"koe": "queue.page", "it": "servicedesk.page"}


@blueprint.get("/sager")
@login_required
def look_up() -> Response:
    """From a number that somebody said on the phone to its page."""
    number = parse_number(request.args.get("nummer", ""))
    if number is None:
        flash(_("Skriv et sagsnummer, for eksempel A-1042."), "warning")
        return redirect(url_for("queue.page"))
    return redirect(url_for("ticket.page", shown=str(number)))


@blueprint.get("/sager/<shown>")
@blueprint.get("/sag/<shown>", endpoint="short_address")
@login_required
def page(shown: str) -> str:
    """The whole story of an item, and what can be done to it now."""
    return _render(_desk(shown))


@blueprint.get("/sager/<shown>/<name>")
@login_required
def form(shown: str, name: str) -> str | Response:
    """The form of one action, with only the fields that are needed."""
    desk, action = _desk(shown), _action(name)
    if action not in desk.possible or action in QUICK:
        return redirect(url_for("ticket.page", shown=desk.number))
    return _render_form(desk, form_for(action, desk, request.args), request.args, {})


@blueprint.post("/sager/<shown>/<name>")
@login_required
def act(shown: str, name: str) -> str | Response | tuple[str, int]:
    """Does one action. Whatever goes wrong, what was typed stands in the form that comes back."""
    desk, action, typed = _desk(shown), _action(name), request.form
    filled = form_for(action, desk, typed)
    if action not in desk.possible:
        refused = IllegalMove(action, desk.item.state, desk.possible)
        return _refused(desk, filled, refused, 409)
    if action not in QUICK:
        errors = faults_in(filled, typed)
        if errors:
            return _render_form(desk, filled, typed, errors), 422
    version = request.form.get("version", type=int)
    press = Press(desk.item.id, viewing.actor(), viewing.request_time(), version, typed)
    try:
        run(action, press)
    except Conflict as conflict:
        return _refused(_desk(shown), filled, conflict, 409, seen=typed.get("seen", 0, int))
    except WorkError as refused:
        return _refused(_desk(shown), filled, refused, 422)
    flash(_done(action, desk.number), "success")
    return redirect(_back(shown))


@blueprint.get("/sager/<shown>/fil/<int:file_id>")
@login_required
def file(shown: str, file_id: int) -> Response:
    """An attachment, for those who may read what is written. Never shown inside a page of ours."""
    found = _desk(shown).page.file(file_id)
    if found is None or not found.may_be_opened:
        abort(404)
    path = path_of(found.sha256)
    if not path.is_file():
        abort(404)
    return send_file(path, "application/octet-stream", as_attachment=True, download_name=found.name)


def _desk(shown: str) -> Desk:
    number = parse_number(shown)
    if number is None:
        abort(404)
    viewer, now = viewing.viewer(), viewing.request_time()
    try:
        found = ticket_page(viewer, number)
    except NotFound:
        abort(404)
    owner = viewing.municipality()
    around = queries.surroundings(db.session(), viewer.municipality_id, found.item.unit_path, now)
    return Desk(found, viewer, now, viewing.ladder_config(), viewing.ladder_of(owner), around)


def _action(name: str) -> Action:
    return BY_SLUG.get(name) or abort(404)


def _render(desk: Desk) -> str:
    session = db.session()
    name_of = partial(queries.name_of_calendar, session)
    return render_template(
        "ticket/page.html",
        desk=desk,
        page=desk.page,
        item=desk.item,
        now=desk.now,
        told=told(desk),
        clocks=clocks_of(desk.page, queries.calendars(session), name_of, desk.now),
        menu=menu(desk),
        Action=Action,
        answer=form_for(Action.ANSWER, desk, {}),
        note=form_for(Action.NOTE, desk, {}),
    )


def _render_form(
    desk: Desk,
    shown: Form,
    typed: Mapping[str, str],
    errors: Errors,
    refused: str = "",
    seen: int | None = None,
) -> str:
    return render_template(
        "ticket/form.html",
        desk=desk,
        item=desk.item,
        page=desk.page,
        now=desk.now,
        form=shown,
        typed=typed,
        errors=errors,
        refused=refused,
        changed=changed(desk, seen) if seen is not None else [],
    )


def _refused(desk: Desk, shown: Form, error: WorkError, code: int, seen: int | None = None) -> tuple[str, int]:
    if isinstance(error, MissingHandover):
        known = {one.name for one in shown.inputs}
        extra = tuple(handover_input(name) for name in error.fields if name not in known)
        shown = Form(
            shown.action, shown.title, shown.submit, (*extra, *shown.inputs), shown.explain, shown.look
        )
    return _render_form(desk, shown, request.form, {}, error.message_da(), seen), code


def told(desk: Desk) -> list[dict[str, object]]:
    """The timeline's moments with their sentences, oldest first."""
    names = desk.names
    return [
        {"moment": one, "sentence": sentence(one, desk.page, names), "skipped": skipped(one, names)}
        for one in desk.page.moments
    ]


def changed(desk: Desk, seen: int) -> list[dict[str, object]]:
    """What happened after the event `seen` that the form was made at; at least the newest."""
    moments = told(desk)
    return [one for one in moments if getattr(one["moment"], "seq", 0) > seen] or moments[-1:]


def _done(action: Action, number: str) -> str:
    return _("%(number)s: %(what)s er gjort.", number=number, what=word(action).lower())


def _back(shown: str) -> str:
    """Back to the list that the button stood in; else to the item, unless it has left the viewer's sight."""
    if request.form.get("back") in RETURNS:
        return url_for(RETURNS[request.form["back"]])
    try:
        item = ticket_page(viewing.viewer(), parse_number(shown) or 0).item
    except NotFound:
        return url_for("queue.page")
    return url_for("ticket.page", shown=shown_number(item.kind, item.number))
