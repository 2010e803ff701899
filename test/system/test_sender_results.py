"""Who sent it, as values: kept with the message, told in sentences and as JSON by `postrider message show`, and found out by `postrider verify`."""

import json

from senders import Sender, send
from test_sender import partner  # noqa: F401 (a fixture)


def shown(server, mailbox, *options):
    return server.cli("message", "show", "bob@partner.example", mailbox, *options).stdout.decode()


def test_what_was_found_is_kept_with_the_message(road, partner, tmp_path):  # noqa: F811
    company = Sender(road, tmp_path, "reject")
    road.publish()
    assert send(partner, company.address, f"alice@{company.domain}", company.mail("Genuine"))[0] == 250
    kept = json.loads(shown(partner, "INBOX", "--json"))
    sender = kept["sender"]
    assert kept["uid"] == 1 and kept["message"]["subject"] == "Genuine"
    assert sender["standing"] == "proven" and sender["action"] == "delivered" and "override" not in sender
    assert sender["mailFrom"] == f"alice@{company.domain}"
    assert sender["dmarc"] == sender["dmarc"] | {
        "result": "pass", "author": company.domain, "policyDomain": company.domain, "policy": "reject", "record": "v=DMARC1; p=reject",
        "alignedSpf": True, "alignedDkim": True, "provenBy": company.domain}
    assert sender["spf"] == sender["spf"] | {
        "result": "pass", "domain": company.domain, "record": f"v=spf1 ip4:{company.address} -all", "term": f"ip4:{company.address}"}
    assert [(s["result"], s["domain"], s["selector"], s["keyBits"]) for s in sender["dkim"]] == [("pass", company.domain, "s1", 2048)]
    assert sender["client"]["address"] == company.address and sender["client"]["helo"] == "mail.sender.example"
    text = shown(partner, "INBOX")
    assert text.startswith(f"This message is proven to come from {company.domain}.\nDMARC  pass ")
    assert "\nSubject  Genuine\n" in text and text.endswith("How are you?\n")


def test_forged_mail_says_so_wherever_it_goes(road, partner, tmp_path):  # noqa: F811
    company = Sender(road, tmp_path, "quarantine")
    road.publish()
    forged = company.mail("Doubtful", signed=False)
    assert send(partner, road.address(), f"x@{company.domain}", forged)[0] == 250
    text = shown(partner, "Junk")
    assert text.startswith(f"Nothing proves that this message comes from {company.domain}, which its From field names; that domain wants "
                           "such mail treated with suspicion. It was put into Junk for that.\n")
    assert "\nSPF    fail " in text and "\nDKIM   none       Nobody has signed the message.\n" in text


def test_what_was_not_checked_is_said_to_be_so(road, partner, tmp_path):  # noqa: F811
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "1.eml").write_bytes(b"From: a@b.example\r\nSubject: Old\r\n\r\nText\r\n")
    partner.cli("mailbox", "import", "bob@partner.example", tmp_path / "old")
    assert json.loads(shown(partner, "old", "1", "--json"))["sender"] is None
    assert shown(partner, "old").startswith("Who sent this message was not checked when it came.\n")
    done = partner.cli("message", "show", "bob@partner.example", "old", "2", status=66)
    assert b"old has no such message" in done.stderr
    partner.cli("message", "show", "bob@partner.example", "nowhere", status=66)
    partner.cli("message", "show", "bob@partner.example", "old", "0", status=64)


def verify(server, raw, *options, status=0):
    return json.loads(server.cli("verify", "-", "--json", *options, input=raw, status=status).stdout)


def test_a_file_is_verified(road, partner, tmp_path):  # noqa: F811
    company, other = Sender(road, tmp_path, "reject"), Sender(road, tmp_path, None)
    road.publish()
    raw = company.mail("Genuine")
    file = tmp_path / "genuine.eml"
    file.write_bytes(b"From someone Thu Jan  1 00:00:00 1970\n" + raw.replace(b"\r\n", b"\n"))
    text = partner.cli("verify", file).stdout.decode()
    assert text.startswith(f"This message is proven to come from {company.domain}.\nDMARC  pass       The signature of {company.domain} proves it.")
    assert "\nSPF    none       This was not checked: the host's address is not known.\n" in text
    found = verify(partner, raw, "--ip", company.address, "--mail-from", f"alice@{company.domain}", "--helo", "mail.sender.example")
    assert found["standing"] == "proven" and found["spf"]["result"] == "pass" and found["dmarc"]["alignedSpf"] and found["dmarc"]["alignedDkim"]
    # Changed on the way, without a host that SPF could be asked about: nobody knows. With one it is forged, or was passed on by another.
    changed = raw.replace(b"How are you?", b"Pay at once.")
    assert verify(partner, changed, status=66)["dkim"][0]["result"] == "fail"
    forged = verify(partner, changed, "--ip", other.address, "--mail-from", f"x@{other.domain}", status=65)
    assert forged["standing"] == "unproven" and forged["spf"]["result"] == "pass" and not forged["dmarc"]["alignedSpf"]
    # Who brought it, as the server that delivered it wrote it down.
    kept = b"Return-Path: <alice@" + company.domain.encode() + b">\r\n" + changed
    assert verify(partner, kept, "--ip", company.address)["mailFrom"] == f"alice@{company.domain}"
    assert verify(partner, other.mail("No policy"), status=66)["dmarc"]["result"] == "none"
    partner.cli("verify", tmp_path / "nothing.eml", status=66)
    partner.cli("verify", file, "--ip", "somewhere", status=64)
    partner.cli("verify", file, "--helo", "mail.sender.example", status=64)


def test_verifying_needs_no_server_but_answers(road, partner, tmp_path):  # noqa: F811
    company = Sender(road, tmp_path, "reject")
    road.publish()
    partner.stop()
    assert verify(partner, company.mail("Genuine"))["standing"] == "proven"
    road.dns.rule(f"_dmarc.{company.domain}", "servfail")
    try:
        found = verify(partner, company.mail("Genuine"), status=75)
    finally:
        road.dns.clear()
    assert found["standing"] == "later" and found["dmarc"]["noAnswerFor"] == company.domain
