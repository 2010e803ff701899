"""What IMAP and JMAP say of one account is the same, after random operations through both, and after kills (support/two_protocols.py).

A failure names its seed; POSTRIDER_SEED=N repeats it alone.
"""

import itertools
import os

import two_protocols

ROUNDS, STEPS = 6, 12  # of a seed; of a round, after which both are asked


def seeds(request, short, long):
    if "POSTRIDER_SEED" in os.environ:
        return [int(os.environ["POSTRIDER_SEED"])]
    return range(1, 1 + (long if request.config.getoption("--long") else short))


accounts = itertools.count()


def new_walk(server, seed):
    address = f"both{next(accounts)}@example.test"
    server.add_account(address)
    return two_protocols.Walk(server, address, seed).open()


def test_both_say_the_same(server, request):
    for seed in seeds(request, 3, 150):
        walk = new_walk(server, seed)
        for _ in range(ROUNDS):
            walk.during(lambda: (walk.run(STEPS), walk.check()))
        walk.close()


def test_both_say_the_same_after_kills(server, request):
    server.expect("role-ended", "keys-unavailable", "cannot-send", "store-failed")
    for seed in seeds(request, 1, 40):
        walk = new_walk(server, seed)
        for number in range(ROUNDS):
            role = ["store", "web", "store", "imap", "store", "store"][number % 6]
            walk.during(lambda: walk.run_and_lose(STEPS, lambda: server.kill_role(role)))
            server.wait_running()
            walk.during(lambda: (walk.open(), walk.check()))
        walk.close()
