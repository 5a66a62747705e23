# SPDX-License-Identifier: Apache-2.0

"""What the install guide tells an operator to write and to run.

The cloud is configured by the guide's own text, so a line that is wrong there
stops the cloud. A block of code is found by the ``:name:`` that it has in the
guide's source.
"""

import pathlib
import re
import textwrap
from collections.abc import Mapping

from tests.cloud.layout import ROOT

GUIDE = ROOT / 'doc' / 'source' / 'install' / 'index.rst'
#: Its page of the API for tenants.
API_GUIDE = GUIDE.with_name('api.rst')

_BLOCK = re.compile(
    r'^(?P<indent> *)\.\. code-block:: \S+\n'
    r'(?P<options>(?:(?P=indent) +:.*\n)*)'
    r'(?P<text>(?:(?:(?P=indent) +\S.*)?\n)+)',
    re.MULTILINE,
)
_NAME = re.compile(r':name: (\S+)')
#: How the guide writes what root types.
_PROMPT = re.compile(r'^# (.+)$', re.MULTILINE)


class GuideError(Exception):
    """The guide does not have what the cloud needs of it."""


class Guide:
    """The blocks of code of a page that have a name."""

    def __init__(self, source: str) -> None:
        """:param source: reStructuredText"""
        self._blocks = {
            name[1]: textwrap.dedent(block['text']).strip('\n') + '\n'
            for block in _BLOCK.finditer(source)
            if (name := _NAME.search(block['options']))
        }

    @classmethod
    def read(cls, path: pathlib.Path = GUIDE) -> 'Guide':
        return cls(path.read_text())

    def block(self, name: str, values: Mapping[str, str] | None = None) -> str:
        """The text of a block, with what stands for something replaced.

        :param values: ``{'SECRET': 'password', 'controller': '127.0.0.1'}``
        :raises GuideError: if there is no such block, or a value has no place
            in it
        """
        if name not in self._blocks:
            raise GuideError(
                f'no block of the guide has ":name: {name}"; there are '
                + ', '.join(self._blocks)
            )
        text = self._blocks[name]
        for old, new in (values or {}).items():
            if old not in text:
                raise GuideError(f'{name} of the guide does not say {old!r}')
            text = text.replace(old, new)
        return text

    def commands(
        self, name: str, values: Mapping[str, str] | None = None
    ) -> list[str]:
        """What root types: ``['edge-sched db sync']``."""
        return _PROMPT.findall(self.block(name, values))
