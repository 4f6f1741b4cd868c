# SPDX-License-Identifier: BSD-2-Clause
# Undo what a group's cases did on a real host. What prepare.sh found there stays; a mount that doesn't go away stops it
# before any file is removed.
set -u
was=/var/tmp/conformance
[ -f $was/rc.conf ] || { echo "prepare.sh didn't run here" >&2; exit 1; }

for jid in $(jls jid); do
	jail -R "$jid"
done
# One that is dying is gone when its last connection is, a minute at most.
for _ in $(jot 90); do
	[ -n "$(jls -d jid)" ] || break
	sleep 1
done

# Newest first, and by file system id, which no odd path can spoil.
newest_first=
for fsid in $(mount -v | sed -n 's/.* on \/tmp\/b.*fsid \([0-9a-f]*\).*/\1/p'); do
	newest_first="$fsid $newest_first"
done
for fsid in $newest_first; do
	umount "$fsid" || umount -f "$fsid"
done
if mount | grep -q ' on /tmp/b'; then
	mount | grep ' on /tmp/b' >&2
	exit 1
fi

for interface in $(ifconfig -l); do
	grep -qw -- "$interface" $was/interfaces || ifconfig "$interface" destroy 2> /dev/null
done

cmp -s $was/rc.conf /etc/rc.conf || cp -p $was/rc.conf /etc/rc.conf
rm -f /etc/jail.conf /etc/devfs.rules /etc/jail.conf.d/*.conf /var/run/ff /var/run/x.lock
find -x /var/run -name 'jail_*.id' -newer $was/interfaces -delete
[ -f $was/jail.conf.d ] || rmdir /etc/jail.conf.d 2> /dev/null
devfs rule -s 100 delset 2> /dev/null
for name in nosuch rl; do
	rctl -r jail:$name 2> /dev/null
done

for pkg in /usr/sbin/pkg /usr/local/sbin/pkg; do
	[ ! -e $pkg.away ] || mv $pkg.away $pkg
done

chflags -R noschg /tmp/b
find -x /tmp/b $was -delete
[ ! -e /tmp/b ]
