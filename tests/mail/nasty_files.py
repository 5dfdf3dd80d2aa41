"""More messages that real programs and unfriendly people send: files, wrappings, parts and charsets."""

import io
import struct
import zipfile

from tests.mail.letterbox import letter, multipart
from tests.mail.wrapping import PROPERTIES, SIGNATURE, winmail, wrapped
from ticketing.mail.message import MailAddress

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
PLAIN = "Content-Type: text/plain; charset=utf-8"
HTML = "Content-Type: text/html; charset=utf-8"
TNEF = 'Content-Type: application/ms-tnef; name="winmail.dat"'
INVITATION = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:Forældremøde\r\n"
    "DTSTART:20260504T160000Z\r\nLOCATION:Engskolen\r\nDESCRIPTION:Kan ikke åbnes i Aula\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n"
)


def named(name: str, content: bytes = PNG) -> bytes:
    """A message with one file called `name`."""
    return multipart((PLAIN, "se"), (f'Content-Disposition: attachment; filename="{name}"', content))


def zip_bomb() -> bytes:
    """200 MB of nothing in 200 kB, inside a zip inside a zip."""
    inner, outer = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("0.bin", b"\x00" * 200_000_000)
    with zipfile.ZipFile(outer, "w", zipfile.ZIP_STORED) as file:
        file.writestr("0.zip", inner.getvalue())
    return outer.getvalue()


def folded_name() -> str:
    """A file name in three pieces (RFC 2231 §3)."""
    pieces = ["utf-8''b%C3%B8", "rne", "have.png"]
    return "".join(f";\r\n filename*{n}{'*' if n == 0 else ''}={piece}" for n, piece in enumerate(pieces))


