# SPDX-License-Identifier: Apache-2.0

"""The tables, as the newest migration leaves them.

Every name begins with ``edge_``, so that the store may share a schema. Names
compare by bytes, and addresses are binary strings of a fixed length, in each
database by a type that an index holds whole.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from edge_sched.model.client import MAX_LENGTH

#: Alembic's record of where the schema is; others keep theirs.
VERSION_TABLE = 'edge_sched_alembic_version'

#: Nova's width for hosts, zones and cells.
NAME_LENGTH = 255

_MYSQL = ('mysql', 'mariadb')
_ID = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
_ADDRESS = sa.LargeBinary(16).with_variant(mysql.BINARY(16), *_MYSQL)
_MS: sa.Double[float] = sa.Double()


def _text(length: int) -> sa.types.TypeEngine[str]:
    return (
        sa.String(length)
        .with_variant(
            mysql.VARCHAR(
                length=length, charset='utf8mb4', collation='utf8mb4_bin'
            ),
            *_MYSQL,
        )
        .with_variant(sa.String(length, collation='C'), 'postgresql')
    )


_TABLE_ARGS: dict[str, Any] = {
    'mysql_engine': 'InnoDB',
    'mysql_charset': 'utf8mb4',
    'mariadb_engine': 'InnoDB',
    'mariadb_charset': 'utf8mb4',
}

metadata = sa.MetaData()

#: Where measurements are taken from.
vantages = sa.Table(
    'edge_vantages',
    metadata,
    sa.Column('id', _ID, primary_key=True),
    sa.Column('name', _text(NAME_LENGTH), nullable=False),
    sa.UniqueConstraint('name', name='uq_edge_vantages_name'),
    **_TABLE_ARGS,
)

#: Whom measurements are of: a prefix (``network``, ``last``, ``length``; see
#: ``packing``), a site, or a name, owned by a project or, if that is ``''``,
#: shared. ``last`` stands for the length in the unique index because the
#: look-up asks for ``network = ... AND last >= ...``. A site is measured by
#: the name that its hosts have as a vantage.
clients = sa.Table(
    'edge_clients',
    metadata,
    sa.Column('id', _ID, primary_key=True),
    sa.Column('network', _ADDRESS),
    sa.Column('last', _ADDRESS),
    sa.Column('length', sa.SmallInteger),
    sa.Column('name', _text(63)),
    sa.Column('project_id', _text(NAME_LENGTH), nullable=False),
    sa.Column('site', _text(NAME_LENGTH)),
    sa.UniqueConstraint('network', 'last', name='uq_edge_clients_prefix'),
    sa.UniqueConstraint('name', 'project_id', name='uq_edge_clients_name'),
    # No constraint: SQLite adds none to a table that is there.
    sa.Index('uq_edge_clients_site', 'site', unique=True),
    **_TABLE_ARGS,
)

#: What a name points at.
named_prefixes = sa.Table(
    'edge_named_prefixes',
    metadata,
    sa.Column('id', _ID, primary_key=True),
    sa.Column(
        'client_id',
        _ID,
        sa.ForeignKey(
            clients.c.id,
            name='fk_edge_named_prefixes_client',
            ondelete='CASCADE',
        ),
        nullable=False,
    ),
    sa.Column('network', _ADDRESS, nullable=False),
    sa.Column('last', _ADDRESS, nullable=False),
    sa.Column('length', sa.SmallInteger, nullable=False),
    sa.UniqueConstraint(
        'client_id', 'network', 'last', name='uq_edge_named_prefixes'
    ),
    **_TABLE_ARGS,
)

#: ``packing.candidates`` of each of those, so that the longest prefix is
#: found by a join: no database masks binary strings in a way that its index
#: understands. At most 129 short rows a prefix.
ancestors = sa.Table(
    'edge_named_prefix_ancestors',
    metadata,
    sa.Column(
        'named_prefix_id',
        _ID,
        sa.ForeignKey(
            named_prefixes.c.id,
            name='fk_edge_ancestors_named_prefix',
            ondelete='CASCADE',
        ),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column('network', _ADDRESS, primary_key=True),
    **_TABLE_ARGS,
)

#: One row a client and vantage. Infinity is no number to MariaDB, so a lost
#: quantile is NULL and ``lost_from`` the lowest that was lost: 50, 95 or 99.
#: Of the hour, ``hour_lost_from`` is 50 or 95, likewise.
#: ``measured_at`` is UTC epoch seconds. ``site_vantage_id`` is the vantage
#: again where the client is a site, else NULL: the way to the few rows between
#: sites among all of a vantage. Without it PostgreSQL and SQLite read the lot.
latencies = sa.Table(
    'edge_latencies',
    metadata,
    sa.Column(
        'client_id',
        _ID,
        sa.ForeignKey(
            clients.c.id, name='fk_edge_latencies_client', ondelete='CASCADE'
        ),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column(
        'vantage_id',
        _ID,
        sa.ForeignKey(vantages.c.id, name='fk_edge_latencies_vantage'),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column('rtt_min_ms', _MS),
    sa.Column('rtt_p50_ms', _MS),
    sa.Column('rtt_p95_ms', _MS),
    sa.Column('rtt_p99_ms', _MS),
    sa.Column('lost_from', sa.SmallInteger),
    sa.Column('pdv_ms', _MS),
    sa.Column('loss_ratio', sa.Double()),
    sa.Column('samples', sa.BigInteger),
    sa.Column('measured_at', sa.Double(), nullable=False),
    sa.Column('source', _text(NAME_LENGTH), nullable=False),
    sa.Column('site_vantage_id', _ID),
    sa.Column('rtt_p50_hour_ms', _MS),
    sa.Column('rtt_p95_hour_ms', _MS),
    sa.Column('hour_lost_from', sa.SmallInteger),
    sa.Column('loss_hour_ratio', sa.Double()),
    sa.Index('ix_edge_latencies_vantage', 'vantage_id'),
    sa.Index(
        'ix_edge_latencies_site',
        'site_vantage_id',
        # MariaDB has no such indexes; there all rows are in it.
        postgresql_where=sa.text('site_vantage_id IS NOT NULL'),
        sqlite_where=sa.text('site_vantage_id IS NOT NULL'),
    ),
    **_TABLE_ARGS,
)

#: When each collector last wrote what it had read, UTC epoch seconds; its name
#: is its shard, e.g. ``1/1``.
heartbeats = sa.Table(
    'edge_heartbeats',
    metadata,
    sa.Column('name', _text(NAME_LENGTH), primary_key=True),
    sa.Column('beaten_at', sa.Double(), nullable=False),
    **_TABLE_ARGS,
)

#: How servers stood when they were last audited. A figure that was lost is
#: NULL, as one that is unknown, and a flag says which; see ``Hour`` for
#: ``over_minutes``.
standings = sa.Table(
    'edge_standings',
    metadata,
    sa.Column('server', _text(36), primary_key=True),
    sa.Column('project_id', _text(NAME_LENGTH), nullable=False),
    sa.Column('host', _text(NAME_LENGTH), nullable=False),
    sa.Column('site', _text(NAME_LENGTH), nullable=False),
    sa.Column('client', _text(MAX_LENGTH)),
    sa.Column('verdict', _text(7), nullable=False),
    sa.Column('judged_ms', _MS),
    sa.Column('judged_lost', sa.Boolean, nullable=False),
    sa.Column('budget_ms', _MS),
    sa.Column('best_site', _text(NAME_LENGTH)),
    sa.Column('best_ms', _MS),
    sa.Column('best_lost', sa.Boolean, nullable=False),
    sa.Column('over_since', sa.Double()),
    sa.Column('over_minutes', sa.BigInteger, nullable=False),
    sa.Column('audited_at', sa.Double(), nullable=False),
    **_TABLE_ARGS,
)

#: Where sites answer each other's probers: one address a site, packed as
#: ``packing.pack_address`` does, and a port of UDP. The operator says so.
reflectors = sa.Table(
    'edge_reflectors',
    metadata,
    sa.Column('site', _text(NAME_LENGTH), primary_key=True),
    sa.Column('address', _ADDRESS, nullable=False),
    sa.Column('port', sa.Integer, nullable=False),
    **_TABLE_ARGS,
)


def _wanted_id(table: str) -> sa.Column[Any]:
    return sa.Column(
        'wanted_id',
        _ID,
        sa.ForeignKey(
            wanted.c.id, name=f'fk_{table}_wanted', ondelete='CASCADE'
        ),
        primary_key=True,
        autoincrement=False,
    )


#: Clients that are asked for and were not measured: a /24 or /56, what is
#: probed for it, and how far that is, ``probing``, ``measured`` or
#: ``silent``. The number of asks is what is bounded.
wanted = sa.Table(
    'edge_wanted',
    metadata,
    sa.Column('id', _ID, primary_key=True),
    sa.Column('network', _ADDRESS, nullable=False),
    sa.Column('last', _ADDRESS, nullable=False),
    sa.Column('length', sa.SmallInteger, nullable=False),
    sa.Column('address', _ADDRESS, nullable=False),
    sa.Column('probe', _text(8), nullable=False),
    sa.Column('port', sa.Integer, nullable=False),
    sa.Column('access_ms', _MS, nullable=False),
    sa.Column('state', _text(8), nullable=False),
    sa.Column('wanted_at', sa.Double(), nullable=False),
    sa.Column('done_at', sa.Double()),
    sa.UniqueConstraint('network', 'last', name='uq_edge_wanted_prefix'),
    **_TABLE_ARGS,
)

#: Who asks for each; whether it is a server that stands, since when, and when
#: he last did.
wanted_asks = sa.Table(
    'edge_wanted_asks',
    metadata,
    _wanted_id('edge_wanted_asks'),
    sa.Column('project_id', _text(NAME_LENGTH), primary_key=True),
    sa.Column('standing', sa.Boolean, nullable=False),
    sa.Column('since', sa.Double(), nullable=False),
    sa.Column('asked_at', sa.Double(), nullable=False),
    sa.Index('ix_edge_wanted_asks_project', 'project_id'),
    **_TABLE_ARGS,
)

#: Which sites probe each, and since when. A vantage by its name: it may have
#: no row of anybody yet.
wanted_probes = sa.Table(
    'edge_wanted_probes',
    metadata,
    _wanted_id('edge_wanted_probes'),
    sa.Column('vantage', _text(NAME_LENGTH), primary_key=True),
    sa.Column('since', sa.Double(), nullable=False),
    sa.Index('ix_edge_wanted_probes_vantage', 'vantage'),
    **_TABLE_ARGS,
)

#: Which sites ask whom they are to probe, and when they last did.
wanted_sites = sa.Table(
    'edge_wanted_sites',
    metadata,
    sa.Column('vantage', _text(NAME_LENGTH), primary_key=True),
    sa.Column('heard_at', sa.Double(), nullable=False),
    **_TABLE_ARGS,
)

#: One row: when an auditor last looked after that list, how many places it
#: has left, and how long a client takes until it is measured.
wanting = sa.Table(
    'edge_wanting',
    metadata,
    sa.Column('id', sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column('beaten_at', sa.Double(), nullable=False),
    sa.Column('places', sa.Integer, nullable=False),
    sa.Column('retry_seconds', sa.Double(), nullable=False),
    **_TABLE_ARGS,
)
