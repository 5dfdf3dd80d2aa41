"""What went wrong on the way to a server, whichever library met it; and TLS as we want it."""

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

from ticketing.mail.gateways.gateway import GatewayError, Trouble
from ticketing.mail.mailboxes import Mailbox

#: A server that asks for more than this is not believed.
LONGEST_WAIT = timedelta(hours=6)


def tls(ca_file: Path | None) -> ssl.SSLContext:
    """Verifies name and chain, with the authorities of `ca_file` instead of the system's where it is given.
    Raises `GatewayError` when that file can't be used."""
    try:
        return ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
    except OSError as error:
        raise GatewayError(Trouble.CERTIFICATE, f"ca_file {ca_file} can't be used: {error}") from error


def secret_of(mailbox: Mailbox) -> str:
    """The mailbox's secret. Raises `GatewayError` when its variable is not set."""
    try:
        return mailbox.secret()
    except KeyError:
        raise GatewayError(
            Trouble.SECRET, f"the environment variable {mailbox.secret_variable} is not set"
        ) from None


def on_the_way(error: BaseException) -> GatewayError:
    """`error`, met while talking to a server, as what it means: found in the chain of what caused it."""
    chain = list(_chain(error))
    for kind, trouble in (
        (ssl.SSLCertVerificationError, Trouble.CERTIFICATE),
        (ssl.SSLError, Trouble.SECURITY),
        (TimeoutError, Trouble.TIMEOUT),
        (socket.gaierror, Trouble.UNREACHABLE),
    ):
        for one in chain:
            if isinstance(one, kind):
                return GatewayError(trouble, str(one) or type(one).__name__)
    if any("timeout" in type(one).__name__.lower() for one in chain):
        return GatewayError(Trouble.TIMEOUT, str(error) or type(error).__name__)
    return GatewayError(Trouble.UNREACHABLE, f"{type(error).__name__}: {error}")


def retry_after(value: str | None, now: datetime | None = None) -> timedelta | None:
    """What a Retry-After header (RFC 9110 §10.2.3) asks for: seconds, or a date measured from `now`."""
    if not value:
        return None
    try:
        wait = timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        try:
            until = parsedate_to_datetime(value)
        except (ValueError, TypeError):
            return None
        if now is None:
            return None
        wait = until.replace(tzinfo=until.tzinfo or UTC) - now
    return min(max(wait, timedelta()), LONGEST_WAIT)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        # urllib3 hands the cause on as an argument or as `reason`.
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
