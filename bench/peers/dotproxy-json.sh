# dotproxy with a query log: JSON to a file, in memory so that no disk is measured or filled.
. "$(dirname "$launcher")/dotproxy.sh"
LOG=/dev/shm/dotproxy-bench.$(basename "$RUN").jsonl
eval "plain_$(declare -f conf)"
conf() {
  plain_conf
  echo "query_log: [{to: \"file:$LOG\"}]" >>"$RUN/dotproxy.yaml"
}
clean() { rm -f "$LOG"; }
