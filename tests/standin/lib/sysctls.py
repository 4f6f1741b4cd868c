# SPDX-License-Identifier: BSD-2-Clause
"""The management information base that sysctl(8) shows: FreeBSD's names, types, descriptions, in the kernel's order.

The part of security.jail is as recorded (sys-2, sys-3, sys-4).
"""

from __future__ import annotations

from dataclasses import dataclass

TYPES = {
    "node": "node",
    "int": "integer",
    "uint": "unsigned integer",
    "long": "long integer",
    "ulong": "unsigned long",
    "u64": "uint64_t",
    "str": "string",
    "opaque": "opaque",
}


@dataclass(frozen=True)
class Oid:
    """One variable or node.

    kind: a key of TYPES. access: 'w' writable, 'r' read-only, 't' a tunable that loader.conf(5) sets.
    value: what it is at boot.
    """

    name: str
    kind: str
    access: str
    value: str
    title: str


_TABLE = """\
kern|node|r||High kernel, proc, limits &c
kern.ostype|str|r|FreeBSD|Operating system type
kern.osrelease|str|r||Operating system release
kern.osrevision|int|r|199506|Operating system revision
kern.version|str|r|FreeBSD 15.1-RELEASE-p1 JAILHOST|Kernel version
kern.maxvnodes|ulong|w|114892|Target for maximum number of vnodes (legacy)
kern.maxproc|int|t|8476|Maximum number of processes
kern.maxfiles|int|w|188392|Maximum number of files
kern.argmax|int|r|524288|Maximum bytes of argument to execve(2)
kern.securelevel|int|w||Current secure level
kern.hostname|str|w||Hostname
kern.hostid|ulong|w||Host ID
kern.boottime|opaque|r||Estimated system boottime
kern.clockrate|opaque|r|{ hz = 100, tick = 10000, profhz = 8126, stathz = 127 }|Rate and period of various kernel clocks
kern.posix1version|int|r|200112|Version of POSIX attempting to comply to
kern.ngroups|int|t|1023|Maximum number of supplemental groups a user can belong to
kern.job_control|int|r|1|Whether job control is available
kern.saved_ids|int|r|0|Whether saved set-group/user ID is available
kern.domainname|str|w||Name of the current YP/NIS domain
kern.osreldate|int|r||Kernel release date
kern.bootfile|str|w|/boot/kernel/kernel|Name of kernel file booted
kern.maxfilesperproc|int|w|169551|Maximum files allowed open per process
kern.maxprocperuid|int|w|7628|Maximum processes allowed per userid
kern.ipc|node|r||IPC
kern.ipc.soacceptqueue|int|w|128|Maximum listen socket pending connection accept queue size
kern.ipc.somaxconn|int|w|128|Maximum listen socket pending connection accept queue size (compat)
kern.ipc.maxsockbuf|ulong|w|2097152|Maximum socket buffer size
kern.ipc.shmmax|ulong|w|536870912|Maximum shared memory segment size
kern.ipc.shmall|ulong|w|131072|Maximum number of pages available for shared memory
kern.hostuuid|str|w||Host UUID
kern.boot_id|opaque|r||Random boot ID
kern.vm_guest|str|r|generic|Virtual machine guest detected?
kern.smp|node|r||Kernel SMP
kern.smp.cpus|int|r|2|Number of CPUs online
kern.smp.active|int|r|1|Indicates system is running in SMP mode
kern.racct|node|r||Resource Accounting
kern.racct.enable|int|t|0|Enable RACCT/RCTL
kern.disks|str|r|vtbd0 cd0|names of available disks
kern.features|node|r||Kernel Features
kern.features.vimage|int|r|1|VIMAGE kernel virtualization
kern.features.inet|int|r|1|Internet Protocol version 4
kern.features.inet6|int|r|1|Internet Protocol version 6
kern.features.racct|int|r|1|Resource Accounting
kern.features.rctl|int|r|1|Resource Limits
kern.randompid|int|w|0|Random PID modulus. Special values: 0: disable, 1: choose random value
kern.coredump|int|w|1|Enable/Disable coredumps
kern.corefile|str|w|%N.core|Process corefile name format string
kern.sugid_coredump|int|w|0|Allow setuid and setgid processes to dump core
vm|node|r||Virtual memory
vm.loadavg|opaque|r||Machine loadaverage history
vm.swap_enabled|int|w|1|Enable entire process swapout
vm.swap_total|u64|r|0|Total amount of available swap storage.
vm.overcommit|int|w|0|Configure virtual memory overcommit behavior.
vm.stats|node|r||VM meter stats
vm.stats.vm|node|r||VM meter vm stats
vm.stats.vm.v_page_size|uint|r|4096|Page size in bytes
vm.stats.vm.v_page_count|uint|r|1522688|Total number of pages in system
vm.stats.vm.v_free_count|uint|r|1481216|Free pages
vfs|node|r||File system
vfs.usermount|int|w|0|Unprivileged users may mount and unmount file systems
net|node|r||Network, (see socket.h)
net.inet|node|r||Internet Family
net.inet.ip|node|r||IP
net.inet.ip.forwarding|int|w||Enable IP forwarding between interfaces
net.inet.ip.redirect|int|w|1|Enable sending IP redirects
net.inet.ip.ttl|int|w|64|Maximum TTL on IP packets
net.inet.icmp|node|r||ICMP
net.inet.icmp.icmplim|int|w|200|Maximum number of ICMP responses per second
net.inet.icmp.drop_redirect|int|w|0|Ignore ICMP redirects
net.inet.tcp|node|r||TCP
net.inet.tcp.blackhole|int|w|0|Do not send RST on segments to closed ports
net.inet.tcp.sendspace|uint|w|32768|Initial send socket buffer size
net.inet.tcp.recvspace|uint|w|65536|Initial receive socket buffer size
net.inet.udp|node|r||UDP
net.inet.udp.blackhole|int|w|0|Do not send port unreachables for refused connects
net.inet6|node|r||Internet6 Family
net.inet6.ip6|node|r||IP6
net.inet6.ip6.forwarding|int|w||Enable forwarding of IPv6 packets between interfaces
net.inet6.ip6.dad_count|int|w|1|Number of ICMPv6 NS messages sent during duplicate address detection
net.link|node|r||Link layers
net.link.bridge|node|r||Bridge
net.link.bridge.pfil_bridge|int|w|0|Packet filter on the bridge interface
net.link.bridge.pfil_member|int|w|0|Packet filter on the member interface
net.link.bridge.inherit_mac|int|w|0|Inherit MAC address from the first bridge member
net.link.bridge.member_ifaddrs|int|w|0|Allow layer 3 addresses on bridge members
hw|node|r||hardware
hw.machine|str|r|amd64|System architecture
hw.model|str|r|QEMU TCG CPU version 2.5+|Machine model
hw.ncpu|int|r|2|Number of active CPUs
hw.byteorder|int|r|1234|System byte order
hw.physmem|ulong|r|6422437888|Amount of physical memory (in bytes)
hw.usermem|ulong|r|6248136704|Amount of memory (in bytes) which is not wired
hw.pagesize|int|r|4096|System memory page size
hw.floatingpoint|int|r|1|Floating point instructions supported in hardware
hw.machine_arch|str|r|amd64|System architecture
hw.realmem|ulong|r|6442450944|Amount of memory (in bytes) reported by the firmware
hw.availpages|ulong|r|1567978|Amount of physical memory (in pages)
hw.hv_vendor|str|r|TCGTCGTCGTCG|Hypervisor vendor
security|node|r||Security
security.bsd|node|r||BSD security policy
security.bsd.see_other_uids|int|w|1|Unprivileged processes may see subjects/objects with different real uid
security.bsd.see_other_gids|int|w|1|Unprivileged processes may see subjects/objects with different real gid
security.bsd.see_jail_proc|int|w|1|Unprivileged processes may see subjects/objects with different jail ids
security.bsd.unprivileged_read_msgbuf|int|w|1|Unprivileged processes may read the kernel message buffer
security.bsd.unprivileged_proc_debug|int|w|1|Unprivileged processes may use process debugging facilities
security.bsd.hardlink_check_uid|int|w|0|Unprivileged processes cannot create hard links to files owned by other users
security.jail|node|r||Jails
security.jail.mount_tmpfs_allowed|int|w|0|Jail may mount the tmpfs file system
security.jail.mount_procfs_allowed|int|w|0|Jail may mount the procfs file system
security.jail.mount_nullfs_allowed|int|w|0|Jail may mount the nullfs file system
security.jail.mount_fdescfs_allowed|int|w|0|Jail may mount the fdescfs file system
security.jail.mount_devfs_allowed|int|w|0|Jail may mount the devfs file system
security.jail.env|str|r||Meta information provided by parent jail
security.jail.meta_maxbufsize|int|w|4096|Maximum buffer size of each meta and env
security.jail.param|node|r||Jail parameters
security.jail.param.mac|node|r||Jail parameters for MAC policy controls
security.jail.param.sysvshm|node|r||SYSV shared memory
security.jail.param.sysvshm.|int|r|0|SYSV shared memory
security.jail.param.sysvsem|node|r||SYSV semaphores
security.jail.param.sysvsem.|int|r|0|SYSV semaphores
security.jail.param.sysvmsg|node|r||SYSV message queues
security.jail.param.sysvmsg.|int|r|0|SYSV message queues
security.jail.param.env|str|r|4096|Jail meta information readable by the jail
security.jail.param.meta|str|r|4096|Jail meta information hidden from the jail
security.jail.param.allow|node|r||Jail permission flags
security.jail.param.allow.mount|node|r||Jail mount/unmount permission flags
security.jail.param.allow.mount.tmpfs|int|r|0|Jail may mount the tmpfs file system
security.jail.param.allow.mount.procfs|int|r|0|Jail may mount the procfs file system
security.jail.param.allow.mount.nullfs|int|r|0|Jail may mount the nullfs file system
security.jail.param.allow.mount.fdescfs|int|r|0|Jail may mount the fdescfs file system
security.jail.param.allow.mount.devfs|int|r|0|Jail may mount the devfs file system
security.jail.param.allow.mount.|int|r|0|Jail may mount/unmount jail-friendly file systems in general
security.jail.param.allow.setaudit|int|r|0|Jail may set and get audit session state
security.jail.param.allow.routing|int|r|0|Jail may modify routing table
security.jail.param.allow.settime|int|r|0|Jail may set system time
security.jail.param.allow.adjtime|int|r|0|Jail may adjust system time
security.jail.param.allow.extattr|int|r|0|Jail may set system-level filesystem extended attributes
security.jail.param.allow.nfsd|int|r|0|Mountd/nfsd may run in the jail
security.jail.param.allow.suser|int|r|0|Processes in jail with uid 0 have privilege
security.jail.param.allow.unprivileged_parent_tampering|int|r|0|Unprivileged parent jail processes may tamper with same-uid processes (signal/debug/cpuset)
security.jail.param.allow.unprivileged_proc_debug|int|r|0|Unprivileged processes may use process debugging facilities
security.jail.param.allow.read_msgbuf|int|r|0|Jail may read the kernel message buffer
security.jail.param.allow.reserved_ports|int|r|0|Jail may bind sockets to reserved ports
security.jail.param.allow.mlock|int|r|0|Jail may lock (unlock) physical pages in memory
security.jail.param.allow.socket_af|int|r|0|Jail may create sockets other than just UNIX/IPv4/IPv6/route
security.jail.param.allow.quotas|int|r|0|Jail may set file quotas
security.jail.param.allow.chflags|int|r|0|Jail may alter system file flags
security.jail.param.allow.raw_sockets|int|r|0|Jail may create raw sockets
security.jail.param.allow.sysvipc|int|r|0|Jail may use SYSV IPC
security.jail.param.allow.set_hostname|int|r|0|Jail may set hostname
security.jail.param.ip6|node|r||Jail IPv6 address virtualization
security.jail.param.ip6.saddrsel|int|r|0|Do (not) use IPv6 source address selection rather than the primary jail IPv6 address.
security.jail.param.ip6.addr|opaque|r||Jail IPv6 addresses
security.jail.param.ip6.|int|r|0|Jail IPv6 address virtualization
security.jail.param.ip4|node|r||Jail IPv4 address virtualization
security.jail.param.ip4.saddrsel|int|r|0|Do (not) use IPv4 source address selection rather than the primary jail IPv4 address.
security.jail.param.ip4.addr|opaque|r||Jail IPv4 addresses
security.jail.param.ip4.|int|r|0|Jail IPv4 address virtualization
security.jail.param.cpuset|node|r||Jail cpuset
security.jail.param.cpuset.id|int|r|0|Jail cpuset ID
security.jail.param.host|node|r||Jail host info
security.jail.param.host.hostid|ulong|r|0|Jail host ID
security.jail.param.host.hostuuid|str|r|64|Jail host UUID
security.jail.param.host.domainname|str|r|256|Jail NIS domainname
security.jail.param.host.hostname|str|r|256|Jail hostname
security.jail.param.host.|int|r|0|Jail host info
security.jail.param.children|node|r||Number of child jails
security.jail.param.children.max|int|r|0|Maximum number of child jails
security.jail.param.children.cur|int|r|0|Current number of child jails
security.jail.param.dying|int|r|0|Jail is in the process of shutting down
security.jail.param.vnet|int|r|0|Virtual network stack
security.jail.param.persist|int|r|0|Jail persistence
security.jail.param.devfs_ruleset|int|r|0|Ruleset for in-jail devfs mounts
security.jail.param.enforce_statfs|int|r|0|Jail cannot see all mounted file systems
security.jail.param.osrelease|str|r|32|Jail value for kern.osrelease and uname -r
security.jail.param.osreldate|int|r|0|Jail value for kern.osreldate and uname -K
security.jail.param.securelevel|int|r|0|Jail secure level
security.jail.param.path|str|r|1024|Jail root path
security.jail.param.name|str|r|256|Jail name
security.jail.param.parent|int|r|0|Jail parent ID
security.jail.param.jid|int|r|0|Jail ID
security.jail.children|node|r||Limits and stats of child jails
security.jail.children.cur|int|r|0|Current number of child jails
security.jail.children.max|int|r|999999|Maximum number of child jails
security.jail.devfs_ruleset|int|w|0|Ruleset for the devfs filesystem in jail
security.jail.enforce_statfs|int|w|2|Processes in jail cannot see all mounted file systems (deprecated)
security.jail.mlock_allowed|int|w|0|Processes in jail can lock/unlock physical pages in memory
security.jail.mount_allowed|int|w|0|Processes in jail can mount/unmount jail-friendly file systems (deprecated)
security.jail.chflags_allowed|int|w|0|Processes in jail can alter system file flags (deprecated)
security.jail.allow_raw_sockets|int|w|0|Prison root can create raw sockets (deprecated)
security.jail.sysvipc_allowed|int|w|0|Processes in jail can use System V IPC primitives (deprecated)
security.jail.socket_unixiproute_only|int|w|1|Processes in jail are limited to creating UNIX/IP/route sockets only (deprecated)
security.jail.set_hostname_allowed|int|w|1|Processes in jail can set their hostnames (deprecated)
security.jail.jail_max_af_ips|int|w|255|Number of IP addresses a jail may have at most per address family (deprecated)
security.jail.vnet|int|r|0|Jail owns vnet?
security.jail.jailed|int|r|0|Process in jail?
"""  # noqa: E501

OIDS = {oid.name: oid for oid in (Oid(*line.split("|", 4)) for line in _TABLE.splitlines())}


def below(node: str) -> list[Oid]:
    """A node's variables and nodes, in order, itself not among them."""
    return [oid for oid in OIDS.values() if oid.name.startswith(f"{node}.")]
