# SPDX-License-Identifier: Apache-2.0

import base64
import pathlib
import ssl
from unittest import mock

import fixtures
from oslo_config import cfg
from oslotest import base

from edge_sched.conf import endpoint as endpoint_conf
from edge_sched.http.endpoint import Endpoint
from tests.unit.certificates import make_certificate


class EndpointTestCase(base.BaseTestCase):
    def setUp(self):
        super().setUp()
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        self.password_file = self.folder / 'password'

    def endpoint(self, **settings):
        return Endpoint('127.0.0.1', 0, **settings)

    def assertSays(self, text, method):
        self.assertIn(text, str(self.assertRaises(ValueError, method)))


class FromGroupTestCase(EndpointTestCase):
    def setUp(self):
        super().setUp()
        self.conf = cfg.ConfigOpts()
        self.conf.register_opts(endpoint_conf.opts(port=9862), 'service')
        self.conf([], default_config_files=[])

    def test_by_default_only_this_machine_reads_without_a_password(self):
        self.assertEqual(
            Endpoint('127.0.0.1', 9862),
            Endpoint.from_group(self.conf.service),
        )

    def test_every_option(self):
        for name, value in (
            ('address', '::'),
            ('port', 1),
            ('tls_cert', 'c'),
            ('tls_key', 'k'),
            ('user', 'u'),
            ('password_file', 'p'),
        ):
            self.conf.set_override(f'metrics_{name}', value, 'service')
        self.assertEqual(
            Endpoint('::', 1, 'c', 'k', 'u', 'p'),
            Endpoint.from_group(self.conf.service),
        )


class AuthorizationTestCase(EndpointTestCase):
    def test_without_a_user_everybody_may_read(self):
        self.assertEqual(b'', self.endpoint().authorization())

    def test_the_first_line_is_the_password(self):
        for text in ('sésame', 'sésame\n', 'sésame\r\nno more\n'):
            self.password_file.write_text(text, 'utf-8')
            self.assertEqual(
                b'Basic ' + base64.b64encode('me:sésame'.encode()),
                self.endpoint(
                    user='me', password_file=str(self.password_file)
                ).authorization(),
            )

    def test_what_makes_no_sense_is_named(self):
        self.password_file.write_text('\nsecret')
        path = str(self.password_file)
        for settings, text in (
            (
                {'user': 'me', 'password_file': path},
                f'metrics_password_file {path!r} has no password in its first',
            ),
            (
                {'user': 'me', 'password_file': '/none'},
                "metrics_password_file '/none' cannot be read: ",
            ),
            (
                {'user': 'me'},
                "metrics_user 'me' goes with metrics_password_file, which is "
                'not set',
            ),
            (
                {'user': 'm:e', 'password_file': path},
                "metrics_user 'm:e' has a colon",
            ),
            (
                {'password_file': path},
                'metrics_password_file goes with metrics_user',
            ),
        ):
            self.assertSays(text, self.endpoint(**settings).authorization)


class TlsTestCase(EndpointTestCase):
    def test_without_a_certificate_there_is_none(self):
        self.assertIsNone(self.endpoint().tls())

    def test_oldest_protocol_is_1_2_or_what_the_system_demands(self):
        cert, key = make_certificate(self.folder)
        for default, oldest in (
            (ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_2),
            (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2),
            (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3),
        ):
            of_this_system = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            of_this_system.minimum_version = default
            with mock.patch(
                'edge_sched.http.endpoint.ssl', wraps=ssl
            ) as module:
                module.SSLContext.return_value = of_this_system
                module.TLSVersion = ssl.TLSVersion
                context = self.endpoint(tls_cert=cert, tls_key=key).tls()
            self.assertIs(oldest, context.minimum_version)

    def test_both_in_one_file(self):
        cert, key = make_certificate(self.folder)
        both = self.folder / 'both.pem'
        both.write_text(
            pathlib.Path(cert).read_text() + pathlib.Path(key).read_text()
        )
        self.assertIsNotNone(self.endpoint(tls_cert=str(both)).tls())

    def test_what_makes_no_sense_is_named(self):
        cert, key = make_certificate(self.folder, password=b'secret')
        for settings, text in (
            (
                {'tls_cert': cert, 'tls_key': key},
                f'metrics_tls_cert {cert!r} with metrics_tls_key {key!r} is '
                f'not a certificate with its key, both PEM and the key not '
                f'encrypted: ',
            ),
            ({'tls_cert': key, 'tls_key': key}, 'is not a certificate with'),
            ({'tls_cert': '/none'}, 'No such file or directory'),
            ({'tls_key': key}, 'metrics_tls_key goes with metrics_tls_cert'),
        ):
            self.assertSays(text, self.endpoint(**settings).tls)
