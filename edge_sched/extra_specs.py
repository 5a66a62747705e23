# SPDX-License-Identifier: Apache-2.0

"""Validators of the ``edge:*`` flavor extra specs, for nova-api.

Nova loads them when its API starts, and does not start if they cannot be
imported: nothing is imported here but Nova's own base and pure modules.
"""

import dataclasses

from nova import exception
from nova.api.validation.extra_specs import base

from edge_sched.asking.source import UnknownKeyError
from edge_sched.model.keys import KEYS
from edge_sched.model.keys import BadValueError


@dataclasses.dataclass
class EdgeValidator(base.ExtraSpecValidator):
    """A validator with the rules, and the words, of the keys.

    ``Validation failed; edge:latency_budget_ms 'soon' is not a number > 0.``
    """

    def validate(self, name: str, value: object) -> None:
        """Check one extra spec.

        :raises ValidationError: which the API answers as 400
        """
        try:
            KEYS[self.name].parse(str(value))
        except BadValueError as error:
            raise exception.ValidationError(
                f'Validation failed; {error}.'
            ) from error


@dataclasses.dataclass
class UnknownKeyValidator(base.ExtraSpecValidator):
    """Refuses keys that are ours but for their spelling: ``Edge:client``.

    Nova asks it last, as its name has parameters. By itself Nova would take
    ``Edge`` for a namespace of somebody else's.
    """

    def validate(self, name: str, value: object) -> None:
        """Refuse an extra spec, and name the key that is meant.

        :raises ValidationError: always, which the API answers as 400
        """
        raise exception.ValidationError(
            f'Validation failed; {UnknownKeyError(name)}'
        )


def register() -> list[base.ExtraSpecValidator]:
    """The validators of all ``edge:*`` keys, for Nova to load."""
    misspelt = UnknownKeyValidator(
        name='{scope}:{key}',
        description='No extra spec at all: what is meant is misspelt.',
        value={'type': str},
        parameters=[
            # Nova cuts the namespace off at the first colon of the pattern.
            {'name': 'scope', 'pattern': r'[\W_]*[Ee][Dd][Gg][Ee][\W_]*'},
            {'name': 'key', 'pattern': '.*'},
        ],
    )
    known: list[base.ExtraSpecValidator] = [
        EdgeValidator(
            name=key.name,
            description=key.meaning,
            value={'type': str, 'description': key.meaning},
        )
        for key in KEYS.values()
    ]
    return [*known, misspelt]
