# SPDX-License-Identifier: Apache-2.0

"""Inputs of the collector, loaded by name from ``edge_sched.inputs``."""
