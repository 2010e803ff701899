"""`--json` on every command that tells or does something: each is run, in an order in which it has something to do, and what it prints is read."""

import json
import re
import shlex

from server import POSTRIDER, run

ALICE, BOB, CAROL = "alice@example.test", "bob@example.test", "carol@example.test"
WEAK = b"langes wort im test 17\n"

# What is no report: programs, files for others, octets of a message, a server that runs. setup, stop and upgrade end what the rest needs:
# other files have them.
EXEMPT = {"serve", "demo", "sendmail", "metrics", "completion bash", "completion zsh", "completion fish", "config example", "config manual",
          "message extract", "dns zone", "setup", "stop", "upgrade", "store rebuild"}

# In this order. {id} is a message in the queue, {folder} the test's own.
STEPS = """
status | reload | doctor | who | kick alice@example.test | route example.net | address explain alice@example.test | auth test alice@example.test
config check | config show | config get hostname | config set trace_days 20 | config roles | config services
domain add more.test | domain set more.test --catch-all alice@example.test | domain show more.test | domain list | domain remove more.test --yes
domain restore more.test
account add carol@example.test --password-stdin | account password carol@example.test --password-stdin | account quota carol@example.test 5M
account disable carol@example.test | account enable carol@example.test | account admin carol@example.test on
account show carol@example.test | account list | account app-add carol@example.test phone | account app-remove carol@example.test phone
account sessions carol@example.test | account two-step-off carol@example.test | account import {folder}/users
account rename carol@example.test caroline@example.test | account rename caroline@example.test carol@example.test
account remove carol@example.test --yes | account restore carol@example.test | account session-end alice@example.test --all
alias add team@example.test alice@example.test | alias list | alias postmaster | alias postmaster alice@example.test | alias remove team@example.test --yes
forward info@example.test --to alice@example.test | forward info@example.test --off
group add staff@example.test alice@example.test | group list example.test | group remove staff@example.test alice@example.test
mailbox create alice@example.test Work | mailbox list alice@example.test | mailbox rename alice@example.test Work Play
mailbox share alice@example.test Play bob@example.test read | mailbox shares alice@example.test | mailbox accept bob@example.test alice@example.test Play
mailbox leave bob@example.test alice@example.test Play | mailbox import alice@example.test {folder}/mail --into Play
mailbox export alice@example.test {folder}/out | mailbox undelete alice@example.test | mailbox purge alice@example.test
mailbox remove alice@example.test Play
rule check {folder}/script | rule put alice@example.test {folder}/script --name one --activate | rule list alice@example.test | rule show alice@example.test one
rule try alice@example.test one | rule apply alice@example.test one | rule log alice@example.test | rule simple alice@example.test
rule add alice@example.test --name Bills --if "subject contains bill" --then "file into Bills" | rule simple alice@example.test disable Bills
rule rename alice@example.test one two | rule activate alice@example.test --none | rule remove alice@example.test two
rule undo alice@example.test --since 1h
vacation set alice@example.test --text away | vacation show alice@example.test | vacation off alice@example.test | vacation on alice@example.test
vacation answered alice@example.test | vacation off alice@example.test
file list alice@example.test | file remove alice@example.test 7
queue list | queue show {id} | queue stats | queue age | queue cat {id} | queue hold {id} --why test | queue release {id}
queue retry {id} | queue requeue {id} | queue route {id} 127.0.0.1:9 | queue delete {id} --why test | queue resume | queue pause | queue resume | trace alice@example.test
search status | search rebuild | report dmarc | report tls | report failures | report show | report send --now
message show {folder}/mail/1.eml | message structure {folder}/mail/1.eml | message show alice@example.test INBOX
message send --server 127.0.0.1:{lmtp} --no-tls --from alice@example.test --to bob@example.test --text hello --subject x
message fetch 1 --server 127.0.0.1:{pop3} --no-tls --insecure --user bob@example.test --password-file {folder}/password --show
dkim list | dkim show example.test | dkim rotate example.test | dns records example.test | dns check example.test --server 127.0.0.1@9
dns update example.test --server 127.0.0.1@9 --key {folder}/key --dry-run | verify {folder}/mail/1.eml
store stats | store compact | store pack | store check
"""

# Statuses besides 0 with which there is still something told: nothing found, a password that is wrong, a check that has findings.
TELLS_ALL_THE_SAME = {1, 66, 69, 75, 77, 78, 65}
LINES = {"report dmarc", "report tls", "report failures", "report show"}
NEEDS_NO_SERVER = ("store check",)


def verbs():
    listed = run(POSTRIDER, "--help").stdout.decode()
    for command in re.findall(r"(?m)^  ([a-z]+) +\S", listed):
        usage = run(POSTRIDER, command, "--help").stdout.decode().partition("\noptions:")[0]
        found = {verb for choice in re.findall(rf"postrider {command} ([a-z][a-z|-]*)", usage) for verb in choice.split("|")}
        yield from (f"{command} {verb}" for verb in found) if found else [command]


def name_of(words, known):
    return " ".join(words[:2]) if " ".join(words[:2]) in known else words[0]


def test_each_command_speaks_json(make_server, tmp_path):
    server = make_server(dkim_sign=True)
    server.expect("role-ended")
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail/1.eml").write_text("From: a@example.test\nSubject: x\nMessage-ID: <1@example.test>\n\ntext\n")
    (tmp_path / "script").write_text('if header :contains "subject" "y" { discard; }\n')
    (tmp_path / "users").write_text("address,password\ndave@example.test,langes wort 44 im test\n")
    (tmp_path / "password").write_text(server.passwords[BOB] + "\n")
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "key").write_text('key "k" { algorithm hmac-sha256; secret "aGVsbG8gd29ybGQgaGVsbG8gd29ybGQ="; };\n')
    (tmp_path / "key").chmod(0o600)
    server.deliver(ALICE, b"Subject: x\r\n\r\ntext\r\n")
    server.cli("queue", "pause")  # else the next mail comes back at once
    with server.smtp("submission", login=ALICE) as client:
        client.sendmail(ALICE, ["somebody@elsewhere.invalid"], b"Subject: waits\r\n\r\ntext\r\n")
    [waiting] = json.loads(server.cli("queue", "list", "--json").stdout)
    values = {"folder": tmp_path, "id": waiting["id"], "lmtp": server.ports["lmtp"], "pop3": server.ports["pop3"]}
    known, told, wrong = set(verbs()), set(), []
    for step in [step.strip() for line in STEPS.strip().splitlines() for step in line.split("|")]:
        words = shlex.split(step.format(**values))
        name = name_of(words, known)
        if name in NEEDS_NO_SERVER and server.process:
            server.stop()
        password = (server.passwords[ALICE] + "\n").encode() if name == "auth test" else WEAK
        done = server.cli(*words, "--json", input=password, check=False)
        told.add(name)
        try:
            assert done.returncode == 0 or done.returncode in TELLS_ALL_THE_SAME
            # Reports are an object a line; where there is none, nothing is said.
            for text in done.stdout.splitlines() if name in LINES else [done.stdout] if done.stdout.strip() or done.returncode == 0 else []:
                json.loads(text)
        except (AssertionError, ValueError):
            wrong.append(f"{step}: status {done.returncode}: {done.stdout.decode()[:150]!r} {done.stderr.decode()[:200]!r}")
    assert not wrong, "\n".join(wrong)
    assert known - told == EXEMPT, f"run or exempt by mistake: {sorted((known - told) ^ EXEMPT)}"
