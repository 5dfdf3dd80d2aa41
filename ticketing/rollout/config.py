"""The shipped rollout plan, from config/plan.yaml."""

from functools import cache
from pathlib import Path

from ticketing.configuration import load_file
from ticketing.rollout.plan import Plan
from ticketing.rollout.schemas import PlanFile


def load_plan(config_dir: Path) -> Plan:
    """Reads plan.yaml. Raises `ConfigurationError` that names the file, line, key and what was expected."""
    return _load((config_dir / "plan.yaml").resolve())


@cache
def _load(path: Path) -> Plan:
    plan = load_file(path, PlanFile())
    assert isinstance(plan, Plan)
    return plan
