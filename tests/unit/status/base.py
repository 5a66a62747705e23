# SPDX-License-Identifier: Apache-2.0

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
