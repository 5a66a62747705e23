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

"""Tests against a real Nova: API, conductor, scheduler, placement, computes.

Nova runs in one of two concurrency modes, and the first import of its package
of functional tests settles which, for the whole process. So this package makes
that import before any other: in native threading mode by default, in eventlet
mode with ``OS_NOVA_DISABLE_EVENTLET_PATCHING=false`` in the environment.
"""

import os

os.environ.setdefault('OS_NOVA_DISABLE_EVENTLET_PATCHING', 'true')

import nova.tests.functional  # noqa: F401
