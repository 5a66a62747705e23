# SPDX-License-Identifier: Apache-2.0

"""The collector: reads measurements at the edge, writes the latency store.

``inputs`` read their sources, ``door`` checks each reading, ``outbox`` knows
what is written and what is due, ``rounds`` drives them.
"""
