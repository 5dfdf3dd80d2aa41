"""How exchangelib is told to sign in, to verify the server and to try only once."""

from datetime import UTC
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import exchangelib
import requests
from exchangelib import errors
from exchangelib.protocol import BaseProtocol, FailFast
from exchangelib.version import EXCHANGE_2016
from oauthlib.oauth2 import OAuth2Token

from ticketing.mail.gateways.gateway import PATIENCE_SECONDS
from ticketing.mail.gateways.network import secret_of, tls
from ticketing.mail.gateways.token import token
from ticketing.mail.mailboxes import Mailbox, SignIn


class _Once(FailFast):  # type: ignore[misc]  # the library has no types
    """Tries once, and hands on what the server asks for when it has too much to do."""

    def raise_response_errors(self, response: requests.Response) -> None:
        """Also 429, which the library does not know."""
        if response.status_code in (429, 503):
            asked = response.headers.get("Retry-After", "")
            raise errors.ErrorServerBusy(
                f"HTTP {response.status_code}", back_off=int(asked) if asked.isdigit() else None
            )
        super().raise_response_errors(response)


class _Adapter(requests.adapters.HTTPAdapter):
    """Verifies with the authority of that server's mailbox, where one is configured. The library takes one
    class for all servers."""

    authorities: dict[str, Path] = {}  # noqa: RUF012 - one for the process, as the class is

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """As the library's own."""
        super().cert_verify(conn, url, self._authority(url, verify), cert)

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """As the library's own."""
        ours = self._authority(str(request.url), verify)
        return super().get_connection_with_tls_context(request, ours, proxies, cert)

    def _authority(self, url: str, verify: Any) -> Any:
        ours = self.authorities.get(urlsplit(url).netloc)
        return str(ours) if ours is not None else verify


BaseProtocol.HTTP_ADAPTER_CLS = _Adapter
BaseProtocol.TIMEOUT = PATIENCE_SECONDS


def account(mailbox: Mailbox) -> Any:
    """The library's account for `mailbox`; it connects when first used. Raises `GatewayError`."""
    place = urlsplit(mailbox.server).netloc
    if mailbox.ca_file is not None:
        tls(mailbox.ca_file)  # says plainly when the file can't be used
        _Adapter.authorities[place] = mailbox.ca_file
    else:
        _Adapter.authorities.pop(place, None)
    if mailbox.sign_in is SignIn.OAUTH:
        access = OAuth2Token({"access_token": token(mailbox, scope(mailbox)), "token_type": "Bearer"})
        credentials = exchangelib.OAuth2AuthorizationCodeCredentials(access_token=access)
        auth_type = exchangelib.OAUTH2
    else:
        credentials = exchangelib.Credentials(mailbox.login, secret_of(mailbox))
        auth_type = exchangelib.NTLM if mailbox.sign_in is SignIn.NTLM else exchangelib.BASIC
    configuration = exchangelib.Configuration(
        service_endpoint=mailbox.server,
        credentials=credentials,
        auth_type=auth_type,
        version=exchangelib.Version(build=EXCHANGE_2016),
        retry_policy=_Once(),
    )
    # An application by itself has no mailbox: it acts for the one it reads. A person was given access to it.
    by_itself = mailbox.sign_in is SignIn.OAUTH
    return exchangelib.Account(
        mailbox.address,
        config=configuration,
        autodiscover=False,
        access_type=exchangelib.IMPERSONATION if by_itself else exchangelib.DELEGATE,
        default_timezone=exchangelib.EWSTimeZone.from_timezone(UTC),
    )


def scope(mailbox: Mailbox) -> str:
    """What a token for the server is asked for with."""
    parts = urlsplit(mailbox.server)
    return f"{parts.scheme}://{parts.netloc}/.default"
