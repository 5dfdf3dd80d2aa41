"""Tidslinje: the plan as a picture and as a table, down to one institution; and as ICS."""

from collections.abc import Mapping
from datetime import date, timedelta

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for
from flask_babel import gettext as _
from flask_login import login_required
from itsdangerous import BadSignature, URLSafeSerializer

from ticketing.accounts.rules import Viewer
from ticketing.database import db
from ticketing.rollout import timeline
from ticketing.rollout.asked import institutions
from ticketing.rollout.feed import calendar_feed
from ticketing.rollout.plan import Period, Progress
from ticketing.rollout.queries import activities
from ticketing.rollout.tasks import progress
from ticketing.vocabulary import MunicipalityId, Sector
from ticketing.web import plan_wording as words
from ticketing.web import viewing
from ticketing.web.wording import COPENHAGEN, plan_day

blueprint = Blueprint("plan_timeline", __name__, url_prefix="/plan")

#: Weeks before and after today that a choice of period shows.
_PERIODS = {"kvartal": (4, 13), "aar": (8, 52)}


@blueprint.get("/tidslinje")
@login_required
def page() -> str:
    """The picture; `?sektor=`, `?enhed=` and `?periode=` zoom."""
    viewer, now = viewing.viewer(), viewing.request_time()
    if not viewer.overview_paths:
        abort(404)
    today = now.astimezone(COPENHAGEN).date()
    places = institutions(viewer, list(Sector))
    unit = next((place for place in places if str(place.id) == request.args.get("enhed")), None)
    sector = unit.sector if unit else _sector(request.args.get("sektor"))
    rows = [
        row
        for row in activities(db.session(), viewer.municipality_id)
        if sector is None or not (of := row.value().sectors) or sector in of
    ]
    done = _progress(viewer, {row.id: row.key for row in rows}, unit.path if unit else None)
    drawing = timeline.draw(
        [row.value() for row in rows],
        done,
        {row.key for row in rows if row.done_on is not None},
        today,
        _window(request.args.get("periode"), today),
    )
    return render_template(
        "plan/timeline.html",
        drawing=drawing,
        labels=timeline.LABELS,
        width=timeline.WIDTH,
        unit=unit,
        chosen={
            "sector": sector.value if sector and not unit else "",
            "unit": unit.id if unit else "",
            "period": request.args.get("periode", ""),
        },
        sector_options=[("", _("Alle sektorer")), *((s.value, words.sector_words()[s]) for s in Sector)],
        unit_options=[("", _("Hele kommunen")), *((place.id, place.name) for place in places)],
        period_options=[
            ("", _("Hele planen")),
            ("kvartal", _("Det næste kvartal")),
            ("aar", _("Det næste år")),
        ],
        category_words=words.category_words(),
        sector_words=words.sector_words(),
        picture_words=_picture_words(drawing),
        may_plan=words.may_plan(viewer),
        ics_url=url_for("plan_timeline.feed", token=_signer().dumps([viewer.municipality_id, sector])),
        period_words=words.period_words,
        late_words=words.late_words,
        done_words=words.done_words,
        side_word=words.side_word,
        row_words=words.row_words,
        month_word=words.month_word,
    )


@blueprint.get("/kalender/<token>.ics")
def feed(token: str) -> Response:
    """The plan as a calendar that one's own subscribes to. The address holds a signature and no person; it
    shows what hangs on the staff room's wall: activities and days."""
    try:
        municipality_id, sector = _signer().loads(token)
    except (BadSignature, ValueError):
        abort(404)
    rows = [
        row.value()
        for row in activities(db.session(), MunicipalityId(municipality_id))
        if sector is None or not row.value().sectors or Sector(sector) in row.value().sectors
    ]
    text = calendar_feed(rows, _("Udrulning af Aula"), viewing.request_time(), request.host)
    return Response(text, mimetype="text/calendar")


def _signer() -> URLSafeSerializer:
    key = current_app.config["SECRET_KEY"]
    return URLSafeSerializer(key, salt="plan-calendar")


def _sector(text: str | None) -> Sector | None:
    return Sector(text) if text in list(Sector) else None


def _window(text: str | None, today: date) -> Period | None:
    if text not in _PERIODS:
        return None
    before, after = _PERIODS[text]
    return Period(today - timedelta(weeks=before), today + timedelta(weeks=after))


def _progress(viewer: Viewer, keys: Mapping[int, str], within: str | None) -> dict[str, Progress]:
    found = progress(viewer, viewing.request_time(), within=within)
    return {keys[activity_id]: one for activity_id, one in found.items() if activity_id in keys}


def _picture_words(drawing: timeline.Drawing) -> str:
    rows = [row for band in drawing.bands for row in band.rows]
    late = sum(1 for row in rows if row.days_late)
    return _(
        "Planen fra %(first)s til %(last)s: %(count)s aktiviteter, %(late)s over tiden, %(undated)s uden dato",
        first=plan_day(drawing.first),
        last=plan_day(drawing.last),
        count=len(rows),
        late=late,
        undated=len(drawing.undated),
    )
