#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# SPDX-FileCopyrightText: The lvs.ha_web authors
#
# Stops keepalived, whose first process is $MAINPID: the VIPs first, and IPVS when nobody needs it any more.
#
# Told to stop, keepalived gives up VIPs and virtual services at once, each by a process of its own. A connection that is
# too young for another director to know of would end there: its packets, which the VIP's new holder hands over, find no
# service. So the process of the services stands still until no packet has come for half a second; after five seconds
# keepalived would kill it, and its services would stay.

# Each CPU's: what stands below them, and in ip_vs_stats, is up to two seconds old.
packets() {
  awk '$1 == "~" { exit } NR > 2 { print $3 }' /proc/net/ip_vs_stats_percpu
}

# Not where keepalived has ended by itself, for which systemd calls as well.
kill -0 "$MAINPID" 2>/dev/null || exit 0
services=$(cat /run/checkers.pid /run/keepalived/checkers.pid 2>/dev/null | head -n 1)
grep --quiet --no-messages "^PPid:[[:space:]]*$MAINPID$" "/proc/$services/status" || services=
test -z "$services" || kill -STOP "$services"
kill -TERM "$MAINPID"
left=7
now=$(packets)
while test $left -gt 0; do
  before=$now
  sleep 0.5
  now=$(packets)
  test "$now" != "$before" || break
  left=$((left - 1))
done
test -z "$services" || kill -CONT "$services"
