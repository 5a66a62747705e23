# SPDX-License-Identifier: Apache-2.0

"""What Nova has of one host, of an image it can run and of a request."""

import datetime
import random
from collections.abc import Mapping, Sequence
from typing import Any

from nova import context as nova_context
from nova import objects
from nova.objects import fields
from oslo_utils import timeutils
from oslo_utils import uuidutils

#: What every host has.
VCPUS = 64
MEMORY_MB = 262_144
DISK_GB = 4000

#: What every server needs.
SERVER_VCPUS = 2
SERVER_MEMORY_MB = 4096
SERVER_DISK_GB = 20

#: How many servers an empty host has places for; it runs out of memory first.
PLACES = MEMORY_MB // SERVER_MEMORY_MB

#: Servers that every host has.
INSTANCES = 20


def compute_node(name: str, instances: int = INSTANCES) -> objects.ComputeNode:
    """A node, partly used, each a little else."""
    return objects.ComputeNode(
        uuid=uuidutils.generate_uuid(),
        host=name,
        hypervisor_hostname=name,
        hypervisor_type='QEMU',
        hypervisor_version=7_002_000,
        host_ip='192.0.2.1',
        cpu_info='{"arch": "x86_64", "model": "EPYC-Rome"}',
        supported_hv_specs=[
            objects.HVSpec(arch=arch, hv_type='kvm', vm_mode='hvm')
            for arch in ('i686', 'x86_64')
        ],
        vcpus=VCPUS,
        memory_mb=MEMORY_MB,
        local_gb=DISK_GB,
        **usage(random.Random(name).randrange(PLACES - 40, PLACES - 4)),
        numa_topology=None,
        pci_device_pools=objects.PciDevicePoolList(objects=[]),
        metrics='[]',
        stats={
            'num_instances': f'{instances}',
            'io_workload': '0',
            'failed_builds': '0',
        },
        cpu_allocation_ratio=4.0,
        ram_allocation_ratio=1.0,
        disk_allocation_ratio=1.0,
        updated_at=_now(),
    )


def usage(free: int) -> dict[str, int]:
    """What a compute node has of a host with so many places free."""
    taken = PLACES - free
    memory_mb, disk_gb = taken * SERVER_MEMORY_MB, taken * SERVER_DISK_GB
    return {
        'vcpus_used': taken * SERVER_VCPUS,
        'memory_mb_used': memory_mb,
        'free_ram_mb': MEMORY_MB - memory_mb,
        'local_gb_used': disk_gb,
        'free_disk_gb': DISK_GB - disk_gb,
        'disk_available_least': DISK_GB - disk_gb,
    }


def service(name: str) -> dict[str, Any]:
    """The service record of a host, alive."""
    return dict(
        objects.Service(
            host=name,
            binary='nova-compute',
            topic='compute',
            report_count=1000,
            disabled=False,
            disabled_reason=None,
            forced_down=False,
            last_seen_up=_now(),
        )
    )


def instances(host: str) -> dict[str, objects.Instance]:
    """The servers of a host, as its compute tells the scheduler."""
    context = nova_context.get_admin_context()
    uuids = [uuidutils.generate_uuid() for _ in range(INSTANCES)]
    return {
        uuid: objects.Instance(context, uuid=uuid, host=host) for uuid in uuids
    }


def request_spec(
    extra_specs: Mapping[str, str], hints: Mapping[str, Sequence[str]]
) -> objects.RequestSpec:
    """A request for one server, as the API makes it.

    :param extra_specs: ``{'edge:latency_budget_ms': '20'}``
    :param hints: ``{'edge:client': ['203.0.113.7']}``
    """
    flavor = objects.Flavor(
        id=1,
        flavorid='edge.small',
        name='edge.small',
        vcpus=SERVER_VCPUS,
        memory_mb=SERVER_MEMORY_MB,
        root_gb=SERVER_DISK_GB,
        ephemeral_gb=0,
        swap=0,
        extra_specs=dict(extra_specs),
    )
    image = {
        'id': uuidutils.generate_uuid(),
        'properties': {
            'hw_architecture': fields.Architecture.X86_64,
            'img_hv_type': fields.HVType.KVM,
            'hw_vm_mode': fields.VMMode.HVM,
        },
    }
    return objects.RequestSpec.from_components(
        nova_context.RequestContext('user', 'project'),
        instance_uuid=uuidutils.generate_uuid(),
        image=image,
        flavor=flavor,
        numa_topology=None,
        pci_requests=objects.InstancePCIRequests(requests=[]),
        filter_properties={'scheduler_hints': dict(hints)},
        instance_group=None,
        availability_zone=None,
        security_groups=objects.SecurityGroupList(objects=[]),
    )


def group(servers: int, hosts: Sequence[str] = ()) -> objects.InstanceGroup:
    """A server group of so many servers, no two on one host.

    :param hosts: of those that have one
    """
    policy = 'anti-affinity'
    return objects.InstanceGroup(
        uuid=uuidutils.generate_uuid(),
        policy=policy,
        policies=[policy],
        members=[uuidutils.generate_uuid() for _ in range(servers)],
        hosts=[*hosts],
    )


def over_rpc(spec: objects.RequestSpec) -> objects.RequestSpec:
    """A request as RPC hands it over: its fields know their object."""
    return objects.RequestSpec.obj_from_primitive(spec.obj_to_primitive())


def _now() -> datetime.datetime:
    return timeutils.utcnow(with_timezone=True)
