#!/bin/sh
# tests/lint/paths.sh - no file names a place on the machine it was written on.
set -eu
here=$(pwd)
! git ls-files -z -co --exclude-standard |
    xargs -0 grep -nIE -e '(^|[^A-Za-z0-9_.])/(home|root|work|Users)/' -e "$here(/|\$)"
