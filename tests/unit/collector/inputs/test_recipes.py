# SPDX-License-Identifier: Apache-2.0

"""What the recipes make of a history, by a real Prometheus."""

import dataclasses
import math
import random

from edge_sched.collector import door
from edge_sched.collector.inputs.prometheus import PrometheusInput
from tests.unit.collector import prometheus
from tests.unit.collector.inputs import queried
from tests.unit.collector.inputs.queried import NOW
from tests.unit.collector.inputs.queried import metric

#: Of a scrape every 15 s: at multiples of 15 s, as subqueries look.
STEP = 15
NEWEST = NOW - 5


def times(count, newest=NEWEST, step=STEP):
    return [newest - step * i for i in reversed(range(count))]


class RecipeTestCase(queried.AsOfNowTestCase):
    """One Prometheus for all tests of a class: ``history`` says of what."""

    recipe: str
    vantages = ('lyon',)
    match = ''

    @classmethod
    def history(cls):
        raise NotImplementedError

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        try:
            cls.server = prometheus.Prometheus(
                queried.exposition(cls.history())
            )
        except prometheus.NotInstalledError as error:
            raise cls.skipException(str(error)) from error
        cls.addClassCleanup(cls.server.close)

    def collect(self, **options):
        made = queried.make(
            PrometheusInput,
            url=self.server.url,
            recipe=self.recipe,
            vantage=list(self.vantages),
            **({'match': self.match} | options),
        )
        return queried.collect(made)

    def reading(self, client, **options):
        [found] = [
            reading
            for reading in self.collect(**options).readings
            if reading.client == client
        ]
        return found

    def stored(self, client, **options):
        """What the door makes of it."""
        return door.admit(self.reading(client, **options), NOW, 0.0).latency

    def assertReason(self, reason, client, **options):
        error = self.assertRaises(
            door.RefusedError, self.stored, client, **options
        )
        self.assertEqual(reason, error.reason)


