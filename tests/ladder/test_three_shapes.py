"""The ladder is data: Esbjerg's, Syddjurs' and Helsingør's shapes load and lead the way each describes."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketing.configuration import ConfigurationError
from ticketing.ladder.config import load_ladders
from ticketing.ladder.rules import (
    Facts,
    Ladder,
    Place,
    Server,
    Surroundings,
    next_target,
    refer_target,
    sideways_allowed,
    start,
    steps_above,
)
from ticketing.settings import shipped
from ticketing.vocabulary import Lane, PersonId, Priority, RequesterRole, Role, Sector, UnitId, UnitKind

CONFIG = load_ladders(shipped("config"))
ROOT = Place(UnitId(1), "/1/", UnitKind.MUNICIPALITY, None, "Kommunen")
SKOLE = Place(UnitId(2), "/1/2/", UnitKind.SECTOR, Sector.SKOLE, "Skole")
HOUSE = Place(UnitId(3), "/1/2/3/", UnitKind.INSTITUTION, Sector.SKOLE, "Skolen")
WING = Place(UnitId(4), "/1/2/3/4/", UnitKind.DEPARTMENT, Sector.SKOLE, "Afdelingen")
ROOM = Place(UnitId(5), "/1/2/3/4/5/", UnitKind.ROOM, Sector.SKOLE, "Stuen")
IT = Place(UnitId(9), "/1/9/", UnitKind.IT, Sector.IT, "IT")
CHAIN = (ROOT, SKOLE, HOUSE, WING, ROOM)
HOLDERS = [
    (Role.EMPLOYEE, WING),
    (Role.SUPERUSER, WING),
    (Role.SUPERUSER, ROOM),
    (Role.SCHOOL_ADMIN_STAFF, HOUSE),
    (Role.INSTITUTION_ADMIN, HOUSE),
    (Role.ADMIN_SUPERUSER, SKOLE),
    (Role.MUNICIPAL_ADMIN, SKOLE),
    (Role.IT_SERVICEDESK, IT),
    (Role.LEADER, HOUSE),
    (Role.COMM_GROUP, ROOT),
    (Role.PROJECT_GROUP, ROOT),
]


def servers(present: list[bool] | None = None) -> tuple[Server, ...]:
    here = present or [True] * len(HOLDERS)
    return tuple(
        Server(PersonId(n), f"P{n}", role, place.path, present=here[n])
        for n, (role, place) in enumerate(HOLDERS)
    )


def around(present: list[bool] | None = None, chain: tuple[Place, ...] = CHAIN) -> Surroundings:
    return Surroundings(chain, IT, servers(present))


def facts(lane: Lane = Lane.GUIDANCE, requester: RequesterRole = RequesterRole.PARENT) -> Facts:
    return Facts(Sector.SKOLE, lane, "ANDET", requester, Priority.P3)


def whole_way(ladder: Ladder, what: Facts) -> list[str]:
    target = start(ladder, what, around())
    keys = [target.step.key]
    while (following := next_target(ladder, what, keys[-1], around())) is not None:
        keys.append(following.step.key)
    return keys


@pytest.mark.parametrize(
    ("shape", "lane", "way"),
    [
        ("ladder", Lane.GUIDANCE, ["employee", "superuser", "municipal_admin", "servicedesk"]),
        (
            "ladder",
            Lane.SETUP,
            ["employee", "superuser", "institution_admin", "municipal_admin", "servicedesk"],
        ),
        ("ladder", Lane.TECHNICAL, ["employee", "servicedesk"]),
        ("ladder", Lane.CONDUCT, ["employee", "superuser", "leader", "comm_group"]),
        ("ladder", Lane.WISH, ["employee", "superuser", "project_group"]),
        ("ladder", Lane.BREACH, ["employee", "municipal_admin", "project_group"]),
        ("syddjurs", Lane.GUIDANCE, ["employee", "superuser", "administrators", "servicedesk"]),
        ("syddjurs", Lane.SETUP, ["employee", "admin_superuser", "administrators", "servicedesk"]),
        ("helsingor", Lane.GUIDANCE, ["employee", "contact", "house", "municipal_admin", "servicedesk"]),
    ],
)
def test_each_shape_leads_its_own_way(shape: str, lane: Lane, way: list[str]) -> None:
    assert whole_way(CONFIG.ladders[shape], facts(lane)) == way


@pytest.mark.parametrize(
    ("requester", "first"),
    [
        (RequesterRole.PARENT, "employee"),
        (RequesterRole.EMPLOYEE, "superuser"),
        (RequesterRole.SCHOOL_ADMIN_STAFF, "admin_superuser"),
        (RequesterRole.SUPERUSER, "municipal_admin"),
    ],
)
def test_a_question_starts_where_r1_says(requester: RequesterRole, first: str) -> None:
    ladder = CONFIG.ladders["ladder"]
    assert start(ladder, facts(requester=requester), around()).step.key == first


def test_a_room_has_its_own_contact_in_the_third_shape() -> None:
    ladder = CONFIG.ladders["helsingor"]
    target = next_target(ladder, facts(), "employee", around())
    assert target is not None
    assert (target.step.key, target.unit.kind) == ("contact", UnitKind.ROOM)


def test_it_refers_to_the_items_own_superuser() -> None:
    ladder = CONFIG.ladders["ladder"]
    target = refer_target(ladder, facts(), "servicedesk", around())
    assert target is not None
    assert (target.step.key, target.unit.id) == ("superuser", WING.id)


def test_only_those_who_coordinate_move_between_sectors() -> None:
    ladder = CONFIG.ladders["ladder"]
    elsewhere = (ROOT, Place(UnitId(7), "/1/7/", UnitKind.SECTOR, Sector.DAGTILBUD, "Dagtilbud"))
    assert not sideways_allowed(ladder, "superuser", CHAIN, elsewhere)
    assert sideways_allowed(ladder, "municipal_admin", CHAIN, elsewhere)
    assert sideways_allowed(ladder, "superuser", CHAIN, CHAIN)


@settings(max_examples=400, deadline=None)
@given(
    shape=st.sampled_from(sorted(CONFIG.ladders)),
    lane=st.sampled_from(Lane),
    requester=st.sampled_from(RequesterRole),
    depth=st.integers(3, 5),
    present=st.lists(st.booleans(), min_size=len(HOLDERS), max_size=len(HOLDERS)),
)
def test_wherever_an_item_goes_somebody_present_serves_the_queue(
    shape, lane, requester, depth, present
) -> None:
    """At every move of every lane, as long as one of the municipality's coordinators is there; what was
    passed over had nobody, and the way up is never down."""
    ladder, what = CONFIG.ladders[shape], facts(lane, requester)
    present[-1] = True  # the project group is the last to leave
    here = around(present, CHAIN[:depth])
    target = start(ladder, what, here)
    for _ in range(8):
        assert any(server.is_reachable for server in target.servers)
        assert all(server.unit_path.startswith(target.unit.path) for server in target.servers)
        allowed = steps_above(ladder, what, target.step.key)
        following = next_target(ladder, what, target.step.key, here)
        if following is None:
            assert not allowed
            return
        assert following.without_cover or following.step.key in allowed
        if following.step.key not in allowed:
            return
        target = following


@pytest.mark.parametrize(
    ("old", "new", "line_has", "expected"),
    [
        ("held_at: department", "held_at: afdeling", "held_at", "Must be one of"),
        ("fallback: project_group", "fallback: projektgruppe", "fallback", "expected one of the steps"),
        ("lane: oenske", "lane: ønske", "lane", "Must be one of"),
        ("limit: 2", "limit: mange", "limit", "Not a valid integer"),
        ("name: Trinvis", "navn: Trinvis", "navn", "Unknown field"),
    ],
)
def test_a_wrong_file_names_its_line_its_key_and_what_was_expected(
    tmp_path: Path, old: str, new: str, line_has: str, expected: str
) -> None:
    for path in shipped("config").rglob("*.yaml"):
        copy = tmp_path / path.relative_to(shipped("config"))
        copy.parent.mkdir(exist_ok=True)
        text = path.read_text(encoding="utf-8")
        copy.write_text(text.replace(old, new, 1) if path.name == "ladder.yaml" else text, encoding="utf-8")
    with pytest.raises(ConfigurationError) as wrong:
        load_ladders(tmp_path)
    lines = (tmp_path / "ladder.yaml").read_text(encoding="utf-8").splitlines()
    found = [(line, key, said) for line, key, said in wrong.value.problems if expected in said]
    assert found
    assert line_has in lines[found[0][0] - 1]
    assert line_has in found[0][1]
