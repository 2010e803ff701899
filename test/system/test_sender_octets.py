"""Octets that mail must not hold, or holds as BINARYMIME alone, while the sender is checked: refused, or checked as they are."""

import smtplib

import pytest

dkim = pytest.importorskip("dkim", reason="python3-dkim is not installed")
from limits import TIMEOUT  # noqa: E402
from senders import Sender, make_partner, results, send  # noqa: E402


@pytest.fixture
def partner(road):
    return make_partner(road)


@pytest.fixture
def company(road, tmp_path):
    made = Sender(road, tmp_path, "reject")
    road.publish()
    return made


def send_binary(server, company, raw):
    """By BDAT, in two chunks that part it in the middle; the last reply."""
    with smtplib.SMTP(server.address, server.smtp_port, local_hostname="mail.sender.example", source_address=(company.address, 0), timeout=TIMEOUT) as client:
        client.ehlo()
        assert client.docmd("MAIL", f"FROM:<alice@{company.domain}> BODY=BINARYMIME")[0] == 250
        assert client.docmd("RCPT", "TO:<bob@partner.example>")[0] == 250
        first, second = raw[:len(raw) // 2], raw[len(raw) // 2:]
        client.send(b"BDAT %d\r\n" % len(first) + first)
        assert client.getreply()[0] == 250
        client.send(b"BDAT %d LAST\r\n" % len(second) + second)
        return client.getreply()


SPOILT = {"NUL in the body": (b"How are", b"How\0are"), "bare CR in the body": (b"How are", b"How\rare"), "bare LF in the body": (b"How are", b"How\nare"),
          "NUL in the header": (b"Subject: H", b"Subject: \0H"), "bare CR in the header": (b"Subject: H", b"Subject: \rH")}


@pytest.mark.parametrize("what", list(SPOILT))
def test_what_text_must_not_hold_is_refused(partner, company, what):
    """Not by the check, which sees it all the same; and the check of the next message knows nothing of it."""
    raw = company.sign(company.mail("Hello", signed=False).replace(*SPOILT[what]))
    code, text = send(partner, company.address, f"alice@{company.domain}", raw)
    assert code in (550, 554) and b"5.7.26" not in text, (code, text)
    mark = partner.mark()
    assert send(partner, company.address, f"alice@{company.domain}", company.mail("Next"))[0] == 250
    assert partner.wait_event("sender-checked", since=mark).fields["dkim"] == "pass"


@pytest.mark.parametrize("body", [b"a\0b\0\0\r\n", b"a\rb\r\r\n", bytes(b for b in range(256) if b != 10) * 100 + b"\r\n"])
def test_binary_mail_is_checked_as_it_came(partner, company, body):
    """RFC 3030, RFC 6376 section 3.4: all octets of a body are signed, whatever they are."""
    head = company.mail("Binary", signed=False, MIME_Version="1.0", Content_Type="application/octet-stream", Content_Transfer_Encoding="binary")
    raw = company.sign(head.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body)
    mark = partner.mark()
    assert send_binary(partner, company, raw)[0] == 250
    seen = partner.wait_event("sender-checked", since=mark).fields
    assert (seen["dkim"], seen["dmarc"], seen["spf"]) == ("pass", "pass", "pass")
    assert "dkim=pass" in results(partner.messages("bob@partner.example")[-1])
    mark = partner.mark()
    changed = raw[:-3] + bytes([raw[-3] ^ 1]) + raw[-2:]
    assert send_binary(partner, company, changed)[0] == 250
    assert partner.wait_event("sender-checked", since=mark).fields["dkim"] == "fail"


def test_a_header_is_text_also_of_binary_mail(partner, company):
    raw = company.mail("Binary", signed=False, MIME_Version="1.0").replace(b"Subject: B", b"Subject: \0B")
    code, text = send_binary(partner, company, company.sign(raw))
    assert code in (550, 554), (code, text)
