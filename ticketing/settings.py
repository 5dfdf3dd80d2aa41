"""All settings, read once from the environment into one typed object. Secrets come from nowhere else."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).parent
CHECKOUT = PACKAGE.parent


class SettingsError(Exception):
    """An environment variable is missing or unusable; the text says which and what is expected."""


@dataclass(frozen=True)
class AttachmentLimits:
    """What a mail may bring along: how many files, how large one is, and all of them together."""

    files: int = 50
    file_bytes: int = 25 * 1024 * 1024
    all_bytes: int = 50 * 1024 * 1024


@dataclass(frozen=True)
class Settings:
    """What a process needs to know of its surroundings."""

    database_url: str
    data_dir: Path
    config_dir: Path
    secret_key: str
    base_url: str
    smtp_host: str
    smtp_port: int
    smtp_user: str | None
    smtp_password: str | None
    smtp_starttls: bool
    embedded_worker: bool
    secure_cookies: bool
    trusted_proxies: int
    attachments: AttachmentLimits = AttachmentLimits()
    #: "tcp://host:port" or "unix:/path"; None: files are not scanned.
    clamd: str | None = None
    #: The mail servers whose Authentication-Results count; empty: the topmost, whoever it names.
    trusted_mail_hosts: frozenset[str] = frozenset()


def read_settings(environ: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `environ` (names begin with TICKETING_). Raises `SettingsError`.

    Without TICKETING_SECRET_KEY a key is made once and kept, readable by the owner only, in the data
    folder: right for one host; several hosts must share one from the environment.
    """
    data_dir = Path(environ.get("TICKETING_DATA", str(Path.cwd() / "var"))).resolve()
    data_dir.mkdir(parents=True, exist_ok=True)
    database_url = environ.get("TICKETING_DATABASE", f"sqlite:///{data_dir / 'ticketing.db'}")
    if database_url.startswith(("postgresql://", "postgres://")):
        database_url = "postgresql+psycopg://" + database_url.split("://", 1)[1]
    return Settings(
        database_url=database_url,
        data_dir=data_dir,
        config_dir=Path(environ.get("TICKETING_CONFIG", str(shipped("config")))),
        secret_key=environ.get("TICKETING_SECRET_KEY") or _kept_key(data_dir / "secret_key"),
        base_url=environ.get("TICKETING_BASE_URL", "http://127.0.0.1:8080").rstrip("/"),
        smtp_host=environ.get("TICKETING_SMTP_HOST", ""),
        smtp_port=_number(environ, "TICKETING_SMTP_PORT", 25),
        smtp_user=environ.get("TICKETING_SMTP_USER"),
        smtp_password=environ.get("TICKETING_SMTP_PASSWORD"),
        smtp_starttls=_switch(environ, "TICKETING_SMTP_STARTTLS", default=False),
        embedded_worker=_switch(environ, "TICKETING_EMBEDDED_WORKER", default=True),
        secure_cookies=_switch(environ, "TICKETING_SECURE_COOKIES", default=False),
        trusted_proxies=_number(environ, "TICKETING_TRUSTED_PROXIES", 0),
        attachments=read_attachment_limits(environ),
        clamd=_scanner(environ),
        trusted_mail_hosts=read_trusted_mail_hosts(environ),
    )


def read_attachment_limits(environ: Mapping[str, str] = os.environ) -> AttachmentLimits:
    """The limits from `environ`; sizes are given in MB. Raises `SettingsError`."""
    megabyte = 1024 * 1024
    return AttachmentLimits(
        files=_number(environ, "TICKETING_MAIL_FILES", 50),
        file_bytes=_number(environ, "TICKETING_MAIL_FILE_MB", 25) * megabyte,
        all_bytes=_number(environ, "TICKETING_MAIL_ALL_FILES_MB", 50) * megabyte,
    )


def read_trusted_mail_hosts(environ: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The names by which our mail servers call themselves in Authentication-Results (RFC 8601 §2.5), in lower
    case; "-" stands for a server that gives no name. Raises `SettingsError`."""
    names = environ.get("TICKETING_TRUSTED_MAIL_HOSTS", "").lower().replace(",", " ").split()
    for name in names:
        if not re.fullmatch(r"-|[a-z0-9][a-z0-9._-]{0,252}", name):
            raise SettingsError(
                f"TICKETING_TRUSTED_MAIL_HOSTS must be host names apart by commas, not {name!r}"
            )
    return frozenset(names)


def shipped(folder: str) -> Path:
    """`folder` ("config" or "templates") as it travels: beside the package in a checkout, inside it in
    an installed wheel."""
    inside = PACKAGE / "shipped" / folder
    return inside if inside.is_dir() else CHECKOUT / folder


def _kept_key(path: Path) -> str:
    try:
        # O_EXCL decides which of several starting processes makes the key.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(handle, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(48)
        file.write(key)
    return key


def _scanner(environ: Mapping[str, str]) -> str | None:
    address = environ.get("TICKETING_CLAMD") or None
    if address is not None and not re.fullmatch(r"tcp://[^\s/]+:[0-9]{1,5}|unix:/\S+", address):
        raise SettingsError(f"TICKETING_CLAMD must be tcp://HOST:PORT or unix:/PATH, not {address!r}")
    return address


def _number(environ: Mapping[str, str], name: str, default: int) -> int:
    raw = environ.get(name)
    if raw is None:
        return default
    if not raw.isascii() or not raw.isdigit():
        raise SettingsError(f"{name} must be a whole number, not {raw!r}")
    return int(raw)


def _switch(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    raw = environ.get(name)
    if raw is None:
        return default
    if raw not in ("0", "1"):
        raise SettingsError(f"{name} must be 0 or 1, not {raw!r}")
    return raw == "1"
