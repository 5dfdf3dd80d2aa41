"""One module a protocol, all behind `Gateway`. A protocol's library is only read when it is used."""

from importlib import import_module

from ticketing.mail.gateways.gateway import Batch, Gateway, GatewayError, Refused, Trouble
from ticketing.mail.mailboxes import Mailbox, Protocol

_MODULES = {
    Protocol.IMAP: "ticketing.mail.gateways.imap:ImapGateway",
    Protocol.GRAPH: "ticketing.mail.gateways.graph:GraphGateway",
    Protocol.EXCHANGE: "ticketing.mail.gateways.exchange:ExchangeGateway",
}


def open_gateway(mailbox: Mailbox) -> Gateway:
    """The gateway of `mailbox`; it connects when first used."""
    module, name = _MODULES[mailbox.protocol].split(":")
    gateway: Gateway = getattr(import_module(module), name)(mailbox)
    return gateway


__all__ = ["Batch", "Gateway", "GatewayError", "Refused", "Trouble", "open_gateway"]
