"""A plan that can't be is refused with the line, the key and what was expected."""

from pathlib import Path

import pytest

from ticketing.configuration import ConfigurationError
from ticketing.rollout.config import load_plan

CONFIG = Path(__file__).parents[2] / "config"
SHIPPED = (CONFIG / "plan.yaml").read_text(encoding="utf-8")


def refusal(tmp_path: Path, old: str, new: str) -> tuple[str, int]:
    """What loading says after one replacement, and the line of the replacement."""
    assert old in SHIPPED
    (tmp_path / "plan.yaml").write_text(SHIPPED.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_plan(tmp_path)
    return str(refused.value), SHIPPED[: SHIPPED.index(old)].count("\n") + 1


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        (
            "responsible: admin_superuser\n    trainers: [municipal",
            "responsible: chef\n    trainers: [municipal",
            "responsible",
            "forventede employee, ",
        ),
        (
            "trainers: [superuser]",
            "trainers: [netkompagni]",
            "trainers",
            "forventede en rolle eller en af organisationerne, ikke »netkompagni«",
        ),
        (
            "baseline: {start: 2019-03-04, end: 2019-03-11}",
            "baseline: {start: 2019-03-11, end: 2019-03-04}",
            "baseline",
            "slutter 04.03.2019, før den begynder 11.03.2019",
        ),
        (
            "baseline: {start: 2019-W41, end: 2019-W43}",
            "baseline: {start: 2019-W41, end: 2021-W53}",
            "end",
            "uge 53 findes ikke i 2021, som har 52 uger",
        ),
        (
            "baseline: {start: 2019-01-24, end: 2019-01-24}",
            "baseline: {start: 2019-02-30, end: 2019-03-01}",
            "start",
            "forventede en dag som 2019-10-07",
        ),
        (
            "seats: {paid: 69, extra: null}",
            "seats: {paid: 68, extra: null}",
            "seats",
            "68 pladser er færre end de 69 deltagere",
        ),
        (
            "depends_on: [S10, U09]",
            "depends_on: [S10, U99]",
            "depends_on",
            "forventede en aktivitet i planen, ikke »U99«",
        ),
        (
            "category: go_live",
            "category: golive",
            "category",
            "forventede phase, training, setup, families, go_live",
        ),
        ("hours: 3-6 timer", "hour: 3-6 timer", "hour", "kendes ikke"),
        ("- id: U02", "- id: U01", "id", "U01 står to gange"),
        ("same_people: {U05: 1}", "same_people: {U05: 2}", "same_people", "2 er flere end de 1 deltagere"),
        (
            "activities: [U10]",
            "activities: [U77]",
            "activities",
            "forventede en aktivitet i planen, ikke »U77«",
        ),
    ],
)
def test_the_error_names_line_key_and_what_was_expected(tmp_path, old, new, key, expected) -> None:
    text, line = refusal(tmp_path, old, new)
    assert f".{key}: " in text and expected in text
    assert f"plan.yaml:{line}: " in text


def test_a_circle_is_named_from_row_to_row(tmp_path: Path) -> None:
    text, _ = refusal(tmp_path, "depends_on: [U05]", "depends_on: [U08]")
    assert "venter på sig selv i en ring: " in text
    assert "U06 → U08 → U06" in text or "U08 → U06 → U08" in text


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    broken = SHIPPED.replace("depends_on: [U03]", "depends_on: [U98]").replace("paid: 4,", "paid: 3,")
    (tmp_path / "plan.yaml").write_text(broken, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        load_plan(tmp_path)
    assert len(refused.value.problems) == 3
