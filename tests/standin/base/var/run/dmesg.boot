---<<BOOT>>---
Copyright (c) 1992-2026 The FreeBSD Project.
FreeBSD is a registered trademark of The FreeBSD Foundation.
FreeBSD 15.1-RELEASE-p1 JAILHOST amd64
VT(vga): text 80x25
CPU: QEMU TCG CPU version 2.5+ (2300.96-MHz K8-class CPU)
real memory  = 6442450944 (6144 MB)
avail memory = 6237196288 (5948 MB)
FreeBSD/SMP: Multiprocessor System Detected: 2 CPUs
vtnet0: <VirtIO Networking Adapter> on virtio_pci0
vtnet0: Ethernet address: 52:54:00:12:34:56
vtbd0: <VirtIO Block Adapter> on virtio_pci1
Trying to mount root from ufs:/dev/vtbd0 [rw]...
