"""What the tests stand on: the arranged municipality holds together."""

from sqlalchemy.orm import Session

from tests.factories import small_municipality
from ticketing.database import path_range


def test_the_school_stands_inside_its_sector(session: Session) -> None:
    town = small_municipality()
    low, high = path_range(town.skole.path)
    assert low < town.school_indskoling.path < high
    assert not low <= town.daycare.path < high
