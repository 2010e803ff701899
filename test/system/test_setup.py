"""`postrider setup`: from nothing to a server that takes mail and lets its first user in."""

import json

import pytest

from server import POSTRIDER, run


@pytest.fixture
def place(tmp_path):
    """Settings with loopback addresses and folders of our own; what setup is for is not in them."""
    folder = tmp_path
    listens = "".join(f"{name}_listen = {{}}\n" for name in ("smtp", "submission", "submissions", "pop3", "pop3s", "imap", "imaps", "managesieve", "http", "https"))
    (folder / "postrider.conf").write_text(f'# Mine.\ndata = "{folder}/data"\nrun = "{folder}/run"\n{listens}')
    return folder


def command(folder, *args, status=0, input=""):
    done = run(POSTRIDER, "--config", folder / "postrider.conf", *args, text=True, input=input)
    assert done.returncode == status, done.stderr
    return done


def set_up(folder, *args, **options):
    return command(folder, "setup", *args, **options)


NAMES = ("--hostname", "mail.new.test", "--domain", "new.test", "--account", "ann@new.test")


def rows(folder, *args):
    return json.loads(command(folder, *args, "--json").stdout)


def test_a_server_is_made_once(place):
    done = json.loads(set_up(place, *NAMES, "--self-signed", "--generate", "--json").stdout)
    assert done["created"] and len(done["password"]) > 20
    text = (place / "postrider.conf").read_text()
    assert text.startswith("# Mine.\n") and 'hostname = "mail.new.test"' in text and f'"{place}/tls-cert.pem"' in text
    assert (place / "tls-key.pem").stat().st_mode & 0o777 == 0o600
    command(place, "config", "check")
    [account] = rows(place, "account", "list")
    assert account["address"] == "ann@new.test" and account["administrator"]
    certificate = (place / "tls-cert.pem").read_bytes()

    # Again: nothing that is there changes.
    again = json.loads(set_up(place, *NAMES, "--self-signed", "--generate", "--json").stdout)
    assert not again["created"] and "password" not in again
    assert (place / "tls-cert.pem").read_bytes() == certificate and (place / "postrider.conf").read_text() == text


@pytest.mark.parametrize("args,said", [
    (("--domain", "new.test", "--account", "ann@new.test", "--self-signed"), "missing option: --hostname"),
    (NAMES, "--certificate FILE and --key FILE"),
    ((*NAMES, "--certificate", "/none.pem", "--key", "/none.key"), "/none.pem"),
    (("--hostname", "localhost", "--domain", "new.test", "--account", "ann@new.test", "--self-signed"), "full name of this host"),
    (("--hostname", "mail.new.test", "--domain", "new.test", "--account", "ann@other.test", "--self-signed"), "an address in the domain"),
])
def test_what_cannot_be_is_refused_and_changes_nothing(place, args, said):
    before = (place / "postrider.conf").read_text()
    done = run(POSTRIDER, "--config", place / "postrider.conf", "setup", *args, text=True, input="")
    assert done.returncode != 0 and said in done.stderr
    assert (place / "postrider.conf").read_text() == before and not (place / "data").exists()


def test_a_weak_password_is_refused(place):
    done = set_up(place, *NAMES, "--self-signed", "--password-stdin", input="password1\n", status=65)
    assert "cannot be used" in done.stderr
    assert rows(place, "account", "list") == []
    set_up(place, *NAMES, "--self-signed", "--password-stdin", input="ein langer Satz ueber Melonen\n")
    assert [a["address"] for a in rows(place, "account", "list")] == ["ann@new.test"]


@pytest.mark.parametrize("name", ["tls-key.pem", "tls-cert.pem"])
def test_no_key_is_overwritten(place, name):
    """A key without a certificate of that name may belong to another one."""
    (place / name).write_text("somebody's\n")
    done = set_up(place, *NAMES, "--self-signed", "--generate", status=65)
    assert f"{place}/{name} is there without {place}/tls-" in done.stderr
    assert (place / name).read_text() == "somebody's\n" and len(list(place.glob("*.pem"))) == 1
