"""The headers that every answer carries: what a page may load, and who may keep a copy of it."""

from flask import Flask, Response, request

#: No page has a script or a style of its own in it, so no nonce is needed: only our own files run.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def register(app: Flask) -> None:
    """Puts the headers on every answer of `app`."""
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    # The status page's address is the requester's secret: it must not travel on in a Referer. Not
    # "no-referrer", since the CSRF check over https reads our own.
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "geolocation=(), payment=(), usb=()")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if request.endpoint == "static":
        headers["Cache-Control"] = "public, max-age=3600"
    else:
        # Shared tablets stand in the rooms: "back" after signing out must show nothing.
        headers["Cache-Control"] = "no-store"
    return response
