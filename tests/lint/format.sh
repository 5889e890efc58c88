#!/bin/sh
# tests/lint/format.sh - clang-format has nothing to change.
set -eu
find src tests -name '*.[ch]' -print0 | xargs -0 clang-format-14 --dry-run -Werror
