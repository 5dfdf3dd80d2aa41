"""The wording of the mails to requesters and colleagues: plain Danish, and English for those who asked in
English. `{…}` is filled in by `notices`."""

from ticketing.vocabulary import Rung

SUBJECTS = {
    "da": {
        "receipt": "[{number}] Vi har fået dit spørgsmål",
        "answer": "[{number}] Svar på dit spørgsmål",
        "question": "[{number}] Vi mangler et svar fra dig",
        "solved": "[{number}] Dit spørgsmål er løst",
        "notice": "[{number}] {what}",
    },
    "en": {
        "receipt": "[{number}] We have received your question",
        "answer": "[{number}] An answer to your question",
        "question": "[{number}] We need an answer from you",
        "solved": "[{number}] Your question has been solved",
        "notice": "[{number}] {what}",
    },
}

BODIES = {
    "da": {
        "receipt": """Hej{name}

Vi har fået dit spørgsmål om Aula. Det har nummer {number}.
Det er nu hos {holder}.

Se, hvor langt vi er: {status_url}

Vil du tilføje noget? Så svar på denne mail. Skriv ikke CPR-nummer i mailen.
""",
        "answer": """Hej{name}

{text}

Har du mere at spørge om? Så svar på denne mail.
Se din sag {number}: {status_url}
""",
        "question": """Hej{name}

For at hjælpe dig videre mangler vi svar på dette:

{text}

Svar på denne mail. Skriv ikke CPR-nummer i mailen.
Se din sag {number}: {status_url}
""",
        "solved": """Hej{name}

{text}

Vi regner dit spørgsmål for løst. Er det ikke det? Så svar på denne mail inden 14 dage.
Se din sag {number}: {status_url}
""",
        "notice": """{what}: {number}

Se den her: {item_url}
""",
        "link_only": "Svaret er fortroligt. Læs det her: {status_url}",
        "reminder": "Vi venter på dit svar for at kunne hjælpe dig.",
        "gives_up": "Vi har ikke hørt fra dig i ti dage og lukker sagen. "
        "Svar på denne mail, så åbner vi den igen.",
        "sign_off": "Venlig hilsen\n{municipality}, Aula-support",
    },
    "en": {
        "receipt": """Hello{name}

We have received your question about Aula. Its number is {number}.
It is now with {holder}.

See how far we are: {status_url}

Do you want to add something? Then reply to this mail. Please don't write a CPR number in it.
""",
        "answer": """Hello{name}

{text}

Do you have more to ask? Then reply to this mail.
See your question {number}: {status_url}
""",
        "question": """Hello{name}

To help you further we need an answer to this:

{text}

Please reply to this mail. Don't write a CPR number in it.
See your question {number}: {status_url}
""",
        "solved": """Hello{name}

{text}

We take your question to be solved. If it is not, reply to this mail within 14 days.
See your question {number}: {status_url}
""",
        "notice": """{what}: {number}

See it here: {item_url}
""",
        "link_only": "The answer is confidential. Read it here: {status_url}",
        "reminder": "We are waiting for your answer so that we can help you.",
        "gives_up": "We have not heard from you for ten days and close your question. "
        "Reply to this mail and we open it again.",
        "sign_off": "Kind regards\n{municipality}, Aula support",
    },
}

#: Several notices to a colleague in one mail (staff read Danish).
DIGEST = {
    "subject": "{notices} beskeder om {items} sager",
    "urgent": "Haster: ",
    "opening": "Her er, hvad der er sket siden sidst, samlet i én mail.",
    "heading": "{what} ({count})",
    "more": "og {count} til. Se dem i din kø.",
}

#: Who has it, by role and never by name.
HOLDERS = {
    "da": {
        Rung.EMPLOYEE: "en medarbejder ({unit})",
        Rung.SUPERUSER: "superbrugeren ({unit})",
        Rung.ADMINISTRATOR: "administratoren ({unit})",
        Rung.LEADER: "lederen ({unit})",
        Rung.PROJECT: "projektgruppen ({unit})",
        Rung.SERVICEDESK: "IT ServiceDesk ({unit})",
        Rung.VENDOR: "leverandøren",
    },
    "en": {
        Rung.EMPLOYEE: "a member of staff ({unit})",
        Rung.SUPERUSER: "the superuser ({unit})",
        Rung.ADMINISTRATOR: "the administrator ({unit})",
        Rung.LEADER: "the leader ({unit})",
        Rung.PROJECT: "the project group ({unit})",
        Rung.SERVICEDESK: "the IT service desk ({unit})",
        Rung.VENDOR: "the vendor",
    },
}
