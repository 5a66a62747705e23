# SPDX-License-Identifier: Apache-2.0

"""The services of the cloud, and what each is started with.

Their names are those that ``python -m tests.cloud restart NAME`` takes, and
that logs have.
"""

import os
import pathlib
from collections.abc import Iterable

from tests.cloud import measurements
from tests.cloud import ports
from tests.cloud.layout import Layout
from tests.cloud.layout import find_program
from tests.cloud.service import Ready
from tests.cloud.service import Service
from tests.cloud.service import joined
from tests.cloud.service import listens
from tests.cloud.service import serves
from tests.cloud.sites import CELLS
from tests.cloud.sites import HOSTS

HERE = pathlib.Path(__file__).parent
DATABASES = ('mariadb', 'mariadb-store')
#: The ports of those that do not have the one of their own name.
PORTS = {
    'rabbitmq': ('rabbitmq', 'rabbitmq-distribution'),
    'edge-sched-reflector': ('reflector',),
    'edge-sched-prober': ('prober',),
    'edge-sched-collector': ('collector',),
    'edge-sched-auditor': ('auditor',),
}
#: Processes of nova-scheduler that place servers, as operators have several.
SCHEDULER_WORKERS = 2
#: Threads of an API server (chosen: more than callers at a time).
API_THREADS = 16


def below(layout: Layout) -> list[Service]:
    """What all the others need: databases and broker."""
    return [
        *(_mariadb(layout, name) for name in DATABASES),
        _epmd(layout),
        _rabbitmq(layout),
    ]


def around_nova(layout: Layout) -> list[Service]:
    """What Nova calls when it starts, and our own services."""
    return [
        _api(layout, 'keystone', 'keystone.wsgi.api', 'keystone.conf'),
        _api(layout, 'placement', 'placement.wsgi.api', 'placement.conf'),
        _api(layout, 'glance', 'glance.wsgi.api', 'glance-api.conf'),
        _network(layout),
        _measurer(layout),
        *_edge_sched(layout),
        _edge_sched_api(layout),
    ]


def nova(layout: Layout) -> list[Service]:
    """Nova: above the cells, and in each of them."""
    return [
        _nova(layout, 'nova-super-conductor', 'nova-conductor', 'nova'),
        *(
            _nova(layout, f'nova-conductor-{cell}', 'nova-conductor', cell)
            for cell in CELLS
        ),
        *(_computes(layout, cell) for cell in CELLS),
        _nova(
            layout,
            'nova-scheduler',
            'nova-scheduler',
            'nova-scheduler',
            workers=SCHEDULER_WORKERS,
        ),
        _api(layout, 'nova-api', 'nova.wsgi.osapi_compute', 'nova.conf'),
    ]


def every(layout: Layout) -> dict[str, Service]:
    """All of them by name, in the order in which they start."""
    services = below(layout) + around_nova(layout) + nova(layout)
    return {service.name: service for service in services}


def installed(layout: Layout, environment: str = 'venv') -> pathlib.Path:
    """Written anew whenever edge_sched is installed there."""
    return layout.path(environment, '.installed')


def api_paste(layout: Layout) -> pathlib.Path:
    """Nova's own, which comes with its package."""
    return layout.path('venv', 'etc', 'nova', 'api-paste.ini')


def names(services: Iterable[Service]) -> list[str]:
    return [service.name for service in services]


def gunicorn(
    layout: Layout, name: str, module: str, environment: str = 'venv'
) -> tuple[str, ...]:
    """The command of a WSGI application, on the port of this name."""
    return (
        layout.program('gunicorn', environment),
        f'--config={HERE / "gunicorn_conf.py"}',
        f'--bind={ports.HOST}:{layout.ports[name]}',
        f'--threads={API_THREADS}',
        f'--worker-tmp-dir={layout.path("tmp")}',
        f'{module}:application',
    )


def _mariadb(layout: Layout, name: str) -> Service:
    """A server of its own; relative paths are relative to its data."""
    user = ('--user=root',) if os.geteuid() == 0 else ()
    return Service(
        name,
        (
            find_program('mariadbd'),
            '--no-defaults',
            *user,
            f'--datadir={layout.path("data", name)}',
            f'--tmpdir={layout.path("tmp")}',
            f'--bind-address={ports.HOST}',
            f'--port={layout.ports[name]}',
            # The path of a Unix socket has room for 107 bytes only.
            '--socket=mysql.sock',
            f'--pid-file={layout.path("run", name)}.pid',
            f'--init-file={layout.path("etc", "mariadb.sql")}',
            '--skip-name-resolve',
            '--max-connections=1000',
            '--innodb-buffer-pool-size=128M',
            # A crash of the machine may lose a second: it is a test's data.
            '--innodb-flush-log-at-trx-commit=2',
            '--innodb-use-native-aio=0',
        ),
        listens(layout, name),
    )


def _epmd(layout: Layout) -> Service:
    """Erlang's port mapper: our own, or RabbitMQ would start one for good."""
    port = str(layout.ports['epmd'])
    return Service(
        'epmd',
        (find_program('epmd'), '-port', port, '-address', ports.HOST),
        listens(layout, 'epmd'),
    )


