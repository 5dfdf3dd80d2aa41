"""Messages as real programs and unfriendly people send them, each with what is to come out of it."""

import base64

from tests.mail.letterbox import bounce, letter, multipart
from tests.mail.nasty_files import NASTY_FILES

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40
PLAIN = "Content-Type: text/plain; charset=utf-8"
HTML = "Content-Type: text/html; charset=utf-8"


def _coded(content: bytes) -> bytes:
    return base64.encodebytes(content)


def _nested_multiparts(depth: int) -> bytes:
    body = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n' for n in range(depth))
    return b"From: a@b.example\r\nSubject: dyb\r\nMIME-Version: 1.0\r\n" + body.encode() + b"\r\nbunden"


#: name → (raw message, what must be so of the parsed one: attribute → value, or a part of it).
NASTY: dict[str, tuple[bytes, dict[str, object]]] = {
    "utf-8 without saying so": (letter("Blåbærgrød og æbler"), {"text": "Blåbærgrød og æbler"}),
    "latin-1 without saying so": (
        letter("Jeg kan ikke få adgang på skolen".encode("latin-1")),
        {"text": "få adgang på"},
    ),
    "says us-ascii, is cp1252": (
        letter("Det koster 10 € – søren".encode("cp1252"), Content_Type="text/plain; charset=us-ascii"),
        {"text": "søren", "warnings": "charset"},
    ),
    "says latin-1, is utf-8": (
        letter("Rødgrød", Content_Type="text/plain; charset=iso-8859-1"),
        {"text": "Rødgrød", "warnings": "charset"},
    ),
    "says utf-8, is latin-1": (
        letter("Rødgrød med fløde på".encode("latin-1"), Content_Type="text/plain; charset=utf-8"),
        {"text": "Rødgrød med fløde på", "warnings": "charset"},
    ),
    "a charset that does not exist": (
        letter("Rødgrød", Content_Type="text/plain; charset=klingon-8"),
        {"text": "Rødgrød", "warnings": "charset"},
    ),
    "a charset that is a program": (
        letter("eval", Content_Type="text/plain; charset=unicode_escape"),
        {"text": "eval"},
    ),
    "8-bit subject": (letter(Subject="Spørgsmål".encode("latin-1")), {"subject": "Spørgsmål"}),
    "8-bit utf-8 subject": (letter(Subject="Spørgsmål om ugeplan"), {"subject": "Spørgsmål om ugeplan"}),
    "encoded words in two pieces": (
        letter(Subject="=?utf-8?q?Sp=C3=B8rgs?=\r\n =?utf-8?q?m=C3=A5l?="),
        {"subject": "Spørgsmål"},
    ),
    "encoded words glued together": (
        letter(Subject="=?utf-8?q?Hej_?==?utf-8?q?igen?="),
        {"subject": "Hej igen"},
    ),
    "encoded word with bad base64": (letter(Subject="=?utf-8?b?####?= hej"), {"subject": "hej"}),
    "encoded word in an unknown charset": (letter(Subject="=?x-odd?q?hej?="), {"subject": "hej"}),
    "no subject": (letter(Subject=None), {"subject": ""}),
    "no From": (letter(From=None), {"sender": None, "warnings": "no sender"}),
    "From without an address": (letter(From="Mor Mose"), {"sender": None}),
    "From with two addresses": (
        letter(From="a@x.example, b@x.example"),
        {"sender.email": "a@x.example", "warnings": "more than one address"},
    ),
    "only a Sender": (letter(From=None, Sender="far@x.example"), {"sender.email": "far@x.example"}),
    "From with an unclosed quote": (letter(From='"Mor <mor@x.example>'), {"sender.email": "mor@x.example"}),
    "From with brackets in brackets": (letter(From="<<mor@x.example>>"), {"sender.email": "mor@x.example"}),
    "a comma inside an encoded name": (
        letter(From="=?utf-8?q?Mose=2C_Mor?= <mor@x.example>"),
        {"sender.email": "mor@x.example", "sender.name": "Mose, Mor"},
    ),
    "group without members as To": (letter(To="undisclosed-recipients:;"), {"to": ()}),
    "headers the library's parser raises on": (
        letter(To="=?utf-8?q?=5B?=@[", Cc="(((", Content_Type="text/plain; charset*=''%%%"),
        {"text": "ugeplanen"},
    ),
    "no Date": (letter(Date=None), {"date": None, "warnings": "no Date"}),
    "a Date that is none": (letter(Date="i går"), {"date": None, "warnings": "Date can't be read"}),
    "a Date out of range": (letter(Date="Mon, 99 May 20260 99:99:99 +9999"), {"date": None}),
    "a Date in the future": (
        letter(Received="from a by b; Mon, 4 May 2026 10:00:00 +0200", Date="Mon, 4 May 2037 10:00:00 +0200"),
        {"warnings": "later than the day"},
    ),
    "no Message-ID": (letter(Message_ID=None), {"message_id": None, "warnings": "no Message-ID"}),
    "Message-ID without brackets": (letter(Message_ID="m9@x.example"), {"message_id": "<m9@x.example>"}),
    "References over several lines": (
        letter(References="<a@x>\r\n <b@x>\r\n\t<a@x>"),
        {"references": ("<a@x>", "<b@x>")},
    ),
    "empty body": (letter(""), {"text": "", "warnings": "no text"}),
    "only headers, no empty line": (b"From: a@b.example\r\nSubject: kort", {"subject": "kort", "text": ""}),
    "bare line feeds": (letter().replace(b"\r\n", b"\n"), {"text": "Jeg kan ikke se ugeplanen."}),
    "begins with empty lines": (b"\r\n\r\n" + letter(), {"subject": "Kan ikke logge ind"}),
    "begins with a byte order mark": (b"\xef\xbb\xbf" + letter(), {"sender.email": "mor@privat.example"}),
    "an mbox line first": (
        b"From mor@privat.example Mon May 4\r\n" + letter(),
        {"subject": "Kan ikke logge ind"},
    ),
    "NUL in the text": (letter(b"hej\x00med dig"), {"text": "hejmed dig"}),
    "text that turns the reading direction": (letter("hej \u202egnp.exe"), {"text": "hej gnp.exe"}),
    "plain and HTML": (
        multipart((PLAIN, "den rene"), (HTML, "<p>den anden</p>"), kind="alternative"),
        {"text": "den rene", "attachments": ()},
    ),
    "empty plain beside the HTML": (
        multipart((PLAIN, "  "), (HTML, "<p>Hej</p><p>med dig</p>"), kind="alternative"),
        {"text": "Hej\n\nmed dig"},
    ),
    "HTML with script and style": (
        letter("<style>x{}</style><script>alert(1)</script><b>Hej</b>", Content_Type="text/html"),
        {"text": "Hej"},
    ),
    "HTML with a table and a link": (
        letter(
            '<table><tr><td>Navn<td>Bo</table><a href="https://x.example/">her</a>', Content_Type="text/html"
        ),
        {"text": "Navn Bo\nher <https://x.example/>"},
    ),
    "HTML that never closes anything": (
        letter("<div>" * 3000 + "hej" + '<a b="' * 300, Content_Type="text/html"),
        {"text": "hej"},
    ),
    "boundary that never comes": (
        letter("intet at se", MIME_Version="1.0", Content_Type='multipart/mixed; boundary="nope"'),
        {"text": "intet at se"},
    ),
    "multipart without a boundary": (
        letter("teksten", MIME_Version="1.0", Content_Type="multipart/mixed"),
        {"text": "teksten"},
    ),
    "a multipart cut off in the middle": (
        multipart((PLAIN, "begyndelsen"), ("Content-Type: image/png", PNG))[:-70],
        {"text": "begyndelsen"},
    ),
    "parts inside parts, 200 deep": (_nested_multiparts(200), {"subject": "dyb"}),
    "parts inside parts, 3000 deep": (_nested_multiparts(3000), {"subject": "dyb"}),
    "a thousand and more parts": (
        multipart(*[(PLAIN, f"del {n}") for n in range(1200)]),
        {"text": "del 0", "warnings": "beyond the limit"},
    ),
    "unknown transfer encoding": (letter("hej", Content_Transfer_Encoding="x-uue-odd"), {"text": "hej"}),
    "bad base64": (letter("aGVqIGRpZw=!=\r\n*", Content_Transfer_Encoding="base64"), {"text": "hej dig"}),
    "bad quoted-printable": (
        letter("sm=C3=B8r =ZZ", Content_Transfer_Encoding="quoted-printable"),
        {"text": "smør =ZZ"},
    ),
    "a picture that calls itself text": (
        multipart((PLAIN, "se"), ('Content-Type: text/plain; name="fejl.png"', PNG)),
        {"files": [("fejl.png", "image/png")]},
    ),
    "a program that calls itself a picture": (
        multipart((PLAIN, "se"), ('Content-Type: image/png; name="foto.png"', b"MZ\x90\x00" + b"\x00" * 60)),
        {"files": [("foto.png", "application/vnd.microsoft.portable-executable")]},
    ),
    "a file name that climbs": (
        multipart((PLAIN, "se"), ('Content-Disposition: attachment; filename="../../etc/passwd"', "x")),
        {"files": [("passwd", "text/plain")]},
    ),
    "a file name from Windows with a reversed ending": (
        multipart(
            (PLAIN, "se"), ('Content-Disposition: attachment; filename="C:\\\\u\\\\a\u202egpj.exe"', PNG)
        ),
        {"files": [("agpj.exe", "image/png")]},
    ),
    "an RFC 2231 file name": (
        multipart((PLAIN, "se"), ("Content-Disposition: attachment; filename*=utf-8''sk%C3%A6rm.png", PNG)),
        {"files": [("skærm.png", "image/png")]},
    ),
    "an encoded word as file name": (
        multipart((PLAIN, "se"), ('Content-Type: image/png; name="=?utf-8?q?sk=C3=A6rm.png?="', PNG)),
        {"files": [("skærm.png", "image/png")]},
    ),
    "a file name with a CPR number": (
        multipart((PLAIN, "se"), ('Content-Disposition: attachment; filename="010119-1234.png"', PNG)),
        {"files": [("******-****.png", "image/png")]},
    ),
    "sixty attachments": (
        multipart((PLAIN, "se"), *[(f'Content-Type: image/png; name="{n}.png"', PNG) for n in range(60)]),
        {"warnings": "left out: too many"},
    ),
    "a picture inside the HTML": (
        multipart(
            (HTML, 'se <img src="cid:1" alt="skærmbillede">'),
            ("Content-Type: image/png\r\nContent-ID: <1>", PNG),
            kind="related",
        ),
        {"text": "se [skærmbillede]", "files": [("vedhaeftning-1", "image/png")]},
    ),
    "a message inside the message": (
        multipart((PLAIN, "Se denne"), ("Content-Type: message/rfc822", letter("indre", Subject="Oprindelig"))),
        {"text": "Se denne", "files": [("Oprindelig.eml", "message/rfc822")]},
    ),
    "winmail.dat": (
        multipart(
            (PLAIN, "se"),
            ('Content-Type: application/ms-tnef; name="winmail.dat"', _coded(b"\x78\x9f\x3e\x22")),
        ),
        {"warnings": "winmail.dat"},
    ),
    "a calendar invitation": (
        multipart(
            (PLAIN, "Møde"),
            ("Content-Type: text/calendar; method=REQUEST", "BEGIN:VCALENDAR\r\n"),
            kind="alternative",
        ),
        {"text": "Møde", "files": [("invitation.ics", "text/calendar")], "warnings": "calendar"},
    ),
    "an encrypted message": (
        multipart(("Content-Type: application/pgp-encrypted", "Version: 1"), kind="encrypted"),
        {"warnings": "encrypted"},
    ),
    "CPR number in subject and text": (
        letter("Barnet er 010119-1234", Subject="Vedr. 0101191234"),
        {"subject": "Vedr. ******-****", "text": "Barnet er ******-****", "masked": 2},
    ),
    "Danish Outlook history": (
        letter("Tak\r\n\r\nFra: Aula <a@x.example>\r\nSendt: 4. maj 2026 10:05\r\nTil: Mor\r\nEmne: Svar\r\n"),
        {"reply": "Tak"},
    ),
    "Danish Gmail history over two lines": (
        letter(
            "Tak\r\n\r\nDen man. 4. maj 2026 kl. 10.05 skrev Aula <\r\na@x.example>:\r\n\r\n> Hej\r\n> med dig"
        ),
        {"reply": "Tak"},
    ),
    "English history": (
        letter("Thanks\r\n\r\nOn Mon, May 4, 2026 at 10:05 AM Support <a@x.example> wrote:\r\n> Hello"),
        {"reply": "Thanks"},
    ),
    "history first, answer below": (
        letter("Den 4. maj 2026 10.05 skrev Aula <a@x.example>:\r\n> Hej\r\n\r\nMit svar"),
        {"reply": "Mit svar"},
    ),
    "nothing but history": (
        letter("-----Oprindelig meddelelse-----\r\nFra: a@x.example\r\nSendt: i går\r\n\r\nHej"),
        {"reply": "Oprindelig meddelelse", "folded": None},
    ),
    "a parent who writes like a header": (
        letter("Vi er på ferie.\r\nFra: mandag\r\nTil: fredag\r\nKan det ses i Aula?"),
        {"reply": "Kan det ses i Aula?", "folded": None},
    ),
    "a parent who tells what somebody wrote": (
        letter("Hej\r\nDen pædagog skrev sådan:\r\nKom i morgen\r\nHvad gør jeg?"),
        {"reply": "Hvad gør jeg?", "folded": None},
    ),
    "HTML history in a blockquote": (
        letter(
            "<p>Tak</p><div>Den 4. maj 2026 10.05 skrev Aula:<blockquote>Hej</blockquote></div>",
            Content_Type="text/html",
        ),
        {"reply": "Tak", "folded": "> Hej"},
    ),
    "automatic reply by header": (
        letter(Auto_Submitted="auto-replied (vacation)"),
        {"auto_response.kind": "reply"},
    ),
    "automatic reply by subject": (letter(Subject="Ikke til stede: Din mail"), {"auto_response.kind": "reply"}),
    "English automatic reply by subject": (
        letter(Subject="Automatic reply: Hello"),
        {"auto_response.kind": "reply"},
    ),
    "a question about automatic replies": (
        letter(Subject="Automatisk svar virker ikke i Aula"),
        {"auto_response": None},
    ),
    "a person's answer to an automatic reply": (
        letter(Subject="SV: Automatisk svar: Hej"),
        {"auto_response": None},
    ),
    "Auto-Submitted: no": (letter(Auto_Submitted="no"), {"auto_response": None}),
    "newsletter": (letter(List_Unsubscribe="<https://x.example>"), {"auto_response.kind": "list"}),
    "empty return path": (letter(Return_Path="<>"), {"auto_response.kind": "bounce"}),
    "delivery report": (
        bounce("<receipt.1@vesterkaer.example>"),
        {"auto_response.kind": "bounce", "delivery.original_message_id": "<receipt.1@vesterkaer.example>"},
    ),
    "a report that is cut off": (bounce("<a@b>")[:420], {"auto_response.kind": "bounce"}),
    "failed authentication": (
        letter(Authentication_Results="mx.example; spf=softfail; dkim=none; dmarc=fail"),
        {"auth.failed": True, "auth.dmarc": "fail"},
    ),
    "authentication results written by the sender below our own": (
        letter(
            Authentication_Results="mx.example; dmarc=fail\r\nAuthentication-Results: mx.example; dmarc=pass"
        ),
        {"auth.dmarc": "fail"},
    ),
    "a header line of 100,000 characters": (letter(Subject="x" * 100_000), {"text": "ugeplanen"}),
    "ten thousand addresses": (
        letter(To=", ".join(f"a{n}@x.example" for n in range(10_000))),
        {"text": "ugeplanen"},
    ),
    "a text of 2 MB": (letter("ord " * 500_000), {"warnings": "longer than can be shown"}),
    "80,000 empty lines": (letter("hej" + "\r\n" * 80_000 + "On " * 10_000), {"text": "hej"}),
} | NASTY_FILES
