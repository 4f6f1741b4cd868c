# SPDX-License-Identifier: BSD-2-Clause
"""Mounts into a root where somebody exchanges a directory and a file for links out of it, all the time: none ever stays
outside. The library runs on the host by itself, not in a module, so that there is time for many tries.
"""

from __future__ import annotations

import io
import re
import subprocess
import tarfile

from tests.hosts import CHECKOUT, Host

COLLECTION = "ansible_collections/bsd/jail/plugins/module_utils"
SECONDS = 20

SETUP = """
mkdir -p /tmp/race/root/a/b /tmp/race/root/d /tmp/race/outside/b /tmp/race/source
echo source >/tmp/race/file
echo outside >/tmp/race/outside/f
echo jail >/tmp/race/root/d/f
ln -s ../outside /tmp/race/root/link
ln -s ../../outside/f /tmp/race/root/d/link
"""

# A name is what it should be, then a link out, and so on, by renaming, which what is mounted there may prevent.
ATTACK = """
import contextlib, os
os.chdir("/tmp/race/root")
def put(kept, name):
    while True:
        with contextlib.suppress(OSError):
            return os.rename(kept, name)
        for made in (name + "/b", name):
            with contextlib.suppress(OSError):
                os.rmdir(made)
while True:
    for name, link in (("a", "link"), ("d/f", "d/link")):
        try:
            os.rename(name, "kept")
        except OSError:
            continue
        try:
            os.rename(link, name)
        except OSError:
            put("kept", name)
            continue
        put(name, link)
        put("kept", name)
"""

TRIES = f"""
import collections, os, sys, time
sys.path.insert(0, "/tmp/race/library")
from ansible_collections.bsd.jail.plugins.module_utils import mounttable
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.mountplan import Mount
from ansible_collections.bsd.jail.plugins.module_utils.mounts import mount_all
from ansible_collections.bsd.jail.plugins.module_utils.roots import of_path

host, root, counts = Host(), of_path("/tmp/race/root"), collections.Counter()
wanted = (Mount("/a/b", "nullfs", "/tmp/race/source"), Mount("/d/f", "nullfs", "/tmp/race/file"))
end = time.monotonic() + {SECONDS}
while time.monotonic() < end:
    for mount in wanted:
        try:
            mount_all(host, root, [mount])
            counts["mounted"] += 1
        except JailError as error:
            counts["taken_back" if "somebody changed" in error.message else "refused"] += 1
        for one in mounttable.read(host):
            if one.node.startswith("/tmp/race/"):
                counts["there" if one.node == root.path + mount.destination else "astray"] += 1
                host.unmount(one.fsid, True)
print(*(f"{{name}}={{count}}" for name, count in counts.items()))
"""

CLEAN_UP = "kill $(cat /tmp/race/attacker.pid); rm -rf /tmp/race"


def library() -> bytes:
    """The library as a packed archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path in sorted((CHECKOUT / "plugins/module_utils").glob("*.py")):
            archive.add(path, f"{COLLECTION}/{path.name}")
    return packed.getvalue()


def test_nothing_stays_mounted_outside_of_a_root_that_changes_all_the_time(host: Host) -> None:
    python = host.variables["ansible_python_interpreter"]
    host.run(f"{SETUP}\nmkdir /tmp/race/library")
    subprocess.run([*host.shell, "tar -C /tmp/race/library -xzf -"], input=library(), check=True)
    host.run(f"cat >/tmp/race/attack.py <<'END'\n{ATTACK}\nEND\ncat >/tmp/race/tries.py <<'END'\n{TRIES}\nEND")
    host.run(f"daemon -f -p /tmp/race/attacker.pid {python} /tmp/race/attack.py")
    said = host.run(f"{python} /tmp/race/tries.py").stdout
    host.run(CLEAN_UP)
    counts = {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", said)}
    assert "astray" not in counts, said
    assert counts.get("mounted") == counts.get("there"), said
    assert counts.get("refused"), said
