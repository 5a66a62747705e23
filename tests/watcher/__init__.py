# SPDX-License-Identifier: Apache-2.0

# Before anything of Watcher: it chooses native threads.
import watcher.tests.functional  # noqa: F401
