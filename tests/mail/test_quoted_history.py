# ruff: noqa: E501 - mails as they are, their long lines too
"""What somebody wrote now stands alone; quoted history and signature are folded below it, and nothing is lost."""

import pytest

from ticketing.mail.quoted import part_from_history

HISTORY_DA = (
    "Fra: Aula-support <aula@vesterkaer.example>\nSendt: 4. maj 2026 10:05\nTil: Mor Mose\nEmne: SV: Login"
)

#: name → (text of the mail, what was written now).
SAMPLES = {
    "Outlook on a desk, Danish": (
        f"Tak, det virker.\n\n{HISTORY_DA}\n\nHej Mor\nPrøv igen.",
        "Tak, det virker.",
    ),
    "Outlook on a desk, English": (
        "Thank you.\n\nFrom: Support <a@x.example>\nSent: Monday, May 4, 2026 10:05 AM\nTo: Mor\nSubject: RE: Login\n\nHello",
        "Thank you.",
    ),
    "Outlook with bold headers": (
        "Tak\n\n*Fra:* Aula <a@x.example>\n*Sendt:* 4. maj 2026 10:05\n*Til:* Mor\n*Emne:* Svar\n\nHej",
        "Tak",
    ),
    "Outlook for Mac, Danish": (
        "Tak\n\nFra: Aula <a@x.example>\nDato: mandag den 4. maj 2026 kl. 10.05\nTil: Mor\nEmne: Svar\n\nHej",
        "Tak",
    ),
    "Outlook with copies": (
        "Tak\n\nFra: Aula <a@x.example>\nSendt: 4. maj 2026 10:05\nTil: Mor\nCc: Far\nEmne: Svar\n\nHej",
        "Tak",
    ),
    "Outlook on a phone, Danish": (
        f"Det virker nu\n\nHent Outlook til iOS<https://aka.example>\n________________________________\n{HISTORY_DA}\n\nHej",
        "Det virker nu",
    ),
    "Outlook on a phone, English": (
        "Works\n\nGet Outlook for Android<https://aka.example>\n________________________________\n"
        "From: Support <a@x.example>\nSent: Monday, May 4, 2026 10:05:00 AM\nTo: Mor\nSubject: Re: Login\n\nHello",
        "Works",
    ),
    "Outlook's old marker": (
        "Tak\n\n-----Oprindelig meddelelse-----\nFra: Aula\nSendt: 4. maj 2026 10:05\nTil: Mor\n\nHej",
        "Tak",
    ),
    "Outlook's old English marker": (
        "Thanks a lot\n\n-----Original Message-----\nFrom: Support\nSent: Monday\nTo: Mor\n\nHello",
        "Thanks a lot",
    ),
    "Gmail, Danish": (
        "Tak!\n\nDen man. 4. maj 2026 kl. 10.05 skrev Aula <a@x.example>:\n\n> Hej\n> Prøv igen",
        "Tak!",
    ),
    "Gmail, Danish, the new wording": (
        "Tak!\n\nman. 4. maj 2026 kl. 10.05 skrev Aula <a@x.example>:\n> Hej\n> Prøv igen",
        "Tak!",
    ),
    "Gmail, Danish, broken over three lines": (
        "Tak!\n\nDen man. 4. maj 2026 kl. 10.05 skrev\nAula-support i Vesterkær Kommune <\na@x.example>:\n\n> Hej",
        "Tak!",
    ),
    "Gmail, English": (
        "Thanks!\n\nOn Mon, May 4, 2026 at 10:05 AM Support <a@x.example> wrote:\n\n> Hello",
        "Thanks!",
    ),
    "Gmail forwards, with a word above": (
        "Se denne.\n\n---------- Forwarded message ---------\nFra: Far <far@x.example>\nDate: man. 4. maj\n\nHjælp",
        "Se denne.",
    ),
    "Apple Mail, Danish": (
        "Det hjalp.\n\nDen 4. maj 2026 kl. 10.05 skrev Aula <a@x.example>:\n\n> Hej\n> Prøv igen\n",
        "Det hjalp.",
    ),
    "Apple Mail, English": (
        "It helped.\n\nOn 4 May 2026, at 10:05, Support <a@x.example> wrote:\n\n> Hello\n",
        "It helped.",
    ),
    "an iPhone, Danish": (
        "Ok\n\nSendt fra min iPhone\n\nDen 4. maj 2026 kl. 10.05 skrev Aula <a@x.example>:\n\n> Hej",
        "Ok",
    ),
    "an iPhone, English": (
        "Ok\n\nSent from my iPhone\n\nOn 4 May 2026, at 10:05, Support wrote:\n\n> Hello",
        "Ok",
    ),
    "Apple Mail forwards, with a word above": (
        "Hvad gør jeg her?\n\nStart på videresendt besked:\n\nFra: Far <far@x.example>\nEmne: Login\n\nHej",
        "Hvad gør jeg her?",
    ),
    "Yahoo, Danish": (
        "Super\n\nSendt fra Yahoo Mail på Android\n\nDen mandag den 4. maj 2026 kl. 10.05.12 CEST skrev Aula <a@x.example>:"
        "\n\n Hej\n Prøv igen",
        "Super",
    ),
    "Yahoo, English": (
        "Great\n\nOn Monday, May 4, 2026 at 10:05:12 AM GMT+2, Support <a@x.example> wrote:\n\n Hello",
        "Great",
    ),
    "Hotmail": (
        "Tak\n\n________________________________\nFrom: Aula <a@x.example>\nSent: Monday, May 4\nTo: Mor\nSubject: x\n\nHej",
        "Tak",
    ),
    "Samsung": (
        "Fint\n\n\nSendt fra min Samsung Galaxy smartphone.\n-------- Oprindelig besked --------\nFra: Aula <a@x.example>\n"
        "Dato: 04.05.2026 10.05 (GMT+01:00)\nTil: Mor\nEmne: Svar\n\nHej",
        "Fint",
    ),
    "Thunderbird, Danish": ("Tak\n\nDen 04.05.2026 kl. 10.05 skrev Aula:\n> Hej\n> Prøv igen", "Tak"),
    "Thunderbird, older": ("Tak\n\nAula skrev den 04-05-2026 10:05:\n> Hej\n", "Tak"),
    "Thunderbird, English": ("Thanks\n\nOn 04/05/2026 10:05, Support wrote:\n> Hello\n", "Thanks"),
    "Outlook's headers as paragraphs": (
        "Tak\n\nFra: Aula <a@x.example>\n\nSendt: 4. maj 2026 10:05\n\nTil: Mor\n\nEmne: Svar\n\nHej",
        "Tak",
    ),
    "a header without an address or a time": ("Tak\n\nFra: Aula\nTil: Mor\nEmne: Svar\n\nHej", "Tak"),
    "a header with a priority": (
        "Tak\n\nFra: Aula\nSendt: 4. maj 2026\nTil: Mor\nCc: Far\nEmne: Svar\nPrioritet: Høj\n\nHej",
        "Tak",
    ),
    "a quoted header": ("Tak\n\n> Fra: Aula <a@x.example>\n> Sendt: 4. maj 2026\n> Hej", "Tak"),
    "the time in brackets": ("Tak\n\nAula <a@x.example> skrev (4. maj 2026 10.05):\n\n> Hej", "Tak"),
    "Gmail as it was": ("Tak\n\n2026-05-04 10:05 GMT+02:00 Aula <a@x.example>:\n\n> Hej", "Tak"),
    "Norwegian": ("Takk\n\nman. 4. mai 2026 kl. 10:05 skrev Aula <a@x.example>:\n\n> Hei", "Takk"),
    "Swedish Outlook": (
        "Tack\n\nFrån: Aula <a@x.example>\nSkickat: den 4 maj 2026\nTill: Mor\nÄmne: Svar\n\nHej",
        "Tack",
    ),
    "German Outlook": (
        "Danke\n\nVon: Aula <a@x.example>\nGesendet: Montag, 4. Mai 2026\nAn: Mor\nBetreff: Svar\n\nHej",
        "Danke",
    ),
    "German Gmail": (
        "Danke\n\nAm Mo., 4. Mai 2026 um 10:05 Uhr schrieb Aula <a@x.example>:\n\n> Hej",
        "Danke",
    ),
    "På forhånd tak": ("Hvordan logger man ind?\n\nPå forhånd tak\nMor Mose", "Hvordan logger man ind?"),
    "an answer below": (
        "Den 4. maj 2026 10.05 skrev Aula <a@x.example>:\n> Hej\n> Prøv\n\nDet har jeg gjort.",
        "Det har jeg gjort.",
    ),
    "an answer below, with a signature": (
        "Den 4. maj 2026 10.05 skrev Aula <a@x.example>:\n> Hej\n\nDet har jeg gjort.\n\nMvh\nMor",
        "Det har jeg gjort.",
    ),
    "answers between": (
        "Den 4. maj 2026 10.05 skrev Aula <a@x.example>:\n> Hvilken klasse?\n\n2.b\n\n> Hvilken telefon?\n\nEn iPad\n",
        "> Hvilken klasse?\n\n2.b\n\n> Hvilken telefon?\n\nEn iPad",
    ),
    "a word above and an answer below": (
        "Se nedenfor.\n\nDen 4. maj 2026 10.05 skrev Aula <a@x.example>:\n> Hvilken klasse?\n\n2.b",
        "Se nedenfor.\n2.b",
    ),
    "a quotation whose long lines were broken": (
        "Tak\n\nDen 4. maj 2026 10.05 skrev Aula <a@x.example>:\n> Hej, prøv at logge ind igen med den nye\nadgangskode\n> og skriv",
        "Tak",
    ),
    "history within history": (
        f"Stadig ikke.\n\n{HISTORY_DA}\n\nPrøv igen\n\n{HISTORY_DA}\n\nHej\n\nDen 3. maj 2026 skrev Mor <m@x.example>:\n> Hjælp",
        "Stadig ikke.",
    ),
    "a signature after its delimiter": ("Hvordan?\n\n-- \nMor Mose\nTlf. 12345678", "Hvordan?"),
    "Med venlig hilsen": (
        "Hvordan logger man ind?\n\nMed venlig hilsen\n\nLise Lund\nPædagog\nBørnehuset\nTlf. 12 34 56 78\nwww.x.example",
        "Hvordan logger man ind?",
    ),
    "Mvh on one line": ("Kan I hjælpe mig?\nMvh. Lise, mor til Bo 2.b", "Kan I hjælpe mig?"),
    "Kind regards": ("Please help me.\n\nKind regards,\nAnna Ash", "Please help me."),
    "a long disclaimer": (
        "Tak for sidst.\n\nVenlig hilsen\nLise Lund\nTlf. 12345678\n\n"
        + "Denne mail er fortrolig og må kun læses af modtageren. " * 3,
        "Tak for sidst.",
    ),
    "signature and history": (f"Tak\n\nMvh Mor\n\n{HISTORY_DA}\n\nHej", "Tak"),
    "a device's line alone": ("Kan ikke logge ind\n\nSendt fra Outlook til Android", "Kan ikke logge ind"),
}

