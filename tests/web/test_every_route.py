"""Every route of the application, tried by each role with its own and another municipality's numbers: nothing
of the other one is in any answer, nothing breaks, and the stranger is sent to sign in."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from tests.factories import NOW, SmallMunicipality, small_municipality
from tests.insight.test_unresolved import sign_in
from tests.mail.letterbox import letter
from ticketing.knowledge.models import KnownQuestion
from ticketing.mail.ingest import ingest
from ticketing.mail.models import InboundMail
from ticketing.organisation.models import Person, Unit
from ticketing.rollout.actions import save_plan
from ticketing.rollout.models import PlanActivity, PlanWarning
from ticketing.rollout.plan import Activity, Period, Plan, Warning
from ticketing.rollout.training_actions import hold_session, invite
from ticketing.rollout.training_models import CourseSession, Participation
from ticketing.vocabulary import ActivityCategory, Sector
from ticketing.work.change import SYSTEM
from ticketing.work.models import Message, WorkItem

#: Stands in every name and text of the other municipality.
FOREIGN = "Fremmedord"
TODAY = date(2026, 9, 15)
ROLES = (
    "teacher",
    "superuser",
    "school_office",
    "admin_superuser",
    "municipal_admin",
    "school_leader",
    "daycare_leader",
    "dagpleje_admin",
    "school_head",
    "steering",
    "comm",
    "data_protection",
)
#: What an address may name that is one municipality's alone.
NUMBERED = frozenset(
    [
        "warning_id",
        "session_id",
        "question_id",
        "mail_id",
        "shown",
        "participation_id",
        "import_id",
        "proposal_id",
        "unit_id",
    ]
)
#: A page was shown, or a form was read.
SHOWN_OR_DONE = (200, 201, 422)
#: Open to strangers: sign-in, a parent's pages, and addresses that carry a signature.
OPEN = {"account", "public", "health", "static", "plan_timeline.feed"}
#: Whose pages are for those who run the rollout.
PLANNING = {
    "plan_slip", "plan_proposals", "plan_follow_up", "known_questions", "training.course", "training.session",
    "training.enrolment_list", "training.hold", "training.send_invitations", "training.mark_all",
    "training.cancel", "training.extra_seats", "going_live.save", "plan.clear", "plan.reopen",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _at_now() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def _filled(session: Session, town: SmallMunicipality, word: str) -> dict[str, list[int | str]]:
    """A row of each kind that an address can name, `word` in each text; numbers by the rule's argument."""
    owner = town.municipality.id
    activity = Activity(
        id="U01" if word != FOREIGN else "U77",
        category=ActivityCategory.TRAINING,
        sector=Sector.SKOLE,
        audience=f"{word} kursus",
        baseline=Period(TODAY, TODAY + timedelta(days=9)),
        warnings=(Warning("gap", None, f"{word} bemærkning"),),
    )
    save_plan(owner, Plan((activity,)), NOW)
    row = session.scalars(select(PlanActivity).where(PlanActivity.municipality_id == owner)).one()
    starts = NOW + timedelta(days=2)
    held = hold_session(row.id, starts_at=starts, ends_at=starts + timedelta(hours=2), place=f"{word} sal")
    invite(held.id, [town.superuser.id], SYSTEM, NOW)
    question = KnownQuestion(
        municipality_id=owner, title=f"{word} spørgsmål", category="LOGIN", found_at=NOW, last_asked_at=NOW,
        institutions=3, questions=3,
    )  # fmt: skip
    session.add(question)
    session.commit()
    opened = ingest(
        letter(f"{word} tekst", Subject=f"{word} emne", Message_ID=f"<{word}@x.example>"), owner, NOW
    )
    item = session.scalars(
        select(WorkItem).where(WorkItem.municipality_id == owner, WorkItem.number == opened.number)
    ).one()
    mail = session.scalars(select(Message).where(Message.item_id == item.id)).first()
    auto = letter(
        f"{word} auto", Subject=f"{word} auto", Auto_Submitted="auto-replied", Message_ID=f"<{word}a@x.example>"
    )
    ingest(auto, owner, NOW)
    session.commit()
    mails = session.scalars(select(InboundMail.id).where(InboundMail.municipality_id == owner))
    assert mail is not None
    return {
        "key": [row.key],
        "warning_id": list(session.scalars(select(PlanWarning.id).where(PlanWarning.municipality_id == owner))),
        "session_id": list(
            session.scalars(select(CourseSession.id).where(CourseSession.municipality_id == owner))
        ),
        "participation_id": list(
            session.scalars(select(Participation.id).where(Participation.municipality_id == owner))
        ),
        "question_id": [question.id],
        "mail_id": list(mails),
        "shown": [f"A-{item.number}"],
        "number": [item.number],
        "unit_id": [town.school.id],
    }


