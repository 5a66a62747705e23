# SPDX-License-Identifier: Apache-2.0

"""Tests against a real Nova: API, conductor, scheduler, placement, computes.

Nova runs in one of two concurrency modes, and the first import of its package
of functional tests settles which, for the whole process. So this package makes
that import before any other: in native threading mode by default, in eventlet
mode with ``OS_NOVA_DISABLE_EVENTLET_PATCHING=false`` in the environment.
"""

import os

os.environ.setdefault('OS_NOVA_DISABLE_EVENTLET_PATCHING', 'true')

import nova.tests.functional  # noqa: F401
