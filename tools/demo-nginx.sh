#!/bin/sh
# What `make demo-nginx` shows: NGINX in cubicles answers requests, who called whom for that, and a network stack that
# an attacker has taken over and that looks for a secret in NGINX's memory, without isolation and with.
# modules.mk (DEMO_NGINX) lists the modules that it runs.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cubicle=$top/build/bin/cubicle
out=$top/build/demo-nginx
server=

mkdir -p "$out"
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT INT TERM

bold() {
    if [ -t 1 ]; then
        printf '\n\033[1m%s\033[0m\n' "$*"
    else
        printf '\n%s\n' "$*"
    fi
}

# Shows a command, and runs it.
show() {
    echo "    \$ $*"
    "$@" 2>&1 | sed 's/^/    /'
}

# 8080, or where that is taken any port.
free_port() {
    python3 - <<'END'
import socket

for port in 8080, 0:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(probe.getsockname()[1])
        break
END
}

# start ARGUMENT...: runs a system with NGINX, and waits until it answers.
start() {
    port=$(free_port)
    url=http://127.0.0.1:$port
    "$cubicle" run "--publish=$port:80" "$@" >"$out/log" 2>&1 &
    server=$!
    for _ in $(seq 100); do
        if curl -s -o "$out/page" "$url/"; then
            return
        fi
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    cat "$out/log" >&2
    echo "error: the server does not answer" >&2
    exit 1
}

# Ends the server, if it has not ended by itself.
stop() {
    kill "$server" 2>/dev/null || true
    wait "$server" || true
    server=
}

# The busiest edges of a run, from its own counters.
edges() {
    python3 - "$1" <<'END'
import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    run = json.load(file)
print(f"    {'caller':10} {'callee':10} {'function':24} {'calls':>9} {'bytes in':>12} {'bytes out':>12}")
for edge in sorted(run["edges"], key=lambda e: -e["calls"])[:20]:
    print("    {caller:10} {callee:10} {function:24} {calls:9} {bytes_in:12} {bytes_out:12}".format(**edge))
print(f"    and {len(run['edges']) - 20} other functions between {len(run['cubicles'])} cubicles")
END
}

bold "NGINX: server, TCP/IP stack, network device, files, ... each in a cubicle of its own"
start "--json=$out/run.json" "--graph=$out/run.svg" nginx
show curl -si "$url/"
echo
echo "    Three seconds of requests by eight clients:"
show wrk -t1 -c8 -d3s "$url/" | grep -e '\$' -e Requests/sec -e Latency -e Socket || true
stop

bold "Who called whom in this run (a picture: build/demo-nginx/run.svg)"
edges "$out/run.json"

# The layout of a system is the same in every run: an attacker knows where NGINX's heap is.
attack() {
    sed 's/modules: \[lwip\]/modules: [lwip=mad-lwip]/' "$top/systems/nginx.yaml" >"$top/build/demo-nginx.yaml"
    start "--isolation=$1" "--root=$top/tests/liars/orders/root" "$top/build/demo-nginx.yaml"
    echo "    \$ curl -H 'X-Mad: lwip search 0x80e01000 0x60000' $url/"
    curl -s -m 5 -o "$out/page" -H 'X-Mad: lwip search 0x80e01000 0x60000' "$url/" || true
    sleep 0.2
    stop
    sed 's/^/    /' "$out/log"
}

bold "An attack: the network stack does what a request tells it, and looks for a secret in NGINX's memory"
echo "Without isolation:"
attack none
grep -q "stole 'Bearer launch code" "$out/log" || {
    echo "error: the attack is broken" >&2
    exit 1
}
echo "Isolated:"
attack sfi
if grep -q stole "$out/log" || ! grep -q 'fault: lwip .*memory of cubicle nginx' "$out/log"; then
    echo "error: the attack was not stopped" >&2
    exit 1
fi
echo "The attack was stopped at the first byte."
