# SPDX-License-Identifier: Apache-2.0

"""The DevStack plug-in, on a short form of what DevStack promises to one.

Where ``DEVSTACK_DIR`` names a DevStack tree the same is asserted with its own
functions.
"""
