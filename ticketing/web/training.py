"""Uddannelse: courses with their seats, when they are held, who is invited and who took part."""

import csv
import io
from collections.abc import Mapping
from datetime import UTC, datetime, time

from flask import Blueprint, Response, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import login_required

from ticketing.rollout.models import PlanActivity
from ticketing.rollout.refused import PlanRefused
from ticketing.rollout.training import HOLDING
from ticketing.rollout.training_actions import (
    buy_extra_seats,
    cancel_session,
    hold_session,
    invite,
    mark,
)
from ticketing.rollout.training_models import CourseSession, Participation
from ticketing.rollout.training_queries import (
    activity_of,
    all_seats,
    candidates,
    courses,
    participants,
    paying_units,
    session_of,
    sessions_of,
    trainers,
)
from ticketing.vocabulary import PersonId, Role, SeatKind, TakingPart, UnitId
from ticketing.web import viewing
from ticketing.web.forms import Errors, day_of, number_of
from ticketing.web.plan_wording import may_plan, period_words, sector_words
from ticketing.web.wording import COPENHAGEN, role_word

blueprint = Blueprint("training", __name__, url_prefix="/plan/uddannelse")

_ROLES = (
    Role.SUPERUSER,
    Role.ADMIN_SUPERUSER,
    Role.INSTITUTION_ADMIN,
    Role.DIGITAL_CHILDMINDER,
    Role.LEADER,
    Role.SCHOOL_ADMIN_STAFF,
    Role.EMPLOYEE,
    Role.MUNICIPAL_ADMIN,
    Role.IT_SERVICEDESK,
)


def status_look(status: TakingPart) -> tuple[str, str, str]:
    """Badge, icon and word for how somebody stands to a course."""
    return {
        TakingPart.INVITED: ("waiting", "email", _("Inviteret")),
        TakingPart.COMING: ("active", "check", _("Kommer")),
        TakingPart.TENTATIVE: ("waiting", "help", _("Måske")),
        TakingPart.DECLINED: ("", "close", _("Kommer ikke")),
        TakingPart.TOOK_PART: ("done", "how-to-reg", _("Deltog")),
        TakingPart.MISSED: ("late", "error", _("Udeblev")),
    }[status]


@blueprint.get("")
@login_required
def page() -> str:
    """Every course with its seats."""
    viewer = viewing.viewer()
    if not viewer.overview_paths:
        abort(404)
    return render_template(
        "plan/training.html",
        courses=courses(viewer),
        total=all_seats(viewer),
        may_plan=may_plan(viewer),
        period_words=period_words,
        sector_words=sector_words(),
        TakingPart=TakingPart,
    )


@blueprint.get("/<key>")
@login_required
def course(key: str) -> str:
    """One course: its sessions, a form for a new one, its participants."""
    return _course(_activity(key), {}, {})


@blueprint.post("/<key>/kursus")
@login_required
def hold(key: str) -> ResponseReturnValue:
    """Holds the course at a time."""
    activity = _activity(key)
    typed = request.form.to_dict()
    starts, ends, errors = _times(typed)
    if errors or starts is None or ends is None:
        return _course(activity, typed, errors), 422
    try:
        session = hold_session(
            activity.id,
            starts_at=starts,
            ends_at=ends,
            place=typed.get("place", ""),
            capacity=_number(typed.get("capacity", "")),
        )
    except PlanRefused as refused:
        return _course(activity, typed, {"place": [str(refused)]}), 422
    flash(_("Kurset er oprettet. Inviter deltagerne."), "success")
    return redirect(url_for("training.session", session_id=session.id))


@blueprint.post("/<key>/pladser")
@login_required
def extra_seats(key: str) -> ResponseReturnValue:
    """How many seats the units have bought on top."""
    activity = _activity(key)
    count = _number(request.form.get("count", ""))
    if count is None:
        return _course(activity, {}, {"count": [_("Skriv et tal.")]}), 422
    try:
        buy_extra_seats(activity.id, count)
    except PlanRefused as refused:
        return _course(activity, {}, {"count": [str(refused)]}), 422
    return redirect(url_for("training.course", key=key))


@blueprint.get("/kursus/<int:session_id>")
@login_required
def session(session_id: int) -> str:
    """One session: invite, and mark who took part."""
    return _session_page(_session(session_id), {})


@blueprint.post("/kursus/<int:session_id>/inviter")
@login_required
def send_invitations(session_id: int) -> ResponseReturnValue:
    """Invites those who were ticked."""
    found = _session(session_id)
    chosen = [PersonId(one) for one in map(number_of, request.form.getlist("person")) if one is not None]
    seat = request.form.get("seat", "")
    if not chosen:
        return _session_page(found, {"person": [_("Vælg mindst én person.")]}), 422
    payer = _number(request.form.get("paid_by", ""))
    known = {unit_id for unit_id, _name in paying_units(viewing.viewer())}
    try:
        outcome = invite(
            found.id,
            chosen,
            viewing.actor(),
            viewing.request_time(),
            seat=SeatKind(seat) if seat in list(SeatKind) else None,
            paid_by_id=UnitId(payer) if payer in known and payer is not None else None,
        )
    except PlanRefused as refused:
        return _session_page(found, {"person": [str(refused)]}), 422
    flash(ngettext("%(num)d er inviteret.", "%(num)d er inviteret.", outcome.invited), "success")
    return redirect(url_for("training.session", session_id=session_id))


