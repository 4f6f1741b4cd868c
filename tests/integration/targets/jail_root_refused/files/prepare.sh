#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Archives as they shouldn't be, a server, a server that never answers, and places where no root can be made.
set -e
mkdir -p /jails/bad/empty /jails/there /jails/used /jails/full
cd /jails/bad
mkdir -p set/bin
dd if=/dev/urandom of=set/bin/sh bs=1024 count=2048 2>/dev/null
tar -cJf base.txz -C set .
cp base.txz empty
head -c 20000 base.txz >cut.txz
/usr/local/bin/python3 - <<'END'
import gzip, io, tarfile

def archive(name, *entries):
    with tarfile.open(name, "w") as made:
        for path, attributes in entries:
            entry = tarfile.TarInfo(path)
            for key, value in attributes.items():
                setattr(entry, key, value)
            made.addfile(entry, io.BytesIO(b"x" * entry.size))

file, top = {"size": 1, "mode": 0o644}, (".", {"type": tarfile.DIRTYPE, "mode": 0o755})
archive("dotdot.tar", top, ("fine", file), ("../evil", file))
archive("through.tar", top, ("l", {"type": tarfile.SYMTYPE, "linkname": "/jails"}), ("l/evil", file))
archive("absolute.tar", top, ("/evil", file))
archive("device.tar", top, ("null", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3}))
archive("nothing.tar")
# One that tar is at for long: a file over and over again.
again = tarfile.TarInfo("./file")
with gzip.open("slow.tgz", "wb", compresslevel=1) as slow:
    for _ in range(500):
        slow.write(again.tobuf() * 2000)
END
printf 'base.txz\t%064d\t2\tbase\t"Base"\ton\n' 0 | tr 0 1 >MANIFEST
mkdir served
ln base.txz served/base.txz
ln -s ../empty served/empty
printf 'base.txz\t%s\t2\tbase\t"Base"\ton\n' "$(sha256 -q base.txz)" >served/MANIFEST
daemon -f -p server.pid -o log /usr/local/bin/python3 -u -m http.server --bind 127.0.0.1 --directory served 8088
daemon -f -p stalled.pid nc -k -l 127.0.0.1 8089
mount -t tmpfs -o size=1m tmpfs /jails/full
: >/jails/there/precious
jail -c name=used path=/jails/used persist
until nc -z 127.0.0.1 8088 && nc -z 127.0.0.1 8089; do sleep 0.1; done
