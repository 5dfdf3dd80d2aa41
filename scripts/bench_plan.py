#!/usr/bin/env python3
"""How fast the rollout plan's pages open on a municipality of 110 institutions with 4,000 tasks and more.

Usage: scripts/bench_plan.py. Loads the demo municipality with the shipped plan into a new SQLite file, makes
the plan's tasks and one for each employee, serves it, and prints for each page what Chromium's own performance
entries say: milliseconds until the whole answer was there and until the page was ready (the median of seven).
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from playwright.sync_api import Page, sync_playwright
from sqlalchemy import func, select

from ticketing.app import create_app
from ticketing.database import db
from ticketing.demo.town import sign_ins
from ticketing.rollout.models import PlanActivity
from ticketing.rollout.refused import PlanRefused
from ticketing.rollout.tasks import make_tasks_of
from ticketing.vocabulary import Role, TaskPer
from ticketing.work.change import SYSTEM
from ticketing.work.models import WorkItem

TICKETING = [sys.executable, "-m", "ticketing"]
PASSWORD = "maaling-af-planen"
PAGES = ("/plan/tidslinje", "/plan", "/plan/uddannelse", "/plan/daekning", "/plan/belastning", "/plan/go")
TIMES = 7
#: What everybody learns: one task for each employee.
EVERYBODY = "U11"


def main() -> None:
    with tempfile.TemporaryDirectory() as data, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        os.environ |= {
            "TICKETING_DATA": data,
            "TICKETING_BASE_URL": f"http://127.0.0.1:{port}",
            "TICKETING_DEMO_PASSWORD": PASSWORD,
            "TICKETING_EMBEDDED_WORKER": "0",
        }
        for words in (["db", "upgrade"], ["demo", "--size", "municipality"]):
            subprocess.run(
                [*TICKETING, *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
        load_plan()
        print(f"{make_tasks():,} tasks of the plan")
        server = subprocess.Popen(
            [*TICKETING, "serve", "--port", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            measure(f"http://127.0.0.1:{port}")
        finally:
            server.terminate()
            server.wait(timeout=30)


def load_plan() -> None:
    """The shipped plan, its schools live for five weeks, unless the demo has one already."""
    with create_app().app_context():
        has_one = db.session.scalar(select(func.count()).select_from(PlanActivity))
    if not has_one:
        today = datetime.now(UTC).date()
        live = {"skole": today - timedelta(weeks=5), "dagtilbud": today + timedelta(weeks=3)}
        days = [word for sector, day in live.items() for word in ("--go-live", f"{sector}={day}")]
        template = [*TICKETING, "plan", "template", *days, "--municipality", "vesterkaer"]
        subprocess.run(template, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_tasks() -> int:
    now = datetime.now(UTC)
    with create_app().app_context():
        everybody = db.session.scalars(select(PlanActivity).where(PlanActivity.key == EVERYBODY)).one()
        everybody.per, everybody.responsible, everybody.sector = TaskPer.PERSON, Role.EMPLOYEE, None
        db.session.commit()
        for activity_id in db.session.scalars(select(PlanActivity.id)).all():
            try:
                make_tasks_of(activity_id, SYSTEM, now)
            except PlanRefused:
                continue  # a phase is a frame and has no tasks
        counted = select(func.count()).where(WorkItem.activity_id.is_not(None))
        return db.session.scalar(counted) or 0


def measure(address: str) -> None:
    wait_for(f"{address}/log-ind")
    who = next(one.email for one in sign_ins() if one.group == "Administrator")
    with sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        page = browser.new_page()
        page.goto(f"{address}/log-ind")
        page.fill("#email", who)
        page.fill("#password", PASSWORD)
        page.click("main button[type=submit]")
        print(f"{'page':20} {'answer':>8} {'ready':>8}   milliseconds, median of {TIMES}")
        for path in PAGES:
            answers, ready = zip(*(opened(page, address + path) for _ in range(TIMES)), strict=True)
            print(f"{path:20} {median(answers):8.0f} {median(ready):8.0f}")


def opened(page: Page, url: str) -> tuple[float, float]:
    answer = page.goto(url, wait_until="load")
    assert answer is not None
    assert answer.status == 200, url
    entry = page.evaluate(
        "(({responseEnd, loadEventEnd}) => [responseEnd, loadEventEnd])"
        "(performance.getEntriesByType('navigation')[0])"
    )
    return entry[0], entry[1]


def wait_for(url: str, seconds: int = 30) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(url).close()
            return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.2)


if __name__ == "__main__":
    main()