def _rabbitmq(layout: Layout) -> Service:
    data = layout.path('data', 'rabbitmq')
    return Service(
        'rabbitmq',
        # Debian's wrapper in /usr/sbin would change to the user rabbitmq.
        ('/usr/lib/rabbitmq/bin/rabbitmq-server',),
        listens(layout, 'rabbitmq'),
        {
            'RABBITMQ_NODENAME': f'cloud{layout.ports.base}@localhost',
            'RABBITMQ_CONF_ENV_FILE': '/dev/null',
            'RABBITMQ_CONFIG_FILE': str(layout.path('etc', 'rabbitmq.conf')),
            'RABBITMQ_ADVANCED_CONFIG_FILE': str(data / 'advanced.config'),
            'RABBITMQ_ENABLED_PLUGINS_FILE': str(data / 'enabled_plugins'),
            'RABBITMQ_MNESIA_BASE': str(data),
            'RABBITMQ_FEATURE_FLAGS_FILE': str(data / 'feature_flags'),
            'RABBITMQ_GENERATED_CONFIG_DIR': str(data / 'config'),
            'RABBITMQ_PID_FILE': str(layout.path('run', 'rabbitmq.pid')),
            'RABBITMQ_LOGS': '-',
            'RABBITMQ_LOG_BASE': str(layout.path('log')),
            'RABBITMQ_DIST_PORT': str(layout.ports['rabbitmq-distribution']),
            'RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS': (
                '-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}'
            ),
            'ERL_EPMD_PORT': str(layout.ports['epmd']),
            'ERL_EPMD_ADDRESS': ports.HOST,
            'ERL_CRASH_DUMP': str(layout.path('log', 'erl_crash.dump')),
        },
        (layout.path('etc', 'rabbitmq.conf'),),
    )


def _api(layout: Layout, name: str, module: str, file: str) -> Service:
    """A WSGI application of OpenStack by gunicorn, in one process."""
    project = file.partition('.')[0].removesuffix('-api')
    etc = layout.path('etc', project)
    variable = f'OS_{project.upper()}_CONFIG'
    inputs = [etc / file]
    files = file
    if project == 'nova':
        files = f'{api_paste(layout)};{file}'
        # It checks the extra specs of flavors with a part of ours.
        inputs.append(installed(layout))
    return Service(
        name,
        gunicorn(layout, name, module),
        serves(layout, name),
        {
            f'{variable}_DIR': str(etc),
            f'{variable}_FILES': files,
        },
        tuple(inputs),
    )


def _nova(
    layout: Layout, name: str, program: str, conf: str, workers: int = 1
) -> Service:
    file = layout.path('etc', 'nova', f'{conf}.conf')
    inputs = [file]
    if program == 'nova-scheduler':
        inputs.append(installed(layout))
    return Service(
        name,
        (layout.program(program), f'--config-file={file}'),
        joined(workers),
        inputs=tuple(inputs),
    )


def _computes(layout: Layout, cell: str) -> Service:
    hosts = [host for host, where in HOSTS.items() if where == cell]
    file = layout.path('etc', 'nova', f'compute-{cell}.conf')
    return Service(
        f'nova-compute-{cell}',
        (
            layout.program('python'),
            '-P',
            str(HERE / 'computes.py'),
            str(file),
            str(layout.path('data', 'computes')),
            *hosts,
        ),
        joined(len(hosts)),
        inputs=(file, HERE / 'computes.py'),
    )


def _network(layout: Layout) -> Service:
    return Service(
        'network',
        (
            layout.program('python'),
            '-P',
            str(HERE / 'network.py'),
            str(layout.ports['network']),
        ),
        listens(layout, 'network'),
        inputs=(HERE / 'network.py',),
    )


def _measurer(layout: Layout) -> Service:
    return Service(
        'measurer',
        (
            layout.program('python'),
            '-P',
            str(HERE / 'measurer.py'),
            str(measurements.folder(layout)),
            str(layout.path('data', 'measurements')),
        ),
        lambda _: any(layout.path('data', 'measurements').glob('*.csv')),
        inputs=(HERE / 'measurer.py',),
    )


def _edge_sched(layout: Layout) -> list[Service]:
    """The services of ours, on the one file of the guide."""
    file = layout.path('etc', 'edge_sched', 'edge_sched.conf')
    ready: dict[str, Ready] = {
        'reflector': lambda _: (
            not ports.can_be_had(layout.ports['reflector'], udp=True)
        ),
        'prober': listens(layout, 'prober'),
        'collector': listens(layout, 'collector'),
        'auditor': listens(layout, 'auditor'),
    }
    return [
        Service(
            f'edge-sched-{name}',
            (layout.program(f'edge-sched-{name}'), f'--config-file={file}'),
            ready[name],
            inputs=(file, installed(layout)),
        )
        for name in ready
    ]


def _edge_sched_api(layout: Layout) -> Service:
    """Ours for tenants, with the files of its own page of the guide."""
    name = 'edge-sched-api'
    folder = layout.path('etc', 'edge_sched')
    conf = folder / 'api.conf'
    return Service(
        name,
        gunicorn(layout, name, 'edge_sched.api.wsgi'),
        serves(layout, name),
        {'EDGE_SCHED_API_CONFIG_FILES': str(conf)},
        (conf, folder / 'api-nova.conf', installed(layout)),
    )
