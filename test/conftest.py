"""What all tests of the running server share: the `--rounds` option, and servers that are started, asked and stopped."""

import os
import pathlib
import shutil
import sys
import tempfile

import pytest

# Name servers and mail servers lie where an ordinary user's shell does not look.
os.environ["PATH"] += os.pathsep + os.pathsep.join(("/usr/sbin", "/sbin"))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "support"))

import net as net_support
import server as support


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="also what takes minutes, or much memory")
    parser.addoption("--rounds", type=int, default=50, help="rounds of the crash tests")


# A file's tests stay with one worker, so the run is as long as its longest file: these begin first, the longest in front.
SLOW_FILES = ("test_road_stages", "test_road_tls", "test_limits", "test_road_faults", "test_queue", "test_road_crowd", "test_processes",
              "test_upgrade", "test_search", "test_web_hostile", "test_sign_in", "test_signing")


# These files start several servers for a test, or many commands: they try the program that users get. What a server reads from its peers is
# tried by the others, with the sanitizers. With --long these have them too.
SHIPPED_FILES = ("test_administration", "test_authors", "test_cli", "test_clock", "test_completion", "test_demo",
                 "test_directory", "test_dns", "test_handbook", "test_mailbox", "test_metrics", "test_net", "test_notify", "test_processes",
                 "test_queue", "test_report", "test_road", "test_rule_", "test_rules_faults", "test_rules_kills",
                 "test_sandbox", "test_sender", "test_server_commands", "test_setup", "test_sign", "test_submission", "test_tls",
                 "test_trace", "test_web_blobs", "test_web_push", "test_who")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    shipped = pathlib.Path(item.fspath).stem.startswith(SHIPPED_FILES) and not item.config.getoption("--long")
    support.Server.program = support.SHIPPED if shipped else support.POSTRIDER
    if item.get_closest_marker("long") and not item.config.getoption("--long"):
        pytest.skip("takes long: --long")


def pytest_configure(config):
    config.addinivalue_line("markers", "long: takes long, or tries once more what a shorter test tries too; only with --long")


def pytest_collection_modifyitems(items):
    place = {name: number for number, name in enumerate(SLOW_FILES)}
    items.sort(key=lambda item: place.get(pathlib.Path(item.fspath).stem, len(place)))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """What the servers of a net said last stands below a test that failed."""
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and report.failed:
        for server in [s for made in getattr(item, "nets", []) for s in made.servers]:
            report.sections.append((f"log of {server.settings['hostname']}", server.tail(60, since=server.checked, without=("pop3", "auth"))))


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


@pytest.fixture(scope="session")
def templates(template):
    """Data folders with a domain and accounts, made when they are first needed: a password's hash takes its time."""
    made = {}
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postrider-templates-"))

    def get(domain, accounts):
        if domain is None:
            return template
        key = (domain, *accounts)
        if key not in made:
            server = support.Server(folder / str(len(made)), template, {})
            server.cli("domain", "add", domain)
            for account in accounts:
                server.add_account(f"{account}@{domain}")
            (server.folder / "demo-accounts").write_text("".join(f"{who} {password}\n" for who, password in server.passwords.items()))
            made[key] = server.folder
        return made[key]

    yield get
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_net(templates, request):
    """A function that makes a small internet (net.py); afterwards its servers' logs and what its hosts say of their clients are looked at."""
    nets = request.node.nets = []
    folder = pathlib.Path(tempfile.mkdtemp(prefix="postrider-", dir=os.environ.get("TMPDIR", "/tmp")))
    folder.chmod(0o755)

    def make(privileged=False):
        if privileged and os.geteuid() != 0:
            pytest.skip("ports 25 and 53 need root")
        nets.append(net_support.Net(folder / f"n{len(nets)}", templates, privileged))
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


@pytest.fixture(scope="module")
def shared_net(templates, shared_folder):
    """One net for all tests of a file, in which one Postrider lives from the start: alice's, which comes again to a failing host each second."""
    made = net_support.Net(shared_folder / "net", templates)
    try:
        made.provider = made.postrider("mx.provider.example", "provider.example", ["alice"], queue_retry_min=1, queue_retry_max=2)
        made.publish()
        yield made
        problems = made.finish()
        assert not problems, "what was not expected:\n" + "\n".join(problems)
    finally:
        made.close()


@pytest.fixture
def road(shared_net, request):
    """The file's net; each test has hosts of its own in it, which end with it."""
    request.node.nets = [shared_net]
    provider = shared_net.provider
    provider.forget_log()
    provider.expected.clear()
    provider.messages("alice@provider.example", delete=True)
    with shared_net.guests() as hosts:
        yield shared_net
    provider.cli("queue", "delete", "--all", "--why", "the test is over", check=False)  # there may be none
    problems = provider.problems() + [fault for host in hosts for fault in host.faults]
    assert not problems, "what was not expected:\n" + "\n".join(problems)


@pytest.fixture
def provider(road):
    """alice's server. Each test has a sender of its own, since repeated reports to one person are gathered."""
    road.number = getattr(road, "number", 0) + 1
    road.provider.sender = f"sender{road.number}@provider.example"
    road.provider.add_account(road.provider.sender)
    return road.provider


@pytest.fixture
def company(road):
    """A domain of the test's own with one good host: a Host that knows its `domain` and its `bob`."""
    return road.company()
