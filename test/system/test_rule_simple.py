"""postrider rule add, rule simple: rules that a person reads and writes, in scripts of whoever wrote them."""

import json

ALICE, BOB = "alice@example.test", "bob@example.test"


def rules(server, *words, whose=ALICE):
    return json.loads(server.cli("rule", "simple", whose, *words, "--json").stdout)


def text_of(server, name, whose=ALICE):
    return server.cli("rule", "show", whose, name).stdout.decode()


def test_a_rule_in_one_line(server):
    assert server.cli("rule", "simple", ALICE).stdout.decode() == f"{ALICE} has no rules\n"
    done = server.cli("rule", "add", ALICE, "--name", "Invoices", "--if", "subject contains invoice", "--then", "file into Work", "--then", "mark as read")
    assert done.stdout.decode() == '  1  Invoices: if subject contains "invoice", then mark as read, file into "Work"\n'
    # It runs from now on.
    assert [(row["name"], row["active"]) for row in json.loads(server.cli("rule", "list", ALICE, "--json").stdout)] == [("rules", True)]
    server.cli("rule", "add", ALICE, "--any", "--if", "from is boss@example.test", "--if", "list exists", "--then", "flag", "--before", "Invoices", "--name", "Boss")
    assert server.cli("rule", "simple", ALICE).stdout.decode() == (
        "the script rules:\n"
        '  1  Boss: if any of these: from is "boss@example.test"; list exists, then flag\n'
        '  2  Invoices: if subject contains "invoice", then mark as read, file into "Work"\n')
    server.cli("rule", "simple", ALICE, "move", "Boss", "last")
    server.cli("rule", "simple", ALICE, "disable", "1")
    shown = rules(server)
    assert shown["script"] == "rules" and shown["active"]
    assert [(item["number"], item["rule"]["name"], item["rule"]["enabled"]) for item in shown["items"]] == [(1, "Invoices", False), (2, "Boss", True)]
    assert "# rule:[Invoices]\nif false # header :contains \"Subject\" \"invoice\"\n" in text_of(server, "rules")
    server.cli("rule", "simple", ALICE, "enable", "Invoices")
    server.cli("rule", "simple", ALICE, "remove", "Boss")
    assert [item["rule"]["name"] for item in rules(server)["items"]] == ["Invoices"]
    # What was shown as JSON is taken as JSON.
    rule = rules(server)["items"][0]["rule"]
    rule["name"] = "Again"
    server.cli("rule", "add", ALICE, "--rule", "-", input=json.dumps(rule).encode())
    first, second = (item["rule"] for item in rules(server)["items"])
    assert second == rule and {**first, "name": ""} == {**second, "name": ""}
    server.cli("rule", "activate", ALICE, "--none")
    server.cli("rule", "remove", ALICE, "rules")


FOREIGN = """/* Mine. */
require ["fileinto", "variables"];
# rule:[Lists]
if anyof (header :contains "list-id" "dev")
{
\tfileinto "Lists";
}
if header :matches "Subject" "[*] *" { set "list" "${1}"; fileinto "Lists.${list}"; } else { keep; }
"""


def test_another_s_script(server, tmp_path):
    (tmp_path / "theirs.sieve").write_text(FOREIGN)
    server.cli("rule", "put", BOB, tmp_path / "theirs.sieve", "--activate")
    lines = server.cli("rule", "simple", BOB).stdout.decode().splitlines()
    assert lines == ["the script theirs:", '  1  Lists: if header list-id contains "dev", then file into existing "Lists"', "  2  (written by hand: line 8)"]
    assert text_of(server, "theirs", BOB) == FOREIGN
    assert b"rule 2 is written by hand, from line 8 on" in server.cli("rule", "simple", BOB, "remove", "2", status=77).stderr
    # All that is not the new rule stays as it was.
    server.cli("rule", "add", BOB, "--name", "New", "--if", "size over 5M", "--then", "file into existing Big")
    assert text_of(server, "theirs", BOB) == FOREIGN + '\n# rule:[New]\nif size :over 5M {\n\tfileinto "Big";\n}\n'
    server.cli("rule", "simple", BOB, "remove", "New")
    assert text_of(server, "theirs", BOB) == FOREIGN
    # In a script with variables this would not mean what it says.
    refused = server.cli("rule", "add", BOB, "--name", "Odd", "--if", "subject is ${1}", "--then", "discard", status=65)
    assert b"would take for a reference" in refused.stderr and text_of(server, "theirs", BOB) == FOREIGN
    server.cli("rule", "activate", BOB, "--none")
    server.cli("rule", "remove", BOB, "theirs")


def test_what_is_refused(server):
    for words, status, told in (
            (["add", ALICE, "--if", "subject is x"], 64, "a rule needs --then"),
            (["add", ALICE, "--then", "dance"], 65, "dance: file into, copy to,"),
            (["add", ALICE, "--if", "subjct is x", "--then", "keep"], 65, "subjct is x: subject, from,"),
            (["add", ALICE, "--then", "forward to joe"], 65, "is no address that mail can be sent to"),
            (["add", ALICE, "--name", "a\nb", "--then", "keep"], 65, "the rule's name"),
            (["add", ALICE, "--rule", "/nowhere/x"], 66, "cannot be read"),
            (["simple", ALICE, "remove", "1"], 66, "there is no rule 1"),
            (["simple", "nobody@example.test"], 66, "nobody"),
            (["simple", "--server", "before"], 64, "edited as files")):
        assert told in server.cli("rule", *words, status=status).stderr.decode(), words
    assert rules(server)["items"] == []
