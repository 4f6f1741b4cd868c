#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# In the background: kill the run that works on /jails/killed, and stop the tar that it leaves behind.
daemon -f sh -c '
until ls /jails/killed/file; do :; done
pkill -KILL -f jail_root
pkill -STOP -f "[-]C /jails/killed" && touch /jails/bad/killed'
