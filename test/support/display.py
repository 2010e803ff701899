"""A screen for programs with windows, that nobody sees: Xvfb on a display number of its own choice."""

import os
import pathlib
import shutil
import subprocess

from server import TIMEOUT, environment


class Display:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        ours, theirs = os.pipe()
        self.process = subprocess.Popen(["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1280x900x24", "-nolisten", "tcp"], pass_fds=[theirs],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(theirs)
        with os.fdopen(ours, "rb") as told:
            number = told.readline().strip().decode()  # it says the number once it listens
        assert number, "Xvfb did not start"
        self.name = f":{number}"

    def environment(self, home):
        """For a program whose files all go below `home`, and that speaks with no one outside."""
        return environment({"DISPLAY": self.name, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "XDG_CONFIG_HOME": f"{home}/.config", "LANG": "C.UTF-8",
                            "LC_ALL": "C.UTF-8", "NO_AT_BRIDGE": "1", "DBUS_SESSION_BUS_ADDRESS": "disabled:", "GDK_BACKEND": "x11", "MOZ_ENABLE_WAYLAND": "0"})

    def screenshot(self, path):
        """The whole screen, if ImageMagick is there: a help for the one who looks at a failure."""
        if shutil.which("import"):
            subprocess.run(["import", "-window", "root", str(path)], env=environment({"DISPLAY": self.name}), timeout=TIMEOUT, check=False)

    def close(self):
        self.process.terminate()
        self.process.wait(TIMEOUT)
