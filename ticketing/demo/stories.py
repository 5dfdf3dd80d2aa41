"""What people ask about Aula: made-up questions over every category, each with the rung that can answer it."""

from dataclasses import dataclass

from ticketing.vocabulary import Affected, RequesterRole, Rung, Sector

EVERYWHERE = (Sector.SKOLE, Sector.DAGTILBUD, Sector.DAGPLEJE)
SCHOOL = (Sector.SKOLE,)
CARE = (Sector.DAGTILBUD, Sector.DAGPLEJE)
PARENT, EMPLOYEE, PUPIL = RequesterRole.PARENT, RequesterRole.EMPLOYEE, RequesterRole.PUPIL


@dataclass(frozen=True)
class Story:
    """A question, the lowest rung that can answer it, and the answer. `weight` says how common it is."""

    title: str
    body: str
    category: str
    asker: RequesterRole
    ends_at: Rung
    answer: str
    sectors: tuple[Sector, ...] = EVERYWHERE
    affected: Affected = Affected.ONE
    vendor: str | None = None
    weight: int = 3


STORIES = (
    Story(
        "Kan ikke logge på efter ny telefon",
        "Far har fået ny telefon og kommer ikke længere ind i appen. Han har MitID.",
        "LOGIN",
        PARENT,
        Rung.EMPLOYEE,
        "Forældre logger på med MitID. Vælg MitID på forsiden i stedet for Unilogin, så virker det.",
        weight=8,
    ),
    Story(
        "Eleven har glemt sin kode",
        "Elev kan ikke komme på i timen og har prøvet tre gange.",
        "LOGIN",
        PUPIL,
        Rung.EMPLOYEE,
        "Koden er nulstillet, og eleven har fået den på papir.",
        SCHOOL,
        weight=6,
    ),
    Story(
        "Hvor er mine sendte beskeder?",
        "Mor leder efter en mappe med det, hun selv har skrevet.",
        "BESKED",
        PARENT,
        Rung.EMPLOYEE,
        "Aula samler beskeder i tråde. Din egen besked står i tråden.",
        weight=6,
    ),
    Story(
        "Får 40 notifikationer om dagen",
        "Jeg har slået alt fra, men der kommer stadig mails.",
        "NOTIF",
        PARENT,
        Rung.SUPERUSER,
        "Der er to steder at slå fra: i appen og på mail. Begge er nu vist og slået fra.",
        weight=5,
    ),
    Story(
        "Klassebilledet kan ikke deles",
        "Der mangler samtykke fra tre hjem. Kan vi sætte fluebenet for dem?",
        "SAMTYKKE",
        EMPLOYEE,
        Rung.SUPERUSER,
        "Nej, kun forældremyndigheden kan give samtykke. Send dem påmindelsen fra oversigten.",
        SCHOOL,
    ),
    Story(
        "Lander altid i forældreprofilen",
        "Jeg har selv barn på skolen og ser kun forældresiden, når jeg logger på.",
        "LOGIN",
        EMPLOYEE,
        Rung.SUPERUSER,
        "Skift profil øverst til højre. Så husker Aula dit valg.",
        weight=5,
    ),
    Story(
        "Hvordan laver jeg en aftale med tilmelding?",
        "Vi vil have forældrene til at vælge en tid til samtaler.",
        "KALENDER",
        EMPLOYEE,
        Rung.SUPERUSER,
        "Brug skolehjemsamtale-typen, så vælger hjemmet selv. Vejledningen er sendt.",
        weight=6,
    ),
    Story(
        "Ny kollega kan ikke se gruppen",
        "Hun startede mandag og mangler stadig børnegruppen.",
        "GRUPPE",
        EMPLOYEE,
        Rung.ADMINISTRATOR,
        "Rollen manglede i brugeradministrationen. Den er rettet og slår igennem i nat.",
        weight=5,
    ),
    Story(
        "Forældrerådsgruppen er tom efter sommerferien",
        "Efter årsskiftet er der ingen medlemmer i gruppen.",
        "GRUPPE",
        EMPLOYEE,
        Rung.ADMINISTRATOR,
        "Gruppen er oprettet igen og har sine medlemmer.",
        affected=Affected.GROUP,
    ),
    Story(
        "Kan ikke se mit ene barn",
        "Mor kan se lillesøster, men ikke storebror efter flytningen.",
        "STAMDATA",
        PARENT,
        Rung.ADMINISTRATOR,
        "Kontaktpersonen var ikke flyttet med. Det er rettet, og barnet vises i morgen.",
        weight=4,
    ),
    Story(
        "Hvem må se opslag om barnet?",
        "Mor spørger, hvem der har adgang til barnets opslag.",
        "FAMILIE",
        PARENT,
        Rung.ADMINISTRATOR,
        "Adgangen er gennemgået med hjemmet og står rigtigt.",
        weight=1,
    ),
    Story(
        "Sygemeldingen forsvinder",
        "Mor har meldt syg to gange, men vi ser intet.",
        "FRAVAER",
        PARENT,
        Rung.ADMINISTRATOR,
        "Fraværsmodulet manglede en rettighed. Det virker nu.",
        SCHOOL,
        weight=3,
    ),
    Story(
        "Skemaet er tomt i næste uge",
        "Hele årgangen mangler skema.",
        "SKEMA",
        EMPLOYEE,
        Rung.ADMINISTRATOR,
        "Skemaet er overført igen og kan ses nu.",
        SCHOOL,
        affected=Affected.GROUP,
        vendor="skema",
        weight=2,
    ),
    Story(
        "Ugeplanen er blank",
        "Siden i går viser ugeplanen ingenting for nogen.",
        "WIDGET",
        EMPLOYEE,
        Rung.ADMINISTRATOR,
        "Leverandøren har rettet fejlen. Ugeplanen vises igen.",
        SCHOOL,
        affected=Affected.INSTITUTION,
        vendor="widget",
        weight=2,
    ),
    Story(
        "Kan ikke registrere et gæstebarn",
        "Gæstebarnet findes ikke på listen i dag.",
        "KOMGA",
        EMPLOYEE,
        Rung.SUPERUSER,
        "Barnet lægges ind under gæster på komme/gå. Det er gjort sammen.",
        CARE,
        weight=5,
    ),
    Story(
        "Skærmen til komme/gå er sort",
        "Skærmen i garderoben starter ikke, og forældrene står i kø.",
        "TEKNIK",
        EMPLOYEE,
        Rung.SERVICEDESK,
        "Skærmen er genstartet og opdateret. Den kører igen.",
        CARE,
        affected=Affected.INSTITUTION,
    ),
    Story(
        "Kan ikke åbne sikre filer på tabletten",
        "Den beder om ekstra login og fejler hver gang.",
        "TEKNIK",
        EMPLOYEE,
        Rung.SERVICEDESK,
        "Tabletten manglede et certifikat. Det er lagt på.",
        weight=3,
    ),
    Story(
        "Appen findes ikke i butikken",
        "Mor er i udlandet og kan ikke hente appen.",
        "APP",
        PARENT,
        Rung.EMPLOYEE,
        "Brug aula.dk i telefonens browser, til I er hjemme.",
        weight=3,
    ),
    Story(
        "Besked, opslag eller kalender?",
        "Teamet gør det forskelligt. Hvad har vi aftalt?",
        "ORG",
        EMPLOYEE,
        Rung.LEADER,
        "Vi følger kommunikationsagendaen: opslag til alle, besked til den enkelte.",
        weight=2,
    ),
    Story(
        "Ønske: skjul gamle album",
        "Vi vil gerne kunne skjule album fra sidste år.",
        "OENSKE",
        EMPLOYEE,
        Rung.PROJECT,
        "Ønsket er samlet op og sendt videre.",
        weight=2,
    ),
    Story(
        "Besked sendt til forkert forælder",
        "En besked om et barn er sendt til en anden families forælder. Opdaget i dag.",
        "BRUD",
        EMPLOYEE,
        Rung.ADMINISTRATOR,
        "Bruddet er anmeldt, beskeden er slettet, og familien har fået besked.",
        weight=1,
    ),
    Story(
        "Billeder vender forkert",
        "Billeder fra kameraet ligger ned i albummet.",
        "FILER",
        EMPLOYEE,
        Rung.SUPERUSER,
        "Drej dem på telefonen, før de lægges op. Så vender de rigtigt.",
        weight=3,
    ),
)
