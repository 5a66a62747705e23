# SPDX-License-Identifier: Apache-2.0

"""``GET /os-migrations`` for Watcher's emulated Nova, which has none."""

import datetime
import itertools

import fixtures
import pecan
from pecan import rest
from watcher.tests.local_fixtures import nova_api_emulator

#: So few make several pages of a few migrations.
PAGE = 2


class Migrations(fixtures.Fixture):
    """What Nova tells of migrations, newest first as it does.

    :ivar asked: the queries so far, as ``{'changes-since': ...}``
    :ivar status: of the answers, 200 unless Nova is broken
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[dict[str, str]] = []
        self.status = 200
        self._rows: list[dict] = []
        self._ids = itertools.count(1)

    def _setUp(self) -> None:
        told = self

        class Controller(nova_api_emulator._V21Controller):
            @pecan.expose()
            def _lookup(self, segment: str, *remainder: str):
                if segment == 'os-migrations':
                    return _MigrationsController(told), remainder
                return super()._lookup(segment, *remainder)

        self.useFixture(
            fixtures.MonkeyPatch(
                'watcher.tests.local_fixtures.nova_api_emulator'
                '._V21Controller',
                Controller,
            )
        )

    def add(
        self,
        server: str,
        source: str | None,
        goal: str | None,
        at: float,
        status: str = 'completed',
    ) -> None:
        """Note a migration.

        :param at: when it last changed, UTC epoch seconds
        """
        moment = datetime.datetime.fromtimestamp(at, datetime.UTC)
        text = moment.strftime('%Y-%m-%dT%H:%M:%S.%f')
        number = next(self._ids)
        self._rows.append(
            {
                'id': number,
                'uuid': f'cccc0000-0000-0000-0000-{number:012d}',
                'instance_uuid': server,
                'source_compute': source,
                'dest_compute': goal,
                'status': status,
                'migration_type': 'live-migration',
                'created_at': text,
                'updated_at': text,
            }
        )

    def answer(self, query: dict[str, str]) -> dict:
        """A page of those that changed since."""
        self.asked.append(query)
        since = query['changes-since'].rstrip('Z')
        rows = [
            row
            for row in sorted(
                self._rows, key=lambda row: row['created_at'], reverse=True
            )
            if row['updated_at'] >= since
        ]
        if marker := query.get('marker'):
            uuids = [row['uuid'] for row in rows]
            rows = rows[uuids.index(marker) + 1 :]
        page = {'migrations': rows[:PAGE]}
        if len(rows) > PAGE:
            href = (
                f'/v2.1/os-migrations?changes-since={query["changes-since"]}'
                f'&marker={rows[PAGE - 1]["uuid"]}'
            )
            page['migrations_links'] = [{'rel': 'next', 'href': href}]
        return page


class _MigrationsController(rest.RestController):
    def __init__(self, told: Migrations) -> None:
        self._told = told

    @pecan.expose('json')
    def get_all(self) -> dict:
        version = pecan.request.headers.get('OpenStack-API-Version', '')
        minor = int(version.rpartition('.')[2] or 1)
        # As the schemas of Nova: before, changes-since has no effect.
        if minor < 59:
            pecan.abort(400, detail=f'too old: {version}')
        if self._told.status != 200:
            pecan.abort(self._told.status)
        return self._told.answer(dict(pecan.request.params))
