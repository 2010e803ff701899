"""Mail on its way from server to server, over the small internet of test/support/net.py, with nothing broken."""

import email
import email.policy
import signal
import smtplib

import pytest

import foreign
from hosts import EXTENSIONS
from road import Refused, Report, submit, wait_mail, wait_report
from server import field, split_message, wait_for

ALICE, BOB = "alice@provider.example", "bob@partner.example"


# ---- whole ways ----


def test_home_user_to_provider_to_company_to_mailbox_to_pop3(road, provider):
    company = road.postrider("mx.partner.example", "partner.example", ["bob"])
    road.publish()
    text = f"From: Alice <{provider.sender}>\r\nTo: bob@partner.example\r\nSubject: Grüße\r\n\r\nvon weit her\r\n.\r\nEnde\r\n".encode()
    mark = provider.mark()
    ident = submit(provider, provider.sender, BOB, text, ["BODY=8BITMIME", "SMTPUTF8"])
    raw = wait_mail(company, BOB)[0]
    assert raw.endswith("von weit her\r\n.\r\nEnde\r\n".encode())
    fields = split_message(raw)[0]
    assert [value for name, value in fields if name == "return-path"] == [f"<{provider.sender}>".encode()]
    received = [value for name, value in fields if name == "received"]
    assert len(received) == 2 and b"by mx.partner.example" in received[0] and b"from mx.provider.example" in received[0]
    assert b"by mx.provider.example" in received[1]
    event = provider.wait_event("relay-delivered", since=mark, recipient=BOB)
    assert event.id == ident and event.fields["host"] == "mx.partner.example" and event.fields["reply"].startswith("250 ")
    assert "TLSv1.3" in event.fields["tls"]


def test_local_and_remote_recipients_of_one_message(road, provider, company):
    road.publish()
    submit(provider, provider.sender, [ALICE, company.bob, f"carol@{company.domain}"])
    message = company.wait_messages()[0]
    assert message.recipients == [company.bob, f"carol@{company.domain}"], "one transaction for both"
    assert len(wait_mail(provider, ALICE)) == 1
    assert message.sender == provider.sender and message.tls and message.hello == "mx.provider.example" and message.peer == provider.address


def test_a_stranger_cannot_relay(road, provider, company):
    road.publish()
    with pytest.raises(Refused) as refused:
        submit(provider, "a@else.example", company.bob, service="smtp")
    assert refused.value.args[0][0] in (550, 551, 554)
    assert not company.messages


@pytest.mark.parametrize("first, last", [(foreign.Postfix, foreign.OpenSMTPD), (foreign.OpenSMTPD, foreign.Postfix)])
def test_from_one_foreign_server_through_us_to_another(make_net, first, last):
    """first -> postrider, where an alias leads on -> last; and the bounce for an address that last does not have goes all the way back."""
    for kind in (first, last):
        reason = foreign.missing(kind.__name__.lower())
        if reason:
            pytest.skip(reason)
    net = make_net(privileged=True)
    home = net.foreign(first, "mx.home.example", "home.example", ["zoe"])
    middle = net.postrider("mx.middle.example", "middle.example", ["alice"])
    end = net.foreign(last, "mx.end.example", "end.example", ["bob"])
    middle.cli("alias", "add", "both@middle.example", "alice@middle.example", "bob@end.example")
    net.publish()
    home.start()
    end.start()
    with smtplib.SMTP(home.address, home.port) as client:
        client.sendmail("zoe@home.example", ["both@middle.example"], b"Subject: across\r\n\r\nhello\r\n")
    assert field(wait_mail(middle, "alice@middle.example")[0], "Subject") == b"across"
    wait_for(lambda: end.messages("bob@end.example"), what="the forwarded message")
    raw = end.messages("bob@end.example")[0]
    assert field(raw, "Subject") == b"across"
    assert b"@middle.example" in field(raw, "Return-Path"), "the sender is rewritten, so that SPF holds at the next host"
    middle.cli("alias", "add", "gone@middle.example", "nobody@end.example")
    with smtplib.SMTP(home.address, home.port) as client:
        client.sendmail("zoe@home.example", ["gone@middle.example"], b"Subject: nowhere\r\n\r\nhello\r\n")
    wait_for(lambda: home.messages("zoe@home.example"), what="the report")
    assert b"gone@middle.example" in home.messages("zoe@home.example")[0]


