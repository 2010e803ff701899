"""A server whose data lie on a small disk of their own, to be filled and emptied. Only root can mount one."""

import contextlib
import os
import subprocess

import pytest

from server import copy_sparse

MEGABYTE = 1 << 20
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to mount a small disk")


class SmallDisk:
    def __init__(self, path):
        self.path = path

    def fill(self):
        """Until less is free than the 8 MB that the server keeps in reserve."""
        with open(self.path / "filler", "wb", buffering=0) as filler:
            while os.statvfs(self.path).f_bavail * os.statvfs(self.path).f_frsize > 5 * MEGABYTE:
                filler.write(bytes(MEGABYTE))

    def clear(self):
        (self.path / "filler").unlink()


@contextlib.contextmanager
def server_on_small_disk(make_server):
    """(server, disk): the server runs; it has ended when the disk goes."""
    server = make_server(start=False, disk_reserve="8M")
    path = server.folder / "disk"
    path.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m,mode=0755", "postrider-test", str(path)], capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        (server.folder / "data").rename(server.folder / "data.old")
        copy_sparse(server.folder / "data.old", path / "data")
        server.write_config(data=str(path / "data"))
        server.expect("disk-nearly-full")
        server.start()
        yield server, SmallDisk(path)
    finally:
        server.end()
        subprocess.run(["umount", str(path)], check=True)
