"""The hot pages at 1,000 and at 100,000 work items of a whole municipality: the same number of statements,
and none that reads the table of tickets row by row."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text

from tests.web.test_queue_statements import asked, explained, scans_items
from ticketing.accounts.actions import hash_password
from ticketing.accounts.throttle import throttle
from ticketing.database import db
from ticketing.demo.clone import clone_items
from ticketing.demo.town import KEY, load_demo, sign_ins
from ticketing.organisation.queries import municipality_by_key
from ticketing.work.models import WorkItem

PASSWORD = "cykelsti-mælkebøtte"
MOST_STATEMENTS = 14


def test_each_hot_page_asks_as_much_at_a_hundred_thousand_as_at_a_thousand(app, client, session) -> None:
    throttle.__init__()
    now = datetime.now(UTC) - timedelta(minutes=1)
    load_demo("municipality", hash_password(PASSWORD), now, tickets=60, placed=False)
    counts = {size: _statements_at(client, size) for size in (1_000, 100_000)}
    assert session.scalar(select(func.count()).select_from(WorkItem)) >= 100_000
    small, large = counts[1_000], counts[100_000]
    for page, seen in large.items():
        assert len(seen) == len(small[page]) <= MOST_STATEMENTS, page
        about_items = [(sql, values) for sql, values in seen if "work_item" in sql]
        assert about_items, page
        for sql, values in about_items:
            plan = explained(sql, values)
            assert not scans_items(plan), f"{page}\n{sql}\n{plan}"


def _statements_at(client, size: int) -> dict[str, list]:
    municipality = municipality_by_key(db.session(), KEY)
    clone_items(db.session(), municipality.id, size)
    db.session.commit()
    db.session.execute(text("ANALYZE"))
    db.session.commit()
    number = db.session.scalar(select(func.min(WorkItem.number)).where(WorkItem.kind == "ticket"))
    seen = {}
    for account in sign_ins():
        client.post("/log-ind", data={"email": account.email, "password": PASSWORD})
        pages = {
            "Superbruger": ["/koe"],
            "IT ServiceDesk": ["/it"],
            "Leder": ["/leder"],
            "Administrator": ["/koe", "/leder", f"/sager/A-{number}"],
        }.get(account.group, [])
        for page in pages:
            seen[f"{account.group} {page.rsplit('-', 1)[0]}"] = asked(client, page)
        client.post("/log-ud")
    return seen
