# SPDX-License-Identifier: BSD-2-Clause
"""What takes many tries to go wrong. The library runs on the host by itself, not in a module, so that there is time.

In the first test somebody exchanges a directory and a file in the root for links out of it, all the time: nothing ever
stays mounted outside. In the second, runs are killed at any moment: the next one brings about what it should.
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

KILLS = """
import os, random, signal, sys, time
sys.path.insert(0, "/tmp/killed/library")
from ansible_collections.bsd.jail.plugins.module_utils import mounttable
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.mountplan import Mount
from ansible_collections.bsd.jail.plugins.module_utils.mounts import mount_all, unmount_all
from ansible_collections.bsd.jail.plugins.module_utils.roots import of_path

host, root = Host(), of_path("/tmp/killed/root")
one = [Mount("/a/b", "nullfs", "/tmp/killed/source"), Mount("/t", "tmpfs"), Mount("/f", "nullfs", "/tmp/killed/file")]
two = [Mount("/a/b", "nullfs", "/tmp/killed/source", ("ro",)), Mount("/t", "tmpfs", "", ("nosuid",)), one[2]]

def there():
    table = [entry for entry in mounttable.read(host) if entry.node.startswith("/tmp/killed/")]
    return sorted((entry.node, entry.fstype, *entry.options) for entry in table)

mount_all(host, root, two)
right = there()
for _ in range(KILLS):
    pid = os.fork()
    if pid == 0:
        while True:
            for mounts in (one, two):
                mount_all(host, root, mounts)
            unmount_all(host, root, two)
    time.sleep(random.uniform(0, 2))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    mount_all(host, root, two)
    if there() != right:
        sys.exit(f"{there()}, not {right}")
unmount_all(host, root, two)
print("left:", there())
"""

CLEAN_UP = "kill $(cat /tmp/race/attacker.pid); rm -rf /tmp/race"


def library() -> bytes:
    """The library as a packed archive."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for path in sorted((CHECKOUT / "plugins/module_utils").glob("*.py")):
            archive.add(path, f"{COLLECTION}/{path.name}")
    return packed.getvalue()


def put_library(host: Host, directory: str) -> None:
    host.run(f"mkdir -p {directory}")
    subprocess.run([*host.shell, f"tar -C {directory} -xzf -"], input=library(), check=True)


def test_nothing_stays_mounted_outside_of_a_root_that_changes_all_the_time(host: Host) -> None:
    python = host.variables["ansible_python_interpreter"]
    host.run(SETUP)
    put_library(host, "/tmp/race/library")
    host.run(f"cat >/tmp/race/attack.py <<'END'\n{ATTACK}\nEND\ncat >/tmp/race/tries.py <<'END'\n{TRIES}\nEND")
    host.run(f"daemon -f -p /tmp/race/attacker.pid {python} /tmp/race/attack.py")
    said = host.run(f"{python} /tmp/race/tries.py").stdout
    host.run(CLEAN_UP)
    counts = {name: int(count) for name, count in re.findall(r"(\w+)=(\d+)", said)}
    assert "astray" not in counts, said
    assert counts.get("mounted") == counts.get("there"), said
    assert counts.get("refused"), said


def test_a_run_that_was_killed_leaves_nothing_that_the_next_one_cant_repair(host: Host) -> None:
    python = host.variables["ansible_python_interpreter"]
    host.run("mkdir -p /tmp/killed/root /tmp/killed/source; echo source >/tmp/killed/file")
    put_library(host, "/tmp/killed/library")
    script = KILLS.replace("range(KILLS)", f"range({SECONDS // 2})")
    host.run(f"cat >/tmp/killed/kills.py <<'END'\n{script}\nEND")
    done = host.run(f"{python} /tmp/killed/kills.py", check=False)
    assert done.stdout == "left: []\n", done.stdout + done.stderr
    host.run("rm -rf /tmp/killed")
