"""Log lines for tools: the filter that is shipped for fail2ban finds each refused login, and no stranger's words make it find another."""

import contextlib
import pathlib
import poplib
import re
import shutil
import ssl
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
FILTER = ROOT / "data" / "fail2ban" / "filter.conf"
BOB = "bob@example.test"


def expression():
    text = re.search(r"^failregex = (.*)$", FILTER.read_text(), re.M).group(1)
    return re.compile(text.replace("<HOST>", r"(?P<host>[0-9a-fA-F.:]+)"))


def hosts(lines):
    """As fail2ban reads them: without the time that it has found at the beginning."""
    found = []
    for line in lines:
        match = expression().search(re.sub(r"^\S+T[\d:]+\.\d+", "", line))
        found += [match.group("host")] if match else []
    return found


STRANGE = 'x client=198.51.100.1 service=imap result=refused reason=wrong "y'


def test_filter_finds_refused_logins(make_server):
    server = make_server()
    mark = server.mark()
    for name, password in ((BOB, "wrong"), (STRANGE, "wrong"), (BOB, server.passwords[BOB])):
        client = poplib.POP3("127.0.0.1", server.ports["pop3"])
        client.stls(ssl._create_unverified_context())
        with contextlib.suppress(poplib.error_proto):
            client.user(name)
            client.pass_(password)
        client.close()
    server.wait_event("login", since=mark, address=BOB, result="accepted", service="pop3", client="127.0.0.1", credential="password")
    server.wait_event("login-failed", since=mark, count=2, result="refused", service="pop3", client="127.0.0.1", reason="wrong")
    lines = [event.line for event in server.events[mark:]]
    assert hosts(lines) == ["127.0.0.1", "127.0.0.1"]
    tool = shutil.which("fail2ban-regex")
    if tool:
        log = server.folder / "log"
        log.write_text("\n".join(lines) + "\n")
        done = subprocess.run([tool, str(log), str(FILTER)], capture_output=True, text=True, check=False)
        assert ", 2 matched," in done.stdout, done.stdout


def test_filter_is_not_deceived():
    stamp = "2026-11-29T22:55:47.866Z "
    good = "info auth Crkrbp84xdgn login-failed identity=bob@example.test client=192.0.2.9 service=imaps result=refused reason=wrong"
    for line in (stamp + good, "Nov 29 22:55:47 mail postrider[12]: " + stamp + good,
                 stamp + 'info auth A login-failed identity="x \\"y client=198.51.100.1 z" client=192.0.2.9 service=imap result=refused reason=locked locked_by=name',
                 stamp + "info auth A sign-in-failed identity=bob client=192.0.2.9 service=web result=refused reason=password"):
        line = re.sub(r"^Nov 29 22:55:47", "", line)
        assert hosts([line]) == ["192.0.2.9"], line
    for line in (good.replace("login-failed", "login").replace("refused reason=wrong", "accepted"), good.replace("=wrong", "=temporary"),
                 f'info smtp A smtp-refused client=192.0.2.9 sender="{good}" recipient=x', f'info auth A login-failed identity="{good}'):
        assert hosts([stamp + line]) == [], line
