"""What follows if an activity slips: shown before it is saved."""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import login_required

from ticketing.database import db
from ticketing.rollout.forward import Cycle, starting
from ticketing.rollout.plan import Activity, Period
from ticketing.rollout.queries import activities
from ticketing.rollout.refused import PlanRefused
from ticketing.rollout.slip import move, what_follows
from ticketing.web import viewing
from ticketing.web.forms import Errors, day_of
from ticketing.web.plan_wording import may_plan, period_words

blueprint = Blueprint("plan_slip", __name__, url_prefix="/plan")


@dataclass(frozen=True)
class Moved:
    """One activity that gets another period."""

    id: str
    audience: str
    before: Period
    after: Period
    words: str


@blueprint.get("/<key>/flyt")
@login_required
def page(key: str) -> ResponseReturnValue:
    """The activity, and with `?start=` what another date does to the rest."""
    return _page(key, {}, {})


@blueprint.post("/<key>/flyt")
@login_required
def save(key: str) -> ResponseReturnValue:
    """Moves the activity and all that must follow."""
    plan = _plan(key)
    to = _to(plan[key], request.form.get("start"), request.form.get("slut"))
    if isinstance(to, dict):
        return _page(key, to, request.form.to_dict()), 422
    viewer = viewing.viewer()
    try:
        periods = what_follows(viewer, key, to)
        seen = [(one, plan[one].period) for one in periods]
        count = move(
            viewer.municipality_id,
            periods,
            seen,
            viewing.actor(),
            viewing.request_time(),
            reason=request.form.get("reason", ""),
        )
    except PlanRefused as refused:
        return _page(key, {"reason": [str(refused)]}, request.form.to_dict()), 422
    flash(
        ngettext("%(num)d aktivitet er flyttet", "%(num)d aktiviteter er flyttet", len(periods))
        + ngettext(", og %(num)d åben opgave fulgte med.", ", og %(num)d åbne opgaver fulgte med.", count),
        "success",
    )
    return redirect(url_for("plan_timeline.page"))


def _page(key: str, errors: Errors, typed: dict[str, str]) -> str:
    plan = _plan(key)
    activity = plan[key]
    values = {name: typed.get(name) or request.args.get(name, "") for name in ("start", "slut", "reason")}
    moved = None
    if values["start"] and not (errors.keys() & {"start", "slut"}):
        to = _to(activity, values["start"], values["slut"])
        if isinstance(to, dict):
            errors = {**errors, **to}
        else:
            moved, errors = _moved(key, to, plan, errors)
    values["start"] = values["start"] or (activity.period.start.isoformat() if activity.period.start else "")
    return render_template(
        "plan/slip.html",
        activity=activity,
        values=values,
        errors=errors,
        moved=moved,
        waits_for=[_short(plan[one]) for one in activity.depends_on if one in plan],
        followers=[_short(one) for one in plan.values() if key in one.depends_on],
        period_words=period_words,
    )


def _moved(
    key: str, to: Period, plan: dict[str, Activity], errors: Errors
) -> tuple[list[Moved] | None, Errors]:
    try:
        periods = what_follows(viewing.viewer(), key, to)
    except Cycle as cycle:
        text = _(
            "Aktiviteterne venter på hinanden i ring: %(ids)s. Ret planen først.", ids=" → ".join(cycle.ids)
        )
        return None, {**errors, "start": [text]}
    return [
        Moved(one, plan[one].audience, plan[one].period, period, _by(plan[one].period, period))
        for one, period in periods.items()
    ], errors


def _plan(key: str) -> dict[str, Activity]:
    """The plan by key, for those who may change it; 404 for others and for a key that is not in it."""
    viewer = viewing.viewer()
    if not may_plan(viewer):
        abort(404)
    plan = {row.key: row.value() for row in activities(db.session(), viewer.municipality_id)}
    if key not in plan:
        abort(404)
    return plan


def _to(activity: Activity, start: str | None, end: str | None) -> Period | Errors:
    first, last = _day(start), _day(end)
    if first is None:
        return {"start": [_("Skriv en dato, for eksempel 16-08-2027.")]}
    if end and last is None:
        return {"slut": [_("Skriv en dato, eller lad feltet stå tomt.")]}
    if last is not None and last < first:
        return {"slut": [_("Sidste dag kan ikke ligge før første dag.")]}
    return Period(first, last) if last else starting(activity.period, first)


def _day(text: str | None) -> date | None:
    try:
        return day_of(text or "")
    except ValueError:
        return None


def _by(before: Period, after: Period) -> str:
    if before.start is None or after.start is None:
        return _("får en dato")
    days = (after.start - before.start).days
    if days == 0:
        return _("ny længde") if before != after else _("bliver")
    if days > 0:
        return ngettext("%(num)d dag senere", "%(num)d dage senere", days)
    return ngettext("%(num)d dag tidligere", "%(num)d dage tidligere", -days)


def _short(activity: Activity) -> str:
    return f"{activity.id} {activity.audience}"
