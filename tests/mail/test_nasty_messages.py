"""Every message that can come in is understood as far as it can be, quickly, and never stops the intake."""

import random
import time
from operator import attrgetter

import pytest

from tests.mail.nasty import NASTY
from ticketing.mail.message import NotAMessage, ParsedMessage
from ticketing.mail.parse import parse

SLOWEST_SECONDS = 5
MUTATIONS = 20_000


@pytest.mark.parametrize("name", NASTY)
def test_message_is_understood(name):
    raw, expected = NASTY[name]
    started = time.monotonic()
    parsed = parse(raw)
    assert time.monotonic() - started < SLOWEST_SECONDS
    for attribute, wanted in expected.items():
        check(parsed, attribute, wanted)
    check_storable(parsed)


def check(parsed: ParsedMessage, attribute: str, wanted: object) -> None:
    if attribute == "files":
        assert [(one.name, one.media_type) for one in parsed.attachments] == wanted
        return
    found = attrgetter(attribute)(parsed)
    if attribute == "warnings":
        assert any(str(wanted) in warning for warning in found), found
    elif isinstance(wanted, str) and wanted and attribute in ("text", "reply", "folded", "subject"):
        assert wanted in found
        if attribute == "reply" and parsed.folded is not None:
            assert found == wanted
    else:
        assert found == wanted


def check_storable(parsed: ParsedMessage) -> None:
    """What both databases take: no NUL, no half surrogate, within the columns."""
    for text in (parsed.subject, parsed.text, parsed.reply, parsed.folded or "", parsed.message_id or ""):
        assert "\x00" not in text
        text.encode("utf-8")
    assert len(parsed.subject) <= 250
    assert len(parsed.message_id or "") <= 250
    assert parsed.sender is None or len(parsed.sender.email) <= 254
    assert parsed.reply.strip() or not parsed.text.strip()
    for attachment in parsed.attachments:
        assert attachment.name
        assert len(attachment.name) <= 200
        assert "/" not in attachment.name
        assert "\\" not in attachment.name


@pytest.mark.parametrize("raw", [b"", b"\r\n\r\n", b"\x00\x01\x02", b"ingen header her", "æøå".encode()])
def test_what_is_no_message_says_so(raw):
    with pytest.raises(NotAMessage):
        parse(raw)


def test_no_mutation_of_them_brings_the_intake_down():
    """Bytes flipped, cut, doubled and crossed. A fixed seed: a failure names the case to run again."""
    raws = [raw for raw, _ in NASTY.values() if len(raw) < 20_000]
    for case in range(MUTATIONS):
        chance = random.Random(case)
        try:
            check_storable(parse(mutated(chance, raws)))
        except NotAMessage:
            continue
        except Exception as error:
            raise AssertionError(
                f"case {case}: {error!r}: {mutated(random.Random(case), raws)[:2000]!r}"
            ) from error


def mutated(chance: random.Random, raws: list[bytes]) -> bytes:
    raw = bytearray(chance.choice(raws))
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(raw)) if raw else 0
        match chance.randrange(5):
            case 0:
                raw[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                del raw[at : at + chance.randint(1, 40)]
            case 2:
                raw[at:at] = raw[at : at + chance.randint(1, 200)]
            case 3:
                other = chance.choice(raws)
                raw[at:at] = other[: chance.randrange(min(len(other), 400))]
            case _:
                raw[at:at] = chance.choice(
                    [b"\r\n", b"\x00", b"=?utf-8?b?", b'"', b"<", b"\xff", b";", b"\r\n\r\n"]
                )
    return bytes(raw)
