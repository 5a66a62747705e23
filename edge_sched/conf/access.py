# SPDX-License-Identifier: Apache-2.0

"""Options of an input that reads over HTTP, with or without TLS."""

from oslo_config import cfg


def opts(whom: str) -> tuple[cfg.Opt, ...]:
    """Who reads, and who vouches for what is read.

    :param whom: whom the input reads, e.g. ``the probers``
    """
    return (
        cfg.StrOpt(
            'user',
            help=f"""
The name that is given to {whom}, by HTTP basic authentication.

It is one for the whole input: what wants another name or password is another
input.

Possible values:

* A name without a colon, or unset.

Related options:

* ``password_file``
""",
        ),
        cfg.StrOpt(
            'password_file',
            help="""
The file whose first line is the password of ``user``.

It must be readable by the service alone. A password that was changed is taken
over on SIGHUP at the latest.

Possible values:

* An absolute path; required with ``user``.

Related options:

* ``user``
""",
        ),
        cfg.StrOpt(
            'cafile',
            help=f"""
The file with the certificates (PEM) that vouch for {whom}.

Possible values:

* An absolute path.
* Unset: those that ``requests`` brings do, of the public authorities.
""",
        ),
    )
