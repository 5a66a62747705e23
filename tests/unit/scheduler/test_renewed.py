# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.
"""One thread renews, the others use the old value."""

import threading

from oslotest import base

from edge_sched.scheduler.renewed import RETRY_SECONDS
from edge_sched.scheduler.renewed import Renewed


class RenewedTest(base.BaseTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = 1000.0
        self.loads = 0
        self.error: Exception | None = None

    def load(self) -> int:
        if self.error:
            raise self.error
        self.loads += 1
        return self.loads

    def renewed(self, ttl: float = 60.0) -> Renewed[int]:
        return Renewed(self.load, lambda: ttl, lambda: self.now)

    def test_is_loaded_on_first_use_and_kept_for_its_lifetime(self) -> None:
        renewed = self.renewed()
        self.assertEqual(0, self.loads)
        self.assertEqual(1, renewed.get())
        self.now += 59.9
        self.assertEqual(1, renewed.get())
        self.now += 0.2
        self.assertEqual(2, renewed.get())

    def test_lifetime_of_zero_is_no_cache(self) -> None:
        renewed = self.renewed(ttl=0)
        self.assertEqual([1, 2, 3], [renewed.get() for _ in range(3)])

    def test_first_failure_is_the_callers(self) -> None:
        self.error = OSError('no database')
        renewed = self.renewed()
        self.assertRaises(OSError, renewed.get)
        self.error = None
        self.assertEqual(1, renewed.get())

    def test_old_value_serves_while_it_cannot_be_renewed(self) -> None:
        renewed = self.renewed()
        renewed.get()
        self.now += 61
        self.error = OSError('no database')
        self.assertEqual(1, renewed.get())
        self.error = None
        # Not asked again at once, but soon.
        self.assertEqual(1, renewed.get())
        self.now += RETRY_SECONDS
        self.assertEqual(2, renewed.get())

    def test_forget(self) -> None:
        renewed = self.renewed()
        renewed.get()
        renewed.forget()
        self.assertEqual(2, renewed.get())

    def test_others_use_the_old_value_while_one_renews(self) -> None:
        renewing, go_on = threading.Event(), threading.Event()

        def load() -> int:
            value = self.load()
            if value > 1:
                renewing.set()
                go_on.wait(30)
            return value

        renewed = Renewed(load, lambda: 60.0, lambda: self.now)
        renewed.get()
        self.now += 61
        seen: list[int] = []
        renewer = threading.Thread(target=lambda: seen.append(renewed.get()))
        renewer.start()
        self.assertTrue(renewing.wait(30))
        self.assertEqual([1] * 8, [renewed.get() for _ in range(8)])
        go_on.set()
        renewer.join(30)
        self.assertEqual([2], seen)
        self.assertEqual(2, renewed.get())
        self.assertEqual(2, self.loads)
