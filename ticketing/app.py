"""Wiring: settings, database, configuration and doors put together into one Flask application. No rules."""

from typing import Any

from flask import Flask
from flask_migrate import Migrate
from sqlalchemy import make_url
from werkzeug.middleware.proxy_fix import ProxyFix

import ticketing.insight.models
import ticketing.insight.search_index
import ticketing.jobs.models
import ticketing.knowledge.models
import ticketing.mail.models
import ticketing.rollout.models
import ticketing.rollout.training_models
import ticketing.work.models  # noqa: F401 - the migrations compare with every table
from ticketing import web
from ticketing.clocks.config import load_clock_config
from ticketing.database import db
from ticketing.ladder.config import load_ladders
from ticketing.mail.mailboxes import FILE, load_mailboxes, our_addresses
from ticketing.rollout.config import load_plan
from ticketing.settings import PACKAGE, Settings, read_settings, shipped


def create_app(settings: Settings | None = None) -> Flask:
    """The application for `settings` (null: read from the environment), ready to serve.

    Raises `ConfigurationError` when a file in config/ is wrong and `SettingsError` for an unusable
    environment variable: nothing starts half-configured.
    """
    settings = settings or read_settings()
    app = Flask("ticketing", template_folder=str(shipped("templates")), static_folder=str(PACKAGE / "static"))
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings.database_url),
        SESSION_COOKIE_SECURE=settings.secure_cookies,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    db.init_app(app)
    on_sqlite = make_url(settings.database_url).get_backend_name() == "sqlite"
    Migrate(app, db, directory=str(PACKAGE / "migrations"), render_as_batch=on_sqlite, compare_type=True)
    app.extensions["ladder"] = load_ladders(settings.config_dir)
    app.extensions["plan"] = load_plan(settings.config_dir)
    app.extensions["clocks"] = load_clock_config(settings.config_dir)
    app.extensions["mailboxes"] = load_mailboxes(settings.config_dir / FILE)
    app.extensions["our_addresses"] = our_addresses(app.extensions["mailboxes"])
    web.register(app)
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    return app


def _engine_options(database_url: str) -> dict[str, Any]:
    if make_url(database_url).get_backend_name() != "postgresql":
        return {}
    return {
        "pool_pre_ping": True,
        # psycopg prepares a statement after five runs, and the generic plan of a prepared statement
        # can't use a partial index: the hot lists would sort every row.
        "connect_args": {"prepare_threshold": None},
    }
