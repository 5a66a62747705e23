# SPDX-License-Identifier: Apache-2.0

"""``edge-sched report``, with what it shows made up."""

import dataclasses
import json
import pathlib
from typing import Any
from unittest import mock

from edge_sched.report.page import Page
from edge_sched.report.refusals import TOO_FAR
from edge_sched.report.refusals import Reason
from edge_sched.report.refusals import Refused
from tests.unit.cmd import base
from tests.unit.report.clouds import Cloud
from tests.unit.report.test_refusals import record


class ReportTest(base.CommandTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.page = Cloud(servers=9).page()
        #: What the logs told.
        self.refused: list[Refused | None] = []
        for name, new in (
            ('edge_sched.cmd.report.read_nova_configuration', mock.Mock()),
            ('edge_sched.auditing.picture.picture', self.picture),
        ):
            patcher = mock.patch(name, new)
            patcher.start()
            self.addCleanup(patcher.stop)
        self.out = self.home / 'page.html'

    def picture(
        self, store: Any, troubles: Any, refused: Refused | None
    ) -> Page:
        self.refused.append(refused)
        return dataclasses.replace(self.page, refused=refused)

    def report(self, *argv: str, status: int = 0) -> base.Result:
        result = self.run_command('report', '-o', str(self.out), *argv)
        self.assertEqual(status, result.status, result.err)
        return result

    def log(self, name: str, *records: dict[str, Any]) -> str:
        lines = [f'INFO edge decision {json.dumps(r)}' for r in records]
        return self.write(name, 'something else', *lines)

    def test_page_is_written(self) -> None:
        result = self.report()
        self.assertEqual('', result.out)
        # As on the page, so that nobody who has no page misses it.
        self.assertEqual('3 servers of cell east are not judged\n', result.err)
        text = self.out.read_text()
        self.assertTrue(text.startswith('<!DOCTYPE html>'))
        self.assertTrue(text.endswith('</html>\n'))
        self.assertIn('No log was given', text)
        self.assertEqual([None], self.refused)

    def test_standard_output(self) -> None:
        result = self.run_command('report', '-o', '-')
        self.assertEqual(0, result.status)
        self.assertTrue(result.out.startswith('<!DOCTYPE html>'))

    def test_logs(self) -> None:
        one = self.log('one', record(), record('judged'))
        two = self.log('two', record(operation='move'))
        self.report('--log', one, '--log', two)
        expected = Refused(3, [Reason(TOO_FAR, 1, 1, 0)], 0)
        self.assertEqual([expected], self.refused)
        self.assertIn(TOO_FAR, self.out.read_text())

    def test_what_is_broken_is_named(self) -> None:
        path = self.log('log', record(), *({'outcome': 'odd\x1b'},) * 12)
        with pathlib.Path(path).open('a') as log:
            log.write('edge decision {')
        lines = self.report('--log', path).err.splitlines()
        self.assertEqual(
            [f'{path}, line {n}: outcome is unknown' for n in range(3, 13)],
            lines[:10],
        )
        self.assertEqual(11, len(lines))
        self.assertIn('13 records that cannot be read', self.out.read_text())

    def test_nothing_is_written_if_anything_fails(self) -> None:
        self.out.write_text('old')
        result = self.report('--log', str(self.home / 'none'), status=1)
        self.assertIn('none: No such file or directory', result.err)
        self.assertEqual('old', self.out.read_text())
        self.assertEqual([], self.refused)

    def test_nobody_waits_for_what_cannot_be_written(self) -> None:
        self.out = self.home / 'no' / 'page.html'
        result = self.report(status=1)
        self.assertIn('page.html: No such file or directory', result.err)
        self.assertEqual([], self.refused)

    def test_file_has_to_be_named(self) -> None:
        self.assertEqual(1, self.run_command('report').status)
