# SPDX-License-Identifier: Apache-2.0

"""Engines that nobody here has made do not wait for ever either."""

import socket
from typing import Any
from unittest import mock

import sqlalchemy as sa
from oslotest import base

from edge_sched.store import timeouts


def parameters(engine: sa.Engine) -> dict[str, Any]:
    """What its driver is given to connect."""
    with mock.patch.object(engine.dialect, 'connect') as connect:
        try:
            engine.raw_connection()
        except Exception:  # nothing came of it that was a connection
            pass
    return dict(connect.call_args.kwargs)


class BoundTest(base.BaseTestCase):
    def engine(self, url: str) -> sa.Engine:
        engine = sa.create_engine(url)
        self.addCleanup(engine.dispose)
        sa.event.listen(engine, 'do_connect', timeouts.bound)
        return engine

    def test_server_that_accepts_and_says_nothing(self) -> None:
        silent = socket.create_server(('127.0.0.1', 0))
        self.addCleanup(silent.close)
        port = silent.getsockname()[1]
        engine = self.engine(f'mysql+pymysql://nova@127.0.0.1:{port}/nova')
        self.patch(timeouts, 'PATIENCE_SECONDS', 0.1)

        # Without a bound the test does not end.
        self.assertRaises(sa.exc.OperationalError, engine.connect)

    def test_what_a_url_says_goes_before(self) -> None:
        engine = self.engine('mysql+pymysql://nova@nil/nova?read_timeout=7')

        found = parameters(engine)

        self.assertEqual(7, found['read_timeout'])
        self.assertEqual(30.0, found['connect_timeout'])
        self.assertEqual(30.0, found['write_timeout'])

    def test_engine_with_bounds_of_its_own_keeps_them(self) -> None:
        engine = self.engine('mysql+pymysql://edge@nil/edge')

        timeouts.install(engine, 2.0, reading=True)

        found = parameters(engine)
        self.assertEqual(2.0, found['connect_timeout'])
        self.assertEqual(3.0, found['read_timeout'])
