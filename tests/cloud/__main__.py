# SPDX-License-Identifier: Apache-2.0

"""The cloud from the command line.

usage: python -m tests.cloud up|down|status
       python -m tests.cloud start|stop|restart NAME
"""

import argparse
import sys

from tests.cloud.cloud import Cloud
from tests.cloud.commands import CommandError
from tests.cloud.guide import GuideError
from tests.cloud.layout import LayoutError
from tests.cloud.ports import BadBaseError
from tests.cloud.processes import NotInTimeError
from tests.cloud.supervisor import CloudError

ERRORS = (
    BadBaseError,
    CloudError,
    CommandError,
    GuideError,
    LayoutError,
    NotInTimeError,
)


def main() -> int:
    parser = argparse.ArgumentParser(prog='python -m tests.cloud')
    actions = parser.add_subparsers(dest='action', required=True)
    for action in ('up', 'down', 'status'):
        actions.add_parser(action)
    for action in ('start', 'stop', 'restart'):
        actions.add_parser(action).add_argument('name')
    arguments = vars(parser.parse_args())
    action = arguments.pop('action')
    try:
        answer = getattr(Cloud(), action)(**arguments)
    except ERRORS as error:
        print(error, file=sys.stderr)
        return 1
    for row in answer or ():
        print('{:22} {:10} {}'.format(*row))
    return 0


if __name__ == '__main__':
    sys.exit(main())
