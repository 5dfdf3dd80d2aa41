"""A server that speaks the messages of Exchange Web Services which we use, as their documentation gives them;
the real exchangelib talks to it.

It has: GetFolder, FindFolder (by name), FindItem (by InternetMessageId), GetItem with MimeContent, UpdateItem
(IsRead), MoveItem (the id changes, as it does in Exchange), CreateItem (SendOnly) and SyncFolderItems with
sync state. It knows basic authentication and bearer tokens. It can be too busy (ErrorServerBusy with
BackOffMilliseconds, 429 and 503 with Retry-After), cut a connection in the middle and give small batches.

Not covered: NTLM's handshake, autodiscover, versions older than 2016, permissions of a folder's own,
restrictions other than the two above, paging, and the time that Exchange takes to deliver.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from tests.mail.servers.certificates import Certificates
from tests.mail.servers.store import Store, Stored
from tests.mail.servers.web import Answer, Faults, Request, web_server

T = "{http://schemas.microsoft.com/exchange/services/2006/types}"
M = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
LOGIN, PASSWORD = "VESTERKAER\\aula", "hemmeligt-kodeord"
ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"'
    ' xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Header>'
    '<t:ServerVersionInfo MajorVersion="15" MinorVersion="1" MajorBuildNumber="2507" MinorBuildNumber="6"'
    ' Version="V2017_07_11"/></s:Header><s:Body>{}</s:Body></s:Envelope>'
)


class EwsServer:
    """One mailbox behind one login."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.faults = Faults()
        self.url = ""
        self.page_size = 512
        self.forgets = False
        #: Bearer tokens that are good now.
        self.tokens: set[str] = set()

    def answer(self, request: Request) -> Answer:
        fault = self.faults.next_for(request)
        if fault is not None and not fault.cut:
            return fault
        if not self._knows(request.headers.get("Authorization") or ""):
            return Answer(401, headers={"WWW-Authenticate": 'Basic realm="ews"'})
        body = ElementTree.fromstring(request.body).find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
        assert body is not None
        call = body[0]
        name = call.tag.removeprefix(M)
        with self.store.lock:
            messages = getattr(self, f"_{name}")(call)
        made = f"<m:{name}Response><m:ResponseMessages>{messages}</m:ResponseMessages></m:{name}Response>"
        return Answer(
            200,
            ENVELOPE.format(made).encode(),
            {"Content-Type": "text/xml; charset=utf-8"},
            cut=fault is not None,
        )

    def _knows(self, proof: str) -> bool:
        given = base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()
        return proof == f"Basic {given}" or proof.removeprefix("Bearer ") in self.tokens

    def _GetFolder(self, call: ElementTree.Element) -> str:  # noqa: N802 - the operation's name
        made = ""
        for one in call.find(f"{M}FolderIds") or ():
            owner = one.find(f"{T}Mailbox/{T}EmailAddress")
            if owner is not None and owner.text and owner.text.lower() != self.store.address.lower():
                made += _failed("GetFolder", "ErrorNonExistentMailbox", "The SMTP address has no mailbox.")
            else:
                made += _done("GetFolder", f"<m:Folders>{self._shown_folder(one.get('Id') or '')}</m:Folders>")
        return made

    def _FindFolder(self, call: ElementTree.Element) -> str:  # noqa: N802
        parent = next(iter(call.find(f"{M}ParentFolderIds") or ())).get("Id")
        wanted = _constant(call)
        parent = "root" if parent in ("msgfolderroot", "root") else parent
        found = [name for name, (shown, its) in self.store.folders.items() if its == parent and shown == wanted]
        inside = "".join(self._shown_folder(name) for name in found)
        return _done(
            "FindFolder",
            f'<m:RootFolder TotalItemsInView="{len(found)}" IncludesLastItemInRange="true">'
            f"<t:Folders>{inside}</t:Folders></m:RootFolder>",
        )

    def _FindItem(self, call: ElementTree.Element) -> str:  # noqa: N802
        folder = next(iter(call.find(f"{M}ParentFolderIds") or ())).get("Id") or ""
        wanted = _constant(call)
        found = [one for one in self.store.inside(folder) if one.message_id == wanted]
        inside = "".join(f"<t:Message>{_shown_id(one)}</t:Message>" for one in found)
        return _done(
            "FindItem",
            f'<m:RootFolder TotalItemsInView="{len(found)}" IncludesLastItemInRange="true">'
            f"<t:Items>{inside}</t:Items></m:RootFolder>",
        )

    def _SyncFolderItems(self, call: ElementTree.Element) -> str:  # noqa: N802
        folder = next(iter(call.find(f"{M}SyncFolderId") or ())).get("Id") or ""
        state = call.findtext(f"{M}SyncState")
        if state and self.forgets:
            self.forgets = False
            failed = _failed(
                "SyncFolderItems", "ErrorInvalidSyncStateData", "The sync state data is not valid."
            )
            still = "<m:SyncState/><m:IncludesLastItemInRange>true</m:IncludesLastItemInRange></m:Sync"
            return failed.replace("</m:Sync", still)
        after = int(base64.b64decode(state).decode()) if state else 0
        size = min(int(call.findtext(f"{M}MaxChangesReturned") or 0), self.page_size)
        found = self.store.inside(folder, after)
        page = found[:size]
        upto = page[-1].came if page else after
        new_state = base64.b64encode(str(upto).encode()).decode()
        last = "true" if len(found) <= size else "false"
        changes = "".join(f"<t:Create><t:Message>{_shown(one)}</t:Message></t:Create>" for one in page)
        return _done(
            "SyncFolderItems",
            f"<m:SyncState>{new_state}</m:SyncState><m:IncludesLastItemInRange>{last}"
            f"</m:IncludesLastItemInRange><m:Changes>{changes}</m:Changes>",
        )

    def _GetItem(self, call: ElementTree.Element) -> str:  # noqa: N802
        return "".join(self._each("GetItem", call, lambda one: f"<t:Message>{_whole(one)}</t:Message>"))

    def _UpdateItem(self, call: ElementTree.Element) -> str:  # noqa: N802
        name = next(call.iter(f"{T}ItemId")).get("Id") or ""
        assert next(call.iter(f"{T}IsRead")).text in ("true", "1")
        if name not in self.store.messages:
            return _not_found("UpdateItem")
        self.store.mark_read(name)
        shown = f"<t:Message>{_shown_id(self.store.messages[name])}</t:Message>"
        return _done("UpdateItem", f"<m:Items>{shown}</m:Items>")

    def _MoveItem(self, call: ElementTree.Element) -> str:  # noqa: N802
        target = next(iter(call.find(f"{M}ToFolderId") or ())).get("Id") or ""

        def moved(one: Stored) -> str:
            self.store.move(one.id, target)
            again = self.store.messages.pop(one.id)
            renamed = replace(again, id=f"{one.id}x")
            self.store.messages[renamed.id] = renamed
            return f"<t:Message>{_shown_id(renamed)}</t:Message>"

        return "".join(self._each("MoveItem", call, moved))

    def _CreateItem(self, call: ElementTree.Element) -> str:  # noqa: N802
        assert call.get("MessageDisposition") == "SendOnly"
        for content in call.iter(f"{T}MimeContent"):
            self.store.hand_in(base64.b64decode(content.text or ""))
        return _done("CreateItem", "<m:Items/>")

    def _each(self, name: str, call: ElementTree.Element, make) -> Iterator[str]:
        for one in list(call.iter(f"{T}ItemId")):
            found = self.store.messages.get(one.get("Id") or "")
            yield _done(name, f"<m:Items>{make(found)}</m:Items>") if found else _not_found(name)

    def _shown_folder(self, name: str) -> str:
        shown, parent = {
            "root": ("Root", "none"),
            "msgfolderroot": ("Toppen", "root"),
        }.get(name) or self.store.folders[name]
        return (
            f'<t:Folder><t:FolderId Id="{name}" ChangeKey="k"/><t:ParentFolderId Id="{parent}" ChangeKey="k"/>'
            f"<t:FolderClass>IPF.Note</t:FolderClass><t:DisplayName>{escape(shown)}</t:DisplayName>"
            f"<t:TotalCount>{len(self.store.inside(name))}</t:TotalCount>"
            "<t:ChildFolderCount>0</t:ChildFolderCount><t:UnreadCount>0</t:UnreadCount></t:Folder>"
        )


