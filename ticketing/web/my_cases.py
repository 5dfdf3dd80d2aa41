"""Mine sager: what I asked, logged for others or hold."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_login import login_required

from ticketing.insight.asking import own_cases
from ticketing.web.viewing import viewer

blueprint = Blueprint("my_cases", __name__, url_prefix="/mine")


@blueprint.get("")
@login_required
def page() -> ResponseReturnValue:
    """Open ones first."""
    items = own_cases(viewer())
    return render_template(
        "cases/mine.html",
        open_rows=[item for item in items if item.is_open],
        finished_rows=[item for item in items if not item.is_open],
    )
