"""What the tests of mail on its way share: sending as a user does, reading reports, and the books of what was sent and what became of it."""

import email
import email.policy
import re
import smtplib
import threading
import time

from server import TIMEOUT, field, wait_for


class Refused(Exception):
    pass


def owner(address):
    """Whose mailbox it is: "alice+1@..." is alice's too."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def submit(server, sender, recipients, message=None, mail_options=(), rcpt_options=(), service="submission"):
    """As a mail program does, with a login. The id under which the server keeps it."""
    recipients = [recipients] if isinstance(recipients, str) else recipients
    if message is None:
        message = f"From: {sender}\r\nTo: {', '.join(recipients)}\r\nSubject: hello\r\n\r\nhello\r\n"
    message = message.encode() if isinstance(message, str) else message
    with server.smtp(service, login=owner(sender) if service != "smtp" else None) as client:
        client.ehlo()
        steps = [lambda: client.mail(sender, list(mail_options)),
                 *(lambda r=r: client.rcpt(r, list(rcpt_options)) for r in recipients),
                 lambda: client.data(message)]
        for step in steps:
            reply = step()
            if reply[0] not in (250, 251):
                raise Refused(reply)
        return reply[1].split()[-1].decode()


def fields_of(part):
    """The groups of fields in a delivery-status part, which the library knows in its older form only (RFC 6533 has another)."""
    inner = part.get_payload()
    text = "\n\n".join(block.as_string().strip() for block in inner) if isinstance(inner, list) else part.get_payload(decode=True).decode()
    groups = re.split(r"\r?\n\r?\n", text.strip())
    return [{k.lower(): v for k, v in email.message_from_string(group, policy=email.policy.default).items()} for group in groups]


class Report:
    """A delivery status notification (RFC 3464), taken apart strictly."""

    def __init__(self, raw):
        self.raw = raw
        self.message = email.message_from_bytes(raw, policy=email.policy.default)
        assert self.message.get_content_type() == "multipart/report", self.message.get_content_type()
        assert self.message.get_param("report-type") == "delivery-status"
        assert field(raw, "Return-Path") == b"<>", "a report's own sender is null"
        assert field(raw, "Auto-Submitted").startswith(b"auto-")
        parts = list(self.message.iter_parts())
        self.text = parts[0].get_content()
        status = parts[1]
        assert status.get_content_type() in ("message/delivery-status", "message/global-delivery-status")
        blocks = fields_of(status)
        self.about, self.recipients = blocks[0], blocks[1:]
        self.returned = parts[2].as_string() if len(parts) > 2 else ""

    def of(self, address):
        found = [r for r in self.recipients if r["final-recipient"].partition(";")[2].strip() == address
                 or r.get("original-recipient", "").partition(";")[2].strip() == address]
        assert len(found) == 1, f"{address} is named {len(found)} times:\n{self.raw.decode(errors='replace')}"
        return found[0]


def wait_report(server, address, count=1, timeout=TIMEOUT):
    """The reports in the mailbox, once there are so many. Looked for there, since that is where its owner looks."""
    return [Report(raw) for raw in wait_mail(server, address, count, timeout)]


def wait_mail(server, address, count=1, timeout=TIMEOUT):
    found = []

    def look():
        found[:] = server.messages(owner(address))
        return len(found) >= count
    wait_for(look, timeout, f"{count} messages for {address}", pause=0.1)
    return found


class Books:
    """
    What was acknowledged, and what became of it. Each message has a token of its own in Subject and Message-ID, by which it is known again
    wherever it turns up: in a mailbox, at a scripted host, or in the returned header of a report.
    """

    TOKEN = re.compile(rb"token-(\d+)-(\d+)")

    def __init__(self):
        self.lock = threading.Lock()
        self.accepted, self.unknown, self.number = {}, set(), 0

    def token(self):
        with self.lock:
            self.number += 1
            return f"token-{id(self)}-{self.number}"

    def message(self, token, sender, recipients, size=1000):
        text = f"From: <{sender}>\r\nTo: <{'>, <'.join(recipients)}>\r\nSubject: {token}\r\nMessage-ID: <{token}@books.example>\r\n\r\n"
        return (text + "x" * 70 + "\r\n" * 1).encode() + b"".join(b"%070d\r\n" % i for i in range(size // 72))

    def send(self, connect, sender, recipients, size=1000):
        """One message over a connection made by `connect`; whether it was acknowledged. What was broken off before the answer is unknown."""
        token = self.token()
        at_end = False
        try:
            with connect() as client:
                client.ehlo()
                taken = []
                if client.mail(sender)[0] != 250:
                    return False
                for recipient in recipients:
                    if client.rcpt(recipient)[0] in (250, 251):
                        taken.append(recipient)
                if not taken:
                    return False
                at_end = True
                good = client.data(self.message(token, sender, recipients, size))[0] == 250
                if good:
                    with self.lock:
                        self.accepted[token.encode()] = (sender, taken)
                at_end = False
                return good
        except (OSError, smtplib.SMTPException):
            if at_end:
                with self.lock:
                    self.unknown.add(token.encode())
            return False

    def tokens(self, raws):
        """Of each of these messages, the token in its header (or, of a report, in what it returns)."""
        found = []
        for raw in raws:
            match = self.TOKEN.search(raw)
            if match:
                found.append(match[0])
        return found

    def check(self, arrived, told):
        """
        arrived, told: {recipient: [token, ...]}. Every recipient of every acknowledged message has it, or its sender was told, and not
        both. Gives the number of duplicates, which the caller judges.
        """
        missing, both, duplicates, invented = [], [], 0, []
        for token, (_, recipients) in self.accepted.items():
            for recipient in recipients:
                here, there = arrived.get(recipient, []).count(token), told.get(recipient, []).count(token)
                if here + there == 0:
                    missing.append((token, recipient))
                if here and there:
                    both.append((token, recipient))
                duplicates += max(0, here - 1) + max(0, there - 1)
        for recipient, tokens in arrived.items():
            invented += [token for token in set(tokens) if token not in self.accepted and token not in self.unknown]
        assert not missing, f"{len(missing)} of {len(self.accepted)} acknowledged messages are lost: {missing[:5]}"
        assert not both, f"arrived, and reported as failed: {both[:5]}"
        assert not invented, f"arrived, though refused: {invented[:5]}"
        return duplicates

