# SPDX-License-Identifier: Apache-2.0

"""Who listens at RabbitMQ."""

import contextlib
from collections.abc import Iterable

import amqp

from tests.cloud import ports
from tests.cloud.layout import Layout
from tests.cloud.settings import PASSWORD


def all_listen(layout: Layout, vhost: str, queues: Iterable[str]) -> bool:
    """Whether each queue of a virtual host has somebody who takes from it."""
    try:
        with amqp.Connection(
            host=f'{ports.HOST}:{layout.ports["rabbitmq"]}',
            userid='openstack',
            password=PASSWORD,
            virtual_host=vhost,
        ) as connection:
            return all(_listens(connection, queue) for queue in queues)
    except (OSError, amqp.AMQPError):
        return False


def _listens(connection: amqp.Connection, queue: str) -> bool:
    # A queue that does not exist costs the channel.
    with contextlib.suppress(amqp.NotFound):
        declared = connection.channel().queue_declare(queue, passive=True)
        return bool(declared.consumer_count)
    return False
