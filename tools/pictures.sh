#!/bin/sh
# Draws the pictures of docs/pictures: SQLite, in 8, 4 and 3 cubicles, and NGINX: who may call whom, and how often that
# happened in a run of each.
# `make pictures` builds what they run. Needs Graphviz, curl, wrk.
set -eu

top=$(cd "$(dirname "$0")/.." && pwd)
cubicle=$top/build/bin/cubicle
out=$top/docs/pictures
counts=$top/build/pictures
port=8089

for tool in dot curl wrk; do
    command -v "$tool" >/dev/null || {
        echo "error: $tool is not installed: 'make deps' installs it" >&2
        exit 1
    }
done
mkdir -p "$out" "$counts"

# draw SYSTEM NAME: from the counts of its run.
draw() {
    for theme in light dark; do
        "$cubicle" graph "$1" "--counts=$counts/$2.json" "--theme=$theme" "--output=$out/$2-$theme.svg"
        echo "docs/pictures/$2-$theme.svg"
    done
}

# Long enough for some hundred samples of the time.
for suffix in '' -4 -3; do
    name=sqlite$suffix
    "$cubicle" run "speedtest1$suffix" "--json=$counts/$name.json" "--graph=$counts/$name.dot" -- --size 60 test.db >/dev/null
    draw "speedtest1$suffix" "$name"
done

"$cubicle" run nginx "--publish=$port:80" "--json=$counts/nginx.json" "--graph=$counts/nginx.dot" >"$counts/nginx.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT INT TERM
for _ in $(seq 100); do
    curl -s -o "$counts/page" "http://127.0.0.1:$port/" && break
    sleep 0.1
done
wrk -t1 -c8 -d3s "http://127.0.0.1:$port/" >"$counts/wrk"
kill "$server"
wait "$server" || true
draw nginx nginx
