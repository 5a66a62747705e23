# SPDX-License-Identifier: Apache-2.0

"""``edge-sched hint`` as an operator has it: a process with a nova.conf."""

import json
from typing import Any

from oslo_utils.fixture import uuidsentinel as uuids

from tests.functional.process import ProcessTestCase

BOB = '198.51.100.7'


class HintProcessTest(ProcessTestCase):
    def run_hint(self, *argv: str) -> Any:
        done = self.run_python(
            'import sys; from edge_sched.cmd import shell; '
            'sys.exit(shell.main())',
            *('hint', *argv, '--nova-config-file', self.nova_conf),
            *('-f', 'json'),
        )
        self.assertEqual('', done.stderr)
        return json.loads(done.stdout)

    def test_set_and_show(self) -> None:
        self.run_hint('set', uuids.server, f'edge:client={BOB}')

        self.assertEqual(
            [
                {'hint': 'edge:client', 'values': [BOB]},
                {'hint': 'edge:latency_budget_ms', 'values': ['20']},
                {'hint': 'theirs', 'values': ['1']},
            ],
            self.run_hint('show', uuids.server),
        )
