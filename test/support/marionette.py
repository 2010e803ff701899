"""Drives a program of Mozilla's by Marionette: JSON behind its length and a colon, over a TCP socket on loopback."""

import base64
import json
import socket
import time

from limits import TIMEOUT


class Refused(Exception):
    """What the program says of a command that failed."""


class Marionette:
    def __init__(self, port, alive, timeout=TIMEOUT):
        """Waits until the program listens. `alive` says whether it still runs."""
        end = time.monotonic() + timeout
        while True:
            try:
                self.socket = socket.create_connection(("127.0.0.1", port), timeout)
                break
            except OSError:
                if not alive() or time.monotonic() > end:
                    raise
                time.sleep(0.05)
        self.file, self.number = self.socket.makefile("rb"), 0
        self._read()  # it says first who it is
        self.command("WebDriver:NewSession", {"capabilities": {"alwaysMatch": {"acceptInsecureCerts": True}}})
        self.command("WebDriver:SetTimeouts", {"script": timeout * 1000})
        # Its own windows are driven, not pages in them.
        self.command("Marionette:SetContext", {"value": "chrome"})

    def _read(self):
        length = b""
        while (byte := self.file.read(1)) != b":":
            if not byte:
                raise ConnectionError("the program has ended")
            length += byte
        return json.loads(self.file.read(int(length)))

    def command(self, name, parameters=None):
        self.number += 1
        text = json.dumps([0, self.number, name, parameters or {}]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        _, _, error, result = self._read()
        if error:
            raise Refused(f"{name}: {error['error']}: {error['message']}")
        return result

    def run(self, script, *args):
        """Runs the body of an async function in the program's window; what it returns, or its error, comes back."""
        body = f"""let [args, done] = arguments;
(async () => {{ {script} }})().then(value => done({{value: value === undefined ? null : value}}), error => done({{error: String(error) + "\\n" + (error?.stack ?? "")}}));"""
        answer = self.command("WebDriver:ExecuteAsyncScript", {"script": body, "args": [list(args)], "newSandbox": False, "sandbox": "system"})["value"]
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["value"]

    def screenshot(self, path):
        path.write_bytes(base64.b64decode(self.command("WebDriver:TakeScreenshot", {"full": True})["value"]))

    def close(self):
        self.file.close()
        self.socket.close()
