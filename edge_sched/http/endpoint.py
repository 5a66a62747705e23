# SPDX-License-Identifier: Apache-2.0

"""Where a service publishes its metrics, and who may read them."""

import base64
import dataclasses
import pathlib
import ssl
from typing import Self

from oslo_config import cfg


@dataclasses.dataclass(frozen=True)
class Endpoint:
    """Where metrics are published and who may read them.

    :param address: ``192.0.2.7``, ``::``
    :param port: 0 lets the system choose
    :param tls_cert: a PEM file; ``''`` is no TLS
    :param tls_key: a PEM file; ``''`` if the key is in ``tls_cert``
    :param user: ``''`` lets everybody read
    :param password_file: its first line is the password
    """

    address: str
    port: int
    tls_cert: str = ''
    tls_key: str = ''
    user: str = ''
    password_file: str = ''

    @classmethod
    def from_group(cls, group: cfg.ConfigOpts.GroupAttr) -> Self:
        """From the options of ``edge_sched.conf.endpoint``."""
        return cls(
            group.metrics_address,
            group.metrics_port,
            group.metrics_tls_cert or '',
            group.metrics_tls_key or '',
            group.metrics_user or '',
            group.metrics_password_file or '',
        )

    def tls(self) -> ssl.SSLContext | None:
        """The certificate with its key as they are in the files now.

        :raises ValueError: naming the options, if they make no sense
        """
        if not self.tls_cert:
            if self.tls_key:
                raise ValueError('metrics_tls_key goes with metrics_tls_cert')
            return None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # Python's own default, which that of Debian leaves to OpenSSL. What
        # the system demands beyond it stands.
        context.minimum_version = max(
            context.minimum_version, ssl.TLSVersion.TLSv1_2
        )
        try:
            # A password, so that nobody is asked for one on the terminal.
            context.load_cert_chain(
                self.tls_cert, self.tls_key or None, password=''
            )
        except OSError as error:
            raise ValueError(
                f'metrics_tls_cert {self.tls_cert!r} with metrics_tls_key '
                f'{self.tls_key!r} is not a certificate with its key, both '
                f'PEM and the key not encrypted: {error}'
            ) from error
        return context

    def authorization(self) -> bytes:
        """The header that lets a scraper in; empty if everybody may read.

        :raises ValueError: naming the options, if they make no sense
        """
        if not self.user:
            if self.password_file:
                raise ValueError(
                    'metrics_password_file goes with metrics_user'
                )
            return b''
        if not self.password_file:
            raise ValueError(
                f'metrics_user {self.user!r} goes with metrics_password_file, '
                f'which is not set'
            )
        if ':' in self.user:
            raise ValueError(f'metrics_user {self.user!r} has a colon')
        return basic(self.user, self._password())

    def _password(self) -> str:
        try:
            text = pathlib.Path(self.password_file).read_text('utf-8')
        except (OSError, ValueError) as error:
            raise ValueError(
                f'metrics_password_file {self.password_file!r} cannot be '
                f'read: {error}'
            ) from error
        password = text.partition('\n')[0].rstrip('\r')
        if not password:
            raise ValueError(
                f'metrics_password_file {self.password_file!r} has no '
                f'password in its first line'
            )
        return password


def basic(user: str, password: str) -> bytes:
    """The header that somebody is let in by (RFC 7617)."""
    return b'Basic ' + base64.b64encode(f'{user}:{password}'.encode())
