# SPDX-License-Identifier: Apache-2.0

"""What nova-api would load, judged and loaded."""

import importlib.metadata
from unittest import mock

from edge_sched.model.keys import KEYS
from edge_sched.status import validators
from edge_sched.status.validators import Validators
from edge_sched.status.validators import judge_validators
from tests.unit.status import base

OURS = 'edge = edge_sched.extra_specs'
NOVAS = 'hw = nova.api.validation.extra_specs.hw'


class JudgeValidatorsTest(base.JudgementTestCase):
    def test_all_keys_known(self) -> None:
        self.assertSuccess(
            judge_validators(
                Validators({NOVAS: ['hw:numa_nodes'], OURS: list(KEYS)}, {})
            ),
            'nova-api knows all 11 edge: extra specs here.',
        )

    def test_package_is_not_there(self) -> None:
        self.assertFails(
            judge_validators(Validators({NOVAS: ['hw:numa_nodes']}, {})),
            'nova-api does not know the edge: extra specs here',
            '$ pip install --force-reinstall --no-deps .',
        )

    def test_other_package_keeps_nova_api_from_starting(self) -> None:
        self.assertFails(
            judge_validators(
                Validators(
                    {OURS: list(KEYS)}, {'x = y.z': 'ImportError: no y'}
                )
            ),
            "nova-api does not start here: its entry point 'x = y.z' cannot "
            'be loaded (ImportError: no y). Reinstall or remove',
        )

    def test_own_that_is_broken_is_not_also_missing(self) -> None:
        self.assertFails(
            judge_validators(Validators({}, {OURS: 'ImportError: no nova'})),
            'ImportError: no nova',
        )

    def test_keys_of_another_release(self) -> None:
        names = [name for name in KEYS if name != 'edge:client']
        self.assertFails(
            judge_validators(Validators({OURS: names}, {})),
            'nova-api refuses edge:client: the validators are of another',
        )

    def test_namesakes_of_another_package(self) -> None:
        self.assertWarns(
            judge_validators(
                Validators({OURS: list(KEYS), 'e = e.e': ['edge:client']}, {})
            ),
            "'e = e.e' of another package has validators of edge:client too",
        )


class LoadValidatorsTest(base.JudgementTestCase):
    def test_those_of_this_environment_are_loaded(self) -> None:
        found = validators.load_validators()

        self.assertEqual({}, found.broken)
        self.assertLessEqual(set(KEYS), set(found.names[OURS]))
        self.assertIn('hw:numa_nodes', found.names[NOVAS])

    def test_one_that_cannot_be_loaded_is_named_beside_the_others(
        self,
    ) -> None:
        points = [
            importlib.metadata.EntryPoint('x', 'no.such.package', 'g'),
            importlib.metadata.EntryPoint('math', 'math', 'g'),
            importlib.metadata.EntryPoint(
                'edge', 'edge_sched.extra_specs', ''
            ),
        ]
        with mock.patch.object(
            importlib.metadata, 'entry_points', return_value=points
        ):
            found = validators.load_validators()

        self.assertEqual(
            {
                'x = no.such.package': "ModuleNotFoundError: No module named "
                "'no'",
                'math = math': "AttributeError: module 'math' has no "
                "attribute 'register'",
            },
            found.broken,
        )
        self.assertEqual([OURS], list(found.names))
