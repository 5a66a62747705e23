# SPDX-License-Identifier: Apache-2.0

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


class TooManyClientsError(StoreError):
    """A project has as many clients as it may have."""


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
