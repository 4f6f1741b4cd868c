# SPDX-License-Identifier: BSD-2-Clause
"""From the module's options to a configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import fstab
from ansible_collections.bsd.jail.plugins.module_utils.conf import render_block
from ansible_collections.bsd.jail.plugins.module_utils.desired import configuration
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError


def block(**options: Any) -> str:
    conf = configuration("web", options)
    assert conf is not None
    return render_block(conf)


def test_nothing_given_leaves_the_configuration_as_it_is() -> None:
    assert configuration("web", {"params": {}, "expand": [], "path": None}) is None


def test_nothing_is_added_but_persist() -> None:
    assert block(path="/") == "web {\n    path = '/';\n    persist;\n}\n"
    assert "nopersist;" in block(path="/", persist=False)


def test_types() -> None:
    text = block(
        path="/",
        devfs_ruleset=4,
        ip4_addr=["10.0.0.1", "10.0.0.2"],
        vnet=False,
        params={"allow.raw_sockets": False, "exec.prestart": ["a", "b"], "children.max": 3, "meta": "x"},
    )
    for line in (
        "devfs_ruleset = '4';",
        "ip4.addr = '10.0.0.1', '10.0.0.2';",
        "vnet = 'inherit';",
        "allow.noraw_sockets;",
        "exec.prestart = 'a', 'b';",
        "children.max = '3';",
        "meta = 'x';",
    ):
        assert f"    {line}\n" in text


@pytest.mark.parametrize(("given", "written"), [(True, "new"), ("new", "new"), ("yes", "new"), (False, "inherit")])
def test_vnet(given: Any, written: str) -> None:
    assert f"vnet = '{written}';" in block(path="/", vnet=given)


def test_the_order_of_params_does_not_matter() -> None:
    one = block(path="/", params={"meta": "x", "allow.mount": True})
    assert one == block(path="/", params={"allow.mount": True, "meta": "x"})


def test_expand_takes_options_and_parameters() -> None:
    text = block(path="/", host_hostname="${name}.x", params={"meta": "$name"}, expand=["host_hostname", "meta"])
    assert 'host.hostname = "${name}.x";' in text
    assert 'meta = "$name";' in text


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"host_hostname": "x"}, "path is missing"),
        ({"params": {"meta": "x"}}, "path is missing"),
        ({"path": "a"}, "isn't absolute"),
        ({"path": "/", "vnet": "maybe"}, "vnet can't be 'maybe'"),
        ({"path": "/", "vnet": "new", "ip4_addr": ["10.0.0.1"]}, "contradicts vnet"),
        ({"path": "/", "vnet": "new", "ip6_addr": ["::1"]}, "contradicts vnet"),
        ({"path": "/", "vnet": False, "vnet_interface": ["e0b"]}, "contradicts vnet"),
        ({"path": "/", "ip4": "inherit", "ip4_addr": ["10.0.0.1"]}, "contradicts ip4"),
        ({"path": "/", "ip6": "disable", "ip6_addr": ["::1"]}, "contradicts ip6"),
        ({"path": "/", "host_hostname": "x", "params": {"host": "inherit"}}, "contradicts host"),
        ({"path": "/", "params": {"host.domainname": "x", "host": "inherit"}}, "contradicts host"),
        ({"path": "/", "ip4_addr": ["lo0|10.0.0.1", "10.0.0.1/24"]}, "10.0.0.1 twice"),
        ({"path": "/", "ip6_addr": ["fd00::1", "FD00:0::1"]}, "fd00::1 twice"),
        ({"path": "/", "params": {"ip4.addr": "x"}}, "use ip4_addr"),
        ({"path": "/", "params": {"ip4_addr": "x"}}, "use ip4_addr"),
        ({"path": "/", "params": {"host.hostname": "x"}}, "use host_hostname"),
        ({"path": "/", "params": {"host_hostname": "x"}}, "use host_hostname"),
        ({"path": "/", "params": {"hostname": "x"}}, "use host_hostname"),
        ({"path": "/", "params": {"root": "x"}}, "use path"),
        ({"path": "/", "params": {"mounts": []}}, "use mounts"),
        ({"path": "/", "params": {"persist": True}}, "use persist"),
        ({"path": "/", "params": {"name": "x"}}, "the option name alone"),
        ({"path": "/", "params": {"meta": 1.5}}, "put it in quotes"),
        ({"path": "/", "params": {"meta": None}}, "write true"),
        ({"path": "/", "params": {"meta": {"a": 1}}}, "lists of strings"),
        ({"path": "/", "params": {"exec.prestart": ["a", True]}}, "lists of strings"),
        ({"path": "/", "params": {"meta": ["a", "b"]}}, "takes one value"),
        ({"path": "/", "expand": ["meta"]}, "isn't given a value"),
        ({"path": "/", "params": {"allow.mount": True}, "expand": ["allow.mount"]}, "isn't given a value"),
        ({"path": "/", "mounts": [{"destination": "x", "type": "tmpfs"}]}, "isn't absolute"),
        ({"path": "/", "mounts": [{"destination": "/a/../../b", "type": "tmpfs"}]}, "'..'"),
        (
            {"path": "/", "mounts": [{"destination": "/a", "type": "tmpfs"}, {"destination": "/a/", "type": "tmpfs"}]},
            "two",
        ),
        ({"path": "/", "mounts": [{"destination": "/a", "type": "tmpfs"}], "params": {"mount": "x"}}, "given twice"),
        ({"path": "${x}", "expand": ["path"], "mounts": [{"destination": "/a", "type": "tmpfs"}]}, "can't be resolved"),
    ],
)
def test_what_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        configuration("web", options)
    assert words in caught.value.message
    assert "web" in caught.value.message
    assert caught.value.details["parameter"]


def test_the_path_is_written_resolved_and_the_mount_points_with_it(tmp_path: Path) -> None:
    # pth-1: with another spelling in front, jail(8) follows links below the path
    (tmp_path / "root").mkdir()
    (tmp_path / "link").symlink_to("root")
    root, link = str((tmp_path / "root").resolve()), f"{tmp_path}/link"
    mounts = [{"destination": "//a b/", "type": "nullfs", "source": "/d", "options": ["ro"]}]
    text = block(path=f"{link}//", mounts=mounts)
    assert f"path = '{root}';" in text
    assert f"mount = '/d {root}/a\\\\040b nullfs ro 0 0';" in text
    text = block(path=link, params={"mount": [f"tmpfs {link}//tmp/ tmpfs rw 0 0", f"/d {root}/x nullfs ro", "odd"]})
    assert f"mount = 'tmpfs {root}/tmp tmpfs rw 0 0', '/d {root}/x nullfs ro', 'odd';" in text


@pytest.mark.parametrize(
    ("given", "resolved", "point", "written"),
    [
        ("/j", "/j", "/j", "/j"),
        ("/j", "/j", "/jj/x", "/jj/x"),
        ("/j/", "/real", "/j/x", "/real/x"),
        ("/", "/", "//x/", "/x"),
        ("/j", "/", "/j/x", "/x"),
        ("/j", "/real", "relative", "relative"),
        ("/j", "/real", "/j/a\\040b", "/real/a\\040b"),
    ],
)
def test_mount_points(given: str, resolved: str, point: str, written: str) -> None:
    assert fstab.respell(f"tmpfs {point} tmpfs rw", given, resolved) == f"tmpfs {written} tmpfs rw"


def test_an_empty_source_is_null() -> None:
    assert fstab.mount_line("", "/j/a", "tmpfs", []) == "null /j/a tmpfs rw 0 0"
