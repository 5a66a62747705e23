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
