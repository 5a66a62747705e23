#!/usr/bin/env bash
#
# The same promises kept by a DevStack tree, with its own functions.

# shellcheck disable=SC1091,SC2034  # they are in the tree, and read this

TOP_DIR=$DEVSTACK_DIR
RC_DIR=$TOP_DIR
FILES=$TOP_DIR/files
GLOBAL_VENV=True
DATABASE_USER=root
DATABASE_PASSWORD=secret
SERVICE_LOCAL_HOST=127.0.0.1
SERVICE_HOST=$HOST_IP
MYSQL_GATHER_PERFORMANCE=True

source "$TOP_DIR/functions"
source "$TOP_DIR/lib/database"
if initialize_database_backends; then
    define_database_baseurl
fi
source "$TOP_DIR/lib/nova"
if is_service_enabled tempest; then
    source "$TOP_DIR/lib/tempest"
fi
async_init
