# SPDX-License-Identifier: Apache-2.0

"""Whatever strangers send, only Nova's own refusals leave our stages."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from nova import exception
from nova import objects
from oslo_utils.fixture import uuidsentinel as uuids

from edge_sched.model.keys import KEYS
from tests.unit.scheduler.base import ALICE
from tests.unit.scheduler.base import StagesTestCase

#: As DictOfListOfStrings keeps it. Texts lean towards what nearly parses.
_texts = st.one_of(
    st.text(max_size=300),
    st.floats().map(str),
    st.integers().map(str),
    st.sampled_from(
        [
            *(ALICE, '203.0.113.0/24', '::1', 'crew', 'nobody', 'crew@5'),
            *('p50', 'p95', 'p99', 'required', 'preferred', 'reject'),
            *('allow', 'fit', 'nearest', 'mean', 'worst', 'nan', '1e999'),
            *('site:paris', 'site:paris@5', 'site:oslo', 'site:'),
            *(f'server:{uuids.db}', f'group:{uuids.db}@5', 'server:1'),
            *('', ',', '@', 'a@b', '203.0.113.7@0', '١٢', '0x10', '1_0'),
        ]
    ),
    st.lists(
        st.sampled_from([ALICE, 'crew', '2001:db8::/32', '10.0.0.1@7.5']),
        max_size=20,
    ).map(','.join),
)
_keys = st.one_of(
    st.sampled_from(list(KEYS)),
    st.text(max_size=20).map(lambda text: f'edge:{text}'),
)


class AnythingTest(StagesTestCase):
    """Any hints and extra specs, on create and on moves."""

    @settings(
        deadline=None,
        derandomize=True,
        max_examples=300,
        suppress_health_check=[
            HealthCheck.too_slow,
            HealthCheck.differing_executors,
        ],
    )
    @given(
        hints=st.dictionaries(_keys, st.lists(_texts, max_size=20)),
        extra_specs=st.dictionaries(_keys, _texts, max_size=4),
        moves=st.booleans(),
    )
    def _any_request(
        self,
        hints: Mapping[str, Sequence[str]],
        extra_specs: Mapping[str, str],
        moves: bool,
    ) -> None:
        fields: dict[str, Any] = {}
        if moves:
            cell = objects.CellMapping(uuid=uuids.cell1, name='cell1')
            fields['requested_destination'] = objects.Destination(cell=cell)
        try:
            left = self.schedule(self.spec(hints, extra_specs, **fields))
        except exception.RequestFilterFailed as refused:
            self.assertFalse(moves)
            self._check_reason(refused.kwargs['reason'])
        except exception.NoValidHost as refused:
            self._check_reason(refused.kwargs['reason'])
        else:
            self.assertTrue(all(0 <= w <= 3010 for _, w in left))
            self.assertTrue(left)

    def _check_reason(self, reason: str) -> None:
        self.assertLessEqual(len(reason.encode()), 180)
        self.assertTrue(reason.isprintable(), ascii(reason))

    def test_any_request(self) -> None:
        # Not hypothesis around setUp: one store serves all examples.
        self._any_request()
        self.assertNotIn('Could not', self.log.output)