#: name → (raw message, what must be so of the parsed one), as in `nasty`.
NASTY_FILES: dict[str, tuple[bytes, dict[str, object]]] = {
    "winmail.dat with a picture": (
        multipart((PLAIN, "se"), (TNEF, winmail(b"", ("skærmbillede.png", PNG)))),
        {"text": "se", "files": [("skærmbillede.png", "image/png")], "warnings": "winmail.dat was opened"},
    ),
    "winmail.dat that holds the text too": (
        multipart((TNEF, winmail("Jeg kan ikke få adgang".encode("cp1252")))),
        {"text": "Jeg kan ikke få adgang", "files": []},
    ),
    "winmail.dat with only HTML": (
        multipart((TNEF, winmail(html="<p>Hej på jer</p>".encode()))),
        {"text": "Hej på jer", "files": []},
    ),
    "winmail.dat by its name alone": (
        multipart(
            (PLAIN, "se"),
            ('Content-Type: application/octet-stream; name="WINMAIL.DAT"', winmail(b"", ("a.png", PNG))),
        ),
        {"files": [("a.png", "image/png")]},
    ),
    "winmail.dat that is cut off": (
        multipart((PLAIN, "se"), (TNEF, winmail(b"hej", ("a.png", PNG))[:90])),
        {"text": "se"},
    ),
    "winmail.dat that says it has four billion properties": (
        multipart(
            (PLAIN, "se"),
            (TNEF, SIGNATURE + wrapped(1, PROPERTIES, struct.pack("<IHHI", 2**32 - 1, 0x1003, 1, 2**32 - 1))),
        ),
        {"text": "se", "files": []},
    ),
    "winmail.dat whose object is longer than the file": (
        multipart((PLAIN, "se"), (TNEF, SIGNATURE + wrapped(2, 0x800F, b"x", length=2**31))),
        {"text": "se"},
    ),
    "winmail.dat that is something else": (
        multipart((PLAIN, "se"), (TNEF, b"<html>nej</html>")),
        {"text": "se", "warnings": "kept unopened"},
    ),
    "nothing but an invitation": (
        letter(INVITATION, MIME_Version="1.0", Content_Type="text/calendar; charset=utf-8; method=REQUEST"),
        {"text": "Forældremøde"},
    ),
    "an invitation beside an empty text": (
        multipart((PLAIN, " "), ("Content-Type: text/calendar; charset=utf-8; method=REQUEST", INVITATION)),
        {"text": "Mødeindkaldelse: Forældremøde\nHvornår: 04.05.2026 kl. 18.00\nHvor: Engskolen"},
    ),
    "an invitation that is none": (
        multipart((PLAIN, " "), ("Content-Type: text/calendar", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n")),
        {"text": "", "files": [("invitation.ics", "text/calendar")]},
    ),
    "a message forwarded as a file, without a word": (
        multipart(
            (PLAIN, ""),
            ("Content-Type: message/rfc822", letter("Hjælp mig", Subject="Login", From="far@x.example")),
        ),
        {"text": "Fra: far@x.example\nEmne: Login\n\nHjælp mig", "files": [("Login.eml", "message/rfc822")]},
    ),
    "a message in a message in a message": (
        letter(
            b"Content-Type: message/rfc822\r\n\r\n" * 8 + b"Subject: inderst\r\n\r\nhej",
            MIME_Version="1.0",
            Content_Type="message/rfc822",
        ),
        {"files": [("besked.eml", "message/rfc822")]},
    ),
    "messages inside messages, 2000 deep": (
        letter(
            b"Content-Type: message/rfc822\r\n\r\n" * 2000, MIME_Version="1.0", Content_Type="message/rfc822"
        ),
        {"subject": "Kan ikke logge ind", "warnings": "beyond the limits"},
    ),
    "a zip that unpacks to 200 MB": (
        named("regning.zip", zip_bomb()),
        {"files": [("regning.zip", "application/zip")]},
    ),
    "a file named after a device": (named("CON.png"), {"files": [("_CON.png", "image/png")]}),
    "a file that hides": (named(".htaccess"), {"files": [("htaccess", "image/png")]}),
    "a file name of nothing but dots": (named("...."), {"files": [("vedhaeftning-1", "image/png")]}),
    "a file name with line breaks": (
        named("a\r\n\tb.png"),
        {"files": [("a b.png", "image/png")]},
    ),
    "a file name with invisible letters": (
        named("fak\u200btu\u2060ra\u00ad.png"),
        {"files": [("faktura.png", "image/png")]},
    ),
    "a file name of 3,000 letters": (
        named("x" * 3000 + ".png"),
        {"files": [("x" * 116 + ".png", "image/png")]},
    ),
    "a file name that is HTML": (
        named("<img src=x onerror=alert(1)>.png"),
        {"files": [("img src=x onerror=alert(1).png", "image/png")]},
    ),
    "an 8-bit file name": (
        multipart((PLAIN, "se"), ('Content-Disposition: attachment; filename="skærm.png"', PNG)),
        {"files": [("skærm.png", "image/png")]},
    ),
    "a file name in pieces": (
        multipart((PLAIN, "se"), (f"Content-Disposition: attachment{folded_name()}", PNG)),
        {"files": [("børnehave.png", "image/png")]},
    ),
    "a file name in an unknown charset": (
        multipart((PLAIN, "se"), ("Content-Disposition: attachment; filename*=klingon''a%E6.png", PNG)),
        {"text": "se"},
    ),
    "an empty file": (named("tom.txt", b""), {"files": [("tom.txt", "text/plain")]}),
    "HTML as a file is a file": (
        multipart((PLAIN, "se"), ('Content-Type: text/html; name="side.html"', "<script>alert(1)</script>")),
        {"text": "se"},
    ),
    "plain and HTML inside mixed with a file": (
        multipart(
            (
                'Content-Type: multipart/alternative; boundary="inde"',
                f"--inde\r\n{PLAIN}\r\n\r\nrent\r\n--inde\r\n{HTML}\r\n\r\n<b>pænt</b>\r\n--inde--",
            ),
            ('Content-Type: image/png; name="a.png"', PNG),
        ),
        {"text": "rent", "files": [("a.png", "image/png")]},
    ),
    "a boundary that begins like another": (
        multipart(
            (
                'Content-Type: multipart/alternative; boundary="grense2"',
                f"--grense2\r\n{PLAIN}\r\n\r\nindre\r\n--grense2--",
            ),
            (PLAIN, "ydre"),
        ),
        {"text": "indre\n\nydre"},
    ),
    "a signed message": (
        multipart(
            (PLAIN, "underskrevet"),
            ('Content-Type: application/pkcs7-signature; name="smime.p7s"', b"0\x80\x06\x09"),
            kind="signed",
        ),
        {"text": "underskrevet"},
    ),
    "an S/MIME envelope": (
        letter(b"0\x82\x10", Content_Type='application/pkcs7-mime; name="smime.p7m"'),
        {"text": "", "warnings": "encrypted"},
    ),
    "Content-Type with nothing after it": (letter("hej", Content_Type=";;;"), {"text": "hej"}),
    "Content-Type: text": (letter("hej", Content_Type="text"), {"text": "hej"}),
    "Content-Type twice": (
        letter("<b>hej</b>", Content_Type="text/html\r\nContent-Type: text/plain"),
        {"text": "hej"},
    ),
    "Content-Type with 20,000 parameters": (
        letter("hej", Content_Type="text/plain" + ";a=b" * 20_000),
        {"text": "hej"},
    ),
    "a header of nothing but brackets": (
        letter("hej", Content_Type="text/plain" + "(" * 50_000),
        {"text": "hej"},
    ),
    "50,000 header lines": (
        letter(X_Odd="a\r\n" + "X-Odd: a\r\n" * 50_000 + "X-Last: a"),
        {"sender.email": "mor@privat.example", "warnings": "header is longer", "text": "ugeplanen"},
    ),
    "100,000 parts without an end": (
        letter("--g\r\n\r\n" * 100_000, MIME_Version="1.0", Content_Type='multipart/mixed; boundary="g"'),
        {"subject": "Kan ikke logge ind", "warnings": "beyond the limits"},
    ),
    "a subject that would add a header": (
        letter(Subject="=?utf-8?q?Hej=0D=0ABcc:_alle=40x.example?="),
        {"subject": "Hej Bcc: alle@x.example"},
    ),
    "a name that would add a header": (
        letter(From="=?utf-8?q?Mor=0D=0AX-Odd:_1?= <mor@x.example>"),
        {"sender.name": "Mor X-Odd: 1", "sender.email": "mor@x.example"},
    ),
    "a subject of 30,000 broken encoded words": (
        letter(Subject="=?utf-8?q?a" * 30_000),
        {"text": "ugeplanen"},
    ),
    "a colon and a comma in an encoded name that should not stand there": (
        letter(From="=?utf-8?q?Skole:_Mor,_2.b?= <mor@x.example>"),
        {"sender.name": "Skole: Mor, 2.b", "sender.email": "mor@x.example"},
    ),
    "a sender in capitals with spaces": (letter(From=" MOR@X.EXAMPLE "), {"sender.email": "mor@x.example"}),
    "From twice": (
        letter(From="mor@x.example\r\nFrom: far@x.example"),
        {"sender.email": "mor@x.example", "warnings": "more than one address"},
    ),
    "a message that an editor saved as UTF-16": (
        letter("Hej på jer").decode().encode("utf-16"),
        {"sender.email": "mor@privat.example", "text": "Hej på jer"},
    ),
    "UTF-16": (
        letter("Hej på jer".encode("utf-16"), Content_Type="text/plain; charset=utf-16"),
        {"text": "Hej på jer"},
    ),
    "UTF-7": (letter(b"R+APg-d gr+APg-d", Content_Type="text/plain; charset=utf-7"), {"text": "Rød grød"}),
    "Macintosh": (
        letter("Blåbærgrød".encode("mac_roman"), Content_Type="text/plain; charset=macintosh"),
        {"text": "Blåbærgrød"},
    ),
    "old DOS Danish": (
        letter("Blåbærgrød".encode("cp865"), Content_Type="text/plain; charset=cp865"),
        {"text": "Blåbærgrød"},
    ),
    "Arabic": (
        letter("مرحبا".encode("cp1256"), Content_Type="text/plain; charset=windows-1256"),
        {"text": "مرحبا"},
    ),
    "soft line breaks": (
        letter("en lang =\r\nlinje", Content_Transfer_Encoding="quoted-printable"),
        {"text": "en lang linje"},
    ),
    "only carriage returns": (letter().replace(b"\r\n", b"\r"), {"sender.email": "mor@privat.example"}),
    "HTML 5,000 deep": (
        letter("<div>" * 5000 + "hej" + "</div>" * 5000, Content_Type="text/html"),
        {"text": "hej"},
    ),
    "HTML that is cut in the middle of a tag": (
        letter("<p>Hej med dig</p><img src='http://x.example/a", Content_Type="text/html"),
        {"text": "Hej med dig"},
    ),
    "a CPR number in a sender's winmail.dat": (
        multipart((TNEF, winmail(b"Barnet er 010119-1234"))),
        {"text": "Barnet er ******-****", "masked": 1},
    ),
    "a CPR number as a name": (
        letter(From='"Bo 010119-1234" <mor@x.example>', Cc="Mor 0101191234 <far@x.example>"),
        {"sender.name": "Bo ******-****", "cc": (MailAddress("Mor ******-****", "far@x.example"),)},
    ),
    "a CPR number in the history": (
        letter("Tak\r\n\r\nDen 4. maj 2026 skrev Aula <a@x.example>:\r\n> Barnet er 010119-1234"),
        {"reply": "Tak", "folded": "******-****"},
    ),
    "a signature is folded": (
        letter("Hvordan logger man ind?\r\n\r\nMed venlig hilsen\r\nMor Mose\r\nTlf. 12345678"),
        {"reply": "Hvordan logger man ind?", "folded": "Mor Mose"},
    ),
}
