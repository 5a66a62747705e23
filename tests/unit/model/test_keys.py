# SPDX-License-Identifier: Apache-2.0

"""Every key of the table in the user guide: what it takes and refuses."""

import math

import ddt
import hypothesis
from hypothesis import strategies as st
from oslotest import base

from edge_sched.model import client
from edge_sched.model import keys
from tests.unit import factories

MS_BUDGETS = ('edge:latency_budget_ms', 'edge:jitter_budget_ms')
NUMBERS = (*MS_BUDGETS, 'edge:loss_budget_pct')
NOT_NUMBERS = (
    '',
    ' ',
    'soon',
    'nan',
    'NaN',
    'inf',
    '-inf',
    'Infinity',
    '1e400',
    '1e999',
    '-1',
    '-0.001',
    '1_000',
    '1,5',
    '0x14',
    '20ms',
    '20 ms',
    ' 20',
    '20 ',
    '20\n',
    # Digits that are not ASCII: Arabic, full-width, superscript.
    '\u0662\u0660',
    '\uff12\uff10',
    '\xb2',
    '.',
    'e5',
    '1e',
    '1e5.0',
    '--1',
    '++1',
    '1' * 256,
)

UUID = '5f7a0c9e-3b1d-4e6f-8a2c-9d0e1f2a3b4c'


def parse(key: str, text: str) -> object:
    return keys.KEYS[key].parse(text)


@ddt.ddt
class KeysTest(base.BaseTestCase):
    def assertRefused(self, key: str, text: str) -> keys.BadValueError:
        error = self.assertRaises(keys.BadValueError, parse, key, text)
        self.assertEqual(key, error.key)
        return error

    def test_keys_are_those_of_the_table(self):
        self.assertEqual(
            [
                'edge:client',
                'edge:latency_budget_ms',
                'edge:jitter_budget_ms',
                'edge:loss_budget_pct',
                'edge:percentile',
                'edge:budget_mode',
                'edge:unknown',
                'edge:objective',
                'edge:combine',
                'edge:spread',
                'edge:spread_mode',
            ],
            list(keys.KEYS),
        )

    @ddt.data(
        ('20', 20.0),
        ('0.5', 0.5),
        ('.5', 0.5),
        ('20.', 20.0),
        ('+20', 20.0),
        ('1e2', 100.0),
        ('1.5E-1', 0.15),
        ('007', 7.0),
        ('1e308', 1e308),
        ('1' * 255, float('1' * 255)),
    )
    @ddt.unpack
    def test_finite_numbers_above_0_are_budgets(self, text, value):
        for key in MS_BUDGETS:
            self.assertEqual(value, parse(key, text))

    @ddt.data('0', '0.0', '0e5', '+0', '1e-400')
    def test_latency_and_jitter_budgets_are_above_0(self, text):
        for key in MS_BUDGETS:
            self.assertRefused(key, text)

    @ddt.data(('0', 0.0), ('0.1', 0.1), ('100', 100.0), ('1e2', 100.0))
    @ddt.unpack
    def test_loss_budget_is_from_0_to_100(self, text, value):
        self.assertEqual(value, parse('edge:loss_budget_pct', text))

    @ddt.data('101', '100.0001', '1e3', '1e308', '5%', '5 %')
    def test_loss_budget_above_100_is_refused(self, text):
        self.assertRefused('edge:loss_budget_pct', text)

    @ddt.data(*NOT_NUMBERS)
    def test_what_is_no_finite_number_is_refused(self, text):
        for key in NUMBERS:
            self.assertRefused(key, text)

    @ddt.data(
        ('edge:percentile', 'p50 p95 p99', 'p90 P95 95 p99.9 p50,p95'),
        ('edge:budget_mode', 'required preferred', 'Required require true'),
        ('edge:unknown', 'reject allow', 'rejected ALLOW 1'),
        ('edge:objective', 'nearest fit', 'near Fit'),
        ('edge:combine', 'worst mean', 'best avg median'),
        ('edge:spread', 'site zone', 'host Site sites site,zone'),
        ('edge:spread_mode', 'required preferred', 'Required require true'),
    )
    @ddt.unpack
    def test_choices(self, key, good, bad):
        for text in good.split():
            self.assertEqual(text, parse(key, text))
        for text in (*bad.split(), '', ' ', good, f' {good.split()[0]}'):
            self.assertRefused(key, text)

    def test_error_names_key_value_and_what_is_allowed(self):
        for key, text, message in (
            (
                'edge:latency_budget_ms',
                'soon',
                "edge:latency_budget_ms 'soon' is not a number > 0",
            ),
            (
                'edge:client',
                '999.1.1.1',
                "edge:client '999.1.1.1' is not an address, a prefix or a "
                'known client',
            ),
            (
                'edge:loss_budget_pct',
                '101',
                "edge:loss_budget_pct '101' is not a number from 0 to 100",
            ),
            (
                'edge:unknown',
                '',
                "edge:unknown '' is not one of allow, reject",
            ),
        ):
            self.assertEqual(message, str(self.assertRefused(key, text)))

    def test_error_escapes_control_characters_and_is_cut(self):
        error = self.assertRefused('edge:unknown', '\x1b[31m\n' + 'x' * 200)
        self.assertNotIn('\x1b', str(error))
        self.assertNotIn('\n', str(error))
        self.assertIn(r"'\x1b[31m\nxxx", str(error))
        self.assertIn("xxx...'", str(error))

    def test_value_of_255_characters_is_taken_and_of_256_is_not(self):
        for key in keys.KEYS:
            error = self.assertRefused(key, '1' * 256)
            self.assertIn('not at most 255 characters', str(error))
        name = 'a' * 63
        text = ','.join([name] * 3 + ['b' * 62 + ',']).ljust(255, ' ')[:255]
        self.assertEqual(255, len(text))
        # 3 names and commas are 192, b...b and a comma 255: ends in nothing.
        self.assertRefused('edge:client', text)
        text = text[:-1].rstrip(',') + 'b'
        self.assertEqual(255, len(text))
        self.assertEqual(4, len(parse('edge:client', text)))

    @hypothesis.given(st.sampled_from(sorted(keys.KEYS)), factories.texts)
    def test_any_text_parses_or_is_a_bad_value(self, key, text):
        try:
            value = parse(key, text)
        except keys.BadValueError as error:
            self.assertTrue(str(error).isprintable())
        else:
            if key in NUMBERS:
                self.assertTrue(math.isfinite(value))


