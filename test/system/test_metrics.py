"""The figures that operators watch: OpenMetrics text, what counts in it, and who gets it."""

import json
import pathlib
import re
import urllib.error
import urllib.request

import pytest

from ports import free_port
from server import ROLES, run, wait_for, POSTRIDER

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ALICE = "alice@example.test"
SAMPLE = re.compile(r'([a-z_]+)(?:\{([a-z]+)="([^"\\\n]*)"\})? (\S+)')
SUFFIXES = {"counter": ["_total"], "gauge": [""], "info": ["_info"], "histogram": ["_bucket", "_count", "_sum"]}


def parse(text):
    """OpenMetrics 1.0, strictly: {(name, label's value): number}. Each family once, with its own samples behind its head, and the end."""
    lines = text.split("\n")
    assert lines[-2:] == ["# EOF", ""], lines[-3:]
    values, families, family, kind = {}, set(), None, None
    for line in lines[:-2]:
        if line.startswith("# TYPE "):
            _, _, family, kind = line.split(" ")
            assert family not in families and kind in SUFFIXES, line
            families.add(family)
            continue
        if line.startswith("#"):
            word, name, rest = line[2:].split(" ", 2)
            assert word in ("HELP", "UNIT") and name == family and rest, line
            assert word == "HELP" or family.endswith("_" + rest), line
            continue
        match = SAMPLE.fullmatch(line)
        assert match, line
        name, label, value, number = match.groups()
        assert name.removeprefix(family) in SUFFIXES[kind], line
        assert (name, value) not in values and float(number) >= 0, line
        values[name, value] = float(number)
    for name in families:
        if (name + "_count", None) in values:
            counts = [n for (sample, _), n in values.items() if sample == name + "_bucket"]
            assert counts == sorted(counts) and counts[-1] == values[name + "_count", None]
    return values


def command(server):
    return parse(server.cli("metrics").stdout.decode())


def scrape(server, path="/metrics", **options):
    request = urllib.request.Request(f"http://127.0.0.1:{server.ports['metrics']}{path}", **options)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers, answer.read().decode()


def scraped(server):
    """None while nothing has been gathered."""
    try:
        return parse(scrape(server)[1])
    except urllib.error.HTTPError as error:
        assert error.code == 503
        return None


def test_mail_logins_and_refusals_are_counted(make_server):
    server = make_server()
    server.deliver(ALICE, b"Subject: one\r\n\r\nx\r\n")
    server.deliver(ALICE, b"Subject: two\r\n\r\nx\r\n", service="lmtp")
    with server.smtp() as client:
        client.ehlo()
        client.mail("a@else.test")
        assert client.rcpt("nobody@example.test")[0] == 550
    server.pop3().quit()
    with pytest.raises(Exception):
        server.pop3(password="wrong")

    def counted():
        now = scraped(server)
        return now if now and now["postrider_logins_total", "wrong"] == 1 and now["postrider_refused_total", "5.1.1"] == 1 else None
    values = wait_for(counted, what="the figures")
    assert values["postrider_messages_received_total", "smtp"] == 1
    assert values["postrider_messages_received_total", "lmtp"] == 1
    assert values["postrider_messages_stored_total", None] == 2
    assert values["postrider_delivery_seconds_count", None] == 2
    assert values["postrider_logins_total", "good"] == 1 == values["postrider_login_seconds_count", None]
    assert values["postrider_connections_total", "smtp"] == 2
    assert values["postrider_log_lines_total", "error"] == 0
    assert {label for name, label in values if name == "postrider_role_up"} == set(ROLES)
    assert all(values["postrider_role_up", role] == 1 and values["postrider_role_memory_bytes", role] > 1 << 20 for role in ROLES)
    assert values["postrider_disk_free_bytes", None] > 0
    assert command(server).keys() == values.keys()


def test_what_a_role_counted_outlives_it(make_server):
    server = make_server().expect("role-ended")
    server.deliver(ALICE, b"Subject: one\r\n\r\nx\r\n")
    wait_for(lambda: command(server)["postrider_messages_received_total", "smtp"] == 1, what="the first message")
    server.kill_role("smtp")
    wait_for(lambda: command(server)["postrider_role_restarts_total", "smtp"] == 1 and command(server)["postrider_role_up", "smtp"] == 1,
             what="smtp again")
    assert command(server)["postrider_messages_received_total", "smtp"] == 1
    server.deliver(ALICE, b"Subject: two\r\n\r\nx\r\n")
    wait_for(lambda: command(server)["postrider_messages_received_total", "smtp"] == 2, what="the second message")


def test_nothing_else_is_served_there(make_server):
    server = make_server()
    wait_for(lambda: scraped(server), what="the figures")
    headers, _ = scrape(server)
    assert headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    for path, options, status in [("/", {}, 404), ("/jmap/session", {}, 404), ("/.well-known/jmap", {}, 404), ("/metrics", {"method": "POST", "data": b"x"}, 405)]:
        with pytest.raises(urllib.error.HTTPError) as error:
            scrape(server, path, **options)
        assert error.value.code == status, path


def test_figures_stay_on_this_machine(tmp_path):
    config = tmp_path / "postrider.conf"
    for address, good in [("127.0.0.1", True), ("[::1]", True), ("0.0.0.0", False), ("192.0.2.1", False), ("[::]", False)]:
        config.write_text(f'metrics_listen = {{"{address}:{free_port()}"}}\n')
        out = run(POSTRIDER, "--config", config, "config", "check")
        assert (b"without a login" not in out.stdout + out.stderr) == good, (address, out)


def test_the_dashboard_shows_figures_that_there_are(make_server):
    there = {name for name, _ in command(make_server())}
    for panel in json.loads((ROOT / "data/grafana-postrider.json").read_text())["panels"]:
        for target in panel["targets"]:
            assert set(re.findall(r"postrider_\w+", target["expr"])) <= there, target
    page, rules = (ROOT / "doc/metrics.md").read_text(), (ROOT / "data/prometheus-postrider.yml").read_text()
    expressions = re.findall(r"expr: '(.*)'", rules)
    assert expressions and all(set(re.findall(r"postrider_\w+", rule)) <= there for rule in expressions)
    assert re.findall(r"alert: (\w+)", rules) == re.findall(r"^\| `(Postrider\w+)` \|", page, re.M)
    rows = re.findall(r"^\| `(postrider_\w+)` \|", page, re.M)
    assert {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in there} == set(rows)
