"""Go eller no-go: is the unit ready for its day, what did earlier waves show, and who decided."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from ticketing.rollout.going_live import Readiness, coming, decide, decisions, readiness
from ticketing.rollout.refused import PlanRefused
from ticketing.vocabulary import GoVerdict, UnitId
from ticketing.web import viewing
from ticketing.web.coverage import light_look, why
from ticketing.web.forms import Errors, day_of
from ticketing.web.plan_wording import category_words, may_plan, rate_word
from ticketing.web.wording import plan_day

blueprint = Blueprint("going_live", __name__, url_prefix="/plan/go")


@blueprint.get("")
@login_required
def page() -> str:
    """The institutions that have their day before them."""
    viewer = viewing.viewer()
    if not viewer.overview_paths:
        abort(404)
    return render_template("plan/coming.html", coming=coming(viewer, viewing.request_time()))


@blueprint.get("/<int:unit_id>")
@login_required
def unit(unit_id: int) -> str:
    """One unit: what is ready and what is not."""
    return _unit(_ready(unit_id), {}, {})


@blueprint.post("/<int:unit_id>")
@login_required
def save(unit_id: int) -> ResponseReturnValue:
    """Go or no-go, with a reason."""
    ready = _ready(unit_id)
    if not may_plan(viewing.viewer()):
        abort(404)
    typed = request.form.to_dict()
    if typed.get("verdict") not in [one.value for one in GoVerdict]:
        return _unit(ready, typed, {"verdict": [_("Vælg Go eller No-go.")]}), 422
    try:
        on = day_of(typed["on"]) if typed.get("on") else None
    except ValueError:
        return _unit(ready, typed, {"on": [_("Vælg en dag.")]}), 422
    try:
        decide(
            ready,
            GoVerdict(typed["verdict"]),
            viewing.actor(),
            viewing.request_time(),
            on=on,
            reason=typed.get("reason", ""),
        )
    except PlanRefused as refused:
        return _unit(ready, typed, {"reason": [str(refused)]}), 422
    flash(_("Beslutningen er noteret."), "success")
    return redirect(url_for("going_live.unit", unit_id=unit_id))


def wave_sentence(ready: Readiness) -> str:
    """ "Dækning 62 %. Bølgen 16. aug. med 60 % gav 4,1 sager pr. 100 ansatte i uge 1." """
    own = "–" if ready.coverage is None else f"{ready.coverage:.0%}".replace("%", " %")
    wave = ready.nearest_wave
    if wave is None:
        return _("Dækning %(own)s. Ingen tidligere bølge har en hel uge bag sig endnu.", own=own)
    return _(
        "Dækning %(own)s. Bølgen %(day)s med %(theirs)s gav %(rate)s sager pr. 100 ansatte i uge 1.",
        own=own,
        day=plan_day(wave.on),
        theirs=f"{wave.coverage or 0:.0%}".replace("%", " %"),
        rate=rate_word(wave.rate),
    )


def _ready(unit_id: int) -> Readiness:
    found = readiness(viewing.viewer(), UnitId(unit_id), viewing.request_time())
    if found is None:
        abort(404)
    return found


def _unit(ready: Readiness, typed: dict[str, str], errors: Errors) -> str:
    return render_template(
        "plan/go.html",
        ready=ready,
        decisions=decisions(ready.unit.id),
        sentence=wave_sentence(ready),
        category_words=category_words(),
        light_look=light_look,
        why=why,
        rate_word=rate_word,
        may_decide=may_plan(viewing.viewer()),
        typed=typed,
        errors=errors,
        GoVerdict=GoVerdict,
        now=viewing.request_time(),
    )
