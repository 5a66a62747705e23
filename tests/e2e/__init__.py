# SPDX-License-Identifier: Apache-2.0

"""From packets on an emulated network to servers on a real Nova.

What is measured takes time, so these tests run one after another, and skip
where there can be no such network: they want root.
"""