class TestProber(RecipeTestCase):
    recipe = 'prober'
    vantages = ('lyon 10.1.1.2:9862', 'metz 10.1.1.3:9862')

    @classmethod
    def history(cls):
        # Scraped 5 s ago. Its clock is 100 s ahead, its newest probe was 2 s
        # old then.
        prober = {'instance': '10.1.1.2:9862', 'job': 'edge'}
        one = {**prober, 'client': '192.0.2.1', 'project': ''}
        lost = {**prober, 'client': 'car', 'project': 'p1'}
        other = {'instance': '10.1.1.3:9862', 'job': 'edge'}
        forged = {**other, 'client': '192.0.2.1', 'project': ''}
        stranger = {**one, 'instance': '10.1.1.9:9862'}
        liar = {**one, 'exported_instance': '10.1.1.3:9862'}
        twice = {**one, 'client': '192.0.2.2'}

        def scraped_at(labels):
            # A job was renamed: nothing has come of it for a minute.
            return NEWEST - 60 * (labels['job'] == 'renamed')

        def at_scrape(name, labels, value):
            return metric(
                f'edge_sched_{name}', labels, [(scraped_at(labels), value)]
            )

        def figures(labels, factor=1):
            lines = []
            for quantile, value in (('0.5', 0.012), ('0.95', 0.0187)):
                lines += at_scrape(
                    'probe_rtt_seconds',
                    {**labels, 'quantile': quantile},
                    value * factor,
                )
            for quantile, value in (('0.5', 0.011), ('0.95', 0.025)):
                lines += at_scrape(
                    'probe_rtt_hour_seconds',
                    {**labels, 'quantile': quantile},
                    value * factor,
                )
            lines += at_scrape('probe_loss_ratio', labels, factor / 64)
            lines += at_scrape('probe_loss_hour_ratio', labels, factor / 128)
            lines += at_scrape('probe_samples', labels, 64 * factor)
            lines += at_scrape('probe_rtt_min_seconds', labels, 0.0098)
            return lines

        lines = []
        for labels in (one, forged, stranger, liar, twice):
            lines += figures(labels)
        lines += figures({**twice, 'job': 'renamed'}, factor=2)
        for quantile, value in (('0.5', 0.02), ('0.95', '+Inf')):
            lines += at_scrape(
                'probe_rtt_seconds', {**lost, 'quantile': quantile}, value
            )
        lines += at_scrape('probe_loss_ratio', lost, 0.25)
        lines += at_scrape('probe_samples', lost, 64)
        for labels in (
            one,
            lost,
            forged,
            twice,
            {**twice, 'job': 'renamed'},
        ):
            lines += at_scrape(
                'probe_newest_sample_timestamp_seconds',
                labels,
                scraped_at(labels) + 100 - 2,
            )
            lines += at_scrape(
                'probe_target_info',
                {
                    **labels,
                    'source': 'tcp' if labels['job'] == 'renamed' else 'icmp',
                    'address': '192.0.2.1',
                },
                1,
            )
        for labels in (
            prober,
            {**prober, 'twice': 'yes'},
            {**prober, 'job': 'renamed'},
            other,
        ):
            lines += at_scrape(
                'prober_time_seconds', labels, scraped_at(labels) + 100
            )
        lines += at_scrape('prober_info', {**prober, 'vantage': 'lyon'}, 1)
        lines += at_scrape('prober_info', {**other, 'vantage': 'lyon'}, 1)
        return lines

    def test_figures(self):
        latency = self.stored('192.0.2.1')
        self.assertEqual('lyon', latency.vantage)
        self.assertEqual(12.0, latency.rtt_p50_ms)
        self.assertEqual(18.7, latency.rtt_p95_ms)
        self.assertIsNone(latency.rtt_p99_ms)
        self.assertEqual(9.8, latency.rtt_min_ms)
        self.assertEqual(0.015625, latency.loss_ratio)
        self.assertEqual(64, latency.samples)
        self.assertEqual('icmp', latency.source)
        self.assertEqual(11.0, latency.rtt_p50_hour_ms)
        self.assertEqual(25.0, latency.rtt_p95_hour_ms)
        self.assertEqual(0.0078125, latency.loss_hour_ratio)

    def test_lost_quantile_of_a_named_client(self):
        reading = self.reading('car')
        self.assertEqual(math.inf, reading.rtt_p95_ms)
        self.assertEqual('p1', reading.project_id)
        self.assertEqual('192.0.2.1', reading.address)
        self.assertEqual(math.inf, self.stored('car').rtt_p95_ms)

    def test_age_is_by_two_clocks(self):
        self.assertEqual(NEWEST - 2, self.stored('192.0.2.1').measured_at)

    def test_skew(self):
        self.assertEqual({'lyon': 100.0}, self.collect().skews)

    def test_who_is_not_who_it_says_is_refused(self):
        """``stranger``, ``liar`` and all of the second vantage."""
        harvest = self.collect()
        self.assertEqual({'vantage': 3}, harvest.refused)
        self.assertEqual({'lyon'}, {r.vantage for r in harvest.readings})

    def test_of_a_pair_that_is_there_twice_the_newest_sample_counts(self):
        latency = self.stored('192.0.2.2')
        self.assertEqual(12.0, latency.rtt_p50_ms)
        self.assertEqual(18.7, latency.rtt_p95_ms)
        self.assertEqual(1 / 64, latency.loss_ratio)
        self.assertEqual(64, latency.samples)
        self.assertEqual(NEWEST - 2, latency.measured_at)
        self.assertEqual('icmp', latency.source)

    def test_match_chooses(self):
        harvest = self.collect(match='job="renamed"')
        self.assertEqual(
            [('192.0.2.2', 24.0)],
            [(r.client, r.rtt_p50_ms) for r in harvest.readings],
        )
        self.assertEqual({}, harvest.refused)


