# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Requests for new servers, as the API makes them."""

from collections.abc import Mapping, Sequence

from nova import context as nova_context
from nova import objects
from oslo_utils import uuidutils

from bench import records

#: What every server needs.
VCPUS = 2
MEMORY_MB = 4096
DISK_GB = 20


def request_spec(
    context: nova_context.RequestContext,
    extra_specs: Mapping[str, str],
    hints: Mapping[str, Sequence[str]],
) -> objects.RequestSpec:
    """A request for one server.

    :param extra_specs: ``{'edge:latency_budget_ms': '20'}``
    :param hints: ``{'edge:client': ['203.0.113.7']}``
    """
    flavor = objects.Flavor(
        id=1,
        flavorid='edge.small',
        name='edge.small',
        vcpus=VCPUS,
        memory_mb=MEMORY_MB,
        root_gb=DISK_GB,
        ephemeral_gb=0,
        swap=0,
        extra_specs=dict(extra_specs),
    )
    return objects.RequestSpec.from_components(
        context,
        instance_uuid=uuidutils.generate_uuid(),
        image=records.image(),
        flavor=flavor,
        numa_topology=None,
        pci_requests=objects.InstancePCIRequests(requests=[]),
        filter_properties={'scheduler_hints': dict(hints)},
        instance_group=None,
        availability_zone=None,
        security_groups=objects.SecurityGroupList(objects=[]),
    )