@contextmanager
def ews_server(address: str, certificates: Certificates | None = None) -> Iterator[EwsServer]:
    """A server for as long as the block lasts."""
    server = EwsServer(Store(address))
    with web_server(server.answer, certificates) as url:
        server.url = f"{url}/EWS/Exchange.asmx"
        yield server


def busy(seconds: int, operation: str = "GetItem") -> Answer:
    """ErrorServerBusy as a SOAP fault, with the time that Exchange asks for."""
    fault = (
        "<s:Fault><faultcode>a:ErrorServerBusy</faultcode><faultstring>The server cannot service this request "
        "right now. Try again later.</faultstring><detail>"
        '<e:ResponseCode xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">ErrorServerBusy'
        '</e:ResponseCode><e:Message xmlns:e="http://schemas.microsoft.com/exchange/services/2006/errors">'
        "The server cannot service this request right now.</e:Message><t:MessageXml>"
        f'<t:Value Name="BackOffMilliseconds">{seconds * 1000}</t:Value></t:MessageXml></detail></s:Fault>'
    )
    return Answer(500, ENVELOPE.format(fault).encode(), {"Content-Type": "text/xml; charset=utf-8"})


def _constant(call: ElementTree.Element) -> str:
    return next((one.get("Value") or "" for one in call.iter(f"{T}Constant")), "")


def _shown_id(one: Stored) -> str:
    return f'<t:ItemId Id="{one.id}" ChangeKey="k{one.came}"/>'


def _shown(one: Stored) -> str:
    received = one.received.strftime("%Y-%m-%dT%H:%M:%SZ")
    read = "true" if one.is_read else "false"
    return f"{_shown_id(one)}<t:DateTimeReceived>{received}</t:DateTimeReceived><t:IsRead>{read}</t:IsRead>"


def _whole(one: Stored) -> str:
    content = base64.b64encode(one.raw).decode()
    return f'<t:MimeContent CharacterSet="UTF-8">{content}</t:MimeContent>{_shown_id(one)}'


def _done(name: str, inside: str) -> str:
    return (
        f'<m:{name}ResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>{inside}'
        f"</m:{name}ResponseMessage>"
    )


def _failed(name: str, code: str, said: str) -> str:
    return (
        f'<m:{name}ResponseMessage ResponseClass="Error"><m:MessageText>{said}</m:MessageText>'
        f"<m:ResponseCode>{code}</m:ResponseCode><m:DescriptiveLinkKey>0</m:DescriptiveLinkKey>"
        f"</m:{name}ResponseMessage>"
    )


def _not_found(name: str) -> str:
    return _failed(name, "ErrorItemNotFound", "The specified object was not found in the store.")
