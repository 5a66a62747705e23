# SPDX-License-Identifier: Apache-2.0

"""The ``edge-sched`` command line. Nothing here imports Nova."""
