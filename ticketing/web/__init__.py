"""The pages: server-rendered, Danish first. `register` puts them on the application."""

import importlib
import importlib.util
from typing import Any

from flask import Flask, abort, request
from flask_babel import Babel
from flask_wtf import CSRFProtect
from werkzeug.routing import IntegerConverter, Map

from ticketing.accounts import session
from ticketing.accounts.session import SignedIn
from ticketing.knowledge.cards import load_cards
from ticketing.mail.quarantine import waiting
from ticketing.rollout.topics import load_topics
from ticketing.vocabulary import Role
from ticketing.web import errors, headers, navigation, viewing, wording
from ticketing.web.forms import LARGEST
from ticketing.web.rate_limit import RateLimit

#: Each is a module here with a `blueprint`.
PAGES = (
    "account",
    "new_question",
    "my_cases",
    "public",
    "queue",
    "search",
    "ticket",
    "ticket_mail",
    "mail_review",
    "servicedesk",
    "leader",
    "plan",
    "plan_proposals",
    "plan_timeline",
    "plan_slip",
    "plan_load",
    "known_questions",
    "plan_follow_up",
    "training",
    "own_courses",
    "coverage",
    "going_live",
    "absence",
    "clock_policy",
    "clock_change",
    "health",
)

csrf = CSRFProtect()


def register(app: Flask) -> None:
    """Puts sign-in, CSRF protection, languages, headers, error pages and every page on `app`."""
    Babel(app, default_locale="da", default_timezone="Europe/Copenhagen")
    csrf.init_app(app)
    app.url_map.converters["int"] = StoredInteger
    app.before_request(_refuse_what_no_text_holds)
    session.login_manager.init_app(app)
    headers.register(app)
    errors.register(app)
    app.extensions["cards"] = load_cards(app.config["SETTINGS"].config_dir / "cards.yaml")
    app.extensions["rate_limits"] = {
        "public_questions": RateLimit(times=10, seconds=600),
        "public_messages": RateLimit(times=10, seconds=600),
    }
    app.jinja_env.filters.update(wording.FILTERS)
    config_dir = app.config["SETTINGS"].config_dir
    app.extensions["course_topics"] = load_topics(
        config_dir / "course_topics.yaml", app.extensions["ladder"].categories
    )
    app.context_processor(_for_every_page)
    for page in PAGES:
        if importlib.util.find_spec(f"{__name__}.{page}"):
            app.register_blueprint(importlib.import_module(f"{__name__}.{page}").blueprint)
    app.jinja_env.globals["known_endpoints"] = frozenset(app.view_functions)


class StoredInteger(IntegerConverter):
    """A number in an address that the database can hold; a larger one names nothing."""

    def __init__(self, map: Map, *args: Any, **options: Any) -> None:
        super().__init__(map, *args, **{"max": LARGEST, **options})


def _refuse_what_no_text_holds() -> None:
    """PostgreSQL keeps no NUL, and nobody types one."""
    values = (*request.args.values(), *request.form.values(), *(request.view_args or {}).values())
    if any(isinstance(value, str) and "\0" in value for value in values):
        abort(400)


def _mails(person: SignedIn) -> int:
    """Mails that an administrator has to look at; nobody else is shown them."""
    return waiting(person.viewer.municipality_id) if Role.MUNICIPAL_ADMIN in person.roles else 0


def _for_every_page() -> dict[str, Any]:
    now, person = viewing.request_time(), viewing.signed_in()
    if person is None:
        return {"now": now, "signed_in": None, "navigation": [], "municipality_name": None}
    return {
        "now": now,
        "signed_in": person,
        "navigation": navigation.main_menu(person.roles, request.path, _mails(person)),
        "municipality_name": person.municipality_name,
    }
