# SPDX-License-Identifier: Apache-2.0

"""Network namespaces without a name.

Nobody but holders of a descriptor can enter one. It goes when the last of
them is closed and the last process inside has ended, so a crash leaves none
behind.
"""

import contextlib
import ctypes
import os
import pathlib
from collections.abc import Iterator

from tests.emulation.errors import NotPossibleError

#: Of the kernel's linux/sched.h.
CLONE_NEWNET = 0x40000000
#: Of the thread that opens it.
OWN = '/proc/thread-self/ns/net'

_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """A network of its own, with nothing in it yet.

    :ivar fd: descriptor, for those who put something into it
    """

    def __init__(self) -> None:
        """Make it.

        :raises NotPossibleError: naming the right that is missing
        """
        with _away('a network namespace', 'unshare', CLONE_NEWNET):
            self.fd = os.open(OWN, os.O_RDONLY)

    @property
    def number(self) -> int:
        """Inode of the namespace, as in ``/proc/<pid>/ns/net``."""
        return os.fstat(self.fd).st_ino

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """The calling thread is inside, with all that it opens and starts.

        Sockets, threads and processes stay inside after it has left.
        """
        with _away('entering a namespace', 'setns', self.fd, CLONE_NEWNET):
            yield

    def let_all_ping(self) -> None:
        """Echo requests need no privilege, as most distributions set it."""
        groups = pathlib.Path('/proc/sys/net/ipv4/ping_group_range')
        with self.entered():
            try:
                groups.write_text('0 2147483647')
            except OSError as error:
                raise NotPossibleError(
                    f'{groups} cannot be written: {error.strerror}'
                ) from error

    def close(self) -> None:
        os.close(self.fd)


@contextlib.contextmanager
def _away(what: str, name: str, *arguments: int) -> Iterator[None]:
    """The calling thread leaves its namespace by a system call, and returns.

    :param what: it is, for the sentence that says why not
    """
    home = os.open(OWN, os.O_RDONLY)
    try:
        _call(what, name, *arguments)
        try:
            yield
        finally:
            _call('the way back', 'setns', home, CLONE_NEWNET)
    finally:
        os.close(home)


def _call(what: str, name: str, *arguments: int) -> None:
    if getattr(_libc, name)(*arguments):
        reason = os.strerror(ctypes.get_errno())
        raise NotPossibleError(f'{what} cannot be had: {reason}')
