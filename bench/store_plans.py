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

"""Whether a database goes by an index, as it says itself.

Each function takes the rows of an ``EXPLAIN`` and names the steps that read
a whole table or a whole index, none if all is well.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

#: These have a row a site or a collector, and are read whole.
_SMALL = ('edge_vantages', 'edge_heartbeats')

#: Of SQLite: ``SCAN clients USING COVERING INDEX i``.
_SCAN = re.compile(r'SCAN (?P<table>\S+)(?P<how>.*)')

#: What the look-up names that is no table, as SQLite has it.
_DERIVED = re.compile(r'matches|ranked|CONSTANT|\(.*')


def of_sqlite(plan: Sequence[Any]) -> list[str]:
    """``EXPLAIN QUERY PLAN``: the last column is the text of a step."""
    found = []
    for *_, text in plan:
        scan = _SCAN.match(text)
        if scan and not (
            scan['table'] in _SMALL or _DERIVED.fullmatch(scan['table'])
        ):
            found.append(text)
    return found


def of_mariadb(plan: Sequence[Any]) -> list[str]:
    """``EXPLAIN``: columns ``table``, ``type``, ``key`` and more."""
    return [
        f'{step.table}: {step.type} {step.key or ""}'.strip()
        for step in plan
        if step.type in ('ALL', 'index')
        and step.table not in _SMALL
        and not step.table.startswith('<')
    ]


def of_postgresql(plan: Sequence[Any]) -> list[str]:
    """``EXPLAIN (FORMAT JSON)``: a tree of steps in one row."""
    ((tree,),) = plan
    return [
        f'{step["Node Type"]} of {step.get("Relation Name", "")}'.strip()
        for step in _steps(tree[0]['Plan'])
        if _is_whole(step)
    ]


def _steps(step: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield step
    for part in step.get('Plans', ()):
        yield from _steps(part)


def _is_whole(step: dict[str, Any]) -> bool:
    """Whether a step reads all of a large table or index."""
    if step.get('Relation Name') in _SMALL:
        return False
    kind = step['Node Type']
    return kind == 'Seq Scan' or ('Index' in kind and 'Index Cond' not in step)
