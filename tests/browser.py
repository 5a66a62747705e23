# SPDX-License-Identifier: Apache-2.0

"""A real browser without a screen, for tests: Chromium, told what to do.

with Browser() as browser:
    browser.open('http://127.0.0.1:8000/')
    browser.evaluate('document.title')

It is spoken to over two pipes (``--remote-debugging-pipe``), in the messages
of the Chrome DevTools Protocol, each of which ends with a zero byte. What a
test asks the page is run beside it: scripts of the page itself are not.
"""

import base64
import contextlib
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time
from typing import Any

PROGRAMS = ('chromium', 'chromium-browser', 'google-chrome')

#: What a busy machine may take for one answer. Chosen.
PATIENCE_SECONDS = 120.0


class NotInstalledError(Exception):
    """There is no browser on this machine, and nobody said there must be."""


def program() -> str:
    """Where it is.

    :raises NotInstalledError: if it is nowhere
    :raises RuntimeError: if it is nowhere in CI, where all tests have to run
    """
    for name in PROGRAMS:
        if found := shutil.which(name):
            return found
    message = 'Chromium is not installed (Debian package: chromium)'
    if os.environ.get('CI'):
        raise RuntimeError(message)
    raise NotInstalledError(message)


class Browser:
    """One that runs, with one page.

    :ivar requested: the URLs that were asked for since ``open``
    """

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self._number = 0
        self._session: str | None = None
        self._unread = b''
        self.requested: list[str] = []
        self._loaded = False
        with contextlib.ExitStack() as on_failure:
            on_failure.callback(self._stack.close)
            self._start()
            on_failure.pop_all()

    def __enter__(self) -> 'Browser':
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """End it."""
        self._stack.close()

    def open(self, url: str, width: int, height: int = 844) -> None:
        """Load a page in a window of some size and wait for all of it."""
        self.resize(width, height)
        self.requested.clear()
        self._loaded = False
        self._call('Page.navigate', url=url)
        while not self._loaded:
            self._receive()

    def resize(self, width: int, height: int = 844) -> None:
        """Make the window that of a phone, say."""
        self._call(
            'Emulation.setDeviceMetricsOverride',
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def set_medium(self, medium: str) -> None:
        """Show it as on ``screen``, or in ``print``."""
        self._call('Emulation.setEmulatedMedia', media=medium)

    def forbid_scripts(self) -> None:
        """Run none of the pages that are opened from now on."""
        self._call('Emulation.setScriptExecutionDisabled', value=True)

    def evaluate(self, expression: str) -> Any:
        """The value of some JavaScript."""
        answer = self._call(
            'Runtime.evaluate', expression=expression, returnByValue=True
        )
        if 'exceptionDetails' in answer:
            raise RuntimeError(answer['exceptionDetails'])
        return answer['result'].get('value')

    def pdf(self) -> bytes:
        """The page as it is printed."""
        answer = self._call('Page.printToPDF', preferCSSPageSize=True)
        return base64.b64decode(answer['data'])

    def screenshot(self) -> bytes:
        """All of the page as PNG, for people."""
        answer = self._call(
            'Page.captureScreenshot', captureBeyondViewport=True
        )
        return base64.b64decode(answer['data'])

    def _start(self) -> None:
        folder = self._stack.enter_context(
            tempfile.TemporaryDirectory(
                prefix='edge_sched_', ignore_cleanup_errors=True
            )
        )
        log = self._stack.enter_context(pathlib.Path(folder, 'log').open('w'))
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        self._stack.callback(os.close, self._from)
        self._stack.callback(os.close, self._to)
        process = subprocess.Popen(
            [
                # It expects them as these two.
                *('sh', '-c', f'exec "$@" 3<&{to_read} 4>&{to_write}', 'sh'),
                program(),
                '--headless',
                '--remote-debugging-pipe',
                f'--user-data-dir={folder}/profile',
                # For root, and for containers with a small /dev/shm.
                '--no-sandbox',
                '--disable-dev-shm-usage',
                '--disable-gpu',
                '--no-first-run',
                '--disable-background-networking',
                '--disable-component-update',
                # Nothing leaves this machine, whatever a page asks for.
                '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
            ],
            pass_fds=(to_read, to_write),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        os.close(to_read)
        os.close(to_write)
        self._stack.callback(self._stop, process)
        target = self._call('Target.createTarget', url='about:blank')
        attached = self._call(
            'Target.attachToTarget',
            targetId=target['targetId'],
            flatten=True,
        )
        self._session = attached['sessionId']
        self._call('Page.enable')
        self._call('Network.enable')

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        self._session = None
        with contextlib.suppress(OSError):
            self._call('Browser.close')
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._number += 1
        message = {
            'id': self._number,
            'method': method,
            'params': parameters,
            **({'sessionId': self._session} if self._session else {}),
        }
        os.write(self._to, json.dumps(message).encode() + b'\0')
        while (answer := self._receive()).get('id') != self._number:
            pass
        if 'error' in answer:
            raise RuntimeError(f'{method}: {answer["error"]}')
        result: dict[str, Any] = answer['result']
        return result

    def _receive(self) -> dict[str, Any]:
        """The next message; what happens meanwhile is taken down."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while b'\0' not in self._unread:
            left = max(0.0, deadline - time.monotonic())
            if not select.select([self._from], [], [], left)[0]:
                raise TimeoutError('the browser does not answer')
            some = os.read(self._from, 1 << 20)
            if not some:
                raise ConnectionError('the browser is gone')
            self._unread += some
        text, _, self._unread = self._unread.partition(b'\0')
        message: dict[str, Any] = json.loads(text)
        if message.get('method') == 'Network.requestWillBeSent':
            self.requested.append(message['params']['request']['url'])
        if message.get('method') == 'Page.loadEventFired':
            self._loaded = True
        return message
