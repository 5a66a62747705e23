# SPDX-License-Identifier: Apache-2.0

"""The target file, as operators and ``edge-sched target list`` write it.

- client: 203.0.113.0/24
  address: 203.0.113.7
- client: vehicle-42
  project: 9f1c2b7a
  address: 198.51.100.1     # the UPF that it hangs on
  probe: icmp
  access_ms: 12
- client: site:paris          # another site, at its reflector
  address: 192.0.2.9
"""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from edge_sched.model.text import shorten
from edge_sched.probe.target import Rates
from edge_sched.probe.target import Target
from edge_sched.probe.target_entry import BadTargetError
from edge_sched.probe.target_entry import parse_target

#: Chosen: more than one core can probe at the default rates.
MAX_TARGETS = 20_000

#: Chosen: 400 bytes a target, twice what one with every key has.
MAX_BYTES = 8_000_000

_DECIMAL = re.compile(r'[-+]?(0|[1-9][0-9]*)')

# libyaml where PyYAML is built with it: ten times as fast.
_Loader: Any = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)


class BadTargetFileError(ValueError):
    """``str()`` is one line with file, line, key, value, what is allowed."""

    def __init__(self, path: str, line: int, why: str) -> None:
        where = f'{path}, line {line}' if line else path
        super().__init__(f'{where}: {why}')


def read_targets(path: str, default: Rates) -> tuple[Target, ...]:
    """The targets of a file.

    :param default: the rates of targets that state none
    :raises BadTargetFileError: at the first thing that is wrong
    """
    try:
        with open(path, 'rb') as stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        why = f'cannot be read: {error.strerror}'
        raise BadTargetFileError(path, 0, why) from error
    if len(text) > MAX_BYTES:
        raise BadTargetFileError(path, 0, f'has more than {MAX_BYTES} bytes')
    try:
        return tuple(_targets(path, text, default))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 0
        why = f'is not YAML: {error.problem or error.context}'
        raise BadTargetFileError(path, line, why) from error
    except (yaml.YAMLError, RecursionError) as error:
        why = f'is not YAML: {" ".join(str(error).split())}'
        raise BadTargetFileError(path, 0, why) from error


def _targets(path: str, text: bytes, default: Rates) -> Iterator[Target]:
    line_of: dict[tuple[str, str], int] = {}
    for line, entry in _entries(path, text):
        try:
            target = parse_target(entry, default)
        except BadTargetError as error:
            raise BadTargetFileError(path, line, str(error)) from None
        if target.key in line_of:
            why = (
                f'key client: {target.client} is in line '
                f'{line_of[target.key]} already'
            )
            raise BadTargetFileError(path, line, why)
        if len(line_of) == MAX_TARGETS:
            why = f'there are more than {MAX_TARGETS} targets'
            raise BadTargetFileError(path, line, why)
        line_of[target.key] = line
        yield target


def _entries(path: str, text: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each mapping of the list with its line; the first line is 1."""
    loader = _Loader(text)
    try:
        root = loader.get_single_node()
        if not isinstance(root, yaml.SequenceNode):
            raise BadTargetFileError(path, 1, 'is not a list of targets')
        for node in root.value:
            line = node.start_mark.line + 1
            yield line, _entry(path, loader, node)
    finally:
        loader.dispose()


def _is_misread(node: yaml.ScalarNode) -> bool:
    """Whether it is a number of another base: 0443 is 291, 1:30 is 90."""
    if node.tag == 'tag:yaml.org,2002:int':
        return not _DECIMAL.fullmatch(node.value)
    return node.tag == 'tag:yaml.org,2002:float' and ':' in node.value


def _entry(path: str, loader: Any, node: yaml.Node) -> dict[str, Any]:
    """The scalars of a mapping, none of which may be there twice."""
    if not isinstance(node, yaml.MappingNode):
        line = node.start_mark.line + 1
        raise BadTargetFileError(path, line, 'is not a mapping')
    entry: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, yaml.ScalarNode):
            raise BadTargetFileError(path, line, 'the key is not text')
        key = shorten(key_node.value)
        if not isinstance(value_node, yaml.ScalarNode):
            raise BadTargetFileError(path, line, f'key {key}: is not a scalar')
        if _is_misread(value_node):
            why = (
                f'key {key}: {shorten(value_node.value)!r} is not what YAML '
                'takes it for: write a number in decimal, without leading '
                'zeros, and text in quotes'
            )
            raise BadTargetFileError(path, line, why)
        if key in entry:
            raise BadTargetFileError(path, line, f'key {key}: is there twice')
        try:
            entry[key] = loader.construct_object(value_node)
        except ValueError:
            # Of YAML's own types, such as the date 2026-02-30.
            why = f'key {key}: {shorten(value_node.value)!r} makes no sense'
            raise BadTargetFileError(path, line, why) from None
    return entry
