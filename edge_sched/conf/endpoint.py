# SPDX-License-Identifier: Apache-2.0

"""Options of a service that publishes metrics over HTTP."""

from oslo_config import cfg


def opts(port: int) -> tuple[cfg.Opt, ...]:
    """The options of an endpoint, for the group of the service.

    :param port: the default port, one a service
    """
    return (
        cfg.IPOpt(
            'metrics_address',
            default='127.0.0.1',
            help="""
The address on which the metrics are published.

By default only this machine can read them. To be scraped from elsewhere, name
an address of the network that the scraper is in, rather than all of them: the
figures tell who the clients are and how far away they live.

Possible values:

* An IPv4 or IPv6 address of this machine
* ``0.0.0.0`` for all IPv4 addresses, ``::`` for all addresses

Related options:

* ``metrics_port``
* ``metrics_tls_cert``
* ``metrics_user``
""",
        ),
        cfg.PortOpt(
            'metrics_port',
            default=port,
            help="""
The TCP port on which the metrics are published, at ``/metrics``.

Possible values:

* A port number; 0 lets the system choose one, which is then in the log.

Related options:

* ``metrics_address``
""",
        ),
        cfg.StrOpt(
            'metrics_tls_cert',
            help="""
The file with the certificate (PEM, followed by its chain) that the metrics
are published with. Without one they are published in clear text.

The files are read again on SIGHUP, for a certificate that was renewed.

Possible values:

* An absolute path, or unset.

Related options:

* ``metrics_tls_key``
""",
        ),
        cfg.StrOpt(
            'metrics_tls_key',
            help="""
The file with the private key (PEM, not encrypted) of ``metrics_tls_cert``.

Possible values:

* An absolute path; unset if the key is in the file of the certificate.

Related options:

* ``metrics_tls_cert``
""",
        ),
        cfg.StrOpt(
            'metrics_user',
            help="""
The name that a scraper must give to read the metrics, by HTTP basic
authentication. Without one everybody who reaches the port may read them.

Combine it with ``metrics_tls_cert``, or the password goes over the network in
clear text.

Possible values:

* A name without a colon, or unset.

Related options:

* ``metrics_password_file``
""",
        ),
        cfg.StrOpt(
            'metrics_password_file',
            help="""
The file whose first line is the password of ``metrics_user``.

It must be readable by the service alone. It is read again on SIGHUP.

Possible values:

* An absolute path; required with ``metrics_user``.

Related options:

* ``metrics_user``
""",
        ),
    )
