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

"""What can go wrong with the store."""


class StoreError(Exception):
    """Base of everything that this package raises on purpose."""


class StoreUnavailableError(StoreError):
    """The store is away, slow or refusing, or has no file or no tables.

    Also while it is left alone after a failure. The message is for
    operators: ``OperationalError: unable to open database file``.
    """


class OutrunError(StoreUnavailableError):
    """Another writer deleted what this one was about to use."""


class UnknownClientError(StoreError):
    """A name that is no client of its owner.

    :param name: e.g. ``vehicle-42``
    :param project_id: the owner, ``''`` for a shared name
    :param line: of the measurement (``NewLatency.line``), 0 if there is none
    """

    def __init__(self, name: str, project_id: str = '', line: int = 0) -> None:
        self.name = name
        self.project_id = project_id
        self.line = line
        owner = f'of project {project_id}' if project_id else 'that is shared'
        super().__init__(f'{name!r} is no client {owner}')
