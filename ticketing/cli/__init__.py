"""The `ticketing` command. Each group of commands is its own module and is read only when it is used."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from importlib import import_module
from typing import ParamSpec, TypeVar

import click
from flask import Flask

from ticketing import __version__
from ticketing.configuration import ConfigurationError
from ticketing.settings import SettingsError

P = ParamSpec("P")
R = TypeVar("R")

#: What a command is called → where it lives.
COMMANDS = {
    "clocks": "ticketing.cli.clocks:clocks",
    "db": "ticketing.cli.database:database",
    "demo": "ticketing.cli.demo:demo",
    "doctor": "ticketing.cli.doctor:doctor",
    "mail": "ticketing.cli.mail:mail",
    "org": "ticketing.cli.org:org",
    "plan": "ticketing.cli.plan:plan",
    "report": "ticketing.cli.report:report",
    "search": "ticketing.cli.search:search",
    "serve": "ticketing.cli.server:serve",
    "user": "ticketing.cli.people:user",
    "worker": "ticketing.cli.server:worker",
}


class LazyGroup(click.Group):
    """Imports a command's module when the command is asked for, so that `--help` stays fast."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(import_module(module), name)
        return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__)
def main() -> None:
    """Support for Aula in a municipality: questions, rungs, clocks."""


@contextmanager
def application() -> Iterator[Flask]:
    """The application with its context pushed. A wrong setting or configuration file ends the command with
    its lines and exit code 1, never with a traceback."""
    from ticketing.app import create_app

    try:
        app = create_app()
    except (ConfigurationError, SettingsError) as error:
        raise click.ClickException(str(error)) from error
    with app.app_context():
        yield app


def in_application(command: Callable[P, R]) -> Callable[P, R]:
    """Decorator for a command that needs the database: runs it inside `application()`."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with application():
            return command(*args, **kwargs)

    return run
