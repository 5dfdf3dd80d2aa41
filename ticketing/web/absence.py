"""Fravær: say when one is away and who stands in, so that no question waits where nobody is."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import login_required
from werkzeug.wrappers import Response

from ticketing.database import again_after_deadlock
from ticketing.insight.colleagues import TRAINED_ROLES, colleagues, own_absences, possible_deputies
from ticketing.vocabulary import PersonId
from ticketing.web import viewing
from ticketing.web.wording import COPENHAGEN
from ticketing.work.cover import end_absence, set_absence
from ticketing.work.errors import WorkError

blueprint = Blueprint("absence", __name__)
Errors = dict[str, list[str]]
NOTE_LENGTH = 200


@blueprint.get("/fravaer")
@login_required
def page() -> str:
    """One's absences, a form for a new one, and who in the house is trained."""
    return _render({}, {})


@blueprint.post("/fravaer")
@login_required
def add() -> str | Response | tuple[str, int]:
    """A new absence from one day to another, both included; without a last day, until further notice."""
    typed, now = request.form, viewing.request_time()
    first, last = _day(typed.get("first", "")), _day(typed.get("last", ""))
    errors = _faults(first, last, now)
    deputy_text = typed.get("deputy", "")
    viewer = viewing.viewer()
    deputies = {str(key): key for key, _name in possible_deputies(viewer, colleagues(viewer, now))}
    if deputy_text and deputy_text not in deputies:
        errors["deputy"] = [_("Vælg en kollega fra listen.")]
    if errors or first is None:
        return _render(typed, errors), 422
    starts_at = max(now, _midnight(first)) if first == now.astimezone(COPENHAGEN).date() else _midnight(first)
    try:
        gone = partial(
            set_absence,
            viewer.person_id,
            viewing.actor(),
            now,
            starts_at=starts_at,
            ends_at=_midnight(last + timedelta(days=1)) if last else None,
            deputy_id=PersonId(deputies[deputy_text]) if deputy_text else None,
            note=typed.get("note", "").strip()[:NOTE_LENGTH] or None,
        )
        again_after_deadlock(gone)
    except WorkError as refused:
        return _render(typed, {"first": [refused.message_da()]}), 422
    flash(_("Dit fravær er gemt. Dine sager er i gode hænder."), "success")
    return redirect(url_for("absence.page"))


@blueprint.post("/fravaer/<int:absence_id>/slut")
@login_required
def end(absence_id: int) -> Response:
    """Back again, or a planned absence called off. Only one's own."""
    now = viewing.request_time()
    if absence_id not in {one.id for one in own_absences(viewing.viewer(), now)}:
        abort(404)
    again_after_deadlock(partial(end_absence, absence_id, viewing.actor(), now))
    flash(_("Velkommen tilbage. Fraværet er slut."), "success")
    return redirect(url_for("absence.page"))


def _render(typed: Mapping[str, str], errors: Errors) -> str:
    viewer, now = viewing.viewer(), viewing.request_time()
    house = colleagues(viewer, now)
    return render_template(
        "absence/page.html",
        absences=own_absences(viewer, now),
        deputies=[(str(key), name) for key, name in possible_deputies(viewer, house)],
        trained=[one for one in house if one.role in TRAINED_ROLES],
        others=[one for one in house if one.role not in TRAINED_ROLES],
        typed=typed,
        errors=errors,
        today=now.astimezone(COPENHAGEN).date().isoformat(),
        now=now,
    )


def _faults(first: date | None, last: date | None, now: datetime) -> Errors:
    errors: Errors = {}
    today = now.astimezone(COPENHAGEN).date()
    if first is None:
        errors["first"] = [_("Vælg den første dag.")]
    elif first < today:
        errors["first"] = [_("Første dag kan tidligst være i dag.")]
    elif last is not None and last < first:
        errors["last"] = [_("Sidste dag kan ikke ligge før første dag.")]
    if request.form.get("last") and last is None:
        errors["last"] = [_("Skriv en dato, eller lad feltet stå tomt.")]
    return errors


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), COPENHAGEN).astimezone(UTC)
