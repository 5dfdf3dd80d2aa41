"""Min kø: what waits for the one who is signed in, most urgent first."""

from flask import Blueprint, render_template
from flask_login import login_required

from ticketing.insight.worklist import Due, queue_page
from ticketing.web import viewing

blueprint = Blueprint("queue", __name__)


@blueprint.get("/koe")
@login_required
def page() -> str:
    """The open items of the queues that the viewer serves, and those they hold."""
    viewer, now = viewing.viewer(), viewing.request_time()
    return render_template(
        "queue/page.html", page=queue_page(viewer, now), Due=Due, now=now, me=viewer.person_id
    )
