"""Planlæg opfølgning: a topic or a question that comes back becomes an activity with an owner and a day."""

from datetime import date, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from ticketing.knowledge.queries import known_question, title_of
from ticketing.rollout.follow_up import plan_follow_up
from ticketing.rollout.refused import PlanRefused
from ticketing.vocabulary import ActivityCategory, Role, Sector
from ticketing.web import viewing
from ticketing.web.forms import Errors, day_of, number_of
from ticketing.web.plan_wording import may_plan, sector_words
from ticketing.web.wording import COPENHAGEN, role_word

blueprint = Blueprint("plan_follow_up", __name__, url_prefix="/plan/opfoelgning")

CATEGORIES = (ActivityCategory.TRAINING, ActivityCategory.SETUP)
OWNERS = (
    Role.PROJECT_GROUP,
    Role.MUNICIPAL_ADMIN,
    Role.SUPERUSER,
    Role.LEADER,
    Role.INSTITUTION_ADMIN,
    Role.IT_SERVICEDESK,
)
_IN = timedelta(weeks=3)


@blueprint.get("")
@login_required
def page() -> str:
    """The form, filled in from a topic (`?emne=`) or a known question (`?spoergsmaal=`)."""
    viewer = viewing.viewer()
    if not may_plan(viewer):
        abort(404)
    topic, question_id = request.args.get("emne", ""), number_of(request.args.get("spoergsmaal", ""))
    question = known_question(viewer, question_id) if question_id else None
    if question_id and question is None:
        abort(404)
    about = title_of(question) if question else topic
    in_three_weeks = viewing.request_time().astimezone(COPENHAGEN).date() + _IN
    return _form(
        {
            "title": _("Opfølgning: %(about)s", about=about) if about else "",
            "topic": topic,
            "question": str(question_id or ""),
            "sector": request.args.get("sektor", ""),
            "responsible": Role.PROJECT_GROUP.value,
            "on": in_three_weeks.isoformat(),
        },
        {},
    )


@blueprint.post("")
@login_required
def save() -> ResponseReturnValue:
    """Læg i planen."""
    viewer, typed = viewing.viewer(), request.form
    if not may_plan(viewer):
        abort(404)
    on, errors = _read(typed.to_dict())
    if errors or on is None:
        return _form(typed.to_dict(), errors), 422
    topic = typed.get("topic", "").strip()
    try:
        activity = plan_follow_up(
            viewer.municipality_id,
            viewing.actor(),
            viewing.request_time(),
            title=typed.get("title", ""),
            category=ActivityCategory(typed["category"]),
            responsible=Role(typed["responsible"]),
            on=on,
            sector=Sector(typed["sector"]) if typed.get("sector") in list(Sector) else None,
            topics=(topic,) if topic else (),
            question_id=number_of(typed.get("question", "")),
        )
    except PlanRefused as refused:
        return _form(typed.to_dict(), {"title": [str(refused)]}), 422
    flash(_("%(key)s er lagt i planen, og den ansvarlige har opgaven.", key=activity.key), "success")
    return redirect(url_for("plan_timeline.page"))


def _read(typed: dict[str, str]) -> tuple[date | None, Errors]:
    errors: Errors = {}
    try:
        on = day_of(typed.get("on", ""))
    except ValueError:
        on = None
        errors["on"] = [_("Vælg en dag.")]
    if typed.get("category") not in [category.value for category in CATEGORIES]:
        errors["category"] = [_("Vælg kursus eller opsætning.")]
    if typed.get("responsible") not in [role.value for role in OWNERS]:
        errors["responsible"] = [_("Vælg, hvem der har ansvaret.")]
    return on, errors


def _form(values: dict[str, str], errors: Errors) -> str:
    return render_template(
        "plan/follow_up.html",
        values=values,
        errors=errors,
        sector_options=[("", _("Alle sektorer")), *((s.value, sector_words()[s]) for s in Sector)],
        responsible_options=[(role.value, role_word(role)) for role in OWNERS],
    )
