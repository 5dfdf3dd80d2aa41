"""Pages for when something goes wrong: what happened, whether anything is lost, what to do now."""

import werkzeug.exceptions
from flask import Flask, render_template
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from ticketing.accounts.queries import NotFound


def register(app: Flask) -> None:
    """Gives `app` a Danish page for each error that a person can meet."""
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(NotFound, _not_found)


def _stale_form(_error: CSRFError) -> tuple[str, int]:
    return _page(400, _("Siden har stået for længe"), _stale_text())


def _stale_text() -> str:
    return _("Gå tilbage, genindlæs siden og send igen. Det, du har skrevet, ligger stadig i feltet.")


def _not_found(_error: Exception) -> tuple[str, int] | HTTPException:
    return _http_error(werkzeug.exceptions.NotFound())


def _http_error(error: HTTPException) -> tuple[str, int] | HTTPException:
    if error.code is None or error.code < 400:
        return error
    headings = {
        400: (_("Det kunne ikke læses"), _("Gå tilbage og prøv igen.")),
        403: (
            _("Det har du ikke adgang til"),
            _("Siden hører til en anden rolle. Spørg din leder, hvis du mangler adgang."),
        ),
        404: (_("Siden findes ikke"), _("Adressen er forkert, eller sagen er ikke en, du kan se.")),
        405: (_("Det kan man ikke her"), _("Gå tilbage og prøv igen.")),
        409: (
            _("En anden var hurtigere"),
            _("Sagen er ændret, siden du åbnede den. Åbn den igen, og se hvad der er sket."),
        ),
        413: (_("Filen er for stor"), _("Vælg en mindre fil, eller tag et billede af skærmen i stedet.")),
        429: (_("Lidt for hurtigt"), _("Der er sendt for meget herfra på kort tid. Vent et par minutter.")),
    }
    unexpected = (
        _("Noget gik galt hos os"),
        _("Intet er gemt halvt. Gå tilbage og prøv igen; sker det igen, så ring til IT ServiceDesk."),
    )
    heading, text = headings.get(error.code, unexpected)
    return _page(error.code, heading, text)


def _page(code: int, heading: str, text: str) -> tuple[str, int]:
    return render_template("error.html", heading=heading, text=text), code
