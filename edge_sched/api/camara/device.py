# SPDX-License-Identifier: Apache-2.0

"""Whom a request is about, as CAMARA identifies devices. Pure.

[device] = devices_of({'device': {'ipv6Address': '2001:db8::7'}})
device.address == '2001:db8::7'
"""

import functools
import http
import importlib.resources
from collections.abc import Mapping
from typing import Any, NamedTuple

import jsonschema
import yaml

from edge_sched.api.errors import ApiError
from edge_sched.api.errors import BadRequestError
from edge_sched.model.text import shorten


class IdentifierError(ApiError):
    """The body is as it should be, and does not do.

    :param code: CAMARA's word for why
    """

    status = http.HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


class Device(NamedTuple):
    """One identifier of a device, of those that are supported.

    :param address: where it is seen
    :param identifier: as it was sent
    """

    address: str
    identifier: Mapping[str, Any]


def devices_of(body: Any) -> list[Device]:
    """By what a device can be found, the best first.

    An address of IPv6 is a device's own, while one of IPv4 may be that of
    many behind the gateway of a provider. The private address is no client:
    every provider has the same ones.

    :param body: of the request
    :raises BadRequestError: if it is not as CAMARA has it, naming what
    :raises IdentifierError: if it has no identifier that is supported
    """
    _check(body)
    device = body.get('device')
    if device is None:
        raise IdentifierError(
            'MISSING_IDENTIFIER',
            'the device is not told from the token: the body has to have it',
        )
    found = []
    if ipv6_address := device.get('ipv6Address'):
        found.append(Device(ipv6_address, {'ipv6Address': ipv6_address}))
    if ipv4_address := device.get('ipv4Address'):
        public = ipv4_address['publicAddress']
        found.append(Device(public, {'ipv4Address': ipv4_address}))
    if not found:
        raise IdentifierError(
            'UNSUPPORTED_IDENTIFIER',
            'devices are known here by ipv4Address or ipv6Address alone',
        )
    return found


def _check(body: Any) -> None:
    """Hold a body against the schema.

    :raises BadRequestError: saying at which path, and what is allowed there
    """
    try:
        error = next(_validator().iter_errors(body), None)
    # It prints what is wrong, which may be as deep as Python cannot.
    except RecursionError as deep:
        raise BadRequestError('the body is nested too deep') from deep
    if error is None:
        return
    value = error.instance
    # Of others not: they may be as deep as Python cannot print.
    told = ''
    if isinstance(value, str | int | float):
        told = f' {shorten(repr(value))}'
    allowed = error.schema['description']
    raise BadRequestError(f'{error.json_path}{told} is not {allowed}')


@functools.cache
def _validator() -> Any:
    text = importlib.resources.files(__package__) / 'openapi.yaml'
    document = yaml.safe_load(text.read_text())
    return jsonschema.Draft202012Validator(
        {
            '$ref': '#/components/schemas/RequestBody',
            'components': document['components'],
        },
        format_checker=jsonschema.FormatChecker(['ipv4', 'ipv6']),
    )
