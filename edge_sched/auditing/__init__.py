# SPDX-License-Identifier: Apache-2.0

"""Is it still good: servers that live, judged where they are by now.

With ``scheduler/`` the only part that touches Nova, and only to read.
"""
