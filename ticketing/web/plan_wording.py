"""The words of the plan's pages: periods, parts, what is late and done. Who may change the plan."""

from collections.abc import Sequence
from datetime import date

from flask_babel import gettext as _
from flask_babel import ngettext

from ticketing.accounts.rules import Viewer
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.plan import Period, Progress
from ticketing.rollout.timeline import Row
from ticketing.vocabulary import ActivityCategory, Role, Sector
from ticketing.web import viewing
from ticketing.web.wording import MONTHS, plan_day, simple_word

#: Those who run the rollout (domain §1).
PLANNERS = (Role.PROJECT_GROUP, Role.MUNICIPAL_ADMIN)


def may_plan(viewer: Viewer) -> bool:
    """Whether the viewer may change the plan; all who have an overview may read it."""
    return viewer.has_role(*PLANNERS)


def category_words() -> dict[str, str]:
    """The parts of the plan, in the source's order."""
    return {
        ActivityCategory.TRAINING.value: _("Uddannelse"),
        ActivityCategory.SETUP.value: _("Opsætning"),
        ActivityCategory.FAMILIES.value: _("Forældre og elever"),
        ActivityCategory.GO_LIVE.value: _("Go Live"),
        ActivityCategory.PHASE.value: _("Periode"),
    }


def sector_words() -> dict[Sector | None, str]:
    """Each sector, and None for all of them."""
    return {None: _("Alle"), **{sector: simple_word(sector) for sector in Sector}}


def period_words(period: Period) -> str:
    """ "4.–11. marts 2019", "fra 21. okt. 2019", or that there is no date."""
    start, end = period.start, period.end
    if start is None and end is None:
        return _("Ingen dato")
    if start is None or end is None:
        return (
            _("fra %(day)s", day=plan_day(start))
            if start
            else _("senest %(day)s", day=plan_day(end or date.max))
        )
    if start == end:
        return plan_day(start)
    if (start.year, start.month) == (end.year, end.month):
        return f"{start.day}.–{plan_day(end)}"
    if start.year == end.year:
        return f"{start.day}. {MONTHS[start.month - 1]} – {plan_day(end)}"
    return f"{plan_day(start)} – {plan_day(end)}"


def late_words(days: int) -> str:
    """How late something is."""
    return ngettext("%(num)d dag over", "%(num)d dage over", days)


def done_words(progress: Progress, *, is_done: bool) -> str:
    """How far the activity's tasks are: "41 af 56"."""
    if is_done:
        return _("Færdig")
    return _("%(done)s af %(total)s", done=progress.done, total=progress.total) if progress.total else ""


def side_word(row: Row) -> str:
    """What stands beside a bar: late first, then how far it is."""
    words = [late_words(row.days_late)] if row.days_late else []
    done = done_words(row.progress, is_done=row.is_done)
    return " · ".join([*words, *([done] if done else [])])


def row_words(row: Row) -> str:
    """The whole row in a sentence, for the pointer and the screen reader."""
    one = row.activity
    words = [f"{one.id} {one.audience}", category_words()[one.category.value], period_words(one.period)]
    if row.has_moved:
        words.append(_("først planlagt %(period)s", period=period_words(one.baseline)))
    words += [word for word in (side_word(row),) if word]
    return ", ".join(words)


def month_word(day: date, with_year: bool) -> str:
    """A month as the picture's axis has it."""
    return f"{MONTHS[day.month - 1]} {day.year}" if with_year else MONTHS[day.month - 1]


def rate_word(rate: float | None) -> str:
    """A rate with one decimal and a Danish comma; a dash where nothing is known."""
    return "–" if rate is None else f"{rate:.1f}".replace(".", ",")


def category_name(key: str) -> str:
    """What people call a category of questions."""
    category = viewing.ladder_config().categories.get(key)
    return category.name_da if category else key


def activity_options(rows: Sequence[PlanActivity]) -> list[tuple[str, str]]:
    """Activities to choose among."""
    return [(row.key, f"{row.key} · {row.audience} · {period_words(row.value().period)}") for row in rows]
