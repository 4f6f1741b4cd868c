#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# answer.sh ADDRESS: a web server of one page, the name of the jail that it runs in.
while printf 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n%s\n' "$(/bin/hostname)" | /usr/bin/nc -N -l "$1" 80; do
    :
done
