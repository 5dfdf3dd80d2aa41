"""What somebody can do about a mail server's trouble, in plain English, by protocol where that differs."""

from ticketing.mail.gateways import Trouble
from ticketing.mail.mailboxes import Mailbox, Protocol, SignIn

_PROTOCOLS = {
    (Trouble.CREDENTIALS, Protocol.IMAP): "Check login ({login}) and the password in {variable}. Does the "
    "server want the whole address as the name, an app password, or OAuth instead of a password?",
    (Trouble.CREDENTIALS, Protocol.GRAPH): "Check tenant, client_id and the client secret in {variable}; "
    "secrets of an app registration run out, its page in Entra says when.",
    (Trouble.CREDENTIALS, Protocol.EXCHANGE): "Check login ({login}, for NTLM as DOMAIN\\name), the secret in "
    "{variable}, and that sign_in ({sign_in}) is switched on for the EWS virtual directory.",
    (Trouble.PERMISSION, Protocol.IMAP): "The account {login} may not do this. Give it the right to read, "
    "write and move in the folder, and to send as {address}.",
    (Trouble.PERMISSION, Protocol.GRAPH): "Give the application the roles Application Mail.ReadWrite and "
    "Application Mail.Send over this mailbox (docs/mail.md). A change may take an hour or two to be in force.",
    (Trouble.PERMISSION, Protocol.EXCHANGE): "Give {login} Full Access and Send As for {address} (with OAuth: "
    "the role ApplicationImpersonation for this mailbox).",
    (Trouble.UNREACHABLE, Protocol.IMAP): "Check the host names and ports ({server}, {smtp}), and that the "
    "firewall lets this machine through to them.",
    (Trouble.ANSWER, Protocol.GRAPH): "It answered something unexpected. Check `server` ({server}), and that "
    "no proxy answers in its place.",
    (Trouble.ANSWER, Protocol.EXCHANGE): "It answered something unexpected. Check that `server` ({server}) "
    "ends in /EWS/Exchange.asmx, and that no proxy answers in its place.",
}
_USUAL = {
    Trouble.SECRET: "Set the environment variable {variable} for this command and for the worker.",
    Trouble.CREDENTIALS: "Check the secret in {variable}.",
    Trouble.CERTIFICATE: "The server's certificate is not trusted, or is for another name or out of date. Is "
    "{server} the name in the certificate? For an authority of your own set ca_file to its certificate.",
    Trouble.SECURITY: "No TLS could be agreed on. Does `security` fit the port: tls for 993 and 465, starttls "
    "for 143 and 587?",
    Trouble.PERMISSION: "Ask the mail administrator to give the account access to {address}.",
    Trouble.FOLDER: "Check the address and the names of folder, quarantine_folder and handled_folder, or make "
    "the folder in the mailbox. A folder in a folder is written with / between.",
    Trouble.UNREACHABLE: "Check `server` ({server}), and that the firewall lets this machine through to it.",
    Trouble.TIMEOUT: "The server does not answer. A firewall that drops what it does not let through looks "
    "like this; check the port and ask for it to be opened.",
    Trouble.BUSY: "The server has too much to do or limits us. Try again in a while; the worker waits as long "
    "as it was asked to.",
    Trouble.ANSWER: "The server answered something unexpected. Is it this kind of mail server?",
}


def advice(trouble: Trouble, mailbox: Mailbox) -> str:
    """What to do about `trouble` at `mailbox`."""
    if trouble is Trouble.CREDENTIALS and mailbox.sign_in is SignIn.OAUTH:
        text = _PROTOCOLS[trouble, Protocol.GRAPH]
    else:
        text = _PROTOCOLS.get((trouble, mailbox.protocol)) or _USUAL[trouble]
    return text.format(
        login=mailbox.login,
        address=mailbox.address,
        variable=mailbox.secret_variable,
        sign_in=mailbox.sign_in,
        server=mailbox.server,
        smtp=mailbox.smtp_server or "no smtp_server",
    )
