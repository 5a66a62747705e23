# SPDX-License-Identifier: Apache-2.0

"""The document of the API, held against real answers."""

import functools
import importlib.resources
import json
import re
from typing import Any

import jsonschema
import referencing
import referencing.jsonschema
import yaml

_ID = 'urn:edge-latency'
_PACKAGE = 'edge_sched.api'


@functools.cache
def document(package: str = _PACKAGE) -> Any:
    """As it is shipped."""
    text = importlib.resources.files(package) / 'openapi.yaml'
    return yaml.safe_load(text.read_text())


class Contract:
    """What may be answered.

    :param package: whose document says so
    """

    def __init__(self, package: str = _PACKAGE) -> None:
        self._document = document(package)
        self._registry: Any = referencing.Registry().with_resource(
            _ID,
            referencing.jsonschema.DRAFT202012.create_resource(self._document),
        )

    def check(self, method: str, path: str, response: Any) -> None:
        """Compare an answer; of what is no path only that it is refused.

        :raises AssertionError: if it is another than the document has
        """
        assert response.headers['x-openstack-request-id'].startswith('req-')
        found = self._operation(method, path)
        if found is None:
            assert response.status_code in (401, 403, 404, 405), response
            found = {
                'responses': {
                    str(response.status_code): {
                        '$ref': '#/components/responses/Error'
                    }
                }
            }
        told = self._resolved(found['responses'][str(response.status_code)])
        for header, wanted in told.get('headers', {}).items():
            wanted = self._resolved(wanted)
            assert header in response.headers or not wanted['required'], header
        if 'content' not in told:
            assert not response.content
            return
        kind = response.headers['Content-Type']
        assert kind.startswith('application/json'), response.content
        body = json.loads(response.content)
        schema = told['content']['application/json']['schema']
        self.validate(schema, body)

    def validate(self, schema: Any, body: Any) -> None:
        """Compare a value with a schema of the document."""
        whole = json.loads(json.dumps(schema).replace('"#/', f'"{_ID}#/'))
        jsonschema.Draft202012Validator(
            whole,
            registry=self._registry,
            format_checker=jsonschema.FormatChecker(['ipv4', 'ipv6', 'uuid']),
        ).validate(body)

    def _operation(self, method: str, path: str) -> Any:
        for known, operations in self._document['paths'].items():
            pattern = re.sub(r'\{[a-z]+\}', '[^/]+', known)
            if re.fullmatch(pattern, path):
                return operations.get(method.lower())
        return None

    def _resolved(self, value: Any) -> Any:
        while '$ref' in value:
            at = self._document
            for part in value['$ref'].removeprefix('#/').split('/'):
                at = at[part]
            value = at
        return value
