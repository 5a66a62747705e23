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

"""The database servers of the tests, for a benchmark to start."""

import functools
import importlib.util
import pathlib
from typing import Any

_PATH = pathlib.Path(__file__).parents[1] / 'tests/functional/store/servers.py'


@functools.cache
def servers() -> Any:
    """The module ``tests.functional.store.servers``.

    By its path: the package around it is Nova's to patch.
    """
    spec = importlib.util.spec_from_file_location('servers', _PATH)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
