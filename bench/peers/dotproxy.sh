# This project's own; $DOTPROXY names the binary.
DOTPROXY=${DOTPROXY:-$(dirname "$launcher")/../../build/dotproxy}
features() { echo udp tcp dot doh cache; }
version() { "$DOTPROXY" --version; }
conf() {
  cat >"$RUN/dotproxy.yaml" <<L
workers: $THREADS
listen:
  - url: dns://$ADDR:$PORT_DNS
  - url: tls://$ADDR:$PORT_DOT
    certificate: [$CERT]
    key: [$KEY]
  - url: https://$ADDR:$PORT_DOH/dns-query
    certificate: [$CERT]
    key: [$KEY]
upstream:
  - url: tls://$UP_ADDR:$UP_PORT#$UP_NAME
    ca: $CA
cache:
  size: $((CACHE * 110 / 1024))KiB
limit:
  rate: 1000000/s
  burst: 1000000
  subdomain_rate: 1000000/s
  subdomain_burst: 1000000
  tcp_idle: 5m
  tls_idle: 5m
  tcp_connections: 20000
  tcp_connections_per_client: 20000
  tcp_connections_per_network: 20000
  tls_handshakes: 0/s
  waiting_per_domain: 1000000
L
}
start() { exec "$DOTPROXY" run -c "$RUN/dotproxy.yaml"; }
