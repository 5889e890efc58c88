#!/bin/sh
# tests/lint/scripts.sh - shellcheck finds nothing in any script.
set -eu
# Launchers (bench/peers) have no first line of their own: bench/lib/peer.sh reads them.
git ls-files -z -co --exclude-standard |
    xargs -0 grep -lZE -m 1 --exclude='*.md' '^#!/bin/(ba)?sh' | xargs -0 shellcheck -x -P SCRIPTDIR
