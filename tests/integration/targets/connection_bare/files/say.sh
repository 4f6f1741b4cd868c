#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
printf '%s\n' "$@" ü
