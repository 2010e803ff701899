"""The simulated clock: days pass for every server that is given it, as fast as a test says so."""

import mmap
import os
import pathlib
import struct
import time


class Clock:
    """A file of eight bytes that servers map (see src/base/clock.h); several servers may share one."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.write_bytes(bytes(8))
        self.path.chmod(0o644)  # servers of other users map it too
        descriptor = os.open(self.path, os.O_RDWR)
        try:
            self._map = mmap.mmap(descriptor, 8)
        finally:
            os.close(descriptor)
        self.environment = {"POSTRIDER_CLOCK": str(self.path)}

    @property
    def ahead(self):
        return struct.unpack("=q", self._map[:8])[0]

    def advance(self, seconds):
        """Moves the wall clock forward at once. Eight aligned bytes: a reader sees the old time or the new one."""
        self._map[:8] = struct.pack("=q", self.ahead + int(seconds))

    def now(self):
        return time.time() + self.ahead
