"""The tab key: what the scripts for bash, zsh and fish offer, with a server and without."""

import os
import shlex
import shutil
import subprocess

import pytest

from limits import TIMEOUT
from server import POSTRIDER

# The last word is the one that is being typed. Each shell prints what it would offer, a line each.
SHELLS = {
    "bash": """eval "$(postrider completion bash)"; COMP_WORDS=(postrider {words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        _postrider; printf '%s\\n' "${{COMPREPLY[@]}}" """,
    "zsh": """autoload -U compinit; compinit -u -D; eval "$(postrider completion zsh)"; compadd() {{ shift; print -l -- "$@" }}; _files() {{ print -l -- $words[CURRENT]* }}
        words=(postrider {words}); CURRENT=$#words; _postrider""",
    "fish": """postrider completion fish | source; complete -C {line}""",
}


def offered(shell, words, folder):
    line = shlex.quote("postrider " + " ".join(words))
    script = SHELLS[shell].format(words=" ".join(shlex.quote(w) for w in words), line=line)
    environment = {"PATH": f"{os.path.dirname(POSTRIDER)}:{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    options = {"zsh": ["-f"], "fish": ["--no-config"], "bash": ["--norc"]}[shell]
    done = subprocess.run([shell, *options, "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT, check=True)
    assert not done.stderr, done.stderr
    return sorted(line for line in done.stdout.splitlines() if line)


@pytest.fixture(params=SHELLS)
def shell(request):
    assert shutil.which(request.param), f"scripts/setup check installs {request.param}"
    return request.param


def test_commands_verbs_and_options(shell, tmp_path):
    assert offered(shell, ["que"], tmp_path) == ["queue"]
    assert {"release", "retry"} <= set(offered(shell, ["queue", "re"], tmp_path)) <= {"release", "requeue", "resume", "retry"}
    assert offered(shell, ["account", "app-add", "a@example.test", "phone", "--prot"], tmp_path) == ["--protocols"]
    assert offered(shell, ["no-such-command", ""], tmp_path) == []


def test_files(shell, tmp_path):
    (tmp_path / "mail one.eml").touch()
    (tmp_path / "mail-two.eml").touch()
    (tmp_path / "other").touch()
    assert [name.replace("\\", "") for name in offered(shell, ["verify", "mail"], tmp_path)] == ["mail one.eml", "mail-two.eml"]


def test_addresses_and_domains(shell, server, tmp_path):
    config = ["--config", str(server.config)]
    assert offered(shell, [*config, "account", "show", "al"], tmp_path) == ["alice@example.test"]
    assert offered(shell, [*config, "account", "show", "bob@"], tmp_path) == ["bob@example.test"]
    assert offered(shell, [*config, "domain", "remove", "exa"], tmp_path) == ["example.test"]


def test_no_server(shell, tmp_path):
    """A tab key never complains: not of settings that are not there, either."""
    assert offered(shell, ["--config", str(tmp_path / "none.conf"), "account", "show", "al"], tmp_path) == []