def test_a_bounce_of_a_forwarded_message_finds_its_true_sender(road, provider, company):
    """Also one that comes back only after the next host had taken the message."""
    home = road.company()
    provider.cli("alias", "add", "onward@provider.example", company.bob)
    road.publish()
    submit(provider, home.bob, "onward@provider.example", service="smtp")
    sender = company.wait_messages()[0].sender
    assert sender.endswith("@provider.example") and sender != home.bob
    with provider.smtp() as client:
        client.ehlo()
        assert client.docmd("MAIL FROM:<>")[0] == 250
        assert client.rcpt(sender)[0] == 250
        assert client.rcpt(sender.replace("SRS0=", "SRS0=X"))[0] == 550, "only what we have made ourselves"
        assert client.data(b"Subject: a report\r\n\r\nx\r\n")[0] == 250
    found = home.wait_messages()[0]
    assert found.recipients == [home.bob] and found.sender == ""
    with pytest.raises(Refused):
        submit(provider, home.bob, sender, service="smtp")  # mail to it that is no bounce


def test_a_bounce_of_a_forwarded_message_passes_a_catch_all(road, provider, company):
    """Only what nobody rewrote here is for the catch-all."""
    home = road.company()
    provider.cli("alias", "add", "onward2@provider.example", company.bob)
    provider.cli("domain", "set", "provider.example", "--catch-all", "alice@provider.example")
    try:
        road.publish()
        submit(provider, home.bob, "onward2@provider.example", service="smtp")
        sender = company.wait_messages()[0].sender
        with provider.smtp() as client:
            client.ehlo()
            assert client.docmd("MAIL FROM:<>")[0] == 250
            assert client.rcpt(sender)[0] == 250
            assert client.data(b"Subject: a report\r\n\r\nx\r\n")[0] == 250
            assert client.docmd("MAIL FROM:<>")[0] == 250
            assert client.rcpt(sender.replace("SRS0=", "SRS0=X"))[0] == 250
            assert client.data(b"Subject: forged\r\n\r\nx\r\n")[0] == 250
        assert home.wait_messages()[0].recipients == [home.bob]
        wait_for(lambda: provider.messages("alice@provider.example"), what="the forged one")
        assert [field(m, "Subject") for m in provider.messages("alice@provider.example")] == [b"forged"]
    finally:
        provider.cli("domain", "set", "provider.example", "--catch-all", "")


# ---- finding the next host ----


def test_hosts_in_the_order_of_preference(road, provider):
    domain = road.new_domain()
    backup, best = road.host(f"mx2.{domain}"), road.host(f"mx1.{domain}")
    road.mx(domain, best.name, backup.name)
    road.publish()
    submit(provider, provider.sender, f"bob@{domain}")
    best.wait_messages()
    best.down()
    submit(provider, provider.sender, f"bob@{domain}")
    backup.wait_messages()
    assert len(best.messages) == 1


def test_hosts_of_equal_preference_share_the_load(road, provider):
    domain = road.new_domain()
    hosts = [road.host(f"mx{i}.{domain}") for i in range(3)]
    for number in range(30):
        road.set(f"d{number}.{domain}", "MX", *(f"10 {host.name}." for host in hosts))
    road.publish()
    submit(provider, provider.sender, [f"x@d{number}.{domain}" for number in range(30)])
    wait_for(lambda: sum(len(host.messages) for host in hosts) == 30, what="30 messages")
    assert all(host.messages for host in hosts)


def test_a_domain_without_mx_is_its_own_host(road, provider):
    host = road.host(road.new_domain())
    road.publish()
    submit(provider, provider.sender, f"bob@{host.name}")
    assert host.wait_messages()[0].recipients == [f"bob@{host.name}"]


def test_an_address_literal_needs_no_name(road, provider, company):
    road.publish()
    submit(provider, provider.sender, f"bob@[{company.address}]")
    assert company.wait_messages()[0].recipients == [f"bob@[{company.address}]"]