#: Mails in which nothing must be folded.
WHOLE = {
    "only history": "-----Oprindelig meddelelse-----\nFra: Aula\nSendt: 4. maj 2026\nTil: Mor\n\nHej",
    "only a greeting": "Med venlig hilsen\nMor",
    "only a quotation": "> Hej\n> med dig",
    "days that look like a header": "Vi er på ferie.\nFra: mandag\nTil: fredag\nKan det ses?",
    "a story of what somebody wrote": "Hej\nDen pædagog skrev sådan:\nKom i morgen\nog så gik vi",
    "a greeting that is told about": "Hej\nHilsen fra Aula vises ikke i beskeden\nJeg har prøvet to gange",
    "a question below a greeting": "Hej\nMvh Mor\nJa, og så lige: hvordan finder jeg ugeplanen?",
    "a postscript": "Det virker nu.\nMvh Mor\nPS: Kalenderen er stadig tom",
    "a line between two parts": "Første spørgsmål\n--\n"
    + "\n".join(f"Punkt {n} i en lang liste" for n in range(30)),
    "best as a word": "Hej\nBest practice er ukendt for mig\nGod dag",
    "nothing": "",
    "one word": "Ja",
    "somebody wrote twice": "Hej\nPædagogen skrev 2 gange i går:\nKom nu\nHvad gør jeg",
    "thanks before the matter": "Hej\nTak\nDet virker nu på min telefon",
    "opening hours like a header": "Fra: 8.00\nTil: 16.00\nEr der åbent",
}


@pytest.mark.parametrize("name", SAMPLES)
def test_only_what_was_written_now_is_shown(name):
    text, written = SAMPLES[name]
    reply, folded = part_from_history(text)
    assert reply == written
    assert folded


@pytest.mark.parametrize("name", [*SAMPLES, *WHOLE])
def test_no_line_is_lost_by_folding(name):
    text = SAMPLES[name][0] if name in SAMPLES else WHOLE[name]
    reply, folded = part_from_history(text)
    kept = [line for line in f"{reply}\n{folded or ''}".split("\n") if line.strip()]
    assert sorted(kept) == sorted(line for line in text.split("\n") if line.strip())


@pytest.mark.parametrize("name", WHOLE)
def test_what_is_no_history_stays(name):
    assert part_from_history(WHOLE[name]) == (WHOLE[name], None)
