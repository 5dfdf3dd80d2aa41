"""Dovecot, the IMAP server of Debian's package dovecot-imapd, as a process of its own without privileges.

Anybody may sign in with PASSWORD and has a mailbox of their own. It listens on 127.0.0.1 with and without
TLS, offers IDLE and MOVE, and takes tokens (XOAUTH2) that a token-info service knows. Not covered: quotas,
shared namespaces and servers that lack UIDPLUS.
"""

import getpass
import imaplib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from imap_tools.utils import encode_folder

from tests.mail.servers.certificates import Certificates

PASSWORD = "hemmelig-æble"
QUARANTINE = "Karantæne"
START_SECONDS = 15

CONFIGURATION = """
base_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 0
first_valid_gid = 0
mail_uid = {uid}
mail_gid = {gid}
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
# Nobody waits after another test's wrong password.
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Behandlet {{
    auto = create
  }}
  mailbox {quarantine} {{
    auto = create
  }}
}}
"""

TOKENS = """
auth_mechanisms = plain login xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
"""


class Dovecot:
    """A running server. `port` without TLS, `tls_port` with it."""

    def __init__(self, folder: Path, certificates: Certificates, token_info: str | None = None) -> None:
        self.folder = folder
        self.port, self.tls_port = free_port(), free_port()
        user = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwnam(getpass.getuser())
        mail = folder / "mail"
        mail.mkdir()
        os.chown(mail, user.pw_uid, user.pw_gid)
        text = CONFIGURATION.format(
            folder=folder,
            user=user.pw_name,
            group=_group(user.pw_gid),
            uid=user.pw_uid,
            gid=user.pw_gid,
            port=self.port,
            tls_port=self.tls_port,
            certificate=certificates.certificate,
            key=certificates.key,
            password=PASSWORD,
            quarantine=QUARANTINE,
        )
        if token_info is not None:
            text += TOKENS.format(folder=folder)
            (folder / "oauth2.conf").write_text(
                f"tokeninfo_url = {token_info}/?token=\nintrospection_mode =\nusername_attribute = email\n"
                "active_attribute = active\nactive_value = yes\n",
                encoding="utf-8",
            )
        (folder / "dovecot.conf").write_text(text, encoding="utf-8")
        self.start()

    def start(self) -> None:
        """Starts it, also again after `stop`, and waits until it answers."""
        program = shutil.which("dovecot", path=f"{os.environ['PATH']}:/usr/sbin")
        assert program, "the mail tests need Dovecot. On Debian: sudo apt-get install dovecot-imapd"
        self._process = subprocess.Popen(
            [program, "-F", "-c", str(self.folder / "dovecot.conf")],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        give_up = time.monotonic() + START_SECONDS
        while time.monotonic() < give_up and self._process.poll() is None:
            try:
                imaplib.IMAP4("127.0.0.1", self.port, timeout=5).shutdown()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError(f"Dovecot does not answer:\n{self.log()[-3000:]}")

    def stop(self) -> None:
        """Ends it and its children."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=10)

    def log(self) -> str:
        """What it has written of itself."""
        file = self.folder / "log"
        return file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""


class MailUser:
    """A person's own mail program, signed in to one of Dovecot's mailboxes."""

    def __init__(self, server: Dovecot, login: str) -> None:
        self.client = imaplib.IMAP4("127.0.0.1", server.port, timeout=10)
        self.client.authenticate("PLAIN", lambda _: f"\0{login}\0{PASSWORD}".encode())
        self.client.select()

    def receive(self, *raws: bytes, folder: str = "INBOX", flags: str = "") -> None:
        """Mail arrives."""
        for raw in raws:
            status, said = self.client.append(name(folder), flags, None, raw)  # type: ignore[arg-type]  # no date: now
            assert status == "OK", said

    def flags(self, folder: str = "INBOX") -> list[str]:
        """The flags of each message of `folder`, in order, without \\Recent."""
        self._open(folder)
        _, found = self.client.uid("FETCH", "1:*", "(FLAGS)")
        kept = [one.decode() for one in found if isinstance(one, bytes)]
        return [text.split("FLAGS (", 1)[1].split(")")[0].replace(r"\Recent", "").strip() for text in kept]

    def bodies(self, folder: str = "INBOX") -> list[bytes]:
        """The messages of `folder`, whole; looking does not mark them."""
        self._open(folder)
        _, found = self.client.uid("FETCH", "1:*", "(BODY.PEEK[])")
        return [part[1] for part in found if isinstance(part, tuple)]

    def mark(self, number: int, flag: str) -> None:
        """Sets `flag` on the message `number` (1 …) of INBOX."""
        self._open("INBOX")
        self.client.store(str(number), "+FLAGS", f"({flag})")

    def close(self) -> None:
        self.client.logout()

    def _open(self, folder: str) -> None:
        status, said = self.client.select(name(folder))
        assert status == "OK", said


def name(folder: str) -> str:
    """A folder's name as IMAP writes it."""
    return bytes(encode_folder(folder)).decode("ascii")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def dovecot(folder: Path, certificates: Certificates, token_info: str | None = None) -> Iterator[Dovecot]:
    """A server for as long as the block lasts."""
    # Not below the test's own folder: that is closed to others, and Dovecot gives up its privileges.
    server = Dovecot(folder, certificates, token_info)
    try:
        yield server
    finally:
        server.stop()


def _group(gid: int) -> str:
    import grp

    return grp.getgrgid(gid).gr_name
