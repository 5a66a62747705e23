# SPDX-License-Identifier: Apache-2.0

"""One page for an operator: is it good, at one look, on screen and paper.

Each module sums up one part of it from what passes by and holds no more than
is shown; ``render`` makes HTML of the whole. Pure but for the templates, which
are read from the package.
"""
