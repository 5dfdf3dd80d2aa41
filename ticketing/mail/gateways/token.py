"""Tokens of Microsoft's identity platform for an application by itself (client credentials), through msal."""

import hashlib
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import msal
import requests

from ticketing.mail.gateways.gateway import PATIENCE_SECONDS, GatewayError, Trouble
from ticketing.mail.gateways.network import on_the_way, secret_of
from ticketing.mail.mailboxes import LOGIN, Mailbox

_ONE_AT_A_TIME = threading.Lock()
#: What passes by itself; all else is a matter of configuration, like a wrong secret.
_TEMPORARY = frozenset({"temporarily_unavailable", "server_error"})


def token(mailbox: Mailbox, scope: str, *, fresh: bool = False) -> str:
    """An access token for `scope`, kept in memory until shortly before it expires; `fresh`: a new one, since
    the server did not take the last. Raises `GatewayError`."""
    secret = secret_of(mailbox)
    with _ONE_AT_A_TIME:
        try:
            application = _application(mailbox, hashlib.sha256(secret.encode()).hexdigest())
            if fresh:
                application.remove_tokens_for_client()
            answer: dict[str, Any] = application.acquire_token_for_client([scope])
        except (requests.RequestException, OSError) as error:
            raise on_the_way(error) from error
        except ValueError as error:  # msal's word for a tenant or authority that does not exist
            raise GatewayError(Trouble.CREDENTIALS, str(error)) from error
    if "access_token" not in answer:
        kind = Trouble.BUSY if answer.get("error") in _TEMPORARY else Trouble.CREDENTIALS
        raise GatewayError(kind, f"{answer.get('error')}: {answer.get('error_description', '')}")
    return str(answer["access_token"])


@lru_cache(maxsize=128)
def _application(mailbox: Mailbox, _secret_digest: str) -> msal.ConfidentialClientApplication:
    return msal.ConfidentialClientApplication(
        mailbox.client_id,
        client_credential=mailbox.secret(),
        authority=f"{mailbox.authority}/{mailbox.tenant}",
        # Microsoft's own list of authorities does not know a sovereign cloud's or a test's.
        instance_discovery=None if mailbox.authority == LOGIN else False,
        http_client=_Client(mailbox.ca_file),
    )


class _Client(requests.Session):
    """What msal asks with: patient for so long, and our authority stands over one in the environment."""

    def __init__(self, ca_file: Path | None) -> None:
        super().__init__()
        self._ours: dict[str, Any] = {"timeout": PATIENCE_SECONDS}
        if ca_file is not None:
            self._ours["verify"] = str(ca_file)

    def request(self, *args: Any, **named: Any) -> requests.Response:
        """As the library's own."""
        return super().request(*args, **{**named, **self._ours})