class TestBlackboxIcmp(RecipeTestCase):
    recipe = 'blackbox_icmp'
    match = 'job="icmp"'

    #: Address by probes sent and lost.
    CASES = {
        (sent, lost): f'192.0.2.{number}'
        for number, (sent, lost) in enumerate(
            [(60, 0), (60, 3), (60, 4), (60, 31), (60, 60), (21, 1), (21, 2)]
        )
    }

    @classmethod
    def history(cls):
        lines = []
        for (sent, lost), address in cls.CASES.items():
            lines += cls.target(address, times(sent), lost)
        # The last of it is 400 s old.
        lines += cls.target('192.0.2.100', times(20, NEWEST - 400), 0)
        # The exporter was replaced ten minutes ago.
        before = times(10, NEWEST - 50 * STEP)
        lines += cls.target('192.0.2.101', before, 0, start=0.5, pod='a')
        lines += cls.target('192.0.2.101', times(50), 0, pod='b')
        # Two of them, at the same time.
        lines += cls.target('192.0.2.102', times(60, NEWEST - 7), 0, pod='a')
        lines += cls.target('192.0.2.102', times(60), 0, pod='b')
        lines += cls.target('192.0.2.103', times(16, step=60), 1)
        for number, lost in ((104, 3), (105, 4), (106, 60)):
            lines += [
                line
                for line in cls.target(f'192.0.2.{number}', times(60), lost)
                if not ('phase="rtt"' in line and ' 0.0 ' in line)
            ]
        # Of another module, with the same labels but for one.
        lines += metric(
            'probe_success',
            {
                'instance': cls.CASES[60, 0],
                'vantage': 'lyon',
                'job': 'icmp',
                'module': 'http',
            },
            [(moment, 0) for moment in times(60)],
        )
        return lines

    @staticmethod
    def target(address, moments, lost, start=0.010, **more):
        """Round trips of 10.1 ms, 10.2 ms and so on; 0 for a lost one."""
        labels = {
            'instance': address,
            'vantage': 'lyon',
            'job': 'icmp',
            **more,
        }
        gone = set(random.Random(7).sample(moments, lost))
        answered = [moment for moment in moments if moment not in gone]
        rtt = dict.fromkeys(moments, 0.0)
        for number, moment in enumerate(answered, 1):
            rtt[moment] = round(start + 0.0001 * number, 6)
        return [
            *metric(
                'probe_icmp_duration_seconds',
                {**labels, 'phase': 'rtt'},
                rtt.items(),
            ),
            *metric(
                'probe_icmp_duration_seconds',
                {**labels, 'phase': 'setup'},
                [(moment, 0.5) for moment in moments],
            ),
            *metric(
                'probe_success',
                labels,
                [(moment, int(moment not in gone)) for moment in moments],
            ),
        ]

    def case(self, sent, lost):
        return self.stored(self.CASES[sent, lost])

    def test_none_lost(self):
        latency = self.case(60, 0)
        # Interpolated between ranks 30 and 31, 57 and 58.
        self.assertEqual(13.05, latency.rtt_p50_ms)
        self.assertEqual(15.705, latency.rtt_p95_ms)
        self.assertEqual(10.1, latency.rtt_min_ms)
        self.assertEqual(0.0, latency.loss_ratio)
        self.assertEqual(60, latency.samples)

    def test_hour_is_of_all_and_the_window_of_the_newest(self):
        latency = self.stored(self.CASES[60, 0], window=300)
        # The newest 20, and all 60.
        self.assertEqual(20, latency.samples)
        self.assertEqual(15.05, latency.rtt_p50_ms)
        self.assertEqual(13.05, latency.rtt_p50_hour_ms)
        self.assertEqual(15.705, latency.rtt_p95_hour_ms)
        lost = self.stored(self.CASES[60, 4], window=30)
        self.assertEqual(math.inf, lost.rtt_p95_hour_ms)
        self.assertAlmostEqual(4 / 60, lost.loss_hour_ratio)

    def test_rank_is_the_last_that_came_back(self):
        """57 of 60: p95 is the 57th, which no interpolation may lose."""
        latency = self.case(60, 3)
        self.assertEqual(15.7, latency.rtt_p95_ms)
        self.assertEqual(math.inf, latency.rtt_p99_ms)
        self.assertEqual(0.05, latency.loss_ratio)

    def test_rank_is_lost(self):
        latency = self.case(60, 4)
        self.assertEqual(13.05, latency.rtt_p50_ms)
        self.assertEqual(math.inf, latency.rtt_p95_ms)

    def test_rank_without_interpolation(self):
        """0.95 * 20 is whole; ``Inf * 0`` would make NaN of it."""
        self.assertEqual(12.0, self.case(21, 1).rtt_p95_ms)
        self.assertEqual(math.inf, self.case(21, 2).rtt_p95_ms)

    def test_median_is_lost(self):
        self.assertEqual(math.inf, self.case(60, 31).rtt_p50_ms)

    def test_all_are_lost(self):
        latency = self.case(60, 60)
        self.assertEqual(math.inf, latency.rtt_p50_ms)
        self.assertIsNone(latency.rtt_min_ms)
        self.assertEqual(1.0, latency.loss_ratio)
        self.assertEqual(60, latency.samples)

    def test_dead_prober_does_not_look_fresh(self):
        self.assertEqual(NEWEST, self.case(60, 0).measured_at)
        self.assertEqual(NEWEST - 400, self.stored('192.0.2.100').measured_at)

    def test_window_spans_the_replacement_of_the_exporter(self):
        """Nor does the last sample of the old one go on for five minutes."""
        latency = self.stored('192.0.2.101')
        # Of 50 at 10.1 ms to 15 ms and 10 above 500 ms, between 30 and 31.
        self.assertEqual(13.05, latency.rtt_p50_ms)
        self.assertGreater(latency.rtt_p95_ms, 500)
        self.assertEqual(60, latency.samples)
        self.assertEqual(NEWEST, latency.measured_at)
        self.assertEqual({}, self.collect().refused)

    def test_two_exporters_do_not_make_twice_the_samples(self):
        latency = self.stored('192.0.2.102')
        self.assertEqual(60, latency.samples)
        self.assertEqual(13.05, latency.rtt_p50_ms)

    def test_sample_that_is_seen_again_is_no_other(self):
        latency = self.stored('192.0.2.103')
        self.assertEqual(16, latency.samples)
        self.assertEqual(math.inf, latency.rtt_p95_ms)

    def test_lost_probe_without_a_round_trip(self):
        """Left out, as it may be one day, it is lost all the same."""
        for number, lost in ((104, 3), (105, 4), (106, 60)):
            client = f'192.0.2.{number}'
            self.assertEqual(
                dataclasses.replace(
                    self.case(60, lost), client=f'{client}/32'
                ),
                self.stored(client),
            )

    def test_window(self):
        latency = self.stored(self.CASES[60, 0], window=151)
        self.assertEqual(10, latency.samples)
        self.assertEqual(15.1, latency.rtt_min_ms)