@ddt.ddt
class ClientsTest(base.BaseTestCase):
    def near(self, text: str) -> list[tuple[str, float | None]]:
        return [
            (str(near.client), near.latency_budget_ms)
            for near in parse('edge:client', text)
        ]

    def test_one_client(self):
        self.assertEqual([('203.0.113.7', None)], self.near('203.0.113.7'))

    def test_list_with_budgets_of_their_own(self):
        self.assertEqual(
            [
                ('203.0.113.7', 10.0),
                ('vehicle-42', None),
                ('2001:db8::/56', 0.5),
            ],
            self.near('203.0.113.7@10,vehicle-42, 2001:db8::/56@.5'),
        )

    def test_parsed_client_is_canonical(self):
        (near,) = parse('edge:client', '::ffff:203.0.113.7@10')
        self.assertEqual(client.parse_client('203.0.113.7'), near.client)

    @ddt.data(
        '',
        ' ',
        ',',
        'a,',
        ',a',
        'a,,b',
        'a;b',
        'a b',
        '999.1.1.1',
        'fe80::1%eth0',
        '@10',
        'a@',
        'a@0',
        'a@-1',
        'a@nan',
        'a@inf',
        'a@1e400',
        'a@ten',
        'a@1@2',
        'a @1',
        'a@ 1',
        'a@\u0662',
    )
    def test_bad_client_is_refused(self, text):
        self.assertRaises(keys.BadValueError, parse, 'edge:client', text)

    def test_error_names_the_item_that_is_wrong(self):
        error = self.assertRaises(
            keys.BadValueError, parse, 'edge:client', 'a,999.1.1.1,b'
        )
        self.assertEqual('999.1.1.1', error.value)

    def test_16_clients_are_taken_and_17_are_not(self):
        names = [f'c{i}' for i in range(17)]
        self.assertEqual(16, len(parse('edge:client', ','.join(names[:16]))))
        error = self.assertRaises(
            keys.BadValueError, parse, 'edge:client', ','.join(names)
        )
        self.assertIn('at most 16 clients', str(error))


class NobodyNearTest(base.BaseTestCase):
    def test_nobody_near(self):
        self.assertEqual(
            'edge:loss_budget_pct needs edge:client: who must be near?',
            str(keys.nobody_near('edge:loss_budget_pct')),
        )

    def test_spread_over_nothing(self):
        error = keys.spread_over_nothing()
        self.assertEqual('edge:spread_mode', error.key)
        self.assertEqual(
            'edge:spread_mode needs edge:spread: spread over what?',
            str(error),
        )


@ddt.ddt
class UnknownClientTest(base.BaseTestCase):
    @ddt.data(
        ('vehicle-42', 'an address, a prefix or a known client'),
        ('site:lyon', 'a site'),
        (f'server:{UUID}', 'a server of this project'),
        (f'group:{UUID.upper()}', 'a server group of this project'),
    )
    @ddt.unpack
    def test_what_it_is_not(self, text, allowed):
        near = keys.parse_near_client(text, peers=True)
        error = keys.unknown_client(near.client)
        self.assertEqual(f"edge:client '{text}' is not {allowed}", str(error))
        self.assertEqual('edge:client', error.key)

    def test_nowhere_yet(self):
        near = keys.parse_near_client(f'server:{UUID}@5', peers=True)
        error = keys.NoHostYetError(near.client)
        self.assertEqual(
            f"edge:client 'server:{UUID}' has no host yet", str(error)
        )
        self.assertEqual('edge:client', error.key)
