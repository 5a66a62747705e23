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

"""What Nova's databases say of one host, and of an image that it can run."""

import datetime
import random
from typing import Any

from nova import objects
from nova.objects import fields
from oslo_utils import timeutils
from oslo_utils import uuidutils

#: What every host has.
VCPUS = 64
MEMORY_MB = 262_144
DISK_GB = 4000


def compute_node(name: str, instances: int) -> objects.ComputeNode:
    """A node, partly used, each a little else."""
    used = random.Random(name).randrange(4, 40)
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
        vcpus_used=used,
        memory_mb=MEMORY_MB,
        memory_mb_used=used * 4096,
        free_ram_mb=MEMORY_MB - used * 4096,
        local_gb=DISK_GB,
        local_gb_used=used * 40,
        free_disk_gb=DISK_GB - used * 40,
        disk_available_least=DISK_GB - used * 40,
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


def _now() -> datetime.datetime:
    return timeutils.utcnow(with_timezone=True)


def image() -> dict[str, Any]:
    """An image that every host of the region can run."""
    return {
        'id': uuidutils.generate_uuid(),
        'properties': {
            'hw_architecture': fields.Architecture.X86_64,
            'img_hv_type': fields.HVType.KVM,
            'hw_vm_mode': fields.VMMode.HVM,
        },
    }
