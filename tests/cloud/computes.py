# SPDX-License-Identifier: Apache-2.0

"""Many compute hosts: one nova-compute each, forked off a single process.

    usage: computes.py CONFIG-FILE STATE-FOLDER HOST...

What they share is the code that is loaded, so they start in a moment and take
little memory. Each has its host name, its state path and so its identity of
its own, and is started anew with them. A signal to the first process goes to
all.
"""

import gc
import os
import pathlib
import signal
import sys
from types import FrameType

from nova.cmd import compute
from nova.compute import power_state
from nova.virt import fake


class EdgeHostDriver(fake.FakeDriverWithoutFakeNodes):
    """A host as in a street cabinet, whose servers outlive nova-compute."""

    vcpus = 32
    memory_mb = 16384
    local_gb = 500

    def resume_state_on_host_boot(
        self,
        context,
        instance,
        network_info,
        share_info,
        block_device_info=None,
    ):
        self.instances[instance.uuid] = fake.FakeInstance(
            instance.name, power_state.RUNNING, instance.uuid
        )


def run(host: str, config_file: str, state: pathlib.Path) -> None:
    """Be the host; ends when the service does."""
    own = state / host
    own.mkdir(parents=True, exist_ok=True)
    file = own / 'host.conf'
    file.write_text(f'[DEFAULT]\nhost = {host}\nstate_path = {own}\n')
    sys.argv = [
        'nova-compute',
        f'--config-file={config_file}',
        f'--config-file={file}',
    ]
    compute.main()


def main(config_file: str, state: str, *hosts: str) -> None:
    # compute_driver is looked for in nova.virt alone.
    fake.EdgeHostDriver = EdgeHostDriver
    # What is never looked at again stays in memory once.
    gc.collect()
    gc.freeze()
    children = []
    for host in hosts:
        pid = os.fork()
        if not pid:
            run(host, config_file, pathlib.Path(state))
            sys.exit()
        children.append(pid)

    def forward(number: int, frame: FrameType | None) -> None:
        for child in children:
            os.kill(child, number)

    signal.signal(signal.SIGTERM, forward)
    for child in children:
        os.waitpid(child, 0)


if __name__ == '__main__':
    main(*sys.argv[1:])
