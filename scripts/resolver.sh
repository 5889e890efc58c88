# shellcheck shell=bash
# scripts/resolver.sh - a real resolver with TLS on loopback, and a CA for it that is thrown away after.
#
# Sourced by demo.sh and image-test.sh. After `start_resolver DIRECTORY` there are RESOLVER_URL (for an
# upstream), RESOLVER_CA (a PEM file) and, until `stop_resolver`, a server that knows example.com and asks
# nobody. It listens on a plain port too, so that a query sent in the clear would be seen.

RESOLVER_NAME=resolver.example
RESOLVER_PID=

free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    echo "$port"
}

make_certificate() { # DIRECTORY
    (
        cd "$1" || exit
        key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)
        openssl req -x509 "${key[@]}" -days 2 -subj "/CN=a CA for this run only" -keyout ca.key -out ca.pem \
            -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign
        openssl req "${key[@]}" -subj "/CN=$RESOLVER_NAME" -keyout server.key -out server.csr
        printf '%s\n' "subjectAltName=DNS:$RESOLVER_NAME" basicConstraints=CA:FALSE \
            keyUsage=digitalSignature extendedKeyUsage=serverAuth >extensions
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 \
            -extfile extensions -out server.pem
    ) 2>"$1/openssl.log"
}

write_resolver_config() { # DIRECTORY TLS_PORT PLAIN_PORT
    cat >"$1/unbound.conf" <<CONF
server:
  interface: 127.0.0.1@$2
  interface: 127.0.0.1@$3
  tls-port: $2
  tls-service-key: "$1/server.key"
  tls-service-pem: "$1/server.pem"
  access-control: 127.0.0.0/8 allow
  do-daemonize: no
  use-syslog: no
  verbosity: 0
  username: ""
  chroot: ""
  directory: "$1"
  pidfile: ""
  extended-statistics: yes
  module-config: "iterator"
  local-zone: "." static
  local-data: ". 300 IN NS $RESOLVER_NAME."
  local-zone: "example.com." static
  local-data: "example.com. 300 IN A 192.0.2.1"
  local-data: "example.com. 300 IN AAAA 2001:db8::1"
  local-data: 'example.com. 300 IN TXT "this came over TLS"'
remote-control:
  control-enable: yes
  control-interface: "$1/control"
  control-use-cert: no
CONF
}

start_resolver() { # DIRECTORY
    local tls plain unbound
    tls=$(free_port) plain=$(free_port)
    make_certificate "$1"
    write_resolver_config "$1" "$tls" "$plain"
    # A copy, since AppArmor lets the packaged path read only its own configuration.
    unbound=$(PATH=$PATH:/usr/sbin command -v unbound)
    cp "$unbound" "$1/unbound"
    "$1/unbound" -d -c "$1/unbound.conf" 2>"$1/unbound.log" &
    RESOLVER_PID=$!
    # shellcheck disable=SC2034 # for who sources this
    RESOLVER_URL="tls://127.0.0.1:$tls#$RESOLVER_NAME" RESOLVER_CA=$1/ca.pem
    for _ in $(seq 100); do
        ! (exec 3<>"/dev/tcp/127.0.0.1/$tls") 2>/dev/null || return 0
        sleep 0.05
    done
    cat "$1/unbound.log" >&2
    return 1
}

# Prints TOTAL and, of these, OVER_TLS queries that the resolver has been asked.
resolver_counts() { # DIRECTORY
    PATH=$PATH:/usr/sbin unbound-control -c "$1/unbound.conf" stats_noreset |
        awk -F= '$1 == "total.num.queries" { all = $2 } $1 == "num.query.tls" { tls = $2 } END { print all, tls }'
}

stop_resolver() {
    [ -z "$RESOLVER_PID" ] || kill "$RESOLVER_PID" 2>/dev/null || true
    [ -z "$RESOLVER_PID" ] || wait "$RESOLVER_PID" 2>/dev/null || true
    RESOLVER_PID=
}
