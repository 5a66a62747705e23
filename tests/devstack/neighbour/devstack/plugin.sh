#!/bin/bash
#
# It appends a filter, and a weigher beside Nova's own, once.

if [[ "$1 $2" == "stack post-config" ]]; then
    filters=$(iniget "$NOVA_CONF" filter_scheduler enabled_filters)
    if [[ $filters != *NeighbourFilter* ]]; then
        iniset "$NOVA_CONF" filter_scheduler enabled_filters "$filters,NeighbourFilter"
        iniadd "$NOVA_CONF" filter_scheduler available_filters tests.devstack.neighbour.NeighbourFilter
        weighers=$(iniget "$NOVA_CONF" filter_scheduler weight_classes)
        iniset "$NOVA_CONF" filter_scheduler weight_classes \
            "${weighers:-nova.scheduler.weights.all_weighers},tests.devstack.neighbour.NeighbourWeigher"
    fi
fi
