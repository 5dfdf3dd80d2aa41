"""What every test may ask for: an application on a clean database of each engine, a session, a client."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from sqlalchemy.orm import Session, scoped_session
from werkzeug.test import TestResponse

from tests.engines import empty_tables, postgresql_database, settings_for, sqlite_database
from ticketing.app import create_app
from ticketing.database import db

ENGINES = {"sqlite": sqlite_database, "postgresql": postgresql_database}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--engine", choices=[*ENGINES, "both"], default="both", help="databases to test on")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that touches the database runs on both engines; one marked `one_engine` on SQLite alone, one
    marked `postgresql` on that."""
    if "database" not in metafunc.fixturenames:
        return
    chosen = metafunc.config.getoption("--engine")
    engines = list(ENGINES) if chosen == "both" else [chosen]
    if metafunc.definition.get_closest_marker("one_engine"):
        engines = ["sqlite"]
    if metafunc.definition.get_closest_marker("postgresql"):
        engines = [engine for engine in engines if engine == "postgresql"]
    metafunc.parametrize("database", engines, indirect=True, scope="session")


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a migrated database that this test process has to itself."""
    with ENGINES[request.param](tmp_path_factory.mktemp(request.param)) as url:
        yield url


class OwnContextClient(FlaskClient):
    """Each request gets an application context of its own, as on a server: what one request keeps in `g`
    (who is signed in) never reaches the next. What the test arranged is committed first."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if has_app_context():
            db.session.commit()
        try:
            with self.application.app_context():
                return super().open(*args, **kwargs)
        finally:
            if has_app_context():
                db.session.expire_all()


@pytest.fixture(scope="session")
def wired_app(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The application, wired once for a database."""
    app = create_app(settings_for(database, tmp_path_factory.mktemp("data")))
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False)
    app.test_client_class = OwnContextClient
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def app(wired_app: Flask) -> Flask:
    """The application on a database without a row."""
    with wired_app.app_context():
        empty_tables()
    return wired_app


@pytest.fixture
def session(app: Flask) -> Iterator[scoped_session[Session]]:
    """The session of a pushed application context: what actions and factories use."""
    with app.app_context():
        yield db.session
        db.session.rollback()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies."""
    return app.test_client()


@pytest.fixture
def start_over(app: Flask) -> Callable[[], None]:
    """Empties the tables again: between the examples of a property test."""

    def empty() -> None:
        with app.app_context():
            empty_tables()

    return empty
