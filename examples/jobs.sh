#!/bin/sh
# Twenty short jobs at once; each leaves its exit code, and nothing else is left.
set -eu
image=${1:-localhost/busybox:latest}
pypod run --rm "$image" true # whatever is done once is done now

for n in $(seq 20); do
  (
    code=0
    pypod run --rm --network none "$image" sh -c "exit $((n % 3))" || code=$?
    echo "job $n: exit code $code"
  ) &
done
wait
pypod ps -a
