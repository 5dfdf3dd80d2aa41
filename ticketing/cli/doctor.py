"""`ticketing doctor`: is everything as it should be, and what to do where it is not."""

from datetime import UTC, datetime

import click

from ticketing.app import create_app
from ticketing.configuration import ConfigurationError
from ticketing.jobs.checkup import examine
from ticketing.jobs.finding import Finding, Level
from ticketing.settings import SettingsError

MARKS = {Level.OK: "✓", Level.WARN: "!", Level.BAD: "✗"}


@click.command()
@click.option("--language", type=click.Choice(["da", "en"]), default="da", show_default=True)
@click.pass_context
def doctor(ctx: click.Context, language: str) -> None:
    """Look at database, configuration, mail and worker, and say what to do.

    Exit code 0: all is well (a line with "!" is worth knowing). 1: a line with "✗" needs somebody.
    """
    try:
        app = create_app()
    except (ConfigurationError, SettingsError) as error:
        _show(
            Finding(
                Level.BAD,
                f"Opsætningen kan ikke bruges:\n{error}",
                f"The configuration can't be used:\n{error}",
            ),
            language,
        )
        ctx.exit(1)
    _show(
        Finding(Level.OK, "Opsætningen kan læses.", "The configuration is readable."),
        language,
    )
    worst = 0
    with app.app_context():
        for finding in examine(app.config["SETTINGS"], datetime.now(UTC)):
            _show(finding, language)
            worst = max(worst, finding.level is Level.BAD)
    ctx.exit(worst)


def _show(finding: Finding, language: str) -> None:
    click.echo(f"{MARKS[finding.level]} {finding.da if language == 'da' else finding.en}")
