# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

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
