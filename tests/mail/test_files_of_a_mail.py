"""What a mail brings along: named safely, typed by what it is, and left out only where a limit says so."""

import base64

import pytest

from tests.mail.letterbox import multipart
from tests.mail.nasty import NASTY
from tests.mail.nasty_files import PNG
from tests.mail.wrapping import winmail
from ticketing.mail.file_names import NAME_LENGTH, cleaned
from ticketing.mail.message import LeftOut
from ticketing.mail.parse import parse
from ticketing.mail.tnef import opened
from ticketing.settings import AttachmentLimits, SettingsError, read_attachment_limits

PLAIN = ("Content-Type: text/plain", "se")


def files(*contents: bytes) -> bytes:
    headers = [f'Content-Type: image/png; name="{number}.png"' for number in range(len(contents))]
    return multipart(PLAIN, *zip(headers, contents, strict=True))


def test_there_are_plenty_of_nasty_messages():
    assert len(NASTY) >= 140


@pytest.mark.parametrize(
    ("limits", "kept", "left_out"),
    [
        (AttachmentLimits(), ["0.png", "1.png", "2.png"], []),
        (AttachmentLimits(files=1), ["0.png"], [("1.png", "too many"), ("2.png", "too many")]),
        (AttachmentLimits(file_bytes=100), ["0.png", "2.png"], [("1.png", "too large")]),
        (AttachmentLimits(all_bytes=100), ["0.png", "2.png"], [("1.png", "too much")]),
    ],
)
def test_what_a_limit_keeps_out_is_named_with_its_reason(limits, kept, left_out):
    parsed = parse(files(PNG, PNG + b"1" * 100, PNG), limits)
    assert [one.name for one in parsed.attachments] == kept
    assert [(one.name, one.why) for one in parsed.left_out] == left_out


def test_a_file_that_was_left_out_has_its_size_and_a_masked_name():
    raw = multipart(PLAIN, ('Content-Disposition: attachment; filename="010119-1234.png"', PNG))
    assert parse(raw, AttachmentLimits(files=0)).left_out == (LeftOut("******-****.png", len(PNG), "too many"),)


def test_a_file_of_18_mb_comes_out_as_it_went_in():
    content = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 73_728
    header = 'Content-Type: image/png; name="stor.png"\r\nContent-Transfer-Encoding: base64'
    parsed = parse(multipart(PLAIN, (header, base64.encodebytes(content))))
    assert [one.name for one in parsed.attachments] == ["stor.png"]
    assert parsed.attachments[0].content == content


def test_the_limits_are_settings():
    given = {"TICKETING_MAIL_FILES": "3", "TICKETING_MAIL_FILE_MB": "1", "TICKETING_MAIL_ALL_FILES_MB": "2"}
    assert read_attachment_limits(given) == AttachmentLimits(3, 1024 * 1024, 2 * 1024 * 1024)
    with pytest.raises(SettingsError, match="TICKETING_MAIL_FILES"):
        read_attachment_limits({"TICKETING_MAIL_FILES": "mange"})


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("skærm.png", "skærm.png"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\mor\\skærm.png", "skærm.png"),
        ("aux", "_aux"),
        ("LPT1.txt", "_LPT1.txt"),
        ("conference.txt", "conference.txt"),
        ("faktura\u202efdp.exe", "fakturafdp.exe"),
        ("a\x00b\x1f.png", "ab.png"),
        (" . ", ""),
        ("a" * 300 + ".docx", "a" * (NAME_LENGTH - 5) + ".docx"),
        ("a" * 300, "a" * NAME_LENGTH),
    ],
)
def test_a_name_fools_nobody(sent, shown):
    assert cleaned(sent) == shown


def test_winmail_dat_gives_its_files_and_texts():
    found = opened(winmail(b"Hej", ("skærm.png", PNG), ("b.txt", b"b"), html=b"<p>Hej</p>"))
    assert found is not None
    assert (found.text, found.html) == ("Hej", "<p>Hej</p>")
    assert found.files == [("skærm.png", PNG), ("b.txt", b"b")]


@pytest.mark.parametrize("cut", range(0, 300, 7))
def test_a_broken_winmail_dat_gives_what_it_can(cut):
    whole = winmail(b"Hej", ("skærm.png", PNG))
    for broken in (whole[:cut], whole[:cut] + b"\xff" * 40 + whole[cut:]):
        opened(broken)
