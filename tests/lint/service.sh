#!/bin/sh
# tests/lint/service.sh - systemd understands the service unit, where systemd's tools are.
set -eu
command -v systemd-analyze >/dev/null || exit 0
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
sed -e '/^Documentation=/d' -e 's,/usr/bin/dotproxy,/bin/true,' etc/dotproxy.service >"$directory/dotproxy.service"
systemd-analyze verify "$directory/dotproxy.service"
