# SPDX-License-Identifier: Apache-2.0

"""What is known of a request, kept for as long as the request lives."""

from typing import Generic, TypeVar

from nova.objects.request_spec import RequestSpec

T = TypeVar('T')


class PerRequest(Generic[T]):
    """A value that hangs on a RequestSpec: the same object passes all stages.

    Nova's request filters, filters and weighers of one request are given one
    RequestSpec object. Nothing else knows the value, so whatever it holds it
    goes with its request, also where that ended between two stages. A copy
    of the object, like one that is sent, has none.

    It is there for as long as the request is, and Nova's objects know each
    other in circles that wait for the garbage collector. So a value is plain:
    no HostState, no versioned object, nor a list or dictionary of one's field.

    :param name: tells it from other values
    """

    def __init__(self, name: str) -> None:
        self._attribute = f'_edge_sched_{name}'

    def get(self, spec: RequestSpec) -> T | None:
        """The value of a request, if it has one."""
        value: T | None = getattr(spec, self._attribute, None)
        return value

    def put(self, spec: RequestSpec, value: T) -> None:
        """Give a request a value."""
        setattr(spec, self._attribute, value)

    def drop(self, spec: RequestSpec) -> None:
        """Take the value of a request away, if it has one."""
        vars(spec).pop(self._attribute, None)