@pytest.fixture
def towns(session: Session) -> tuple[SmallMunicipality, dict[str, list[int | str]], dict[str, list[int | str]]]:
    own, other = small_municipality(), small_municipality("nabo")
    other.municipality.name = f"{FOREIGN} Kommune"
    other.municipality.next_number = 7001
    for row in (*session.scalars(select(Unit)), *session.scalars(select(Person))):
        if row.municipality_id == other.municipality.id:
            row.name = f"{FOREIGN} {row.name}"
    session.commit()
    return own, _filled(session, own, "Hjemligt"), _filled(session, other, FOREIGN)


def _addresses(rule: Rule, values: dict[str, list[int | str]]) -> Iterator[str]:
    """The rule's address, with each of the numbers that belong there (1 and x for what none belongs to)."""
    text = rule.rule
    chosen = {name: values.get(name, [1, 99]) for name in rule.arguments}
    for n in range(max((len(found) for found in chosen.values()), default=1)):
        address = text
        for name, found in chosen.items():
            for form in (f"<int:{name}>", f"<path:{name}>", f"<{name}>"):
                address = address.replace(form, str(found[min(n, len(found) - 1)]))
        yield address


@pytest.mark.one_engine
def test_nothing_of_another_municipality_is_shown_and_nothing_breaks(
    app: Flask, client: FlaskClient, towns
) -> None:
    town, own, other = towns
    wrong: list[str] = []
    tried = 0
    for name in (*ROLES, "technician", "planner"):
        person = {"technician": town.technicians[0], "planner": town.project_group[0]}.get(name) or getattr(
            town, name
        )
        plans = name in ("planner", "municipal_admin")
        for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
            if rule.endpoint in ("static", "account.sign_out", "account.sign_in_check"):
                continue
            sign_in(client, person)
            closed = bool({rule.endpoint, rule.endpoint.split(".")[0]} & PLANNING) and not plans
            closed |= rule.endpoint.startswith("mail_review") and name != "municipal_admin"
            closed |= rule.endpoint.startswith("clock_change") and name != "municipal_admin"
            for mine, values in ((True, own), (False, other)):
                for address in _addresses(rule, values):
                    for method in ("GET", "POST"):
                        if method == "POST" and mine and not closed:
                            continue  # it may well do something: other tests say what
                        answer = client.open(
                            address, method=method, data={"reason": "x"} if method == "POST" else None
                        )
                        tried += 1
                        foreign = not mine and NUMBERED & rule.arguments
                        what = f"{name:16} {method:4} {address:50} {answer.status_code}"
                        if answer.status_code >= 500:
                            wrong.append(f"{what} breaks")
                        if FOREIGN.encode() in answer.data:
                            wrong.append(f"{what} shows another municipality's")
                        if (
                            (closed or foreign)
                            and method in (rule.methods or ())
                            and answer.status_code in (200, 201, 422)
                        ):
                            wrong.append(f"{what} is not refused")
    print(f"{tried} requests")
    assert tried > 1000
    assert not wrong, "\n" + "\n".join(wrong)


def test_a_stranger_is_sent_to_sign_in(app: Flask, client: FlaskClient, towns) -> None:
    _town, own, _other = towns
    wrong = []
    for rule in app.url_map.iter_rules():
        if {rule.endpoint, rule.endpoint.split(".")[0]} & OPEN:
            continue
        for address in _addresses(rule, own):
            method = "GET" if "GET" in (rule.methods or ()) else "POST"
            answer = client.open(address, method=method)
            if answer.status_code != 302 or "/log-ind" not in answer.headers["Location"]:
                wrong.append(f"{method} {address} {answer.status_code}")
    assert not wrong, "\n" + "\n".join(wrong)
