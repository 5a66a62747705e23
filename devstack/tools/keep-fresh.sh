#!/usr/bin/env bash
#
# Touch a measurement file once a minute: what does not say when it was
# measured was measured when the file was written.
#
# usage: keep-fresh.sh FILE

set -euo pipefail

# Nothing of it is left when it is told to end.
trap 'kill "$!"' EXIT
while touch "$1"; do
    sleep 60 &
    wait "$!"
done
