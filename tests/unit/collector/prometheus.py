# SPDX-License-Identifier: Apache-2.0

"""A real Prometheus for tests, on a port of its own.

with Prometheus(history) as prometheus:
    requests.get(prometheus.url + '/api/v1/query', ...)
"""

import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import requests
import yaml

START_SECONDS = 60.0


class NotInstalledError(Exception):
    """Prometheus is not on this machine."""


def program(name):
    found = shutil.which(name)
    if found is None:
        raise NotInstalledError(f'{name} is not installed')
    return found


class Prometheus:
    """One that runs.

    :param history: samples with their times, as OpenMetrics, that it has
        from the start
    :param scrape_configs: what it reads by itself, as in its configuration
    :param features: of ``--enable-feature``
    """

    def __init__(self, history='', scrape_configs=(), features=()):
        self._command = [program('prometheus')]
        self._directory = tempfile.TemporaryDirectory(prefix='edge_sched_')
        try:
            self._prepare(history, scrape_configs, features)
            self._process = subprocess.Popen(
                self._command,
                stdout=subprocess.DEVNULL,
                stderr=self._log.open('w'),
            )
            self._wait()
        except BaseException:
            self._directory.cleanup()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()

    def close(self):
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(60)
        self._directory.cleanup()

    def _prepare(self, history, scrape_configs, features):
        directory = pathlib.Path(self._directory.name)
        self._log = directory / 'log'
        configuration = directory / 'prometheus.yml'
        configuration.write_text(
            yaml.safe_dump({'scrape_configs': list(scrape_configs)})
        )
        if history:
            text = directory / 'history'
            text.write_text(history)
            subprocess.run(
                [
                    program('promtool'),
                    'tsdb',
                    'create-blocks-from',
                    'openmetrics',
                    text,
                    directory / 'data',
                ],
                check=True,
                capture_output=True,
            )
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.url = f'http://127.0.0.1:{probe.getsockname()[1]}'
        self._command += [
            f'--config.file={configuration}',
            f'--storage.tsdb.path={directory / "data"}',
            '--storage.tsdb.retention.time=100y',
            f'--web.listen-address={self.url.removeprefix("http://")}',
        ]
        if features:
            self._command.append(f'--enable-feature={",".join(features)}')

    def _wait(self):
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                if requests.get(f'{self.url}/-/ready', timeout=5).ok:
                    return
            except requests.RequestException:
                pass
            if time.monotonic() > deadline or self._process.poll() is not None:
                self._process.kill()
                self._process.wait()
                raise RuntimeError(self._log.read_text()[-2000:])
            time.sleep(0.05)
