"""What documents tell people to type: every command, verb and option is one that the program knows."""

import pathlib
import re
import shlex

import pytest

from server import POSTRIDER, ROOT, run

PAGES = ["README.md", "CONTRIBUTING.md", *sorted(str(p.relative_to(ROOT)) for p in pathlib.Path(ROOT, "doc").glob("*.md"))]
LINE = re.compile(r"^ {4,}(?:.*[|&(] *)?(?:build/)?postrider +(.*)$")


def commands(page):
    """The words behind `postrider` in the indented lines of a page; a line that ends with a backslash goes on."""
    text = pathlib.Path(ROOT, page).read_text().replace("\\\n", " ")
    for line in text.splitlines():
        if found := LINE.match(line):
            try:
                words = shlex.split(found[1], comments=True)
            except ValueError:
                continue  # a quote that ends on another line: what stands there is no single command
            if words[:1] == ["--config"]:
                words = words[2:]
            if words and re.fullmatch("[a-z]+", words[0]):
                yield line.strip(), words


@pytest.fixture(scope="module")
def usage():
    known = {}

    def of(command):
        if command not in known:
            done = run(POSTRIDER, command, "--help", text=True)
            known[command] = done.stdout if done.returncode == 0 else None
        return known[command]

    return of


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_known(page, usage):
    wrong = []
    for line, words in commands(page):
        text = usage(words[0])
        if text is None:
            wrong.append(f"there is no command '{words[0]}': {line}")
            continue
        verbs = {verb for group in re.findall(rf"postrider {words[0]} +([a-z|-]+)(?=[ \n])", text) for verb in group.split("|")}
        if verbs and len(words) > 1 and re.fullmatch("[a-z-]+", words[1]) and words[1] not in verbs:
            wrong.append(f"'{words[0]}' has no verb '{words[1]}': {line}")
        for word in words[1:]:
            option = re.match("--[a-z-]+", word)
            if option and not re.search(rf"{option[0]}\b", text) and option[0] not in ("--help", "--json"):
                wrong.append(f"'{words[0]}' has no option {option[0]}: {line}")
            if word in ("|", "&&", "||", ";"):
                break
    assert not wrong, "\n".join(wrong)


def test_the_handbook_is_read():
    assert len(list(commands("doc/admin.md"))) > 40
