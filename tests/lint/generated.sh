#!/bin/sh
# tests/lint/generated.sh BUILDDIR [--update] - what is generated is as the rows say.
set -eu

build=${1:?usage: generated.sh BUILDDIR [--update]}
update=${2:-}
top=$(cd "$(dirname "$0")/../.." && pwd)
dotproxy=$build/src/dotproxy
[ -x "$dotproxy" ] || dotproxy=$build/dotproxy
new=$(mktemp)
trap 'rm -f "$new"' EXIT
status=0

while read -r topic file; do
    "$dotproxy" print "$topic" >"$new"
    if [ "$update" = --update ]; then
        mkdir -p "$(dirname "$top/$file")"
        cat "$new" >"$top/$file"
    elif ! diff -u "$top/$file" "$new"; then
        echo "$file is not what \`dotproxy print $topic\` says; run tests/lint/generated.sh $build --update" >&2
        status=1
    fi
done <<FILES
reference docs/reference/configuration.md
schema docs/reference/dotproxy.schema.json
man docs/reference/dotproxy.1
example etc/dotproxy.yaml
metrics docs/reference/metrics.md
records docs/reference/query-log.md
record-schema docs/reference/query-log.schema.json
FILES

if command -v mandoc >/dev/null; then
    mandoc -T lint -W warning "$top/docs/reference/dotproxy.1" || status=1
fi
exit $status
