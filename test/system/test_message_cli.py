"""postrider message show|structure|extract, as a person and as a script use them."""

import json
import os
import pathlib
import subprocess

import pytest

from limits import TIMEOUT
from server import POSTRIDER

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MAIL = ROOT / "test" / "data" / "mail"


def message(*args):
    return subprocess.run([POSTRIDER, "message", *map(str, args)], capture_output=True, timeout=TIMEOUT, check=False)


def test_show_prints_decoded_fields_and_text():
    done = message("show", MAIL / "encoded-words.eml")
    assert done.returncode == 0
    text = done.stdout.decode()
    assert "Jörg <joerg@example.com>" in text
    assert "äöü split 😀" in text
    assert text.endswith("Hello\n")


@pytest.mark.parametrize("name, subject, body", [
    ("iso-2022-jp-joined", "会議のお知らせ", "本文です"),
    ("utf-8-called-iso-2022-jp", "t", "こんにちは"),
    ("charset-8bit", "8bit", "ü"),
    ("charset-iso-8859-16", "iso-8859-16", "ș"),
    ("charset-labels", "ПриветПриветä“x”中文", "body"),
    ("byte-order-mark", "bom", "body"),
    ("garbage-before-header", "garbage", "body"),
])
def test_show_reads_what_programs_write(name, subject, body):
    text = message("show", MAIL / f"{name}.eml").stdout.decode()
    assert f"Subject  {subject}\n" in text
    assert text.endswith(f"\n\n{body}\n")
    summary = json.loads(message("show", "--json", MAIL / f"{name}.eml").stdout)
    assert (summary["subject"], summary["preview"]) == (subject, body)


def test_show_prints_text_that_has_a_name():
    assert "\n\nThis is the text itself.\n" in message("show", MAIL / "named-text.eml").stdout.decode()
    text = message("show", MAIL / "named-html.eml").stdout.decode()
    assert "\n\nThe text — itself\n" in text and "Attachment 2: application/pdf" in text
    assert json.loads(message("show", "--json", MAIL / "named-text.eml").stdout)["hasAttachment"] is False


def test_show_drives_no_terminal():
    done = message("show", MAIL / "nul-and-controls.eml")
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout and b"\x00" not in done.stdout


def test_show_as_json():
    summary = json.loads(message("show", "--json", MAIL / "alternative-related.eml").stdout)
    assert summary["subject"] == "pictures"
    assert summary["preview"] == "Café goes on"
    assert summary["hasAttachment"] is True


def test_show_explains_a_bounce():
    text = message("show", MAIL / "bounce.eml").stdout.decode()
    assert "x@example.org was not delivered (5.1.1)\n    This address does not exist there.\n" in text
    report = json.loads(message("show", "--json", MAIL / "bounce.eml").stdout)["deliveryReport"]
    assert report["recipients"][0]["final"] == "x@example.org" and report["recipients"][0]["action"] == "failed"
    assert "deliveryReport" not in json.loads(message("show", "--json", MAIL / "plain.eml").stdout)


def test_structure_names_parts_and_defects():
    done = message("structure", MAIL / "unclosed.eml")
    assert done.returncode == 0
    assert "multipart/alternative" in done.stdout.decode()
    assert "not closed" in done.stdout.decode()


@pytest.mark.parametrize("path", sorted(MAIL.glob("*.eml")), ids=lambda p: p.stem)
def test_structure_as_json_is_json(path):
    structure = json.loads(message("structure", "--json", path).stdout)
    assert structure["size"] == path.stat().st_size
    assert structure["parts"][0]["parent"] == -1


def test_extract_gives_the_bytes():
    done = message("extract", MAIL / "alternative-related.eml", "2")
    assert (done.returncode, done.stdout) == (0, b"%PDF-")


def test_extract_drives_no_terminal(tmp_path):
    """Into a pipe a part goes byte for byte; a terminal gets what can be shown."""
    part = b"one\x1b]0;owned\x07\r\ntwo\xc2\x9b31m\xe2\x80\xae\r\n"
    mail = tmp_path / "mail.eml"
    mail.write_bytes(b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + part)
    assert message("extract", mail, "1").stdout == part
    ours, theirs = os.openpty()
    process = subprocess.Popen([POSTRIDER, "message", "extract", str(mail), "1"], stdin=subprocess.DEVNULL, stdout=theirs,
                               stderr=subprocess.PIPE)
    _, problem = process.communicate(timeout=TIMEOUT)
    os.close(theirs)
    shown = os.read(ours, 4096)
    os.close(ours)
    assert (process.returncode, problem) == (0, b"")
    assert shown.decode().split() == ["one\ufffd]0;owned\ufffd", "two\ufffd31m"]


def test_extract_of_no_part_fails():
    done = message("extract", MAIL / "alternative-related.eml", "9")
    assert done.returncode != 0
    assert done.stdout == b"" and done.stderr


def test_a_missing_file_is_said():
    done = message("show", MAIL / "no-such-file.eml")
    assert done.returncode != 0
    assert b"no-such-file.eml" in done.stderr
