"""The pages: server-rendered, Danish first. `register` puts them on the application."""

import importlib
import importlib.util
from datetime import UTC, datetime
from typing import Any

from flask import Flask, request
from flask_babel import Babel
from flask_login import current_user
from flask_wtf import CSRFProtect

from ticketing.accounts import session
from ticketing.web import errors, headers, navigation, wording

#: Each is a module here with a `blueprint`.
PAGES = (
    "account",
    "new_question",
    "my_cases",
    "public",
    "queue",
    "ticket",
    "servicedesk",
    "leader",
    "absence",
)

csrf = CSRFProtect()


def register(app: Flask) -> None:
    """Puts sign-in, CSRF protection, languages, headers, error pages and every page on `app`."""
    Babel(app, default_locale="da", default_timezone="Europe/Copenhagen")
    csrf.init_app(app)
    session.login_manager.init_app(app)
    headers.register(app)
    errors.register(app)
    app.jinja_env.filters.update(wording.FILTERS)
    app.context_processor(_for_every_page)
    for page in PAGES:
        if importlib.util.find_spec(f"{__name__}.{page}"):
            app.register_blueprint(importlib.import_module(f"{__name__}.{page}").blueprint)


def _for_every_page() -> dict[str, Any]:
    now = datetime.now(UTC)
    if not current_user or not current_user.is_authenticated:
        return {"now": now, "signed_in": None, "navigation": [], "municipality_name": None}
    return {
        "now": now,
        "signed_in": current_user,
        "navigation": navigation.main_menu(current_user.roles, request.path),
        "municipality_name": current_user.municipality_name,
    }