@pytest.mark.parametrize("records, status", [
    ({"MX": ["0 ."], "A": ["127.0.0.1"]}, "5.1.10"),  # RFC 7505
    ({"MX": ["10 nowhere.company.example."]}, "5."),
    ({"MX": ["10 mx.provider.example."]}, "5.4.6"),    # ours, though we keep no mail for it: a loop (RFC 5321 section 5.1)
    ({"TXT": ['"no host at all"']}, "5."),
    (None, "5.1.2"),
])
def test_where_no_host_can_be_the_sender_is_told_at_once(road, provider, records, status):
    domain = road.new_domain() if records else "nobody.example"
    for kind, data in (records or {}).items():
        road.set(domain, kind, *data)
    road.publish()
    submit(provider, provider.sender, f"bob@{domain}")
    told = wait_report(provider, provider.sender)[0].of(f"bob@{domain}")
    assert told["action"] == "failed" and told["status"].startswith(status)


def test_a_strangers_names_lead_to_no_private_address(net):
    """Loopback, where this host of the test's is, and networks that nobody on the internet is in; not by a literal either. By a route yes."""
    provider = net.postrider("mx.provider.example", "provider.example", ["alice"], relay_networks=[], mta_sts=False,
                             routes=[f"routed.example smtp:127.0.0.1:{net.port}"])
    company = net.company()
    others = {}
    for address in ("10.0.0.1", "169.254.169.254", "100.64.0.1", "192.0.2.1", "224.0.0.1"):
        domain = net.new_domain()
        net.set(f"mx.{domain}", "A", address)
        net.mx(domain, f"mx.{domain}")
        others[domain] = address
    net.publish()
    submit(provider, "alice@provider.example", [company.bob, f"bob@[{company.address}]", *(f"bob@{domain}" for domain in others)])


    def told():
        return [r for raw in provider.messages(ALICE) for r in Report(raw).recipients]

    wait_for(lambda: len(told()) == 2 + len(others), what="the reports", pause=0.2)
    assert {r["status"].split()[0] for r in told()} == {"5.4.4"}
    assert not company.sessions and not provider.find_events("relay-connection-failed")
    provider.write_config(relay_networks=["127.0.0.0/8"])
    mark = provider.mark()
    provider.process.send_signal(signal.SIGHUP)
    provider.wait_event("reloaded", since=mark)
    submit(provider, "alice@provider.example", company.bob)
    company.wait_messages()
    assert provider.wait_event("relay-delivered", since=mark, recipient=company.bob)


def test_a_backup_knows_its_place(net):
    """Of the hosts of a domain that we take mail for, only the better ones than ourselves are tried."""
    domain = net.new_domain()
    worse, best = net.host(f"mx3.{domain}"), net.host(f"mx1.{domain}")
    backup = net.postrider(f"mx2.{domain}", relay_domains=[domain], queue_retry_min=1, queue_retry_max=2)
    net.mx(domain, best.name, backup.settings["hostname"], worse.name)
    best.down()
    net.publish()
    mark = backup.mark()
    submit(backup, "a@else.example", f"bob@{domain}", service="smtp")
    backup.wait_event("host-unusable", since=mark, host=best.name)
    best.up()
    best.wait_messages()
    assert not worse.messages and not worse.sessions


# ---- routes ----


def test_a_smart_host_with_password_and_tls(net, tmp_path):
    (tmp_path / "password").write_text("open sesame\n")
    smart = net.company(credentials=("provider", "open sesame"))
    route = f"* smtp:{smart.name}:{smart.port} tls=verify user=provider password_file={tmp_path}/password"
    provider = net.postrider("mx.provider.example", "provider.example", ["alice"], routes=[route])
    net.publish()
    submit(provider, ALICE, ["bob@nobody.example", "dave@elsewhere.example"])
    wait_for(lambda: sum(len(m.recipients) for m in smart.messages) == 2, what="both recipients")
    assert all(m.login == "provider" and m.tls for m in smart.messages)


