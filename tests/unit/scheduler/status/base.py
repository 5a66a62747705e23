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

"""What a judgement is held against."""

from oslo_upgradecheck.upgradecheck import Code
from oslo_upgradecheck.upgradecheck import Result
from oslotest import base


class JudgementTestCase(base.BaseTestCase):
    def assertSuccess(self, result: Result, fine: str) -> None:
        """It has this code and says just this."""
        self.assertEqual((Code.SUCCESS, fine), (result.code, result.details))

    def assertWarns(self, result: Result, *lines: str) -> None:
        """It has this code; see ``assertSays``."""
        self.assertEqual(Code.WARNING, result.code, result.details)
        self.assertSays(result, *lines)

    def assertFails(self, result: Result, *lines: str) -> None:
        """It has this code; see ``assertSays``."""
        self.assertEqual(Code.FAILURE, result.code, result.details)
        self.assertSays(result, *lines)

    def assertSays(self, result: Result, what: str, *write: str) -> None:
        """One finding: a sentence with these words, and lines to copy."""
        sentence, *copied = (result.details or '').split('\n')
        self.assertIn(what, sentence)
        self.assertEqual([f'    {line}' for line in write], copied)
