"""IT ServiceDesk: the technical queue, the ladder of any institution by one search, known faults."""

from flask import Blueprint, abort, render_template, request
from flask_login import login_required

from ticketing.database import db
from ticketing.insight.ladder_view import RungShown, whole_ladder
from ticketing.insight.technical import search_units, technical_page
from ticketing.insight.worklist import Due
from ticketing.organisation.models import Unit
from ticketing.vocabulary import Role, UnitId
from ticketing.web import viewing
from ticketing.web.forms import number_of
from ticketing.web.ticket_desk import server_name
from ticketing.work import queries

blueprint = Blueprint("servicedesk", __name__)

QUEUE_LENGTH = 60
#: The ladder of every institution, with phone numbers, is for those who send people there.
READERS = (Role.IT_SERVICEDESK, Role.MUNICIPAL_ADMIN, Role.PROJECT_GROUP)


@blueprint.get("/it")
@login_required
def page() -> str:
    """Everything that a technician needs before the phone rings; `?soeg=` finds an institution's ladder."""
    viewer, now = viewing.viewer(), viewing.request_time()
    if not viewer.has_role(*READERS):
        abort(403)
    text = request.args.get("soeg", "")[:80]
    found = search_units(viewer, text)
    chosen = number_of(request.args.get("enhed", "")) or (found[0].id if len(found) == 1 else None)
    return render_template(
        "servicedesk/page.html",
        page=technical_page(viewer, now, QUEUE_LENGTH),
        Due=Due,
        now=now,
        me=viewer.person_id,
        text=text,
        found=found,
        unit=_unit(chosen),
        rungs=_rungs(chosen),
        server_name=server_name,
    )


def _unit(unit_id: int | None) -> Unit | None:
    if unit_id is None:
        return None
    unit = db.session.get(Unit, UnitId(unit_id))
    if unit is None or unit.municipality_id != viewing.viewer().municipality_id:
        abort(404)
    return unit


def _rungs(unit_id: int | None) -> tuple[RungShown, ...]:
    unit = _unit(unit_id)
    if unit is None:
        return ()
    now = viewing.request_time()
    around = queries.surroundings(db.session(), unit.municipality_id, unit.path, now)
    return whole_ladder(viewing.ladder_of(viewing.municipality()), around.places)