#: Chosen so that most are at 9 ms, a twentieth at 40 ms.
MOMENTS = times(70)


class Smokeping(RecipeTestCase):
    def assertWithin(self, percent, wanted_ms, actual_ms):
        self.assertLessEqual(
            abs(actual_ms - wanted_ms), percent / 100 * wanted_ms, actual_ms
        )


class TestSmokepingBuckets(Smokeping):
    recipe = 'smokeping_buckets'
    vantages = ('lyon 10.1.1.2:9374',)

    @classmethod
    def history(cls):
        fine = [round(0.0005 * 1.1**n, 9) for n in range(60)]
        default = [round(0.00005 * 2**n, 9) for n in range(20)]
        return [
            *cls.target('192.0.2.1', fine, lost=0),
            *cls.target('192.0.2.2', fine, lost=1),
            *cls.target('192.0.2.3', fine, lost=12),
            *cls.target('192.0.2.4', default, lost=0),
            *cls.target('192.0.2.5', fine, lost=20),
            *cls.target('192.0.2.6', fine, 0, times(30), pod='new'),
            *cls.target('192.0.2.7', fine, 0, times(20, NEWEST - 400)),
            *cls.target(
                '192.0.2.6', fine, 12, times(30, NEWEST - 465), pod='old'
            ),
        ]

    @classmethod
    def target(cls, host, bounds, lost, moments=MOMENTS, **more):
        """20 requests a scrape: ``lost`` without answer, one at 40 ms."""
        labels = {
            'host': host,
            'ip': host,
            'instance': '10.1.1.2:9374',
            'job': 'smokeping',
            **more,
        }
        slow = min(1, 20 - lost)
        answered = 20 - lost

        def counter(name, extra, a_scrape):
            return metric(
                f'smokeping_{name}',
                {**labels, **extra},
                [
                    (moment, 1000 + number * a_scrape)
                    for number, moment in enumerate(moments)
                ],
            )

        lines = counter('requests_total', {}, 20)
        if not answered:
            # As old versions: no histogram before the first answer.
            return lines
        for bound in [*bounds, math.inf]:
            within = (answered - slow) * (bound >= 0.009)
            within += slow * (bound >= 0.040)
            lines += counter(
                'response_duration_seconds_bucket',
                {'le': '+Inf' if math.isinf(bound) else f'{bound:g}'},
                within,
            )
        lines += counter('response_duration_seconds_count', {}, answered)
        return lines

    def test_none_lost(self):
        latency = self.stored('192.0.2.1')
        self.assertWithin(10, 9.0, latency.rtt_p50_ms)
        self.assertWithin(10, 9.0, latency.rtt_p95_ms)
        self.assertWithin(10, 40.0, latency.rtt_p99_ms)
        self.assertEqual(0.0, latency.loss_ratio)
        self.assertEqual(NEWEST, latency.measured_at)
        # 20 every 15 s of 960 s.
        self.assertEqual(1280, latency.samples)
        self.assertWithin(10, 9.0, latency.rtt_p50_hour_ms)
        self.assertWithin(10, 9.0, latency.rtt_p95_hour_ms)
        self.assertEqual(0.0, latency.loss_hour_ratio)

    def test_quantiles_are_of_requests(self):
        """One of 20 lost: p95 is the slow one, not the 18th of 19."""
        latency = self.stored('192.0.2.2')
        self.assertWithin(10, 9.0, latency.rtt_p50_ms)
        self.assertWithin(10, 40.0, latency.rtt_p95_ms)
        self.assertEqual(math.inf, latency.rtt_p99_ms)
        self.assertAlmostEqual(0.05, latency.loss_ratio)

    def test_median_is_lost(self):
        self.assertEqual(math.inf, self.stored('192.0.2.3').rtt_p50_ms)

    def test_never_answered(self):
        latency = self.stored('192.0.2.5')
        self.assertEqual(math.inf, latency.rtt_p50_ms)
        self.assertEqual(1.0, latency.loss_ratio)

    def test_of_two_the_one_with_the_newest_sample_counts(self):
        latency = self.stored('192.0.2.6')
        self.assertWithin(10, 9.0, latency.rtt_p50_ms)
        self.assertEqual(0.0, latency.loss_ratio)
        self.assertEqual(NEWEST, latency.measured_at)
        self.assertEqual({}, self.collect().refused)

    def test_dead_prober_is_left_out(self):
        clients = {reading.client for reading in self.collect().readings}
        self.assertNotIn('192.0.2.7', clients)

    def test_default_buckets_are_refused(self):
        self.assertReason('incomplete', '192.0.2.4')


