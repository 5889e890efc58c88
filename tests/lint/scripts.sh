#!/bin/sh
# tests/lint/scripts.sh - shellcheck finds nothing in any script.
set -eu
# Launchers of bench/peers are read by bench/lib/peer.sh, which defines what they use.
git ls-files -z -co --exclude-standard |
    xargs -0 grep -lZE -m 1 '^#!/bin/(ba)?sh' | xargs -0 shellcheck -x
