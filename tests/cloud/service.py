# SPDX-License-Identifier: Apache-2.0

"""What a service of the cloud is, and how one tells that it is ready."""

import dataclasses
import functools
import hashlib
import pathlib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

from tests.cloud import ports
from tests.cloud.layout import Layout

#: What Nova logs, at DEBUG, once a service answers calls; one line a worker.
JOINED = 'Join ServiceGroup membership'

#: Whether it is ready; told what it has logged since its start.
Ready = Callable[[str], bool]


@dataclasses.dataclass(frozen=True)
class Service:
    """One service of the cloud.

    :ivar environment: beside what all have
    :ivar inputs: files that it reads at its start only
    """

    name: str
    command: tuple[str, ...]
    ready: Ready
    environment: Mapping[str, str] = dataclasses.field(default_factory=dict)
    inputs: tuple[pathlib.Path, ...] = ()

    def fingerprint(self) -> str:
        """Another one if the service has to be started anew."""
        digest = hashlib.sha256('\0'.join(self.command).encode())
        for path in self.inputs:
            digest.update(path.read_bytes())
        return digest.hexdigest()


def listens(layout: Layout, name: str) -> Ready:
    """Ready when it accepts connections on the port of this name."""
    return lambda _: ports.answers(layout.ports[name])


def serves(layout: Layout, name: str) -> Ready:
    """Ready when it answers requests of HTTP, be it with a refusal."""
    return lambda _: _answers_http(layout.ports.url(name))


def _answers_http(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False
    return True


def joined(times: int) -> Ready:
    """Ready when so many workers or hosts of Nova have joined."""
    return functools.partial(_has_joined, times)


def _has_joined(times: int, log: str) -> bool:
    return log.count(JOINED) >= times
