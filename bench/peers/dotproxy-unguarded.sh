# dotproxy without its rules: beside dotproxy it tells what they cost.
. "$(dirname "$launcher")/dotproxy.sh"
start() { exec "$DOTPROXY" run -c "$RUN/dotproxy.yaml" --set limit.mode=off; }
