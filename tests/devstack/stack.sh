#!/usr/bin/env bash
#
# The course of stack.sh, unstack.sh or clean.sh as far as a plug-in sees it,
# on files below the directory WORLD.
#
# usage: stack.sh [MOMENT...]
#
# A moment is "conf", when DevStack writes nova.conf and tempest.conf anew, or
# what plugin.sh is called with, as "stack post-config".
#
# WORLD/localrc is what the user wrote. WORLD/calls becomes what was asked of
# the outside world. DEVSTACK_DIR names the DevStack tree whose functions are
# used; without it those in contract.sh are.

# shellcheck disable=SC1091  # the sourced files are looked at by themselves
# shellcheck disable=SC2034  # the plug-ins read it

set -o errexit
trap 'echo "failed: $BASH_COMMAND" >&2' ERR

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
DEST=$WORLD/dest
DATA_DIR=$DEST/data
EDGE_SCHED_CONF_DIR=$WORLD/etc/edge_sched
HOST_IP=192.0.2.10
STACK_USER=$(id -un)
SYSTEMCTL=systemctl_double
SYSTEMD_DIR=$WORLD/units
DEVSTACK_VENV=$WORLD/venv
ENABLE_DEBUG_LOG_LEVEL=True
# Where uwsgi is.
PATH=$DEVSTACK_VENV/bin:$PATH
ENABLED_SERVICES=key,mysql,n-api,n-sch,n-cpu
DEVSTACK_PLUGINS=edge-sched
COMPUTE_HOSTS="stack1 stack2 stack3"
REGION_NAME=RegionOne
SERVICE_HOST=$HOST_IP
SERVICE_PROTOCOL=https
KEYSTONE_SERVICE_URI=$SERVICE_PROTOCOL://$SERVICE_HOST/identity
source "$WORLD/localrc"

if [[ -n ${DEVSTACK_DIR:-} ]]; then
    source "$HERE/tree.sh"
else
    source "$HERE/contract.sh"
fi
NOVA_CONF=$WORLD/etc/nova.conf
TEMPEST_CONFIG=$WORLD/etc/tempest.conf
# Where the user's local.conf is looked for.
TOP_DIR=$WORLD
GITDIR["edge-sched"]=$HERE/../..
GITDIR["renamed"]=$WORLD/renamed
GITDIR["neighbour"]=$HERE/neighbour

function record {
    echo "$*" >> "$WORLD/calls"
}

function sudo {
    "$@"
}

function echo_summary {
    echo "$@"
}

function setup_develop {
    record "setup_develop $*"
}

function restart_service {
    record "restart_service $*"
}

function create_service_user {
    record "create_service_user $*"
}

function get_or_create_service {
    record "get_or_create_service $*"
}

function get_or_create_endpoint {
    record "get_or_create_endpoint $*"
}

# Apache is on the machine, not below WORLD.
function write_uwsgi_config {
    [[ $2 =~ ^[a-zA-Z0-9_.]+:[a-zA-Z0-9_]+$ ]]
    iniset "$1" uwsgi module "$2"
    record "ProxyPass $3 $5"
}

function remove_uwsgi_config {
    rm -rf "$1"
    record "disable_apache_site $2"
}

function mysql {
    record "mysql $*"
}

function psql {
    record "psql $*"
}

function createdb {
    record "createdb $*"
}

function systemctl_double {
    record "systemctl $*"
    [[ $1 != is-enabled || -f $SYSTEMD_DIR/$2 ]]
}

# Nova's aggregates: a file each, with the property and a line for each host.
function openstack {
    [[ $1 == --os-cloud && $2 == devstack-admin ]]
    shift 2
    record "openstack $*"
    case "$1 $2" in
        "compute service")
            tr ' ' '\n' <<< "$COMPUTE_HOSTS"
            ;;
        "aggregate show")
            [[ -f $WORLD/aggregates/$3 ]] || return 1
            sed -e 1d -e 's/.*/"&",/' "$WORLD/aggregates/$3"
            ;;
        "aggregate create")
            [[ ! -f $WORLD/aggregates/$5 ]] || return 1
            echo "$4" > "$WORLD/aggregates/$5"
            ;;
        "aggregate add")
            ! grep -qx "$5" "$WORLD/aggregates/$4" || return 1
            echo "$5" >> "$WORLD/aggregates/$4"
            ;;
    esac
}

function write_conf {
    mkdir -p "$WORLD/etc"
    rm -f "$NOVA_CONF" "$TEMPEST_CONFIG"
    iniset "$NOVA_CONF" filter_scheduler enabled_filters "$NOVA_FILTERS"
    iniset "$NOVA_CONF" filter_scheduler track_instance_changes False
    iniset "$TEMPEST_CONFIG" compute-feature-enabled scheduler_enabled_filters "$NOVA_FILTERS"
}

# In the background of post-config, as in stack.sh.
function configure_neutron_nova {
    sleep 0.5
    iniset "$NOVA_CONF" neutron region_name RegionOne
    record "nova.conf is complete"
}

load_plugin_settings
for moment in "$@"; do
    case $moment in
        conf)
            write_conf
            ;;
        "stack post-config")
            async_runfunc configure_neutron_nova
            run_plugins stack post-config
            async_wait configure_neutron_nova
            ;;
        *)
            # shellcheck disable=SC2086  # a mode and a phase
            run_plugins $moment
            ;;
    esac
done
echo "$TEMPEST_PLUGINS" > "$WORLD/tempest_plugins"