@blueprint.post("/kursus/<int:session_id>/deltog")
@login_required
def mark_all(session_id: int) -> ResponseReturnValue:
    """Notes who took part: those ticked did, the other ones on the session did not."""
    found = _session(session_id)
    here = [one for one in participants(found.activity_id) if _is_here(one, found)]
    came = set(map(number_of, request.form.getlist("came")))
    trainer = _number(request.form.get("trained_by", ""))
    try:
        count = mark(
            found.id,
            {one.person_id: one.person_id in came for one in here},
            viewing.actor(),
            viewing.request_time(),
            trained_by_id=PersonId(trainer) if trainer else None,
        )
    except PlanRefused as refused:
        return _session_page(found, {"came": [str(refused)]}), 422
    flash(ngettext("%(num)d deltog.", "%(num)d deltog.", count), "success")
    return redirect(url_for("training.session", session_id=session_id))


@blueprint.post("/kursus/<int:session_id>/aflys")
@login_required
def cancel(session_id: int) -> ResponseReturnValue:
    """Calls the session off."""
    found = _session(session_id)
    cancel_session(found.id, viewing.request_time())
    flash(_("Kurset er aflyst, og deltagerne får besked."), "success")
    return redirect(url_for("training.course", key=found.activity.key))


@blueprint.get("/<key>/tilmeldingsliste.csv")
@login_required
def enrolment_list(key: str) -> Response:
    """Those on the course, for the supplier who holds it."""
    activity = _activity(key)
    sessions = {one.id: one for one in sessions_of(activity)}
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(["Navn", "E-mail", "Kursus", "Dato", "Sted", "Plads"])
    for one in participants(activity.id):
        if one.status in HOLDING:
            held = sessions[one.session_id]
            day = held.starts_at.astimezone(COPENHAGEN).strftime("%d.%m.%Y %H.%M")
            seat = {SeatKind.PAID: "betalt", SeatKind.EXTRA: "ekstra", None: ""}[one.seat]
            row = [one.person.name, one.person.email, activity.audience, day, held.place, seat]
            writer.writerow([_harmless(cell) for cell in row])
    name = f"tilmelding-{activity.key.lower()}.csv"
    return Response(
        "\ufeff" + text.getvalue(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _harmless(cell: str) -> str:
    """A spreadsheet runs what begins like a formula; an apostrophe makes it text again."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _activity(key: str) -> PlanActivity:
    viewer = viewing.viewer()
    found = activity_of(viewer, key) if may_plan(viewer) else None
    if found is None:
        abort(404)
    return found


def _session(session_id: int) -> CourseSession:
    viewer = viewing.viewer()
    found = session_of(viewer, session_id) if may_plan(viewer) else None
    if found is None:
        abort(404)
    return found


def _is_here(one: Participation, session: CourseSession) -> bool:
    return one.session_id == session.id and one.status in HOLDING


def _course(activity: PlanActivity, typed: Mapping[str, str], errors: Errors) -> str:
    viewer = viewing.viewer()
    found = [one for one in courses(viewer) if one.activity.id == activity.id]
    return render_template(
        "plan/course.html",
        course=found[0],
        activity=activity,
        sessions=sessions_of(activity),
        people=participants(activity.id),
        typed=typed,
        errors=errors,
        status_look=status_look,
        period_words=period_words,
        now=viewing.request_time(),
    )


def _session_page(found: CourseSession, errors: Errors) -> str:
    viewer, now = viewing.viewer(), viewing.request_time()
    words, role = request.values.get("soeg", "")[:80], request.values.get("rolle", "")
    chosen = Role(role) if role in list(Role) else None
    return render_template(
        "plan/session.html",
        session=found,
        activity=found.activity,
        people=[one for one in participants(found.activity_id) if one.session_id == found.id],
        candidates=candidates(viewer, found.activity, now, words, chosen),
        trainers=trainers(viewer, found.activity, now),
        payers=paying_units(viewer),
        words=words,
        role=role,
        role_options=[
            ("", _("Superbrugere og administratorer")),
            *((one.value, role_word(one)) for one in _ROLES),
        ],
        errors=errors,
        status_look=status_look,
        holding=HOLDING,
        TakingPart=TakingPart,
        now=now,
    )


def _times(typed: Mapping[str, str]) -> tuple[datetime | None, datetime | None, Errors]:
    errors: Errors = {}
    try:
        day = day_of(typed.get("day", ""))
    except ValueError:
        return None, None, {"day": [_("Vælg en dag.")]}
    at: dict[str, datetime | None] = {"from": None, "to": None}
    for name in at:
        try:
            clock = time.fromisoformat(typed.get(name, ""))
            at[name] = datetime.combine(day, clock, COPENHAGEN).astimezone(UTC)
        except ValueError:
            errors[name] = [_("Skriv et klokkeslæt, for eksempel 09:00.")]
    return at["from"], at["to"], errors


def _number(text: str) -> int | None:
    return number_of(text, 999_999_999)
