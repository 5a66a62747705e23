# SPDX-License-Identifier: Apache-2.0

"""``edge-sched audit`` before and beside Nova, which is made up here."""

import math
from collections.abc import Iterator
from typing import Any
from unittest import mock

from oslo_db import exception as db_exception

from edge_sched.auditing.audit import Finding
from edge_sched.auditing.trouble import Troubles
from edge_sched.cmd import audit as module
from edge_sched.cmd.nova.access import NoNovaError
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import UNKNOWN
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.standing import Comparison
from edge_sched.model.client import parse_client
from edge_sched.store.errors import StoreUnavailableError
from tests.unit.cmd import base

ALICE = parse_client('203.0.113.7')


def finding(server: str, comparison: Comparison[Any], **more: Any) -> Finding:
    fields = {
        'project_id': 'p1',
        'host': 'lyon-1',
        'site': 'lyon',
        'sites': ('lyon', 'metro'),
        'best_site': '',
        'movable': 'yes',
        'unmeasured': (),
        **more,
    }
    return Finding(server=server, comparison=comparison, **fields)


FINDINGS = [
    finding(
        'a',
        Comparison(OVER, ALICE, 31.0, 20.0, object(), 0.3, 31.0 - 0.3),
        best_site='oslo',
    ),
    finding('b', Comparison(OVER, ALICE, math.inf, 20.0, None, None, None)),
    finding(
        'c', Comparison(WITHIN, None, None, None, None, None, None), sites=()
    ),
    finding('d', Comparison(UNKNOWN, ALICE, None, None, None, None, None)),
]


class AuditTest(base.SyncedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.read = self.useMock(module, 'read_nova_configuration')
        self.raised: Exception | None = None
        self.asked: list[Any] = []
        case = self

        class Auditor:
            def __init__(
                self, store: Any, troubles: Troubles, max_rate: int | None
            ) -> None:
                self.troubles = troubles
                case.asked.append(max_rate)

            def findings(self, project_id: str | None) -> Iterator[Finding]:
                case.asked.append(project_id)
                yield from FINDINGS
                self.troubles.note('GONE', 'e', 'was deleted')
                self.troubles.cell_away('u', 'cell1', 'late')
                if case.raised:
                    raise case.raised

        self.enterContext(
            mock.patch('edge_sched.auditing.audit.Auditor', Auditor)
        )
        topology = self.enterContext(
            mock.patch('edge_sched.scheduler.topology.topology.TOPOLOGY')
        )
        known = ('lyon', 'metro')
        topology.get.return_value.locator.has_site = known.__contains__

    def useMock(self, *of: Any) -> mock.Mock:
        patcher = mock.patch.object(*of)
        self.addCleanup(patcher.stop)
        return patcher.start()

    def servers(self, *argv: str, status: int = 0) -> str:
        """The names of those that are shown."""
        result = self.run_command('audit', '-f', 'json', *argv)
        self.assertEqual(status, result.status, result.err)
        return ''.join(row['server'] for row in result.json)

    def test_columns(self) -> None:
        result = self.run_command('audit', '-f', 'json')
        self.assertEqual(list(module.COLUMNS), [*result.json[0]])
        self.assertEqual(
            ('a', 'p1', 'lyon', '203.0.113.7', 'over', 31.0, 20.0, None),
            tuple(result.json[0].values())[:8],
        )
        self.assertEqual(
            ('oslo', 0.3, 30.7, 'yes'), tuple(result.json[0].values())[8:]
        )
        self.assertEqual('inf', result.json[1]['judged_ms'])
        self.assertIsNone(result.json[2]['client'])
        self.assertEqual(
            [
                'server e: was deleted',
                'cell cell1 is away: late',
                '0 servers of cell cell1 are not judged',
            ],
            result.err.splitlines(),
        )

    def test_every_format(self) -> None:
        for name in 'table', 'csv', 'yaml', 'value':
            out = self.run_command('audit', '-f', name).out
            self.assertIn('203.0.113.7', out)
        table = self.run_command('audit').out
        self.assertIn('lost', table)

    def test_filters(self) -> None:
        self.assertEqual('abcd', self.servers())
        self.assertEqual('ab', self.servers('--verdict', 'over'))
        both = ('--verdict', 'within', '--verdict', 'unknown')
        self.assertEqual('cd', self.servers(*both))
        self.assertEqual('abd', self.servers('--site', 'metro'))

    def test_no_terminal_obeys_the_name_of_a_site(self) -> None:
        site, best_site = 'a\x1b[2J', 'b\x9b' + 'c' * 253
        odd = FINDINGS[0]._replace(site=site, best_site=best_site)
        with mock.patch(f'{__name__}.FINDINGS', [odd]):
            (row,) = self.run_command('audit', '-f', 'json').json
        self.assertEqual('a\\x1b[2J', row['site'])
        self.assertTrue(row['best_site'].startswith('b\\x9bccc'))
        self.assertEqual(255, len(row['best_site']))

    def test_site_that_there_is_not_is_not_well(self) -> None:
        result = self.run_command('audit', '--site', 'lyn', '--fail-over')
        self.assertEqual(
            (1, '', "'lyn' is no site of Nova"),
            (result.status, result.out, result.err.strip()),
        )
        self.servers('--project', 'p9', '--max-rate', '70')
        self.assertEqual([70, 'p9'], self.asked[-2:])

    def test_status_if_any_that_is_shown_is_over(self) -> None:
        self.servers('--fail-over', status=module.ANY_OVER)
        self.servers('--fail-over', '--verdict', 'within')

    def test_arguments_that_make_no_sense(self) -> None:
        for message, *argv in (
            ("'a,b' is not the name of a site", '--site', 'a,b'),
            ("--max-rate '0' is not a whole number", '--max-rate', '0'),
            ("' ' is not a project id", '--project', ' '),
            ('invalid choice', '--verdict', 'good'),
        ):
            result = self.run_command('audit', *argv)
            self.assertEqual((1, ''), (result.status, result.out))
            self.assertIn(message, result.err)
        self.read.assert_not_called()

    def test_nova_that_is_not_there(self) -> None:
        self.read.side_effect = NoNovaError('Nova cannot be used here')
        result = self.run_command('audit', '--nova-config-file', 'a.conf')
        self.assertEqual((1, ''), (result.status, result.out))
        self.assertEqual('Nova cannot be used here\n', result.err)
        self.read.assert_called_once_with(['a.conf'])

    def test_databases_that_are_away(self) -> None:
        for raised, message in (
            (
                db_exception.DBConnectionError('no route'),
                "Nova's database cannot be used: DBConnectionError: no route",
            ),
            (
                StoreUnavailableError('no route'),
                'the latency store cannot be used: no route',
            ),
        ):
            self.raised = raised
            result = self.run_command('audit', '--fail-over')
            self.assertEqual(1, result.status)
            self.assertIn(message, result.err)
