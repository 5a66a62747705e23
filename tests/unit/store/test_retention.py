# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

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
