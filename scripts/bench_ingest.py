#!/usr/bin/env python3
"""How many mails a second become committed tickets, and where the time goes.

Usage: scripts/bench_ingest.py [--tickets N] [--messages M]. TICKETING_DATABASE names an empty database that
it may fill; without it a SQLite file is made and thrown away. It loads the fictitious municipality, copies
its tickets until there are N, and takes M new mails in, each in its own transaction. CPU is this process's
own: on PostgreSQL the server's comes on top, on another core.
"""

import argparse
import os
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from flask_migrate import upgrade
from sqlalchemy import text

from ticketing.app import create_app
from ticketing.database import db
from ticketing.demo.clone import clone_items
from ticketing.demo.town import KEY, load_demo
from ticketing.mail import ingest, who
from ticketing.organisation.queries import municipality_by_key
from ticketing.settings import read_settings

WARM_UP = 100
_spent: dict[str, float] = defaultdict(float)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--tickets", type=int, default=1_000)
    asked.add_argument("--messages", type=int, default=500)
    options = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(read_settings({**os.environ, "TICKETING_DATA": folder}))
        with app.app_context():
            upgrade()
            _run(options.tickets, options.messages)


def _run(tickets: int, messages: int) -> None:
    now = datetime.now(UTC)
    load_demo("municipality", "no password", now - timedelta(minutes=1), tickets=60, placed=False)
    municipality = municipality_by_key(db.session(), KEY)
    assert municipality is not None
    municipality_id = municipality.id
    present = clone_items(db.session(), municipality_id, tickets)
    db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()
    for number in range(WARM_UP):
        ingest.ingest(_letter(number), municipality_id, now)
    ingest.understood = _timed("parse", ingest.understood)
    for name in ("known_messages", "continued_item"):
        setattr(who, name, _timed("thread look-up", getattr(who, name)))
    wall, cpu = perf_counter(), process_time()
    for number in range(WARM_UP, WARM_UP + messages):
        assert ingest.ingest(_letter(number), municipality_id, now).kind == "opened"
    wall, cpu = perf_counter() - wall, process_time() - cpu
    print(f"{db.engine.dialect.name}, {present} tickets there: {messages} mails in {wall:.1f} s")
    print(f"  {messages / wall:6.1f} a second ({messages / cpu:.1f} a second of our own CPU)")
    for what, seconds in [*_spent.items(), ("the rest: sender, ticket, commit", wall - sum(_spent.values()))]:
        print(f"  {seconds / messages * 1000:6.2f} ms a mail: {what}")


def _letter(number: int) -> bytes:
    school = f"skole{number % 20 + 1:02}"
    return (
        f"From: Forælder {number} <foraelder{number}@privat.example>\r\nTo: aula+{school}@{KEY}.example\r\n"
        f"Subject: Kan ikke logge ind, nr. {number}\r\nMessage-ID: <m{number}@privat.example>\r\n"
        "Date: Tue, 15 Sep 2026 10:00:00 +0200\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
        f"Hej\r\n\r\nJeg kan ikke se ugeplanen for mit barn. Det er nr. {number}.\r\n"
    ).encode()


def _timed(what: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*given: Any, **named: Any) -> Any:
        began = perf_counter()
        try:
            return function(*given, **named)
        finally:
            _spent[what] += perf_counter() - began

    return run


if __name__ == "__main__":
    main()
