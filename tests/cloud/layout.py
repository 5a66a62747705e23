# SPDX-License-Identifier: Apache-2.0

"""Where the cloud has its files, and what its processes are told of them."""

import os
import pathlib
import shutil

from tests.cloud import ports

ROOT = pathlib.Path(__file__).parents[2]
#: In the environment of every process of the cloud: the folder, by which they
#: are found again.
MARK = 'EDGE_SCHED_CLOUD'
#: Variables that would point the cloud's programs at another cloud or Python.
FOREIGN = (
    'ERL_',
    'MYSQL',
    'OS_',
    'PYTHON',
    'RABBITMQ_',
    'VIRTUAL_ENV',
    'XDG_',
)


class LayoutError(Exception):
    """The folder cannot be used as it is."""


class Layout:
    """The folder ``.cloud``.

    :ivar folder: absolute
    :ivar ports: of the cloud that is in the folder
    """

    def __init__(self, folder: pathlib.Path = ROOT / '.cloud') -> None:
        """Of a folder that is there or is not; nothing is made."""
        self.folder = folder.absolute()
        self._base_file = self.folder / 'port'
        self.ports = ports.Ports(self._base())

    def _base(self) -> int:
        try:
            return int(self._base_file.read_text())
        except FileNotFoundError:
            return ports.environment_base() or ports.DEFAULT_BASE

    def check_wanted_ports(self) -> None:
        """What the folder holds is bound to the ports it was made with.

        :raises LayoutError: if the environment asks for others
        """
        base, wanted = self.ports.base, ports.environment_base()
        if wanted not in (None, base):
            raise LayoutError(
                f'the cloud in {self.folder} was made with '
                f'{ports.VARIABLE}={base}, which is in its databases; '
                f'{wanted} takes a new one (make clean)'
            )

    def make(self) -> None:
        """Make the folders."""
        for name in ('etc', 'run', 'log', 'data', 'tmp', 'home'):
            (self.folder / name).mkdir(parents=True, exist_ok=True)

    def keep_ports(self) -> None:
        """From now on the folder's cloud has these."""
        self._base_file.write_text(f'{self.ports.base}\n')

    def path(self, *names: str) -> pathlib.Path:
        """``path('etc', 'nova', 'nova.conf')``"""
        return self.folder.joinpath(*names)

    def data(self, name: str) -> pathlib.Path:
        """The folder of a service's data, made if need be."""
        path = self.path('data', name)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def log(self, name: str) -> pathlib.Path:
        return self.path('log', f'{name}.log')

    def program(self, name: str, environment: str = 'venv') -> str:
        """``program('nova-manage')``: where it is installed."""
        return str(self.path(environment, 'bin', name))

    def environment(self, name: str = '') -> dict[str, str]:
        """What a process of the cloud gets.

        :param name: of the service that it is; empty for commands
        """
        inherited = {
            variable: value
            for variable, value in os.environ.items()
            if not variable.startswith(FOREIGN)
        }
        own = {
            'HOME': str(self.path('home')),
            'TMPDIR': str(self.path('tmp')),
            'PATH': f'{self.path("venv", "bin")}:{_system_path()}',
            'LC_ALL': 'C.UTF-8',
            'PYTHONUNBUFFERED': '1',
            # Programs that set their title leave the environment readable.
            'SPT_NOENV': '1',
        }
        if name:
            own |= {MARK: str(self.folder), f'{MARK}_SERVICE': name}
        return inherited | own


def _system_path() -> str:
    """With the folders of servers, which a user's often lacks."""
    return f'{os.environ.get("PATH", os.defpath)}:/usr/sbin:/sbin'


def find_program(name: str) -> str:
    """:raises LayoutError: if it is not installed"""
    found = shutil.which(name, path=_system_path())
    if not found:
        raise LayoutError(f'{name} is not installed: tools/packages.sh cloud')
    return found
