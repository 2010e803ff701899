"""Programs by others that a test starts beside itself: whether one stands is known at once, and why it doesn't as well."""

import pathlib
import socket
import subprocess
import time

from limits import TIMEOUT
from ports import PortTaken, is_taken

SHOWN = 4000  # bytes of a log: its end says why


def start_program(command, ready, log, **options):
    """
    The process of the command, once ready() is true; what it says goes into the file `log`. AssertionError with that text when it ends before
    or takes too long; PortTaken when it says that somebody else has its port. Nothing of it runs then.
    """
    log = pathlib.Path(log)
    with open(log, "ab") as out:
        began = out.tell()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, **options)

    def said():
        return log.read_bytes()[began:]

    try:
        end = time.monotonic() + TIMEOUT
        while not ready():
            status = process.poll()
            late = time.monotonic() > end
            # Some go on without the address that they could not have.
            if status is not None or late or is_taken(said()):
                why = f"ended with status {status}" if status is not None else f"was not ready after {TIMEOUT} s" if late else "cannot listen"
                raise (PortTaken if is_taken(said()) else AssertionError)(f"{command[0]} {why}:\n{said()[-SHOWN:].decode(errors='replace')}")
            time.sleep(0.01)
        # It answers by UDP, and another program by TCP.
        if is_taken(said()):
            raise PortTaken(f"{command[0]} has only some of its ports:\n{said()[-SHOWN:].decode(errors='replace')}")
    except BaseException:
        end_program(process)
        raise
    return process


def listens(address, port):
    with socket.socket() as s:
        s.settimeout(5)
        return s.connect_ex((address, port)) == 0


def end_program(process):
    """Asks it to end, and ends it if it does not. None is no process."""
    if process is None:
        return
    process.terminate()
    try:
        process.wait(TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(TIMEOUT)
