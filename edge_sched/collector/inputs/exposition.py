# SPDX-License-Identifier: Apache-2.0

"""From the text of OpenMetrics to series, of those families that are wanted.

Pure. The parser of ``prometheus_client`` is the reference, in the tests; it
takes 14 us a line, which for 500 probers of 200 targets is 17 s of each round
of 30. This one takes 2 to 3 us: it looks at no more than is wanted, and a
prober writes the labels of a target the same in each of its lines, so that
they are parsed once.
"""

import re
from collections.abc import Collection, Iterator, Mapping

from edge_sched.model.text import readable

#: A series without timestamp or exemplar: the time of a reading is worked
#: out from what the prober says of its own clock.
_SERIES = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)')

#: A label and its value, e.g. ``client="203.0.113.7",``.
_LABEL = re.compile(
    r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)'
)
_ESCAPED = re.compile(r'\\(.)')

_LINE = re.compile(r'[^\n]+')

#: Bounds of one series. Chosen: several times what the longest names that the
#: store takes need, and what a prober writes.
_MAX_LINE_LENGTH = 4096
_MAX_LABELS = 16

#: Labels that are kept, at a time, to be met again. Chosen: those of all of
#: the targets that a prober may have (20 000), of five kinds each.
_MAX_KEPT = 100_000

#: Of a text that is something else: chosen, enough to tell what.
_BEGINNING = 60

Series = tuple[str, Mapping[str, str], float]


class MalformedError(ValueError):
    """A text that is no exposition, or only the beginning of one."""


def series(
    text: str, names: Collection[str], max_series: int
) -> Iterator[Series]:
    """Series as ``('edge_sched_prober_targets', {}, 200.0)``, in their order.

    Labels that are written the same are the same object.

    :param names: of the series that are wanted; of the others, no more is
        looked at
    :param max_series: of all names
    :raises MalformedError: naming the line
    """
    if not text.endswith(('# EOF\n', '# EOF')):
        raise MalformedError(
            f'there is no "# EOF" at the end; {beginning(text)}'
        )
    labels_of: dict[str, Mapping[str, str]] = {}
    for line in _lines(text, max_series):
        parts = _SERIES.fullmatch(line)
        if parts is None:
            raise _malformed(text, line, 'is not a series')
        name, block, value = parts.groups('')
        if name not in names:
            continue
        try:
            labels = labels_of.get(block)
            if labels is None:
                if len(labels_of) == _MAX_KEPT:
                    labels_of.clear()
                labels = labels_of[block] = _labels(block)
            yield name, labels, float(value)
        except ValueError:
            raise _malformed(text, line, 'is not a series') from None


def _lines(text: str, max_series: int) -> Iterator[str]:
    """The lines that are series, one at a time: all at once are a lot."""
    count = 0
    for found in _LINE.finditer(text):
        line = found[0]
        if line[0] == '#':
            continue
        count += 1
        if count > max_series:
            raise MalformedError(f'there are more than {max_series} series')
        if len(line) > _MAX_LINE_LENGTH:
            raise _malformed(
                text, line, f'is longer than {_MAX_LINE_LENGTH} characters'
            )
        yield line


def beginning(text: str) -> str:
    """``it begins with '<!DOCTYPE html>'``: what came instead."""
    return f"it begins with '{readable(text, _BEGINNING)}'"


def _malformed(text: str, line: str, why: str) -> MalformedError:
    lines = f'\n{text}\n'
    number = lines.count('\n', 0, lines.index(f'\n{line}\n')) + 1
    return MalformedError(
        f"line {number} {why}: '{readable(line, _BEGINNING)}'"
    )


def _labels(block: str) -> Mapping[str, str]:
    """``{'client': '203.0.113.7', 'project': ''}`` of what is in braces."""
    labels: dict[str, str] = {}
    at = 0
    while at < len(block):
        found = _LABEL.match(block, at)
        if found is None or found[1] in labels or len(labels) == _MAX_LABELS:
            raise ValueError
        labels[found[1]] = _unescaped(found[2])
        at = found.end()
    return labels


def _unescaped(value: str) -> str:
    if '\\' not in value:
        return value
    return _ESCAPED.sub(
        lambda found: '\n' if found[1] == 'n' else found[1], value
    )