class TestPingExporter(RecipeTestCase):
    recipe = 'ping_exporter'
    vantages = ('lyon 10.1.1.2:9427',)

    @classmethod
    def history(cls):
        def target(address, loss, moment=NEWEST, **more):
            labels = {
                'target': address,
                'ip': address,
                'ip_version': '4',
                'instance': '10.1.1.2:9427',
                **more,
            }
            lines = metric('ping_loss_ratio', labels, [(moment, loss)])
            if loss < 1:
                for name, value in (
                    ('best', 0.009),
                    ('mean', 0.012),
                    ('worst', 0.031),
                ):
                    lines += metric(
                        f'ping_rtt_{name}_seconds',
                        labels,
                        [(moment, value)],
                    )
            return lines

        return [
            *target('192.0.2.1', 0),
            *target('192.0.2.2', 0.1),
            *target('192.0.2.3', 1),
            *target('192.0.2.4', 0, pod='new'),
            *target('192.0.2.4', 1, NEWEST - 60, pod='old'),
        ]

    def test_mean_and_worst_stand_in(self):
        latency = self.stored('192.0.2.1')
        self.assertEqual(12.0, latency.rtt_p50_ms)
        self.assertEqual(31.0, latency.rtt_p95_ms)
        self.assertEqual(9.0, latency.rtt_min_ms)
        self.assertEqual(NEWEST, latency.measured_at)

    def test_samples_do_for_ranking_and_for_no_budget_at_p95(self):
        self.assertEqual(10, self.stored('192.0.2.1').samples)

    def test_one_of_ten_is_lost(self):
        latency = self.stored('192.0.2.2')
        self.assertEqual(12.0, latency.rtt_p50_ms)
        self.assertEqual(math.inf, latency.rtt_p95_ms)

    def test_all_are_lost(self):
        """It has no round-trip time then."""
        latency = self.stored('192.0.2.3')
        self.assertEqual(math.inf, latency.rtt_p50_ms)
        self.assertEqual(1.0, latency.loss_ratio)

    def test_of_two_the_one_with_the_newest_sample_counts(self):
        latency = self.stored('192.0.2.4')
        self.assertEqual(12.0, latency.rtt_p50_ms)
        self.assertEqual(0.0, latency.loss_ratio)
        self.assertEqual(NEWEST, latency.measured_at)
