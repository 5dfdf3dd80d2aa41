"""Belastning: which questions a date of the plan brought, trained against untrained, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, abort, current_app, render_template, request
from flask_babel import gettext as _
from flask_login import login_required

from ticketing.accounts.rules import Viewer
from ticketing.database import db
from ticketing.rollout.asked import Institution, asked_around, institutions
from ticketing.rollout.load import (
    WEEKS,
    Forecast,
    Group,
    UnitLoad,
    first_day,
    forecast,
    recurring_topics,
    trained_and_not,
    waves,
)
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.queries import activities
from ticketing.vocabulary import ActivityCategory, Sector
from ticketing.web import viewing
from ticketing.web.charts import bar_chart
from ticketing.web.plan_wording import activity_options, category_name, may_plan, rate_word
from ticketing.web.wording import COPENHAGEN

blueprint = Blueprint("plan_load", __name__, url_prefix="/plan/belastning")

#: What parents and staff are told, and when it begins for real: such a date brings questions.
BRINGS_QUESTIONS = (ActivityCategory.FAMILIES, ActivityCategory.GO_LIVE)
MOST_CATEGORIES = 8


@dataclass(frozen=True)
class NextWave:
    """Those who have their date before them, and what the weeks after it are likely to bring."""

    on: date
    institutions: int
    users: int
    weeks: tuple[Forecast, ...]


@blueprint.get("")
@login_required
def page() -> str:
    """The weeks around one activity; `?aktivitet=` chooses which."""
    viewer, now = viewing.viewer(), viewing.request_time()
    if not viewer.overview_paths:
        abort(404)
    today = now.astimezone(COPENHAGEN).date()
    choices = [row for row in activities(db.session(), viewer.municipality_id) if _may_bring_questions(row)]
    chosen = _chosen(choices, today)
    if chosen is None:
        return render_template("plan/load.html", chosen=None, choices=[])
    dates = _dates(institutions(viewer, _sectors(chosen)), chosen)
    begun = {place: on for place, on in dates.items() if on <= today}
    loads = asked_around(viewer, begun)
    trained, others = trained_and_not(loads)
    return render_template(
        "plan/load.html",
        chosen=chosen,
        choices=choices,
        weeks=WEEKS,
        today=today,
        loads=sorted(loads, key=lambda load: (-_rate(load), load.name)),
        trained=trained,
        others=others,
        everyone=Group(tuple(loads)),
        chart=bar_chart(
            [_week_word(w) for w in WEEKS], [[g.rate(w) for w in WEEKS] for g in (trained, others)]
        ),
        week_word=_week_word,
        rate_word=rate_word,
        category_name=category_name,
        activity_options=activity_options,
        may_plan=may_plan(viewer),
        summary=_summary(trained, others),
        categories=_categories(trained, others),
        topics=recurring_topics(loads, current_app.extensions["course_topics"]),
        waves=waves(loads),
        coming=_next_wave(viewer, dates, loads, today),
    )


def _may_bring_questions(row: PlanActivity) -> bool:
    return row.category in BRINGS_QUESTIONS and row.value().period.start is not None


def _chosen(choices: Sequence[PlanActivity], today: date) -> PlanActivity | None:
    """The one asked for; otherwise the newest that has begun."""
    wanted = request.args.get("aktivitet")
    if wanted is not None:
        found = next((row for row in choices if row.key == wanted), None)
        if found is None:
            abort(404)
        return found
    begun = [row for row in choices if (row.value().period.start or today) <= today]
    return max(begun or choices, key=lambda row: row.value().period.start or today, default=None)


def _sectors(row: PlanActivity) -> list[Sector]:
    return [row.sector, *(Sector(one) for one in row.other_sectors)] if row.sector else list(Sector)


def _dates(places: Sequence[Institution], row: PlanActivity) -> dict[Institution, date]:
    """An institution's own go-live where the activity is one, otherwise the activity's first day."""
    start = row.value().period.start
    assert start is not None
    is_live = row.category is ActivityCategory.GO_LIVE
    return {place: (place.go_live_on or start) if is_live else start for place in places}


def _next_wave(
    viewer: Viewer, dates: dict[Institution, date], past: Sequence[UnitLoad], today: date
) -> NextWave | None:
    ahead = {place: on for place, on in dates.items() if on > today}
    if not ahead:
        return None
    on = min(ahead.values())
    next_units = asked_around(viewer, {place: day for place, day in ahead.items() if day == on})
    users = [unit.users for unit in next_units]
    weeks = (
        forecast([unit for unit in past if first_day(week + 1, unit.on) <= today], users, week)
        for week in WEEKS
        if week >= 0
    )
    return NextWave(on, len(users), sum(users), tuple(week for week in weeks if week is not None))


def _categories(trained: Group, others: Group) -> list[tuple[str, float | None, float | None, int]]:
    """(category, rate of the trained, rate of the others, questions), the most asked first."""
    own, other = trained.by_category(), others.by_category()
    every = Group((*trained.units, *others.units)).by_category()

    def rate(counts: dict[str, int], category: str, users: int) -> float | None:
        return 100 * counts.get(category, 0) / users if users else None

    return [
        (category, rate(own, category, trained.users), rate(other, category, others.users), count)
        for category, count in list(every.items())[:MOST_CATEGORIES]
    ]


def _summary(trained: Group, others: Group) -> str:
    """The one sentence that the page is for."""
    own, other = trained.total_rate, others.total_rate
    if own is None or other is None:
        return _("%(count)s spørgsmål fra uge 0.", count=trained.total + others.total)
    return _(
        "%(own)s spørgsmål pr. 100 ansatte, hvor superbrugerne var uddannet, mod %(other)s, hvor de ikke var.",
        own=rate_word(own),
        other=rate_word(other),
    )


def _rate(load: UnitLoad) -> float:
    return load.total / load.users if load.users else 0.0


def _week_word(week: int) -> str:
    return str(week) if week <= 0 else f"+{week}"
