"""Ret frister: the two texts edited, what the change would do, and putting it in force with a reason."""

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from ticketing.clocks.attempt import Attempt
from ticketing.clocks.config import ClockConfig, ClockTexts, load_clock_texts
from ticketing.clocks.editions import PROPOSED, editions_of, texts_of
from ticketing.clocks.faults import Fault, faults, faults_of
from ticketing.configuration import ConfigurationError
from ticketing.database import db
from ticketing.insight.clock_policy import shown_items, unit_names, units_with_days
from ticketing.vocabulary import Reach, UnitId
from ticketing.web import clock_words, viewing
from ticketing.web.clock_policy import AttemptForm, for_rule_setters, in_force, tried
from ticketing.web.forms import Errors, read
from ticketing.web.wording import COPENHAGEN, number_word
from ticketing.work.errors import WorkError
from ticketing.work.policy_changes import apply_edition, checked
from ticketing.work.policy_trial import QUARTER, Missed, Preview, Replay, preview, replay

blueprint = Blueprint("clock_change", __name__, url_prefix="/frister")
#: Units in the table of what would have been missed: those that change most.
UNITS_SHOWN = 30


@dataclass(frozen=True)
class Draft:
    """What stands in the form. `seen` is the print of the texts and reach whose effect has been looked at."""

    texts: ClockTexts
    reach: Reach
    reason: str
    based_on: int
    seen: str = ""

    @property
    def print(self) -> str:
        """Two drafts with the same print do the same."""
        whole = "\0".join((self.texts.calendars, self.texts.targets, self.reach))
        return sha256(whole.encode()).hexdigest()[:16]


@blueprint.get("/ret")
@for_rule_setters
def page() -> str:
    """The texts in force, or those of the edition that `fra` names, ready to be edited."""
    editions = editions_of(db.session(), viewing.viewer().municipality_id, 1_000)
    wanted = request.args.get("fra", "")
    source = next((texts_of(one) for one in editions if str(one.number) == wanted), in_force().texts)
    return _render(Draft(source, Reach.FROM_NOW, "", editions[0].number if editions else 0))


@blueprint.post("/ret")
@for_rule_setters
def change() -> str | Response | tuple[str, int]:
    """1. Says what is wrong. 2. Shows what the change would do. 3. Saves it once that has been seen."""
    draft, what = _typed(), request.form.get("what", "preview")
    found = _faults(draft.texts)
    if found:
        return _render(draft, faults=found), 422
    proposed, now = load_clock_texts(draft.texts), viewing.request_time()
    town = viewing.viewer().municipality_id
    if what == "try":
        return _try(draft, proposed)
    if what == "replay":
        return _render(draft, replayed=replay(town, proposed, now))
    if what != "apply" or draft.seen != draft.print:
        unseen = _("Se først, hvad ændringen gør, og sæt den så i kraft.")
        errors = {"seen": [unseen]} if what == "apply" else {}
        return _render(draft, previewed=preview(town, proposed, draft.reach, now), errors=errors)
    try:
        made = apply_edition(
            town,
            viewing.actor(),
            now,
            draft.texts,
            reach=draft.reach,
            reason=draft.reason,
            based_on=draft.based_on or None,
        )
    except WorkError as refused:
        why = refused.message_da() if draft.reason else _("Skriv, hvorfor fristerne ændres.")
        shown = preview(town, proposed, draft.reach, now)
        return _render(draft, previewed=shown, errors={"reason": [why]}), 422
    flash(
        _("Udgave %(n)s gælder nu. De sager, der er i gang, følger med inden for et minut.", n=made.number),
        "success",
    )
    return redirect(url_for("clock_policy.page"))


def _try(draft: Draft, proposed: ClockConfig) -> str:
    """A due time by the texts as they stand in the form."""
    values, errors = read(AttemptForm(), request.form)
    found = [] if errors else tried(replace(proposed, edition=PROPOSED), values)
    return _render(draft, attempts=found, tried_errors=errors)


def _typed() -> Draft:
    form = request.form
    based_on = form.get("based_on", "")
    return Draft(
        ClockTexts(_lines(form.get("calendars", "")), _lines(form.get("targets", ""))),
        Reach.FROM_START if form.get("reach") == Reach.FROM_START else Reach.FROM_NOW,
        form.get("reason", "").strip(),
        int(based_on) if based_on.isascii() and based_on.isdigit() and len(based_on) < 10 else 0,
        form.get("seen", ""),
    )


def _lines(text: str) -> str:
    """A browser sends CRLF and may drop the last line's end; neither is a change."""
    return text.replace("\r\n", "\n").rstrip() + "\n"


def _faults(texts: ClockTexts) -> list[Fault]:
    found = faults(texts)
    if not found:
        try:
            checked(db.session(), viewing.viewer().municipality_id, load_clock_texts(texts))
        except ConfigurationError as error:
            return faults_of(error)
    return found


def _render(
    draft: Draft,
    *,
    faults: list[Fault] | None = None,
    previewed: Preview | None = None,
    replayed: Replay | None = None,
    attempts: list[Attempt] | None = None,
    errors: Errors | None = None,
    tried_errors: Errors | None = None,
) -> str:
    now = viewing.request_time()
    items = shown_items(viewing.viewer(), previewed, number_word) if previewed else []
    return render_template(
        "clock_policy/change.html",
        draft=draft,
        standing=in_force().texts,
        faults=[(fault, _line_of(draft.texts, fault)) for fault in faults or []],
        previewed=previewed,
        sentences=_sentences(previewed) if previewed else [],
        items=items,
        replayed=replayed,
        by_unit=_by_unit(replayed) if replayed else [],
        attempts=attempts or [],
        typed=request.form,
        choices=clock_words.choices(),
        units=units_with_days(viewing.viewer().municipality_id),
        start=f"{now.astimezone(COPENHAGEN):%Y-%m-%dT%H:%M}",
        errors=errors or {},
        tried_errors=tried_errors or {},
        words=clock_words,
        quarter=QUARTER // timedelta(days=1),
        now=now,
    )


def _line_of(texts: ClockTexts, fault: Fault) -> str:
    """The line that is wrong, so that it can be found."""
    lines = getattr(texts, fault.text).splitlines()
    return lines[fault.line - 1].strip() if 0 < fault.line <= len(lines) else ""


def _sentences(found: Preview) -> list[str]:
    if not found.touched:
        return [_("Ingen åbne sager får andre frister. Nye sager følger ændringen.")]
    whole = ngettext("%(num)d åben sag", "%(num)d åbne sager", found.open_items)
    told = [
        (True, _("%(n)s af %(whole)s følger andre mål eller åbningstider.", n=found.touched, whole=whole)),
        (found.earlier, _("%(n)s får en tidligere frist.", n=found.earlier)),
        (found.later, _("%(n)s får en senere frist.", n=found.later)),
        (found.late_at_once, _("%(n)s er over målet med det samme.", n=found.late_at_once)),
    ]
    return [sentence for applies, sentence in told if applies]


def _by_unit(found: Replay) -> list[tuple[str, Missed]]:
    """The units whose count changes most, by name."""
    sums = found.by_unit()
    most = sorted(sums, key=lambda unit: -abs(sums[unit].would - sums[unit].then))[:UNITS_SHOWN]
    names = unit_names(most)
    told = [unit for unit in most if sums[unit].then or sums[unit].would]
    return sorted(((names[UnitId(unit)], sums[unit]) for unit in told), key=lambda row: row[0])
