# SPDX-License-Identifier: Apache-2.0

"""The option of services that work in rounds."""

from oslo_config import cfg

_OPTS = (
    cfg.BoolOpt(
        'once',
        default=False,
        help="""
Make a single round and end, with exit status 1 if it failed. For a timer of
the system, and to see whether the configuration is right.
""",
    ),
)


def register_cli_opts(conf: cfg.ConfigOpts) -> None:
    """Register what stands on the command line; before that is parsed."""
    conf.register_cli_opts(_OPTS)
