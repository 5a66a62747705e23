# SPDX-License-Identifier: Apache-2.0

import socket

from oslotest import base

from tests.cloud import ports


class BaseOfTest(base.BaseTestCase):
    def test_number_is_the_first_port(self):
        self.assertEqual(
            30000, ports.base_of({'EDGE_SCHED_CLOUD_PORT': '30000'})
        )

    def test_nothing_asked_for_is_nothing(self):
        self.assertIsNone(ports.base_of({}))
        self.assertIsNone(ports.base_of({'EDGE_SCHED_CLOUD_PORT': ''}))

    def test_others_are_refused_by_name_and_range(self):
        for text in ('web', '-1', '80', '65530', '3e4', '٣٠٠٠٠'):
            error = self.assertRaises(
                ports.BadBaseError,
                ports.base_of,
                {'EDGE_SCHED_CLOUD_PORT': text},
            )
            self.assertEqual(
                f'EDGE_SCHED_CLOUD_PORT {text!r} is not a number from 1024 '
                f'to {65536 - len(ports.NAMES)}',
                str(error),
            )


class PortsTest(base.BaseTestCase):
    def test_each_name_has_a_port_of_its_own(self):
        block = ports.Ports(30000)
        found = [block[name] for name in ports.NAMES]
        self.assertEqual(
            list(range(30000, 30000 + len(ports.NAMES))), sorted(found)
        )

    def test_default_is_below_what_linux_gives_to_clients(self):
        self.assertLess(ports.DEFAULT_BASE + len(ports.NAMES), 32768)

    def test_url_is_on_loopback(self):
        self.assertEqual(
            'http://127.0.0.1:30000', ports.Ports(30000).url('keystone')
        )

    def _block_at(self, name, port):
        """A block in which this name has this port."""
        return ports.Ports(port - ports.NAMES.index(name))

    def _hold(self, kind):
        """A port that is ours."""
        holder = socket.socket(socket.AF_INET, kind)
        self.addCleanup(holder.close)
        holder.bind((ports.HOST, 0))
        return holder

    def test_port_that_somebody_has_is_named_with_the_way_out(self):
        holder = self._hold(socket.SOCK_STREAM)
        holder.listen()
        port = holder.getsockname()[1]
        block = self._block_at('keystone', port)
        taken = {each.name: each for each in block.taken()}
        self.assertIn('keystone', taken)
        self.assertEqual(
            f'port {port} of keystone is taken: stop what has it, or set '
            'EDGE_SCHED_CLOUD_PORT to the first of '
            f'{len(ports.NAMES)} free ports',
            str(taken['keystone']),
        )

    def test_port_of_udp_is_told_from_one_of_tcp(self):
        holder = self._hold(socket.SOCK_DGRAM)
        port = holder.getsockname()[1]
        self.assertFalse(ports.can_be_had(port, udp=True))
        self.assertIn(
            'reflector',
            {each.name for each in self._block_at('reflector', port).taken()},
        )

    def test_listener_answers_until_it_is_closed(self):
        holder = self._hold(socket.SOCK_STREAM)
        holder.listen()
        port = holder.getsockname()[1]
        self.assertTrue(ports.answers(port))
        holder.close()
        self.assertFalse(ports.answers(port))
