# SPDX-License-Identifier: Apache-2.0

"""The page as a real browser shows it: on a phone, on paper, and on its own.

It is served from this machine, and the server knows what it was asked for.
"""

import contextlib
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import fixtures
import testtools

from edge_sched.report.page import render
from tests import browser
from tests.browser import Browser
from tests.browser import NotInstalledError
from tests.unit.report.clouds import Cloud
from tests.unit.report.test_page import HOSTILE
from tests.unit.report.test_page import hostile

#: CSS pixels: of most phones, of a screen, and of A4 between its margins.
PHONE, SCREEN, PAPER = 390, 1280, 702

#: Loads a picture and a script from elsewhere, runs one, and is too wide.
BAD = """<!DOCTYPE html>
<title>good</title><p style="width: 900px">wide</p>
<img src="http://192.0.2.1/picture"><img src="/picture">
<script>document.title = 'bad'</script>
"""

#: Names of what sticks out of a window of some width.
STICKS_OUT = """
[...document.querySelectorAll('body *')].filter(each => {
    const box = each.getBoundingClientRect();
    return box.right > %d + 0.5 || box.left < -0.5;
}).map(each => each.tagName)
"""
WIDTH = 'document.documentElement.scrollWidth'
#: How large a letter of the map is on the screen, at the least.
SMALLEST = """
Math.min(...[...document.querySelectorAll('.panels svg')].map(
    each => each.getBoundingClientRect().width / each.viewBox.baseVal.width
))
"""
#: Text of a cell against its own box, which it must not leave.
TOO_WIDE = """
[...document.querySelectorAll('.cell')].filter(each => {
    const text = each.querySelector('text').getBBox();
    const box = each.querySelector('rect').getBBox();
    return text.width > box.width || !text.width;
}).map(each => each.textContent)
"""


class BrowserTest(testtools.TestCase):
    def setUp(self) -> None:
        super().setUp()
        try:
            self.browser = Browser()
        except NotInstalledError as error:
            self.skipTest(str(error))
        self.addCleanup(self.browser.close)
        #: What the server was asked for.
        self.paths: list[str] = []

    def open(self, page: str, width: int) -> None:
        with served(page, self.paths) as url:
            self.url = url
            self.browser.open(url, width)

    def evaluate(self, expression: str) -> Any:
        return self.browser.evaluate(expression)

    def assertFits(self, width: int) -> None:
        self.assertLessEqual(self.evaluate(WIDTH), width)
        self.assertEqual([], self.evaluate(STICKS_OUT % width))

    def test_phone_and_screen(self) -> None:
        page = render(Cloud().page())
        for width in PHONE, SCREEN:
            self.open(page, width)
            self.assertFits(width)
            # Nothing is shrunk to fit.
            self.assertGreaterEqual(self.evaluate(SMALLEST), 0.99)
            self.assertEqual([], self.evaluate(TOO_WIDE))
        shown = self.evaluate('document.body.innerText')
        self.assertIn('Over their budget', shown)
        self.assertIn('198.51.100.0/24', shown)

    def test_nothing_but_the_page_is_asked_for(self) -> None:
        self.open(render(Cloud().page()), PHONE)
        self.assertEqual(['/'], self.paths)
        self.assertEqual([self.url], self.browser.requested)
        self.assertEqual(0, self.evaluate('document.scripts.length'))
        self.assertEqual(0, self.evaluate('document.images.length'))
        self.assertEqual(0, self.evaluate('document.fonts.size'))

    def test_page_is_the_same_without_scripts(self) -> None:
        page = render(Cloud().page())
        self.open(page, PHONE)
        with_scripts = self.evaluate('document.body.innerText')
        self.browser.forbid_scripts()
        self.open(page, PHONE)
        self.assertEqual(
            with_scripts, self.evaluate('document.body.innerText')
        )

    def test_names_of_strangers_are_text(self) -> None:
        self.open(render(hostile(Cloud().page())), PHONE)
        self.assertFits(PHONE)
        self.assertEqual([self.url], self.browser.requested)
        self.assertEqual(0, self.evaluate('document.scripts.length'))
        self.assertEqual(0, self.evaluate('document.images.length'))
        self.assertIn(HOSTILE, self.evaluate('document.body.innerText'))
        titles = self.evaluate(
            "[...document.querySelectorAll('svg title')].map("
            'each => each.textContent)'
        )
        self.assertIn(HOSTILE, titles)

    def test_paper(self) -> None:
        self.open(render(Cloud().page()), PAPER)
        self.browser.set_medium('print')
        self.assertFits(PAPER)
        printed = self.browser.pdf()
        self.assertEqual(b'%PDF', printed[:4])
        self.assertIn(b'/Type /Page\n', printed)
        # Colours are printed as well, and the table is one again.
        self.assertEqual(
            'exact',
            self.evaluate(
                "getComputedStyle(document.querySelector('.chip.over'))"
                '.printColorAdjust'
            ),
        )
        self.assertEqual(
            'table-row',
            self.evaluate(
                "getComputedStyle(document.querySelector('.cards tr')).display"
            ),
        )

    def test_what_is_amiss_would_be_seen(self) -> None:
        self.open(BAD, PHONE)
        self.assertEqual('bad', self.evaluate('document.title'))
        self.assertEqual(1, self.evaluate('document.scripts.length'))
        self.assertGreater(self.evaluate(WIDTH), PHONE)
        self.assertIn('P', self.evaluate(STICKS_OUT % PHONE))
        self.assertIn('http://192.0.2.1/picture', self.browser.requested)
        self.assertIn('/picture', self.paths)


class ProgramTest(testtools.TestCase):
    """Where there is none."""

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(fixtures.EnvironmentVariable('PATH', '/nowhere'))

    def test_tests_are_skipped(self) -> None:
        self.useFixture(fixtures.EnvironmentVariable('CI'))
        error = self.assertRaises(NotInstalledError, browser.program)
        self.assertIn('Debian package: chromium', str(error))

    def test_tests_fail_in_ci(self) -> None:
        self.useFixture(fixtures.EnvironmentVariable('CI', 'true'))
        self.assertRaises(RuntimeError, browser.program)


@contextlib.contextmanager
def served(page: str, paths: list[str]) -> Iterator[str]:
    """The URL of a page; what else is asked for is taken down too."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(200)
            self.send_header('Content-Type', 'text/html')
            self.end_headers()
            self.wfile.write(page.encode('ascii'))

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f'http://127.0.0.1:{server.server_port}/'
        finally:
            server.shutdown()
            thread.join()
