#!/bin/bash
# scripts/image-test.sh [NAME] - starts the image beside a real resolver with TLS and asks it with dig.
#
# Checked: port 53 without root, by the file's capability; answers over UDP and TCP, all of them by way
# of TLS; the health check. docker and podman run it as a user would; buildah runs it in a chroot.
# shellcheck disable=SC2317 # the functions are called by `check` and `trap`
set -eu
cd "$(dirname "$0")/.."
. scripts/engine.sh
. scripts/resolver.sh
name=${1:-dotproxy}
address=127.53.53.53        # a loopback address of our own, where port 53 is free
directory=$(mktemp -d)
container=
running=
status=0

if [ $engine = buildah ]; then
    scripts/setup.sh image
    create() { container=$(buildah from --pull-never "$name"); }
    start() {
        buildah run --isolation=chroot -v "$directory/etc:/etc/dotproxy" "$container" -- "$@" &
        running=$!
    }
    inside() { buildah run --isolation=chroot "$container" -- "$@"; }
    setting() { buildah inspect --type image --format "{{.Docker.Config.$1}}" "$name"; }
    # The last of the line of processes that `buildah run` began.
    process() {
        local id=$running child
        while child=$(pgrep -n -P "$id"); do id=$child; done
        echo "$id"
    }
    stop() {
        [ -z "$running" ] || kill "$(process)" || true
        [ -z "$running" ] || wait "$running" || true
        [ -z "$container" ] || buildah rm "$container" >/dev/null
    }
else
    scripts/setup.sh demo
    create() { :; }
    start() {
        shift       # the entry point
        container=$($engine run -d --network host -v "$directory/etc:/etc/dotproxy:ro" "$name" "$@")
    }
    inside() { $engine exec "$container" "$@"; }
    setting() { $engine image inspect --format "{{.Config.$1}}" "$name"; }
    process() { $engine inspect --format '{{.State.Pid}}' "$container"; }
    stop() { [ -z "$container" ] || $engine rm -f "$container" >/dev/null; }
fi

finish() {
    stop
    stop_resolver
    rm -rf "$directory"
}
trap finish EXIT

# WHAT EXPECTED COMMAND...: the command prints what is expected.
check() {
    local what=$1 expected=$2 got
    shift 2
    got=$("$@" 2>&1) || got="$got (exit status $?)"
    case $got in
    *"$expected"*) echo "ok      $what" ;;
    *)
        echo "FAILED  $what: expected \"$expected\", got: $got"
        status=1
        ;;
    esac
}

ask() { dig "@$address" +tries=1 +timeout=5 +short "$@"; }
healthy() { inside dotproxy healthcheck "dns://$address:53" && echo healthy; }
in_the_clear() { resolver_counts "$directory" | awk '{ print $1 - $2, "of", ($1 >= 2 ? "enough" : "too few") }'; }
process_user() { ps -o uid= -p "$(process)"; }

chmod 755 "$directory"
mkdir "$directory/etc"
start_resolver "$directory"
cp "$RESOLVER_CA" "$directory/etc/ca.pem"
cat >"$directory/etc/dotproxy.yaml" <<CONF
listen:
  - url: dns://$address:53
upstream:
  - url: $RESOLVER_URL
    ca: /etc/dotproxy/ca.pem
CONF

create
start dotproxy run -c /etc/dotproxy/dotproxy.yaml
for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/$address/53") 2>/dev/null && break
    sleep 0.1
done

check "its user is not root" 953 setting User
check "nor is the process" 953 process_user
check "port 53 is a right of the file" cap_net_bind_service=ep inside getcap /usr/bin/dotproxy
check "listens everywhere by default" 'dns://0.0.0.0:53 --listen dns://[::]:53' setting Cmd
check "has a health check" 'dotproxy healthcheck' setting Healthcheck
check "answers over UDP" 192.0.2.1 ask example.com A
check "answers over TCP" 192.0.2.1 ask example.com A +tcp
check "answers AAAA" 2001:db8::1 ask example.com AAAA
check "is healthy" healthy healthy
check "asks no one in the clear" '0 of enough' in_the_clear
exit $status
