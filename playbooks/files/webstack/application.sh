#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A page, made of what the database says. inetd(8) starts one of these for each request.
while read -r line && [ "${line%?}" ]; do :; done
printf 'HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n'
printf '%s of ' "$(/bin/hostname)"
exec /usr/bin/nc -N -w 10 database 5432 </dev/null 2>/dev/null
