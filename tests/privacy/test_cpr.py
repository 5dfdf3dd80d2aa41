"""CPR numbers are masked however they are written; other numbers are left alone."""

import pytest

from ticketing.privacy.cpr import MASK, mask


@pytest.mark.parametrize(
    "written",
    ["010119-1234", "0101191234", "010119 1234", "010119 - 1234", "010119–1234", "290200-1234", "610119-1234"],
)
def test_a_cpr_number_is_masked(written):
    assert mask(f"Barnet ({written}) kan ikke ses.") == (f"Barnet ({MASK}) kan ikke ses.", 1)


@pytest.mark.parametrize(
    "other",
    [
        "320119-1234",
        "011319-1234",
        "290219-1234",
        "+4512345678",
        "12345",
        "0101191234567",
        "sag A-1042",
        "a0101191234",
    ],
)
def test_another_number_is_left_alone(other):
    assert mask(other) == (other, 0)


@pytest.mark.parametrize(
    ("written", "masked"),
    [
        ("CPR010119-1234", f"CPR{MASK}"),
        ("cprnr0101191234", f"cprnr{MASK}"),
        ("010119-1234er", f"{MASK}er"),
    ],
)
def test_a_number_that_leans_on_a_word_is_masked_too(written, masked):
    assert mask(written) == (masked, 1)


def test_every_number_in_a_text_is_counted():
    assert mask("010119-1234, 0202204321\n030321 1111") == (f"{MASK}, {MASK}\n{MASK}", 3)
