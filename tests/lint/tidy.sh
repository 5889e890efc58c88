#!/bin/bash
# tests/lint/tidy.sh BUILDDIR - clang-tidy over src/, one file on each core; BUILDDIR was made with clang.
#
# A file that passed is looked at again when it, any header or the list of checks has changed.
set -eu
export BUILD=$1 PASSED=$1/tidy
mkdir -p "$PASSED"
# shellcheck disable=SC2012 # no odd names here
NEWEST=$(find src .clang-tidy \( -name '*.h' -o -name '*.def' -o -name .clang-tidy \) -print0 | xargs -0 ls -t | head -n 1)
export NEWEST

# How far the analyzer follows the paths of one function: a quarter of its default takes a third of the time.
export DEPTH='--extra-arg=-Xclang --extra-arg=-analyzer-config --extra-arg=-Xclang --extra-arg=max-nodes=50000'

check() {
    local mark=$PASSED/${1//\//-} found
    [ "$mark" -nt "$1" ] && [ "$mark" -nt "$NEWEST" ] && return 0
    # shellcheck disable=SC2086 # a list of words
    if found=$(clang-tidy-14 -p "$BUILD" --quiet $DEPTH "$1" 2>/dev/null); then
        touch "$mark"
    else
        rm -f "$mark"
        printf '%s\n' "$found"
        return 1
    fi
}
export -f check

find src -name '*.c' -print0 | xargs -0 -P "$(nproc)" -I{} bash -c 'check {}'
