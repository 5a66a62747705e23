#!/bin/bash
#
# The edge-sched plug-in: what is done in each phase of stack.sh, unstack.sh
# and clean.sh. The functions are in lib/edge_sched.

# shellcheck source=/dev/null
source "$(dirname "${BASH_SOURCE[0]}")/lib/edge_sched"

case $1 in
    stack)
        case $2 in
            pre-install)
                # The settings of all plug-ins are known, nothing is done yet.
                if is_service_enabled n-sch; then
                    edge_sched_check_settings
                fi
                NOVA_FILTERS=$(edge_sched_append "$NOVA_FILTERS" EdgeLatencyFilter)
                ;;
            install)
                # The environment of the services is there. nova-api needs the
                # package too, wherever it runs.
                echo_summary "Installing edge-sched"
                setup_develop "$EDGE_SCHED_DIR"
                ;;
            post-config)
                # All configuration files are written and the database answers;
                # nova-scheduler has not been started.
                if is_service_enabled n-sch; then
                    echo_summary "Configuring edge-sched"
                    edge_sched_write_conf
                    edge_sched_write_nova_conf
                    edge_sched_init_store
                fi
                ;;
            extra)
                # Everything runs.
                if is_service_enabled n-sch; then
                    echo_summary "Starting edge-sched"
                    edge_sched_stay_last
                    edge_sched_start
                fi
                ;;
            test-config)
                # Compute hosts have been discovered, without which they cannot
                # be put into an aggregate; tempest.conf is written.
                if is_service_enabled n-sch && [[ -n $EDGE_SCHED_SITES ]]; then
                    echo_summary "Tagging the sites of edge-sched"
                    edge_sched_tag_hosts
                    if [[ $EDGE_SCHED_SAMPLE == True ]] && is_service_enabled tempest; then
                        edge_sched_configure_tempest
                    fi
                fi
                ;;
        esac
        ;;
    unstack)
        # Before DevStack stops its own services. nova.conf stays as it is:
        # stack.sh writes it anew.
        edge_sched_stop
        ;;
    clean)
        # unstack has been run.
        edge_sched_clean
        ;;
esac
