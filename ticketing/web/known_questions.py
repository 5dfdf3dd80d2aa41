"""Spørgsmål, der går igen: what several institutions ask, answered once for all."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from ticketing.database import db
from ticketing.knowledge.actions import answer_known_question, dismiss_known_question
from ticketing.knowledge.queries import ShownQuestion, known_question, known_questions
from ticketing.rollout.models import PlanActivity
from ticketing.web import viewing
from ticketing.web.forms import Errors
from ticketing.web.plan_wording import category_name, may_plan
from ticketing.work.errors import MissingReason

blueprint = Blueprint("known_questions", __name__, url_prefix="/plan/spoergsmaal")


@blueprint.get("")
@login_required
def page() -> str:
    """The questions, those that wait for an answer first."""
    return _page({}, {}, None)


@blueprint.post("/<int:question_id>/svar")
@login_required
def answer(question_id: int) -> ResponseReturnValue:
    """Svar for alle."""
    _planner(question_id)
    typed = request.form
    try:
        answer_known_question(
            question_id,
            viewing.actor(),
            viewing.request_time(),
            card_title=typed.get("card_title", ""),
            answer=typed.get("answer", ""),
            to_all=typed.get("to_all") == "1",
        )
    except MissingReason:
        errors: Errors = {"answer": [_("Skriv både en overskrift og et svar.")]}
        return _page(typed.to_dict(), errors, question_id), 422
    flash(_("Svaret er givet. De åbne sager får det i løbet af et øjeblik."), "success")
    return redirect(url_for("known_questions.page", _anchor=f"q{question_id}"))


@blueprint.post("/<int:question_id>/laeg-til-side")
@login_required
def dismiss(question_id: int) -> ResponseReturnValue:
    """Læg til side, with a reason."""
    _planner(question_id)
    try:
        dismiss_known_question(
            question_id, viewing.actor(), viewing.request_time(), reason=request.form.get("reason", "")
        )
    except MissingReason:
        flash(_("Skriv, hvorfor spørgsmålet lægges til side."), "error")
    return redirect(url_for("known_questions.page"))


def _planner(question_id: int) -> None:
    viewer = viewing.viewer()
    if not may_plan(viewer) or known_question(viewer, question_id) is None:
        abort(404)


def _page(values: dict[str, str], errors: Errors, open_id: int | None) -> str:
    viewer, now = viewing.viewer(), viewing.request_time()
    if not may_plan(viewer):
        abort(404)
    shown = known_questions(viewer, now)
    wanted = [one.question.activity_id for one in shown if one.question.activity_id]
    activities = {row.id: row for row in db.session.query(PlanActivity).filter(PlanActivity.id.in_(wanted))}
    return render_template(
        "plan/questions.html",
        shown=shown,
        activity_of=lambda one: activities.get(one.question.activity_id),
        may_answer=True,
        values=values,
        errors=errors,
        open_id=open_id,
        category_name=category_name,
        trend_words=trend_words,
        now=now,
    )


def trend_words(one: ShownQuestion) -> str:
    """Whether the question fell after it was answered."""
    if one.since is None or one.since >= len(one.weeks):
        return _("Spurgt %(weeks)s gange uge for uge", weeks=", ".join(map(str, one.weeks)))
    before, after = one.weeks[: one.since], one.weeks[one.since :]
    return _(
        "%(before)s om ugen før svaret, %(after)s om ugen efter",
        before=_mean(before),
        after=_mean(after),
    )


def _mean(counts: tuple[int, ...]) -> str:
    return f"{sum(counts) / len(counts):.1f}".replace(".", ",")
