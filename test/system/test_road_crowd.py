"""More hosts than connections, and strangers who want to have them all: nobody starves, and mail that isn't theirs goes on."""

import time

import pytest

from hosts import SILENT, Gone
from road import submit
from server import wait_for


@pytest.fixture
def crowded(net):
    """A Postrider with ten connections."""
    made = net.postrider("mx.provider.example", "provider.example", ["alice"], relay_connections=10, queue_retry_min=2, queue_retry_max=4)
    made.sender = "alice@provider.example"
    return made


@pytest.mark.long
def test_forty_hosts_share_ten_connections(net, crowded):
    hosts = [net.company() for _ in range(40)]
    net.publish()
    submit(crowded, crowded.sender, [host.bob for host in hosts])
    for host in hosts:
        host.wait_messages()
    submit(crowded, crowded.sender, [host.bob for host in hosts])
    for host in hosts:
        host.wait_messages(2)
    assert not crowded.find_events("destination-failed")


def test_hosts_that_fail_keep_no_place(net, crowded, pytestconfig):
    """Silent hosts have all the places that unknown ones may have, until others have waited long enough; then all come to their end."""
    if not pytestconfig.getoption("--long"):
        pytest.skip("takes a minute; with --long")
    silent = [net.company() for _ in range(5)]
    for host in silent:
        host.on("connect", SILENT)
    hosts = [net.company() for _ in range(20)]
    for host in hosts[::2]:
        host.on("mail", "451 4.3.0 not now", times=1)
    net.publish()
    submit(crowded, crowded.sender, [host.bob for host in silent])
    wait_for(lambda: sum(len(host.sessions) for host in silent) >= 5, what="the silent hosts")
    submit(crowded, crowded.sender, [host.bob for host in hosts])
    for host in hosts:
        host.wait_messages()
    for host in silent:
        host.usual().down().up()
    crowded.cli("queue", "retry", "--all", check=False)
    for host in silent:
        host.wait_messages()


@pytest.mark.long
def test_a_strangers_names_that_lead_to_one_silent_host(net, crowded):
    """Sixty messages that ask for reports of success, from sixty domains whose mail goes to one address that says nothing."""
    silent = net.host("mx.silent.example")
    silent.on("connect", SILENT)
    domains = [net.new_domain() for _ in range(60)]
    for domain in domains:
        net.mx(domain, silent.name)
    honest = [net.company() for _ in range(20)]
    net.publish()
    for domain in domains:
        submit(crowded, f"m@{domain}", "alice@provider.example", rcpt_options=["NOTIFY=SUCCESS"], service="smtp")
    silent.wait_connections()
    submit(crowded, crowded.sender, [host.bob for host in honest])
    for host in honest:
        host.wait_messages()
    assert len([e for e in crowded.find_events("dsn-sent") if e.fields["action"] == "delivered"]) > 0
    silent.usual().down().up()
    wait_for(lambda: silent.messages, what="a report at the host that speaks again")


def test_a_host_that_takes_a_byte_a_second_is_let_go(net, crowded, pytestconfig):
    if not pytestconfig.getoption("--long"):
        pytest.skip("takes some minutes; with --long")

    def drip(session, _):
        while True:
            if not session.socket.recv(1):
                raise Gone
            time.sleep(1)

    slow = net.company(certificate=None)
    slow.on("body", drip)
    net.publish()
    mark = crowded.mark()
    submit(crowded, crowded.sender, slow.bob, b"Subject: long\r\n\r\n" + (b"y" * 78 + b"\r\n") * 225000)
    wait_for(lambda: [e for e in crowded.find_events("relay-deferred", mark) if "too slowly" in e.line]
             or [e for e in crowded.find_events("destination-failed", mark) if "too slowly" in e.line], timeout=600, what="the end of patience")
    slow.usual().down().up()
    slow.wait_messages()
