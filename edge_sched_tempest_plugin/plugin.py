# SPDX-License-Identifier: Apache-2.0

"""What Tempest loads, by the entry point ``tempest.test_plugins``.

A plug-in that fails to load stops every Tempest run on the machine: nothing
is imported here but Tempest and the options.
"""

import os

from tempest import config
from tempest.test_discover import plugins

from edge_sched_tempest_plugin import config as edge_sched_config


class EdgeSchedTempestPlugin(plugins.TempestPlugin):
    """Tests, options, and a client of the API for tenants."""

    def load_tests(self):
        """The directory to discover in, and the root of its imports."""
        package = os.path.dirname(os.path.abspath(__file__))
        return os.path.join(package, 'tests'), os.path.dirname(package)

    def register_opts(self, conf):
        """Add the group ``[edge_sched]`` to tempest.conf."""
        config.register_opt_group(
            conf,
            edge_sched_config.edge_sched_group,
            edge_sched_config.EdgeSchedGroup,
        )

    def get_opt_lists(self):
        """The options, for the sample of tempest.conf."""
        return [
            (
                edge_sched_config.edge_sched_group.name,
                edge_sched_config.EdgeSchedGroup,
            )
        ]

    def get_service_clients(self):
        """``os_primary.edge_latency.EdgeLatencyClient()``."""
        return [
            {
                'name': 'edge_latency',
                'service_version': 'edge_latency.v1',
                'module_path': 'edge_sched_tempest_plugin.services.client',
                'client_names': ['EdgeLatencyClient'],
                **config.service_client_config('edge_sched'),
            }
        ]
