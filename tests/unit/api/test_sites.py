# SPDX-License-Identifier: Apache-2.0

"""What is asked of sites, and a preview in JSON."""

import threading
import types
from concurrent import futures
from typing import Any

import fixtures
import nova.conf
import webob
from oslo_config.fixture import Config
from oslotest import base

from edge_sched import conf as edge_conf
from edge_sched.api import policies
from edge_sched.api import sites as module
from edge_sched.api.errors import AwayError
from edge_sched.api.errors import BadRequestError
from edge_sched.api.sites import Sites
from edge_sched.api.sites import answer_of
from edge_sched.api.sites import figure
from edge_sched.api.sites import wish_of
from edge_sched.asking.intent import Intent
from edge_sched.judging.decision import HostVerdict
from edge_sched.judging.scoring import OVER
from edge_sched.judging.scoring import WITHIN
from edge_sched.judging.verdict import Verdict
from edge_sched.model.client import parse_client
from edge_sched.model.latency import Latency
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.preview.preview import Preview
from edge_sched.scheduler.preview.sites import Site
from edge_sched.scheduler.preview.wish import BadWishError
from edge_sched.scheduler.preview.wish import ServerWish
from edge_sched.scheduler.spec import Request

ALICE = '203.0.113.7'


def request(query: str = '') -> webob.Request:
    return webob.Request.blank(f'/v1/sites?{query}')


def site(
    name: str, weight: float, room: str | None = None, accepted: bool = True
) -> Site:
    row = Latency(name, ALICE, 5.1234567, 7.0, 0.0)
    standing = WITHIN if accepted else OVER
    over = () if accepted else ('latency',)
    deciding = Verdict(standing, over=over, latency=row, age_seconds=3.0)
    verdict = HostVerdict(standing, accepted, 0.5, (deciding,), deciding)
    return Site(name, False, verdict, weight, room)


def preview(*sites: Site, reason: str = '', **case: Any) -> Preview:
    request = Request('create', 'mine')
    return Preview(Case(request, Intent(()), **case), reason, sites)


class WishTest(base.BaseTestCase):
    def test_parameters_are_hints_but_for_flavor_and_zone(self) -> None:
        query = (
            f'client={ALICE}&client=car@9&flavor=big&availability_zone=west'
            '&latency_budget_ms=20&unknown=reject'
        )
        self.assertEqual(
            ServerWish(
                {
                    'edge:client': [ALICE, 'car@9'],
                    'edge:latency_budget_ms': ['20'],
                    'edge:unknown': ['reject'],
                },
                'big',
                'west',
            ),
            wish_of(request(query)),
        )
        self.assertEqual(ServerWish({}), wish_of(request()))

    def test_what_makes_no_sense_is_refused(self) -> None:
        for query in (
            'spread=site',
            'spread_mode=required',
            'group=x',
            'latency_budget_ms=1&latency_budget_ms=2',
            'latency_budget_ms=-1',
            'client=',
            'client=a b',
        ):
            self.assertRaises(BadRequestError, wish_of, request(query))


class AnswerTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        edge_conf.register_opts(nova.conf.CONF)
        self.conf = self.useFixture(Config(nova.conf.CONF))
        self.conf.config(group='edge_sched', reason_detail='figure')

    def test_equal_ones_are_of_one_rank(self) -> None:
        told = answer_of(
            preview(
                site('a', 3.0),
                site('b', 2.0),
                site('c', 2.0, room='no'),
                site('d', 1.0, room='yes'),
                site('e', 0.0, room='no', accepted=False),
            )
        )
        self.assertEqual(
            [
                ('a', 1, None),
                ('b', 2, None),
                ('c', 2, 'no room'),
                ('d', 4, None),
                ('e', None, 'over latency'),
            ],
            [(s['name'], s['rank'], s['why_not']) for s in told['sites']],
        )

    def test_figures_are_told_if_the_operator_has_them_told(self) -> None:
        for detail, told in (
            ('figure', [(7.0, 5.123, 3.0)]),
            ('site', [(None, None, None)]),
            ('none', []),
        ):
            self.conf.config(group='edge_sched', reason_detail=detail)
            answer = answer_of(preview(site('a', 1.0)))
            self.assertEqual(
                told,
                [
                    (s['judged_ms'], s['rtt_p50_ms'], s['age_seconds'])
                    for s in answer['sites']
                ],
            )

    def test_reason_and_when_to_ask_again(self) -> None:
        told = answer_of(preview())
        self.assertEqual(
            (True, None, None),
            (told['accepted'], told['reason'], told['retry_seconds']),
        )
        said: Any = {
            parse_client(name): types.SimpleNamespace(retry_seconds=seconds)
            for name, seconds in (('a', None), ('b', 60))
        }
        told = answer_of(preview(reason='no', told=said))
        self.assertEqual(
            (False, 'no', 60),
            (told['accepted'], told['reason'], told['retry_seconds']),
        )
        told = answer_of(Preview(None, 'no zone', ()))
        self.assertEqual(({}, []), (told['asks'], told['sites']))

    def test_what_was_lost_is_no_number(self) -> None:
        self.assertEqual(
            [None, None, None, 0.0, 1.235],
            [figure(n) for n in (None, float('inf'), float('nan'), 0, 1.2346)],
        )


class SitesTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        edge_conf.register_opts(nova.conf.CONF)
        self.conf = self.useFixture(Config(nova.conf.CONF))
        self.conf.config(group='edge_sched', ring_timeout=1)
        self.checked: list[str] = []
        self.caller: Any = types.SimpleNamespace(
            check=self.checked.append, nova_context='mine', project_id='mine'
        )
        self.wanted: list[Any] = []
        asks: Any = types.SimpleNamespace(
            want=lambda named, standing: self.wanted.append((named, standing))
        )
        self.sites = Sites(1, lambda: asks)

    def ask(self, query: str, answer: Any) -> Any:
        with fixtures.MonkeyPatch(f'{module.__name__}.preview', answer):
            return self.sites.index(request(query), self.caller)

    def test_so_many_ask_for_room_at_a_time(self) -> None:
        def another(context: Any, wish: Any) -> Any:
            # Without a flavor there is nothing to wait for.
            self.ask('', lambda context, wish: preview())
            self.assertRaises(
                AwayError, self.ask, 'flavor=b', lambda *_: self.fail()
            )
            raise BadWishError('no flavor')

        error = self.assertRaises(
            BadRequestError, self.ask, 'flavor=a', another
        )
        self.assertEqual('no flavor', str(error))
        # Whatever became of it, its turn is over.
        self.ask('flavor=b', lambda context, wish: preview())
        self.assertEqual({policies.LIST_SITES}, set(self.checked))

    def test_a_turn_is_waited_for(self) -> None:
        self.conf.config(group='edge_sched', ring_timeout=60)
        asked, go_on = threading.Event(), threading.Event()

        def answer(context: Any, wish: ServerWish) -> Any:
            if wish.flavor == 'a':
                asked.set()
                go_on.wait(5)
            return preview()

        def ask(flavor: str) -> Any:
            return self.sites.index(request(f'flavor={flavor}'), self.caller)

        with (
            fixtures.MonkeyPatch(f'{module.__name__}.preview', answer),
            futures.ThreadPoolExecutor(2) as pool,
        ):
            first = pool.submit(ask, 'a')
            asked.wait(60)
            second = pool.submit(ask, 'b')
            # It has no turn as yet.
            self.assertRaises(TimeoutError, second.result, 0.05)
            go_on.set()
            self.assertEqual(first.result(), second.result())

    def test_who_is_told_to_wait_is_wanted(self) -> None:
        said: Any = types.SimpleNamespace(retry_seconds=60)
        client = parse_client(ALICE)
        self.ask('', lambda *_: preview(told={client: said}))
        self.assertEqual([({('mine', client)}, False)], self.wanted)
        self.ask('', lambda *_: preview())
        self.ask('', lambda *_: Preview(None, 'no', ()))
        self.assertEqual(1, len(self.wanted))
