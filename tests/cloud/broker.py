# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

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
