# SPDX-License-Identifier: Apache-2.0

"""``edge-sched hint`` before and beside Nova, which is made up here."""

from collections.abc import Callable
from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.cmd.nova import hints
from edge_sched.cmd.nova.access import NoNovaError
from tests.unit.cmd import base

STORED = {'edge:client': ['car', '10.0.0.1'], 'query': ['["=", "a", 1]']}


class HintTestCase(base.SyncedTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.stored = dict(STORED)
        self.task = ''
        self.read = self.replaced(
            'edge_sched.cmd.hint.read_nova_configuration'
        )
        self.replaced('edge_sched.cmd.nova.hints.read_server', self.server)
        self.replaced('edge_sched.cmd.nova.hints.change_hints', self.change)
        self.replaced(
            'edge_sched.cmd.nova.hints.task_of', lambda uuid: self.task
        )
        self.check_places = self.replaced(
            'edge_sched.cmd.nova.hints.check_places'
        )

    def replaced(
        self, name: str, by: Callable[..., object] | None = None
    ) -> mock.Mock:
        patcher = mock.patch(name, side_effect=by)
        self.addCleanup(patcher.stop)
        return patcher.start()

    def server(self, uuid: str) -> hints.Server:
        self.assertEqual(uuids.server, uuid)
        return hints.Server('p1', self.stored)

    def change(
        self, uuid: str, change: Callable[[hints.Hints], hints.Hints]
    ) -> hints.Hints:
        before = self.stored
        self.stored = change(before)
        return before

    def assertRefused(self, message: str, *argv: str) -> None:
        """It fails, and changes nothing."""
        self.assertFails(message, 'hint', 'set', uuids.server, *argv)
        self.assertEqual(STORED, self.stored)


class TestShow(HintTestCase):
    def test_every_hint_by_name(self) -> None:
        self.assertEqual(
            [
                {'hint': 'edge:client', 'values': ['car', '10.0.0.1']},
                {'hint': 'query', 'values': ['["=", "a", 1]']},
            ],
            self.listed('hint', 'show', uuids.server),
        )

    def test_one_text_where_a_format_has_no_lists(self) -> None:
        out = self.succeed('hint', 'show', uuids.server, '-f', 'csv').out

        self.assertIn('"edge:client","car, 10.0.0.1"', out)

    def test_control_characters_are_no_matter_for_a_terminal(self) -> None:
        self.stored = {'a\x1b[31m': ['b\n\x07']}

        out = self.succeed('hint', 'show', uuids.server, '-f', 'value').out

        self.assertEqual('a\\x1b[31m b\\n\\x07\n', out)
        self.assertEqual(
            [{'hint': 'a\x1b[31m', 'values': ['b\n\x07']}],
            self.listed('hint', 'show', uuids.server),
        )

    def test_files_of_nova(self) -> None:
        self.succeed('hint', 'show', uuids.server)
        self.read.assert_called_with([])

        self.succeed(
            *('hint', 'show', '--nova-config-file', '/a.conf', uuids.server),
            *('--nova-config-file', '/b.d'),
        )
        self.read.assert_called_with(['/a.conf', '/b.d'])

    def test_no_nova(self) -> None:
        self.read.side_effect = NoNovaError('Nova cannot be used here')

        for argv in ['show'], ['set', 'edge:percentile=p50']:
            name, *given = argv
            self.assertFails(
                'Nova cannot be used here', 'hint', name, uuids.server, *given
            )

    def test_what_is_no_id(self) -> None:
        for text in 'ar-backend', '', '1':
            self.assertFails(
                f'{text!r} is not the id of a server', 'hint', 'show', text
            )
        self.read.assert_not_called()

    def test_id_without_hyphens(self) -> None:
        bare = uuids.server.replace('-', '').upper()

        self.assertEqual(2, len(self.listed('hint', 'show', bare)))


class TestSet(HintTestCase):
    def set_hints(self, *argv: str) -> dict[str, tuple[object, object]]:
        return {
            row['hint']: (row['before'], row['after'])
            for row in self.listed('hint', 'set', *argv)
        }

    def test_before_and_after(self) -> None:
        self.assertEqual(
            {
                'edge:client': (['car', '10.0.0.1'], ['10.0.0.2', '::1@5']),
                'edge:latency_budget_ms': (None, ['20']),
                'query': (STORED['query'], STORED['query']),
            },
            self.set_hints(
                uuids.server,
                'edge:client=10.0.0.2',
                'edge:latency_budget_ms=20',
                'edge:client=::1@5',
            ),
        )
        self.assertEqual(['10.0.0.2', '::1@5'], self.stored['edge:client'])

    def test_unset(self) -> None:
        shown = self.set_hints(uuids.server, '--unset', 'edge:client')

        self.assertEqual((STORED['edge:client'], None), shown['edge:client'])
        self.assertEqual({'query': STORED['query']}, self.stored)

    def test_options_between_the_arguments(self) -> None:
        for argv in (
            ('--force', uuids.server, 'edge:percentile=p50'),
            (uuids.server, '--force', 'edge:percentile=p50'),
            (uuids.server, 'edge:percentile=p50', '--force'),
        ):
            self.stored = dict(STORED)
            self.set_hints(*argv)
            self.assertEqual(['p50'], self.stored['edge:percentile'])

    def test_misspelt_hint_can_be_taken_away(self) -> None:
        self.stored['edge:clients'] = ['car']

        self.set_hints(uuids.server, '--unset', 'edge:clients')
        # Every move would go on to warn of it.
        self.stored['Edge:client'] = ['10.0.0.1']
        self.set_hints(uuids.server, '--unset', 'Edge:client')
        self.assertNotIn('Edge:client', self.stored)

        self.assertEqual(STORED, self.stored)

    def test_what_makes_no_sense(self) -> None:
        for argv, message in (
            ([], 'nothing to set or to unset'),
            (['edge:client'], "'edge:client' is not KEY=VALUE"),
            (['group=1'], "'group' is not an edge: key"),
            (
                ['edge_client=10.0.0.1'],
                "'edge_client' is not an edge: key, did you mean edge:client?",
            ),
            (['--unset', 'query'], "'query' is not an edge: key"),
            (
                ['edge:budget=1'],
                "'edge:budget' is not an edge: key, did you mean "
                'edge:budget_mode?',
            ),
            (
                ['edge:client='],
                "edge:client '' is not an address, a prefix or a known client",
            ),
            (
                ['edge:percentile=p42', 'edge:loss_budget_pct=101'],
                "edge:percentile 'p42' is not one of p50, p95, p99\n"
                "edge:loss_budget_pct '101' is not a number from 0 to 100",
            ),
            (
                ['edge:percentile=p50', 'edge:percentile=p99'],
                "edge:percentile 'p50, p99' is not one value",
            ),
            (
                ['edge:percentile=p50', '--unset', 'edge:percentile'],
                'edge:percentile is both set and unset',
            ),
        ):
            self.assertRefused(message, *argv)
        self.read.assert_not_called()

    def test_unset_of_nothing(self) -> None:
        self.assertRefused(
            f"server {uuids.server} has no hint 'edge:unknown'",
            *('edge:percentile=p50', '--unset', 'edge:unknown'),
        )

    def test_names_are_those_of_the_servers_project(self) -> None:
        self.succeed(*'client set bus 10.0.0.1 --project p1'.split())
        self.succeed(*'client set tram 10.0.0.1 --shared'.split())
        self.succeed(*'client set ship 10.0.0.1 --project p2'.split())

        self.set_hints(uuids.server, 'edge:client=bus,tram@5,10.0.0.9')

        self.stored = dict(STORED)
        self.assertRefused(
            'ship is no client of project p1 and none that is shared',
            'edge:client=bus,ship',
        )
        self.set_hints(uuids.server, 'edge:client=ship', '--force')
        self.assertEqual(['ship'], self.stored['edge:client'])

    def test_places_are_those_of_the_servers_project(self) -> None:
        near = f'site:lyon@5,10.0.0.9,server:{uuids.db}'
        self.set_hints(uuids.server, f'edge:client={near}')

        ((clients, project, server),) = (
            call.args for call in self.check_places.mock_calls
        )
        self.assertEqual(('p1', uuids.server), (project, server))
        self.assertEqual(
            ['site:lyon', '10.0.0.9', f'server:{uuids.db}'],
            [str(client) for client in clients],
        )
        self.stored = dict(STORED)
        self.check_places.side_effect = hints.HintsError('is not a site')
        self.assertRefused('is not a site', 'edge:client=site:lyon')
        self.set_hints(uuids.server, 'edge:client=site:lyon', '--force')
        self.assertEqual(['site:lyon'], self.stored['edge:client'])

    def test_what_stays_is_not_checked(self) -> None:
        # The name that it has is no client any more.
        self.set_hints(uuids.server, 'edge:percentile=p50')

        self.assertEqual(STORED['edge:client'], self.stored['edge:client'])

    def test_store_away(self) -> None:
        self.store.unlink()

        self.assertRefused(
            f'there is no latency store at {self.store}: run "edge-sched db '
            'sync"',
            'edge:client=car',
        )
        self.set_hints(uuids.server, 'edge:client=10.0.0.7')
        self.set_hints(uuids.server, 'edge:client=car', '--force')

    def test_server_that_is_busy(self) -> None:
        self.task = 'resize_prep'

        self.assertRefused(
            f'server {uuids.server} is resize_prep, and Nova may take the '
            'change back when that is over: wait, or use --force',
            'edge:percentile=p50',
        )
        self.set_hints(uuids.server, 'edge:percentile=p50', '--force')
        self.assertEqual(['p50'], self.stored['edge:percentile'])
