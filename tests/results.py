# SPDX-License-Identifier: Apache-2.0

"""What tests run in other processes have come to, read from subunit."""

import dataclasses
import io

import subunit
import testtools


@dataclasses.dataclass(frozen=True)
class Result:
    """How one test ended.

    :param status: ``success``, ``fail``, ``skip`` and the like; ``exists``
        where tests are only listed, ``inprogress`` where it never ended
    :param text: the reason of a skip, or the traceback
    """

    status: str
    text: str


def read(stream: bytes) -> dict[str, Result]:
    """Test id -> result, of a stream of subunit version 2.

    The tags at the end of an id, as Tempest writes them, are left out. A class
    that was skipped as a whole is one ``setUpClass (package.Class)``.
    """
    results = {}

    def add(test: dict) -> None:
        text = '\n'.join(d.as_text() for d in test['details'].values())
        name = test['id'].partition('[')[0]
        results[name] = Result(test['status'], text)

    collector = testtools.StreamToDict(add)
    collector.startTestRun()
    subunit.ByteStreamToStreamResult(
        io.BytesIO(stream), non_subunit_name='stdout'
    ).run(collector)
    collector.stopTestRun()
    return results
