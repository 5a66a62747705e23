# SPDX-License-Identifier: Apache-2.0

"""``edge-sched-status upgrade check``: is all in place around the scheduler?

Exit status: 0 if every check succeeds, 1 if one warns, 2 if one fails, as of
``nova-status``; 255 if it did not come to that, with the reason on stderr.
"""

import sys
import warnings
from collections.abc import Sequence

from oslo_config import cfg

from edge_sched.cmd.configuration import version
from edge_sched.cmd.terminal import take_all_characters

PROG = 'edge-sched-status'

_NOT_CHECKED = 255


def main(argv: Sequence[str] | None = None) -> int:
    """Check, and print what was found; the exit status.

    :param argv: ``['--config-file', 'nova.conf', 'upgrade', 'check']``; by
        default the arguments of the process
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    take_all_characters()
    if '--version' in arguments:
        # Of the parser below it would be that of Nova.
        print(PROG, version())
        return 0
    # Of libraries, to developers.
    warnings.simplefilter('ignore')
    try:
        from edge_sched.cmd.nova.checks import run
    except ImportError as error:
        return _refused(f'run this where Nova is installed: {error}')
    try:
        return run(arguments, PROG)
    except cfg.Error as error:
        return _refused(str(error))
    except UnicodeDecodeError as error:
        return _refused(f'a configuration file is not UTF-8: {error}')
    except SystemExit as leaving:
        # argparse leaves with 2 after a usage error.
        return _NOT_CHECKED if leaving.code else 0


def _refused(why: str) -> int:
    print(f'{PROG}: {why}', file=sys.stderr)
    return _NOT_CHECKED


if __name__ == '__main__':
    sys.exit(main())
