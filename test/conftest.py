"""What all tests of the running server share: the `--rounds` option, and servers that are started, asked and stopped."""

import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))

import net as net_support
import server as support


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also what takes minutes, or much memory")
    parser.addoption("--rounds", type=int, default=50, help="rounds of the crash tests")


@pytest.fixture(scope="session")
def template():
    """A data folder with the demo domain, made once and copied for each server."""
    folder = support.make_template()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def shared_folder():
    # A short name: the administrator's sockets live below it, and a socket's name holds 107 bytes.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postrider-", dir=os.environ.get("TMPDIR", "/tmp")))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _factory(template, folder, servers):
    def make(start=True, user=None, wrapper=(), environment=None, **settings):
        made = support.Server(folder / f"s{len(servers)}", template, settings, user=user, wrapper=wrapper, environment=environment)
        servers.append(made)
        return made.start() if start else made

    return make


def _finish(servers):
    problems = []
    for made in servers:
        problems += made.finish()
    assert not problems, "the log holds what was not expected:\n" + "\n".join(problems)


@pytest.fixture
def make_server(template):
    """A function that starts a server; what is left of it is ended, and its log looked through, after the test."""
    servers = []
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postrider-", dir=os.environ.get("TMPDIR", "/tmp")))
    folder.chmod(0o755)
    try:
        yield _factory(template, folder, servers)
        _finish(servers)
    finally:
        for made in servers:
            made.end()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def shared(template, shared_folder):
    """One server for all tests of a file."""
    servers = []
    shared_folder.chmod(0o755)
    try:
        yield _factory(template, shared_folder, servers)()
        _finish(servers)
    finally:
        for made in servers:
            made.end()


@pytest.fixture
def server(shared):
    """The file's server with empty mailboxes; a test that leaves an unexpected error in its log fails."""
    shared.forget_log()
    yield shared
    problems = shared.problems()
    assert not problems, "the log holds what was not expected:\n" + "\n".join(problems)


@pytest.fixture
def make_net(template):
    """A function that makes a small internet (net.py); afterwards its servers' logs and what its hosts say of their clients are looked at."""
    nets = []
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postrider-", dir=os.environ.get("TMPDIR", "/tmp")))
    folder.chmod(0o755)

    def make(privileged=False):
        if privileged and os.geteuid() != 0:
            pytest.skip("ports 25 and 53 need root")
        nets.append(net_support.Net(folder / f"n{len(nets)}", template, privileged))
        return nets[-1]

    try:
        yield make
        problems = [problem for made in nets for problem in made.finish()]
        assert not problems, "what was not expected:\n" + "\n".join(problems)
    finally:
        for made in nets:
            made.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def net(make_net):
    return make_net()
