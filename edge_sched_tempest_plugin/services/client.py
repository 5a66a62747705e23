# SPDX-License-Identifier: Apache-2.0

"""What is asked of the API for tenants."""

import json
from urllib import parse

from tempest.lib.common import rest_client


class EdgeLatencyClient(rest_client.RestClient):
    """Service type ``edge-latency``, version 1.

    Each method returns a ``ResponseBody``, which is the dictionary that the
    service has answered with.
    """

    def list_sites(self, **params):
        """What a create would be told.

        :param params: ``client=['203.0.113.7'], latency_budget_ms='20'``
        """
        return self._show('sites', **params)

    def list_clients(self, **params):
        """The project's own names and those that are shared."""
        return self._show('clients', **params)

    def show_client(self, name):
        """What a name points at."""
        return self._show(f'clients/{parse.quote(name)}')

    def set_client(self, name, prefixes):
        """Point a name of the project's own at some prefixes."""
        response, body = self.put(
            f'v1/clients/{parse.quote(name)}',
            json.dumps({'prefixes': prefixes}),
        )
        self.expected_success(200, response.status)
        return rest_client.ResponseBody(response, json.loads(body))

    def unset_client(self, name):
        """Forget a name of the project's own."""
        response, body = self.delete(f'v1/clients/{parse.quote(name)}')
        self.expected_success(204, response.status)
        return rest_client.ResponseBody(response, body)

    def show_server(self, server_id):
        """How a server stands to its clients."""
        return self._show(f'servers/{server_id}')

    def _show(self, path, **params):
        query = parse.urlencode(params, doseq=True)
        response, body = self.get(f'v1/{path}?{query}')
        self.expected_success(200, response.status)
        return rest_client.ResponseBody(response, json.loads(body))
