"""Dækning: the traffic light of each department, and the task that closes the gap."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import login_required

from ticketing.rollout.asked import institutions
from ticketing.rollout.cover import Cover, Light, cover_of, share_trained
from ticketing.rollout.gaps import ask_to_appoint
from ticketing.rollout.refused import PlanRefused
from ticketing.vocabulary import Sector, UnitId
from ticketing.web import viewing
from ticketing.web.leader import coverage_look
from ticketing.web.plan_wording import may_plan, sector_words

blueprint = Blueprint("coverage", __name__, url_prefix="/plan/daekning")


def light_look(light: Light) -> tuple[str, str, str]:
    """Badge, icon and word of the traffic light."""
    return {
        Light.RED: ("late", "error", _("Rød")),
        Light.YELLOW: ("waiting", "warning", _("Gul")),
        Light.GREEN: ("done", "check", _("Grøn")),
    }[light]


def why(one: Cover) -> str:
    """Why the light is not green, in a sentence."""
    if not one.coverage.has_somebody:
        return coverage_look(one.coverage)[2]
    reasons = []
    if one.trained == 0:
        reasons.append(_("ingen er uddannet"))
    if not one.has_deputy:
        reasons.append(_("ingen kan træde til"))
    if not reasons and one.light is Light.YELLOW:
        reasons.append(_("de uddannede er ikke til stede"))
    text = ", ".join(reasons)
    return text[:1].upper() + text[1:]


@blueprint.get("")
@login_required
def page() -> str:
    """The departments inside the viewer's overview; `?sektor=` and `?enhed=` drill down."""
    viewer, now = viewing.viewer(), viewing.request_time()
    if not viewer.overview_paths:
        abort(404)
    places = institutions(viewer, list(Sector))
    house = next((one for one in places if str(one.id) == request.args.get("enhed")), None)
    sector = request.args.get("sektor", "")
    every = cover_of(viewer, now, within=house.path if house else None)
    covers = [one for one in every if not sector or one.sector == sector]
    return render_template(
        "plan/coverage.html",
        covers=covers,
        counts={light: sum(one.light is light for one in covers) for light in Light},
        share=share_trained(covers),
        house=house,
        sector=sector,
        sector_options=[
            ("", _("Alle sektorer")),
            *((s.value, sector_words()[s]) for s in Sector if s is not Sector.IT),
        ],
        unit_options=[("", _("Alle institutioner")), *((one.id, one.name) for one in places)],
        light_look=light_look,
        why=why,
        may_plan=may_plan(viewer),
        Light=Light,
        people_words=_people_words,
    )


@blueprint.post("/<int:unit_id>/udpeg")
@login_required
def appoint(unit_id: int) -> ResponseReturnValue:
    """Asks the leader of a department without superuser to appoint one."""
    viewer, now = viewing.viewer(), viewing.request_time()
    if unit_id not in {one.unit_id for one in cover_of(viewer, now) if not one.coverage.has_somebody}:
        abort(404)
    try:
        ask_to_appoint(viewer.municipality_id, UnitId(unit_id), now)
    except PlanRefused as refused:
        flash(str(refused), "error")
    else:
        flash(_("Lederen har fået opgaven »Udpeg superbruger«."), "success")
    return redirect(url_for("coverage.page", _anchor=f"u{unit_id}"))


def _people_words(one: Cover) -> str:
    people = ngettext("%(num)d superbruger", "%(num)d superbrugere", one.people)
    return _("%(people)s, %(trained)d uddannet", people=people, trained=one.trained)
