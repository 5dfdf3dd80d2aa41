"""Mine kurser: one's own invitations, answered with a tap."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_required

from ticketing.rollout.refused import PlanRefused
from ticketing.rollout.training_actions import ANSWERS, answer_invitation
from ticketing.rollout.training_queries import own_courses
from ticketing.vocabulary import TakingPart
from ticketing.web import viewing
from ticketing.web.training import status_look

blueprint = Blueprint("own_courses", __name__, url_prefix="/kurser")


@blueprint.get("")
@login_required
def page() -> str:
    """The viewer's own courses; those that wait for an answer are marked."""
    return render_template(
        "plan/own_courses.html",
        found=own_courses(viewing.viewer().person_id),
        status_look=status_look,
        TakingPart=TakingPart,
        now=viewing.request_time(),
    )


@blueprint.post("/<int:participation_id>")
@login_required
def answer(participation_id: int) -> ResponseReturnValue:
    """Kommer, måske, kommer ikke."""
    said = request.form.get("answer", "")
    if said not in [one.value for one in ANSWERS]:
        abort(404)
    try:
        answer_invitation(
            participation_id, viewing.viewer().person_id, viewing.request_time(), TakingPart(said)
        )
    except PlanRefused as refused:
        flash(str(refused), "error")
    else:
        flash(_("Tak for svaret."), "success")
    return redirect(url_for("own_courses.page"))
