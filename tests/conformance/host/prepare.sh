# SPDX-License-Identifier: BSD-2-Clause
# What every group finds: /tmp/b with root1 and root2 (empty) and data/f, and the interface lo1.
# It stops at a host that has jails, their configuration, or a /tmp/b already: the cases remove all of these, and never
# somebody's own.
set -eu
for found in $(jls -d jid) /tmp/b /etc/jail.conf /etc/devfs.rules /etc/jail.conf.d/*; do
	case $found in
	/*) [ ! -e "$found" ] || { echo "$found is there: not a host to ask" >&2; exit 1; } ;;
	*) echo "jail $found runs: not a host to ask" >&2; exit 1 ;;
	esac
done
if ifconfig lo1 2> /dev/null | grep -q 'inet '; then
	echo "lo1 is in use: not a host to ask" >&2
	exit 1
fi

umask 022
mkdir -p /tmp/b/root1 /tmp/b/root2 /tmp/b/data /var/tmp/conformance
echo hello > /tmp/b/data/f
# For clean.sh: what was there.
cp -p /etc/rc.conf /var/tmp/conformance/rc.conf
ifconfig -l > /var/tmp/conformance/interfaces
[ ! -d /etc/jail.conf.d ] || : > /var/tmp/conformance/jail.conf.d
ifconfig lo1 > /dev/null 2>&1 || ifconfig lo1 create