def test_lmtp_answers_for_each_recipient(net):
    host = net.company(certificate=None, lmtp=True)
    bob, carol, dave = (f"{who}@inside.example" for who in ("bob", "carol", "dave"))
    provider = net.postrider("mx.provider.example", "provider.example", ["alice"], routes=[f"inside.example lmtp:{host.name}:{host.port}"])
    host.on("end", "552 5.2.2 full", match=carol)
    net.publish()
    submit(provider, ALICE, [bob, carol, dave])
    assert host.wait_messages()[0].recipients == [bob, dave]
    report = wait_report(provider, ALICE)[0]
    told = report.of(carol)
    assert len(report.recipients) == 1 and told["status"] == "5.2.2" and "full" in told["diagnostic-code"]


# ---- what the next host can do ----


def test_eight_bit_text_for_a_host_that_takes_seven(road, provider, company):
    company.extensions.remove("8BITMIME")
    road.publish()
    text = (f"From: {provider.sender}\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 8bit\r\n\r\nGrüße aus der Ferne\r\n").encode()
    submit(provider, provider.sender, company.bob, text, ["BODY=8BITMIME"])
    message = company.wait_messages()[0]
    assert message.data.isascii()
    assert email.message_from_bytes(message.data, policy=email.policy.default).get_content().strip() == "Grüße aus der Ferne"
    # Raw octets in the header, of a program that declares nothing, are no reason to send it back.
    submit(provider, provider.sender, company.bob, f"From: {provider.sender}\r\nSubject: na\xefve\r\n\r\nhello\r\n".encode("latin-1"))
    message = company.wait_messages(2)[1]
    assert message.data.isascii()
    assert email.message_from_bytes(message.data, policy=email.policy.default)["Subject"] == "na\xefve"


def test_utf8_addresses_need_a_host_that_knows_them(road, provider, company):
    company.extensions.remove("SMTPUTF8")
    road.publish()
    text = f"From: {provider.sender}\r\nSubject: x\r\n\r\nhello\r\n"
    submit(provider, provider.sender, f"иван@{company.domain}", text, ["SMTPUTF8"])
    report = wait_report(provider, provider.sender)[0]
    assert report.recipients[0]["status"] == "5.6.7" and not company.messages  # RFC 6531 section 3.5
    # The host was never asked: these are not its words (RFC 3464 section 2.3.6).
    assert report.recipients[0]["diagnostic-code"].startswith("x-postrider; SMTPUTF8 not known there")


def test_a_host_that_speaks_helo_only(road, provider, company):
    company.esmtp = False
    company.secure(None)
    road.publish()
    submit(provider, provider.sender, company.bob)
    assert company.wait_messages()[0].hello == "mx.provider.example"


def test_without_pipelining_nothing_is_sent_ahead(road, provider, company):
    company.extensions = ["8BITMIME"]
    road.publish()
    submit(provider, provider.sender, [company.bob, f"carol@{company.domain}"])
    company.wait_messages()  # faults of the client fail the test at its end


def test_a_message_too_large_for_the_host_is_not_sent(road, provider, company):
    company.extensions = ["SIZE 5000"]
    company.size = 5000
    road.publish()
    submit(provider, provider.sender, company.bob, "Subject: large\r\n\r\n" + ("x" * 70 + "\r\n") * 100)
    report = wait_report(provider, provider.sender)[0]
    assert report.of(company.bob)["status"] == "5.3.4" and not company.messages
    assert report.of(company.bob)["diagnostic-code"].startswith("x-postrider; message too large")


def test_large_messages_in_chunks_and_in_dots(road, provider, company):
    road.publish()
    body = "".join(f".{i:060d}\r\n" for i in range(50000))
    text = f"From: {provider.sender}\r\nDate: Sun, 22 Nov 2026 10:00:00 +0000\r\nMessage-ID: <large@provider.example>\r\nSubject: large\r\n\r\n{body}"
    for extensions in (EXTENSIONS, ["PIPELINING"]):
        company.messages.clear()
        company.down().up()
        company.extensions = list(extensions)
        submit(provider, provider.sender, company.bob, text.replace("large@", f"large{len(extensions)}@"))
        assert company.wait_messages()[0].data.partition(b"\r\n\r\n")[2] == body.encode()


