#!/usr/bin/env bash
#
# Install the packages of Debian that are needed and missing; as root. Services
# are only installed: what runs here starts servers of its own.
#
# usage: tools/packages.sh cloud|ci
#
#   cloud  what the cloud in a box is made of beside Python packages
#   ci     that, and what the tests of .ci/run take

set -euo pipefail

readonly WHAT=${1:-}

missing_for_cloud() {
    [ -x /usr/sbin/mariadbd ] || echo mariadb-server
    [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || echo rabbitmq-server
    python3 -c 'import ensurepip' 2>/dev/null || echo python3-venv
}

missing_for_ci() {
    missing_for_cloud
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null ||
        echo postgresql
    # The page of the report is looked at with it.
    command -v chromium >/dev/null || echo chromium
    [ -x /usr/sbin/nginx ] || echo nginx
    [ -x /usr/sbin/haproxy ] || echo haproxy
    [ -x /usr/bin/prometheus ] || echo prometheus
    [ -x /usr/bin/prometheus-blackbox-exporter ] ||
        echo prometheus-blackbox-exporter
}

# Without starting services, unless the machine has a rule of its own for that.
install_packages() {
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap 'rm -f /usr/sbin/policy-rc.d' EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    apt-get -q update
    DEBIAN_FRONTEND=noninteractive \
        apt-get -q install --yes --no-install-recommends "$@"
}

case $WHAT in
    cloud | ci) ;;
    *)
        echo "usage: tools/packages.sh cloud|ci" >&2
        exit 2
        ;;
esac
mapfile -t packages < <("missing_for_$WHAT")
if [ "${#packages[@]}" -gt 0 ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "Install first: ${packages[*]}" >&2
        exit 1
    fi
    install_packages "${packages[@]}"
fi
