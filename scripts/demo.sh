#!/bin/bash
# scripts/demo.sh [DOTPROXY] - dotproxy at work without the internet; exit status 0 when all went as it should.
set -eu
dotproxy=${1:-build/dotproxy}
. "$(dirname "$0")/resolver.sh"

directory=$(mktemp -d)
proxy=
finish() {
    [ -z "$proxy" ] || kill "$proxy" 2>/dev/null || true
    [ -z "$proxy" ] || wait "$proxy" 2>/dev/null || true
    stop_resolver
    rm -rf "$directory"
}
trap finish EXIT

fail() {
    echo "demo: $*" >&2
    sed 's/^/dotproxy: /' "$directory/dotproxy.log" >&2
    exit 1
}

start_dotproxy() { # PORT
    cat >"$directory/dotproxy.yaml" <<CONF
workers: 1
listen:
  - url: dns://127.0.0.1:$1
upstream:
  - url: $RESOLVER_URL
    ca: $RESOLVER_CA
CONF
    "$dotproxy" run -c "$directory/dotproxy.yaml" >"$directory/dotproxy.log" 2>&1 &
    proxy=$!
    for _ in $(seq 100); do
        ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null || return 0
        kill -0 "$proxy" 2>/dev/null || fail "dotproxy did not start"
        sleep 0.05
    done
    fail "dotproxy does not listen"
}

# Runs dig, shows what it printed, and checks that EXPECTED is in it.
show() { # EXPECTED DIG_ARGUMENT...
    local expected=$1 answer
    shift
    echo
    echo "\$ dig $*"
    answer=$(dig "$@" +tries=1 +timeout=5) || true
    printf '%s\n' "$answer" | grep -v -e '^$' -e '^; <<>>' -e '^;; global' -e '^;; WHEN' | sed 's/^/    /'
    case $answer in *"$expected"*) ;; *) fail "no $expected in the answer" ;; esac
}

touch "$directory/dotproxy.log"
port=$(free_port)
start_resolver "$directory"
start_dotproxy "$port"
echo "A resolver with TLS:  $RESOLVER_URL  ($("$directory/unbound" -V | sed -n 's/^Version /unbound /p'), a CA made for this run)"
echo "dotproxy before it:   dns://127.0.0.1:$port  (UDP and TCP; it has no other upstream)"

show 192.0.2.1 @127.0.0.1 -p "$port" example.com A +tcp
show 2001:db8::1 @127.0.0.1 -p "$port" example.com AAAA
show 'this came over TLS' @127.0.0.1 -p "$port" example.com TXT +short
show NXDOMAIN @127.0.0.1 -p "$port" no-such-name.example.com A

read -r all tls <<<"$(resolver_counts "$directory")"
echo
echo "The resolver was asked $all times: $tls over TLS, $((all - tls)) in the clear."
[ "$all" -ge 4 ] || fail "the answers did not come from the resolver"
[ "$all" -eq "$tls" ] || fail "a query left in the clear"
echo "All answers came over TLS."
