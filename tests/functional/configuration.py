# SPDX-License-Identifier: Apache-2.0

"""The text of the nova.conf that a Nova in process is started with."""

import importlib.metadata
import pathlib
from collections.abc import Mapping

#: {section: {option: value}}; a list is one line an item.
Conf = Mapping[str, Mapping[str, str | list[str]]]

#: Those that Nova enables by itself.
DEFAULT_FILTERS = [
    'ComputeFilter',
    'ComputeCapabilitiesFilter',
    'ImagePropertiesFilter',
    'ServerGroupAntiAffinityFilter',
    'ServerGroupAffinityFilter',
]


def nova_conf(compute_driver: str, state_path: str) -> Conf:
    """What a Nova in process needs, whatever is to be tested."""
    return {
        'DEFAULT': {
            'compute_driver': compute_driver,
            'state_path': state_path,
            # However busy the machine is, nothing is down by itself.
            'report_interval': '3600',
            'service_down_time': '36000',
        },
        'wsgi': {'api_paste_config': _api_paste_ini(state_path)},
        'notifications': {'notification_format': 'unversioned'},
        'quota': {'instances': '-1', 'cores': '-1', 'ram': '-1'},
    }


def plugin_conf(filters: str, weighers: str, store_url: str) -> Conf:
    """What an operator adds to have the plug-in.

    :param filters: the function for ``available_filters``
    :param weighers: the function for ``weight_classes``
    """
    return {
        'filter_scheduler': {
            'available_filters': [
                'nova.scheduler.filters.all_filters',
                filters,
            ],
            'enabled_filters': ','.join(
                [*DEFAULT_FILTERS, 'EdgeLatencyFilter']
            ),
            'weight_classes': ','.join(
                ['nova.scheduler.weights.all_weighers', weighers]
            ),
        },
        'edge_sched_database': {'connection': store_url},
    }


def patient_conf(seconds: int) -> Conf:
    """How long the plug-in waits for the store, and looks for room."""
    return {
        'edge_sched': {
            'store_timeout': str(seconds),
            'ring_timeout': str(seconds),
        }
    }


def _api_paste_ini(folder: str) -> str:
    """Write Nova's api-paste.ini without API version 2, which nobody calls.

    Its routes would be made anew for each test. Nova's fixtures look for the
    file beside a source tree, which a wheel has not.
    """
    (installed,) = (
        path.locate()
        for path in importlib.metadata.files('nova') or []
        if path.name == 'api-paste.ini'
    )
    lines = pathlib.Path(installed).read_text().splitlines(keepends=True)
    ours = pathlib.Path(folder, 'api-paste.ini')
    ours.write_text(''.join(x for x in lines if not x.startswith('/v2/')))
    return str(ours)


def overlay(base: Conf, over: Conf) -> Conf:
    """The options of both; where both have one, that of ``over``."""
    return {
        section: {**base.get(section, {}), **over.get(section, {})}
        for section in (*base, *(name for name in over if name not in base))
    }


def ini(conf: Conf) -> str:
    """The text of a configuration file."""
    lines = []
    for section, options in conf.items():
        lines.append(f'[{section}]')
        for name, value in options.items():
            values = [value] if isinstance(value, str) else value
            lines.extend(f'{name} = {item}' for item in values)
    return '\n'.join(lines) + '\n'
