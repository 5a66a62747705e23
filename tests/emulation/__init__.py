# SPDX-License-Identifier: Apache-2.0

"""An emulated network: real packets over paths whose times are set.

``Network`` is one network namespace a node, and one relay process that
carries the packets between them, late or never, as their paths say. It needs
root. ``Loopback`` does the same to UDP alone, on loopback addresses, and needs
no right. ``wire.py`` says what both have in common.

The kernel's own means (netem) are not used: kernels of small virtual machines
often come without.
"""
