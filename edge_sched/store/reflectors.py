# SPDX-License-Identifier: Apache-2.0

"""Where sites answer each other's probers. Each call needs a transaction."""

import dataclasses

import sqlalchemy as sa

from edge_sched.store.errors import StoreError
from edge_sched.store.packing import Address
from edge_sched.store.packing import pack_address
from edge_sched.store.packing import unpack_address
from edge_sched.store.schema import reflectors
from edge_sched.store.upsert import insert_missing


class UnknownReflectorError(StoreError):
    """A site that nobody has said it of."""

    def __init__(self, site: str) -> None:
        super().__init__(f'{site!r} has no reflector')


@dataclasses.dataclass(frozen=True, slots=True)
class Reflector:
    """What answers for a site.

    :param site: its name, as of the client ``site:paris``
    :param port: of UDP
    """

    site: str
    address: Address
    port: int


def set_reflector(connection: sa.Connection, reflector: Reflector) -> None:
    """Have a site answer here, and no more where it did before."""
    values = {
        'address': pack_address(reflector.address),
        'port': reflector.port,
    }
    insert_missing(
        connection,
        reflectors,
        ('site',),
        [{'site': reflector.site, **values}],
    )
    connection.execute(
        sa.update(reflectors)
        .where(reflectors.c.site == reflector.site)
        .values(values)
    )


def unset_reflector(connection: sa.Connection, site: str) -> None:
    """Forget where a site answers.

    :raises UnknownReflectorError: if nobody has said it
    """
    gone = connection.execute(
        sa.delete(reflectors).where(reflectors.c.site == site)
    )
    if not gone.rowcount:
        raise UnknownReflectorError(site)


def listed(connection: sa.Connection) -> list[Reflector]:
    """Every one, by site."""
    rows = connection.execute(
        sa.select(
            reflectors.c.site, reflectors.c.address, reflectors.c.port
        ).order_by(reflectors.c.site)
    )
    return [
        Reflector(row.site, unpack_address(bytes(row.address)), row.port)
        for row in rows
    ]