def test_many_messages_share_few_connections(road, provider, company):
    road.publish()
    company.down()
    for _ in range(40):
        submit(provider, provider.sender, company.bob)
    company.up()
    provider.cli("queue", "retry", "--all")
    company.wait_messages(40)
    assert len([s for s in company.sessions if s.lines]) < 20


# ---- what senders want to know ----


@pytest.mark.parametrize("extensions, action, by", [(EXTENSIONS, None, "company"), (["PIPELINING"], "relayed", "provider")])
def test_who_tells_of_success(road, provider, company, extensions, action, by):
    """A next host that knows DSN answers for itself (RFC 3461 section 5.2.2); past one that does not, we say that we have relayed it."""
    company.extensions = list(extensions)
    road.publish()
    submit(provider, provider.sender, company.bob, mail_options=["RET=HDRS", "ENVID=our+2Bid"], rcpt_options=["NOTIFY=SUCCESS,FAILURE", f"ORCPT=rfc822;{company.bob}"])
    message = company.wait_messages()[0]
    if by == "company":
        assert message.parameters["RET"] == "HDRS" and message.parameters["ENVID"] == "our+2Bid"
        assert message.recipient_parameters[company.bob]["NOTIFY"] == "SUCCESS,FAILURE"
        assert message.recipient_parameters[company.bob]["ORCPT"] == f"rfc822;{company.bob}"
    else:
        assert "RET" not in message.parameters
        report = wait_report(provider, provider.sender)[0]
        assert report.of(company.bob)["action"] == action and report.about["original-envelope-id"] == "our+id"


def test_a_refusal_is_told_in_the_hosts_own_words_and_plainly(road, provider, company):
    company.on("rcpt", "550 5.1.1 no Bob here,\nonly Bobby")
    road.publish()
    submit(provider, provider.sender, company.bob, f"From: {provider.sender}\r\nSubject: secret plans\r\n\r\nbody text\r\n", ["RET=HDRS"])
    report = wait_report(provider, provider.sender)[0]
    told = report.of(company.bob)
    assert told["action"] == "failed" and told["status"] == "5.1.1" and "only Bobby" in told["diagnostic-code"]
    assert told["remote-mta"].endswith(company.name) and report.about["reporting-mta"].endswith("mx.provider.example")
    assert company.bob in report.text and "no Bob here" in report.text
    assert "secret plans" in report.returned and "body text" not in report.returned


def test_nobody_is_told_who_does_not_want_to_know(road, provider, company):
    company.on("rcpt", "550 5.1.1 no")
    road.publish()
    mark = provider.mark()
    submit(provider, provider.sender, company.bob, rcpt_options=["NOTIFY=NEVER"])
    provider.wait_event("relay-failed", since=mark, recipient=company.bob)
    submit(provider, provider.sender, company.bob, rcpt_options=["NOTIFY=FAILURE"])
    assert len(wait_report(provider, provider.sender)) == 1


def test_never_a_bounce_of_a_bounce(road, provider, company):
    provider.cli("alias", "add", "on@provider.example", company.bob)
    company.on("rcpt", "550 5.1.1 no")
    road.publish()
    mark = provider.mark()
    with provider.smtp() as client:
        client.ehlo()
        client.docmd("MAIL FROM:<>")
        client.rcpt("on@provider.example")
        client.data(b"Subject: a report\r\n\r\nx\r\n")
    provider.wait_event("relay-failed", since=mark, recipient=company.bob)
    submit(provider, provider.sender, company.bob)
    assert len(wait_report(provider, provider.sender)) == 1, "the one for alice, and no other"


def test_a_report_is_well_formed(road, provider, company):
    company.on("rcpt", "550 5.1.1 no")
    road.publish()
    submit(provider, provider.sender, company.bob)
    raw = wait_report(provider, provider.sender)[0].raw
    Report(raw)
    path = road.folder / "report.eml"
    path.write_bytes(raw)
    shown = provider.cli("message", "show", str(path)).stdout.decode()
    assert company.bob in shown
