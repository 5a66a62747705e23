# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

import dataclasses
import time
from typing import Any

import nova.conf
from nova import objects
from oslo_config import fixture as config_fixture
from oslotest import base

from edge_sched.latency import Answer
from edge_sched.rings import Offer
from edge_sched.scheduler.case import Case
from edge_sched.scheduler.membership import Aggregate
from edge_sched.scheduler.nearest import Ranking
from edge_sched.scheduler.nearest import offers_of
from edge_sched.scheduler.request import CREATE
from edge_sched.scheduler.request import Request
from edge_sched.scheduler.terms import Terms
from tests.unit.factories import make_intent
from tests.unit.factories import make_row
from tests.unit.scheduler.test_atlas import CELL1
from tests.unit.scheduler.test_atlas import SITE
from tests.unit.scheduler.test_atlas import atlas


class OffersTest(base.BaseTestCase):
    """Three sites of two hosts each."""

    def setUp(self) -> None:
        super().setUp()
        self.useFixture(config_fixture.Config(nova.conf.CONF))
        self.atlas = atlas(
            *(
                Aggregate(
                    f'u-{site}', {SITE: site}, [f'{site}-1', f'{site}-2']
                )
                for site in ('lyon', 'nice', 'oslo')
            )
        )

    def offers(
        self,
        p95_ms: dict[str, float],
        *,
        free: bool = True,
        ignored: tuple[str, ...] = (),
        **asked: Any,
    ) -> list[Offer]:
        """What is offered within 20 ms, of what was measured just now."""
        rows = {
            vantage: dataclasses.replace(
                make_row(figure / 2, figure, measured_at=time.time()),
                vantage=vantage,
            )
            for vantage, figure in p95_ms.items()
        }
        intent = make_intent(**asked)
        case = Case(
            Request({}, {}, CREATE, 'mine'),
            intent,
            {
                target.client: Answer(True, (rows,))
                for target in intent.targets
            },
        )
        spec = objects.RequestSpec(
            project_id='mine', ignore_hosts=list(ignored)
        )
        measured = self.atlas.measured(case.measured)
        return list(
            offers_of(
                Ranking(case, self.atlas, measured),
                Terms.of(spec, self.atlas),
                free,
            )
        )

    def test_required_budget_takes_near_sites_only(self) -> None:
        self.assertEqual(
            [
                Offer('u-nice', 'nice', 2, cells=frozenset({CELL1})),
                Offer('u-lyon', 'lyon', 2, cells=frozenset({CELL1})),
            ],
            self.offers({'lyon': 15, 'nice': 5, 'oslo': 31}),
        )

    def test_what_was_not_measured_goes_before_what_is_too_far(self) -> None:
        # Equals come by chance, and would so once in 1000 times.
        for _ in range(10):
            found = self.offers(
                {'lyon': 15, 'nice': 31}, required=False, reject_unknown=False
            )
            self.assertEqual(
                ['lyon', 'oslo', 'nice'], [offer.site for offer in found]
            )
            found = self.offers(
                {'nice': 31}, required=False, reject_unknown=False
            )
            self.assertEqual('nice', found[-1].site)

    def test_measured_too_little_is_as_good_as_not_at_all(self) -> None:
        # p99 takes more samples than there are.
        found = self.offers(
            {'lyon': 15, 'nice': 31},
            required=False,
            reject_unknown=False,
            percentile='p99',
        )
        self.assertEqual(
            [('lyon', {CELL1}), ('oslo', set()), ('nice', set())],
            [(offer.site, offer.cells) for offer in found],
        )

    def test_hosts_of_no_site_go_last_among_equals(self) -> None:
        sites = [
            Aggregate(f'u-{n}', {SITE: f'site-{n}'}, [f'{n}'])
            for n in range(9)
        ]
        hosts = {f'{n}': CELL1 for n in range(9)} | {'outside': CELL1}
        self.atlas = atlas(*sites, cell_of=hosts)
        found = self.offers({'site-0': 5}, reject_unknown=False)
        self.assertEqual(10, len(found))
        self.assertEqual('', found[-1].aggregate)

    def test_only_good_sites_may_be_passed_over_for_their_cell(self) -> None:
        figures = {'lyon': 15.0, 'nice': 31.0}
        wish = {'required': False, 'reject_unknown': False}
        self.assertEqual(
            [{CELL1}, set(), set()],
            [offer.cells for offer in self.offers(figures, **wish)],
        )
        self.assertEqual(
            [set(), set(), set()],
            [
                offer.cells
                for offer in self.offers(figures, free=False, **wish)
            ],
        )

    def test_hosts_farther_than_the_best_of_their_site_are_lesser(
        self,
    ) -> None:
        (found, *_) = self.offers(
            {'lyon': 15, 'lyon-1': 5, 'nice': 16, 'oslo': 17}
        )
        self.assertEqual(
            ('lyon', 2, 1, 0),
            (found.site, found.hosts, found.lesser, found.doubtful),
        )

    def test_hosts_over_a_required_budget_are_offered_in_vain(self) -> None:
        (found,) = self.offers({'lyon': 50, 'lyon-1': 5})
        self.assertEqual(
            ('lyon', 1, 0, 1),
            (found.site, found.hosts, found.lesser, found.doubtful),
        )

    def test_hosts_of_an_unmeasured_site_that_are_too_far(self) -> None:
        found = self.offers(
            {'lyon-1': 31, 'nice': 5}, required=False, reject_unknown=False
        )
        self.assertEqual(3, len(found))
        lyon = next(offer for offer in found if offer.site == 'lyon')
        self.assertEqual((2, 1), (lyon.hosts, lyon.lesser))

    def test_hosts_that_the_request_may_not_use(self) -> None:
        (found,) = self.offers({'lyon': 5}, ignored=('lyon-2',))
        self.assertEqual((1, 0, 1), found[2:5])
        self.assertEqual(
            [], self.offers({'lyon': 5}, ignored=('lyon-1', 'lyon-2'))
        )
