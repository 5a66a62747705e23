#!/usr/bin/env bash
#
# What DevStack promises to a plug-in, in short: the functions and variables
# that ours uses, for tests on a machine without DevStack.

# shellcheck disable=SC1091,SC2034  # of plug-ins, and read by them

declare -A ASYNC GITDIR

NOVA_FILTERS=ComputeFilter,ImagePropertiesFilter,SameHostFilter
TEMPEST_PLUGINS=${TEMPEST_PLUGINS:-0}
for DATABASE_TYPE in mysql postgresql ""; do
    if [[ ,$ENABLED_SERVICES, == *,$DATABASE_TYPE,* ]]; then
        break
    fi
done

function define_plugin {
    :
}

function die {
    echo "[ERROR] $1 ${*:2}" >&2
    exit 1
}

function trueorfalse {
    local value=${!2:-}
    case ${value,,} in
        1 | yes | true) echo True ;;
        0 | no | false) echo False ;;
        *) echo "$1" ;;
    esac
}

function is_service_enabled {
    local service
    for service in "$@"; do
        if [[ ,$ENABLED_SERVICES, == *,$service,* ]]; then
            return 0
        fi
    done
    return 1
}

function enable_service {
    local service
    for service in "$@"; do
        if [[ ,$DISABLED_SERVICES, != *,$service,* ]] && ! is_service_enabled "$service"; then
            ENABLED_SERVICES+=,$service
        fi
    done
}

function get_python_exec_prefix {
    echo "$DEVSTACK_VENV/bin"
}

function run_process {
    local command=$2
    if is_service_enabled "$1"; then
        [[ $command == /* ]] || die $LINENO "$command is no absolute path"
        if [[ $command =~ uwsgi ]]; then
            command+=" --venv $DEVSTACK_VENV"
        fi
        iniset "$SYSTEMD_DIR/devstack@$1.service" Service ExecStart "$command"
        if [[ -n ${5:-} ]]; then
            iniset "$SYSTEMD_DIR/devstack@$1.service" Service Environment "$5"
        fi
        $SYSTEMCTL start "devstack@$1.service"
    fi
}

function stop_process {
    if is_service_enabled "$1" && $SYSTEMCTL is-enabled "devstack@$1.service"; then
        $SYSTEMCTL stop "devstack@$1.service"
    fi
}

function async_runfunc {
    "$1" &
    ASYNC[$1]=$!
}

function async_wait {
    if [[ -n ${ASYNC[$1]:-} ]]; then
        wait "${ASYNC[$1]}"
        unset "ASYNC[$1]"
    fi
}

function configure_keystone_authtoken_middleware {
    iniset "$1" keystone_authtoken auth_type password
    iniset "$1" keystone_authtoken auth_url "$KEYSTONE_SERVICE_URI"
    iniset "$1" keystone_authtoken username "$2"
    iniset "$1" keystone_authtoken password secret
}

function recreate_database {
    case $DATABASE_TYPE in
        mysql) mysql -e "CREATE DATABASE $1" ;;
        postgresql) createdb "$1" ;;
    esac
}

function database_connection_url {
    local type=$DATABASE_TYPE
    echo "${type/mysql/mysql+pymysql}://root:secret@127.0.0.1/$1?charset=utf8"
}

function iniget_multiline {
    # shellcheck disable=SC2005,SC2046  # one line of them all
    echo $(sed -ne "/^\[$2\]/,/^\[.*\]/ s/^$3[ \t]*=[ \t]*//p" "$1")
}

function iniget {
    iniget_multiline "$@"
}

function iniadd {
    grep -qs "^\[$2\]" "$1" || printf '\n[%s]\n' "$2" >> "$1"
    sed -i "/^\[$2\]/a $3 = $4" "$1"
}

function iniset {
    if ! grep -qs "^\[$2\]" "$1" || [[ -z $(iniget "$@") ]]; then
        iniadd "$@"
    else
        sed -i "/^\[$2\]/,/^\[.*\]/ s|^$3[ \t]*=.*|$3 = ${4//&/\\&}|" "$1"
    fi
}

function load_plugin_settings {
    local plugin
    for plugin in ${DEVSTACK_PLUGINS//,/ }; do
        source "${GITDIR[$plugin]}/devstack/settings"
    done
}

function run_plugins {
    local plugin
    for plugin in ${DEVSTACK_PLUGINS//,/ }; do
        # shellcheck disable=SC2086  # no phase, no argument
        source "${GITDIR[$plugin]}/devstack/plugin.sh" $1 $2
    done
}
