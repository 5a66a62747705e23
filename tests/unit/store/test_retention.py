# SPDX-License-Identifier: Apache-2.0

import unittest

import sqlalchemy as sa

from edge_sched.store import retention
from edge_sched.store import schema


class UnusedTestCase(unittest.TestCase):
    def test_no_index_but_that_of_the_ids_is_tempting(self):
        # SQLite without statistics took one value of another index for rarer
        # than thirty ids, and read all prefixes for each piece of a purge.
        engine = sa.create_engine('sqlite://')
        schema.metadata.create_all(engine)
        for table, unused in retention.UNUSED.items():
            delete = sa.delete(table).where(
                table.c.id.in_(range(retention.BATCH_VALUES)), unused
            )
            text = delete.compile(
                engine, compile_kwargs={'literal_binds': True}
            )
            with engine.connect() as connection:
                plan = connection.exec_driver_sql(
                    f'EXPLAIN QUERY PLAN {text}'
                ).all()
            self.assertEqual(
                f'SEARCH {table.name} USING INTEGER PRIMARY KEY (rowid=?)',
                plan[0].detail,
            )
