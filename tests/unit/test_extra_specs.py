# SPDX-License-Identifier: Apache-2.0

"""The flavor API's validators of the ``edge:*`` extra specs."""

import re
import subprocess
import sys

import ddt
import hypothesis
from nova import exception
from nova.api.validation.extra_specs import base as nova_base
from oslotest import base

from edge_sched import extra_specs
from edge_sched.asking.source import our_extra_specs
from edge_sched.model import keys
from tests.unit import factories

#: Imports the validators beside a stand-in for Nova, which takes seconds, and
#: says what is loaded with them that is not of Python itself.
_IMPORT = """
import sys
import types

before = set(sys.modules)
stand_in = types.ModuleType('nova')
stand_in.exception = stand_in.base = stand_in
stand_in.ExtraSpecValidator = object
for name in ('nova', 'nova.api', 'nova.api.validation'):
    sys.modules[name] = stand_in
sys.modules['nova.api.validation.extra_specs'] = stand_in
import edge_sched.extra_specs
loaded = {
    name
    for name in set(sys.modules) - before
    if name.split('.')[0] not in sys.stdlib_module_names | {'nova'}
}
print(*sorted(loaded))
"""

*_KNOWN, MISSPELT = extra_specs.register()
VALIDATORS = {one.name: one for one in _KNOWN}


@ddt.ddt
class ExtraSpecsTest(base.BaseTestCase):
    def refused(self, key: str, value: str) -> str:
        error = self.assertRaises(
            exception.ValidationError, VALIDATORS[key].validate, key, value
        )
        self.assertEqual(400, error.code)
        return error.format_message()

    def test_every_key_has_one_validator_of_novas_kind(self):
        self.assertEqual(list(keys.KEYS), list(VALIDATORS))
        for validator in VALIDATORS.values():
            self.assertIsInstance(validator, nova_base.ExtraSpecValidator)
            self.assertTrue(validator.description)
            self.assertFalse(validator.deprecated)

    @ddt.data(
        ('edge:client', '203.0.113.7@10,vehicle-42'),
        ('edge:latency_budget_ms', '20'),
        ('edge:jitter_budget_ms', '0.5'),
        ('edge:loss_budget_pct', '0'),
        ('edge:percentile', 'p99'),
        ('edge:budget_mode', 'preferred'),
        ('edge:unknown', 'allow'),
        ('edge:objective', 'fit'),
        ('edge:combine', 'mean'),
        ('edge:spread', 'zone'),
        ('edge:spread_mode', 'required'),
    )
    @ddt.unpack
    def test_good_value(self, key, value):
        VALIDATORS[key].validate(key, value)

    @ddt.data(
        ('edge:client', '999.1.1.1', 'an address, a prefix or a known client'),
        ('edge:latency_budget_ms', '0', 'a number > 0'),
        ('edge:latency_budget_ms', 'nan', 'a number > 0'),
        ('edge:jitter_budget_ms', 'inf', 'a number > 0'),
        ('edge:loss_budget_pct', '101', 'a number from 0 to 100'),
        ('edge:percentile', 'p90', 'one of p50, p95, p99'),
        ('edge:budget_mode', '', 'one of preferred, required'),
        ('edge:unknown', 'maybe', 'one of allow, reject'),
        ('edge:objective', 'near', 'one of fit, nearest'),
        ('edge:combine', 'max', 'one of mean, worst'),
        ('edge:spread', 'host', 'one of site, zone'),
        ('edge:spread_mode', 'must', 'one of preferred, required'),
    )
    @ddt.unpack
    def test_refusal_says_what_is_allowed(self, key, value, allowed):
        self.assertEqual(
            f'Validation failed; {key} {value!r} is not {allowed}.',
            self.refused(key, value),
        )

    @ddt.data(
        ('Edge:client', True),
        ('EDGE:latency_budget_ms', True),
        (' edge:client', True),
        ('edge :client', True),
        ('edge:clinet', True),
        ('edge_:client', True),
        ('edge_client', False),
        ('hw:edge:client', False),
        ('xedge:client', False),
        ('quota:edge', False),
    )
    @ddt.unpack
    def test_misspelt_key(self, key, ours):
        matches = re.fullmatch(MISSPELT.name_regex, key)
        self.assertIs(ours, matches is not None)
        self.assertEqual([key] if ours else [], our_extra_specs([key]))
        # What Nova takes for the namespace.
        namespace = MISSPELT.name_regex.split(':', 1)[0]
        scope = key.split(':', 1)[0]
        self.assertIs(
            ours and ':' in key, re.fullmatch(namespace, scope) is not None
        )

    def test_misspelt_key_is_refused_with_the_right_one(self):
        error = self.assertRaises(
            exception.ValidationError, MISSPELT.validate, 'Edge:client', 'x'
        )
        self.assertEqual(
            "Validation failed; 'Edge:client' is not an edge: key, did you "
            'mean edge:client?',
            error.format_message(),
        )

    def test_value_with_a_percent_sign_is_no_format(self):
        self.assertIn("'%(x)s'", self.refused('edge:percentile', '%(x)s'))

    @hypothesis.given(factories.texts)
    def test_validator_and_scheduler_agree_on_every_text(self, text):
        for key, validator in VALIDATORS.items():
            try:
                keys.KEYS[key].parse(text)
            except keys.BadValueError:
                self.refused(key, text)
            else:
                validator.validate(key, text)

    def test_import_takes_nothing_that_can_fail(self):
        """Beside Nova's base only pure modules, and nothing installed."""
        loaded = subprocess.run(
            [sys.executable, '-W', 'ignore', '-c', _IMPORT],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.split()
        self.assertEqual(
            [
                'edge_sched',
                'edge_sched.asking',
                'edge_sched.asking.source',
                'edge_sched.extra_specs',
                'edge_sched.model',
                'edge_sched.model.client',
                'edge_sched.model.keys',
                'edge_sched.model.latency',
                'edge_sched.model.names',
                'edge_sched.model.text',
            ],
            loaded,
        )
