# SPDX-License-Identifier: Apache-2.0

"""The request that a create would be, and what Nova makes nothing of."""

from typing import Any
from unittest import mock

import nova.conf
from nova import context as nova_context
from nova import exception
from nova import objects
from oslo_config.fixture import Config
from oslotest import base

from edge_sched import conf as edge_conf
from edge_sched.scheduler.preview.room import room_for
from edge_sched.scheduler.preview.wish import BadWishError
from edge_sched.scheduler.preview.wish import ServerWish
from edge_sched.scheduler.preview.wish import request_of

HINTS = {'edge:client': ['203.0.113.7']}


class WishTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        objects.register_all()
        edge_conf.register_opts(nova.conf.CONF)
        self.conf = self.useFixture(Config(nova.conf.CONF))
        self.context = nova_context.RequestContext(
            'alice', 'mine', is_admin=False
        )

    def spec(self, **wish: Any) -> Any:
        return request_of(self.context, ServerWish(HINTS, **wish))

    def with_flavor(self, **extra_specs: str) -> Any:
        """A request with one that has these, which begin with ``hw:``."""
        flavor = objects.Flavor(
            name='small',
            memory_mb=512,
            vcpus=1,
            root_gb=0,
            ephemeral_gb=0,
            swap=0,
            extra_specs={f'hw:{k}': v for k, v in extra_specs.items()},
        )
        with mock.patch.object(
            objects.Flavor, 'get_by_flavor_id', return_value=flavor
        ):
            return self.spec(flavor='small')

    def test_it_is_of_who_asks_and_has_the_hints(self) -> None:
        spec = self.spec()
        self.assertEqual('mine', spec.project_id)
        self.assertEqual(HINTS, spec.scheduler_hints)
        self.assertEqual(1, spec.num_instances)

    def test_without_a_flavor_it_takes_no_room(self) -> None:
        spec = self.spec()
        flavor = spec.flavor
        self.assertEqual(
            [0] * 5,
            [
                flavor.memory_mb,
                flavor.vcpus,
                flavor.root_gb,
                flavor.ephemeral_gb,
                flavor.swap,
            ],
        )
        # So that Nova does not ask each cell how old its computes are.
        self.assertEqual({'OWNER_NOVA'}, spec.root_required)
        spec = self.with_flavor()
        self.assertNotIn('OWNER_NOVA', spec.root_required)

    def test_zone_is_that_which_nova_takes(self) -> None:
        self.assertIsNone(self.spec().availability_zone)
        self.conf.config(default_schedule_zone='west')
        self.assertEqual('west', self.spec().availability_zone)
        with mock.patch.object(
            objects.AggregateList, 'get_by_metadata', return_value=['east']
        ) as zones:
            self.assertEqual('east', self.spec(zone='east').availability_zone)
            zones.return_value = []
            error = self.assertRaises(BadWishError, self.spec, zone='east')
            self.assertEqual(
                "there is no availability zone 'east'", str(error)
            )
        # Hosts of no aggregate that says one are in this.
        self.assertEqual('nova', self.spec(zone='nova').availability_zone)

    def test_flavor_by_its_id_or_its_name_or_none(self) -> None:
        found = objects.Flavor(
            name='small', memory_mb=512, vcpus=1, extra_specs={}
        )
        found.root_gb = found.ephemeral_gb = found.swap = 0
        no_id = exception.FlavorNotFound(flavor_id='small')
        no_name = exception.FlavorNotFoundByName(flavor_name='small')
        with (
            mock.patch.object(
                objects.Flavor, 'get_by_flavor_id', side_effect=no_id
            ) as by_id,
            mock.patch.object(
                objects.Flavor, 'get_by_name', return_value=found
            ) as by_name,
        ):
            spec = self.spec(flavor='small')
            self.assertEqual(512, spec.flavor.memory_mb)
            by_id.assert_called_once_with(self.context, 'small')
            by_name.assert_called_once_with(self.context, 'small')
            by_name.side_effect = no_name
            error = self.assertRaises(BadWishError, self.spec, flavor='small')
        self.assertEqual("there is no flavor 'small'", str(error))

    def test_flavor_that_nova_makes_nothing_of_is_named(self) -> None:
        error = self.assertRaises(
            BadWishError, self.with_flavor, cpu_policy='none-such'
        )
        self.assertIn("flavor 'small'", str(error))

    def test_flavor_that_nova_makes_no_query_of(self) -> None:
        spec = self.with_flavor(tpm_version='9')
        topology: Any = None
        error = self.assertRaises(
            BadWishError, room_for, self.context, spec, (), topology
        )
        self.assertIn('TPM', str(error))
