#!/usr/bin/env python3
#
# SPDX-License-Identifier: Apache-2.0

"""Draw the picture of the chapter on the report anew: a part of its map.

    usage: python -m tools.report_picture

The cloud is made up, and the same each time.
"""

import pathlib

from edge_sched.report.drawing import panels
from edge_sched.report.page import draw
from tests.unit.report.clouds import Cloud

PATH = pathlib.Path(__file__).parents[1] / 'doc/source/admin/report-map.svg'


def picture() -> str:
    """The first panel."""
    return draw(next(panels(Cloud().page().heat)))


if __name__ == '__main__':
    PATH.write_text(picture())
