# SPDX-License-Identifier: Apache-2.0

"""Serves each site whom it is to probe: the pages ``/targets/<vantage>``.

Prometheus discovers targets by them (``http_sd``), and so does our prober.
Any name has a page, so that nobody finds out which there are.
"""

import dataclasses
import pathlib
from collections.abc import Callable, Mapping, Sequence

import cachetools

from edge_sched.http.endpoint import basic
from edge_sched.http.pages import Answer
from edge_sched.http.pages import text
from edge_sched.model.names import normal
from edge_sched.model.served import to_json
from edge_sched.model.wanted import WantedTarget
from edge_sched.store.breaker import Breaker
from edge_sched.store.errors import StoreUnavailableError
from edge_sched.store.flights import Flights

#: How long a list is kept. Chosen: less than what probers wait before they
#: ask again, so that it delays nobody, and a flood makes few queries.
KEPT_SECONDS = 1.0

#: Of all lists that are kept. Chosen: a thousand sites with a hundred targets
#: each are 15 MB.
KEPT_BYTES = 16 * 2**20

#: What an entry takes besides its list. Chosen: a name and the cache's own.
_ENTRY_BYTES = 512

#: As wide as the store's column.
MAX_NAME_LENGTH = 255

TargetsOf = Callable[[str], Sequence[WantedTarget]]


@dataclasses.dataclass(frozen=True, slots=True)
class Serving:
    """What targets are served from, until the configuration is read again.

    :param targets_of: those of a vantage; may hang, or raise
    :param timeout_seconds: how long a page waits for the store
    :param retry_after_seconds: how long a store that failed is left alone
    :param authorizations: the header of each vantage; ``None`` lets in who
        may read the metrics
    """

    targets_of: TargetsOf
    timeout_seconds: float = 2.0
    retry_after_seconds: float = 30.0
    authorizations: Mapping[str, bytes] | None = None


class TargetPages:
    """A branch of the collector's endpoint."""

    path = '/targets/'

    def __init__(self, serving: Serving) -> None:
        self.equip(serving)

    def equip(self, serving: Serving) -> None:
        """Serve from this from now on."""
        lists: cachetools.TTLCache[str, bytes] = cachetools.TTLCache(
            KEPT_BYTES,
            KEPT_SECONDS,
            getsizeof=lambda body: _ENTRY_BYTES + len(body),
        )

        def query(vantages: Sequence[str]) -> dict[str, bytes]:
            return {
                vantage: to_json(serving.targets_of(vantage))
                for vantage in vantages
            }

        def known(vantages: Sequence[str]) -> dict[str, bytes]:
            found = {vantage: lists.get(vantage) for vantage in vantages}
            return {v: body for v, body in found.items() if body is not None}

        self._flights = Flights(
            query,
            known,
            lists.update,
            Breaker(serving.retry_after_seconds),
            serving.timeout_seconds,
        )
        self._authorizations = serving.authorizations

    def authorization(self, name: str) -> bytes | None:
        if self._authorizations is None:
            return None
        return self._authorizations.get(normal(name), b'')

    def answer(self, name: str) -> Answer:
        vantage = normal(name)
        if (
            not 0 < len(vantage) <= MAX_NAME_LENGTH
            or not vantage.isprintable()
            or vantage != vantage.strip()
        ):
            return text('404 Not Found', 'that is no name of a vantage')
        try:
            body = self._flights.fetch([vantage])[vantage]
        except StoreUnavailableError:
            # The log has the cause, from when it began: it may tell of the
            # control plane what is no matter of a site.
            return text(
                '503 Service Unavailable', 'there is no list of targets now'
            )
        return Answer('200 OK', 'application/json', body)


def read_passwords(path: str) -> dict[str, bytes]:
    """The header of each vantage, by a file with its password in each line.

    ``lyon:correct horse`` has a blank in the password.

    :raises ValueError: naming the line, and nothing of what is in it
    """
    where = f'targets_password_file {path!r}'
    try:
        lines = pathlib.Path(path).read_text('utf-8').split('\n')
    except (OSError, ValueError) as error:
        raise ValueError(f'{where} cannot be read: {error}') from error
    headers: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        name, colon, password = line.rstrip('\r').partition(':')
        if not line.strip():
            continue
        name = normal(name)
        if not (name and colon and password):
            raise ValueError(
                f'{where}, line {number}: is not <vantage>:<password>'
            )
        if name in headers:
            raise ValueError(
                f'{where}, line {number}: the vantage is there twice'
            )
        headers[name] = basic(name, password)
    return headers
