# SPDX-License-Identifier: Apache-2.0

"""``edge-sched-status upgrade check``: is all in place around the scheduler?

Each module reads facts of one kind and judges them apart from that, by plain
functions, so that every judgement can be tested by hand-made facts.
"""
