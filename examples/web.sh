#!/bin/sh
# A static web server in a container: a read-only bind mount, logs, exec, a clean stop.
set -eu
image=${1:-localhost/busybox:latest}
site=$(mktemp -d)
trap 'pypod rm -f -t 1 example-web >/dev/null; rm -rf "$site"' EXIT
echo '<h1>hello</h1>' >"$site/index.html"

pypod run -d --init --name example-web --read-only -v "$site:/srv:ro" "$image" httpd -f -v -p 8080 -h /srv
pypod exec example-web wget -q -O - http://127.0.0.1:8080/
pypod logs example-web
pypod ps
pypod stop -t 5 example-web
pypod inspect --format '{{.State.Status}} with exit code {{.State.ExitCode}}' example-web
