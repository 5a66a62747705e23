# SPDX-License-Identifier: Apache-2.0

"""A whole measurement file: all of its rows, or all that is wrong with it."""

import functools
from collections.abc import Iterable
from typing import Literal

from edge_sched.measurement.lines import BadLineError
from edge_sched.measurement.lines import Parse
from edge_sched.measurement.lines import csv_parser
from edge_sched.measurement.lines import numbered
from edge_sched.measurement.lines import parse_json
from edge_sched.measurement.record import parse_record
from edge_sched.model.client import Client
from edge_sched.model.client import parse_client
from edge_sched.model.latency import NewLatency

Form = Literal['csv', 'jsonl']

#: Of JSON lines, in any case.
JSON_ENDINGS = ('.jsonl', '.ndjson')

#: Bad lines named before the rest is not looked at: chosen, half a screen.
MAX_BAD_LINES = 10

#: Rows of one file. Chosen: five times what a large operator measures in
#: all; with so many an import takes 1.5 GB of memory.
MAX_ROWS = 500_000


class BadFileError(ValueError):
    """The bad lines of a file, at most ``MAX_BAD_LINES``, in their order."""

    def __init__(self, bad: Iterable[BadLineError]) -> None:
        self.bad = tuple(bad)
        super().__init__('\n'.join(str(error) for error in self.bad))


def form_of(path: str) -> Form:
    """JSON lines where the name ends as theirs do, else CSV."""
    return 'jsonl' if path.lower().endswith(JSON_ENDINGS) else 'csv'


def read_measurements(
    lines: Iterable[str], form: Form, now: float
) -> list[NewLatency]:
    """The measurements of a file, one for each vantage and client.

    Of two lines about the same vantage and client the later measured one
    counts, and of two that were measured at the same time the later line.

    :param lines: text read as UTF-8 with ``surrogateescape``, so that a line
        of bad bytes is named as the others are
    :param now: UTC epoch seconds
    :raises BadFileError: if a single line is bad
    """
    newest: dict[tuple[str, Client, str], NewLatency] = {}
    bad: list[BadLineError] = []
    # One object for a client, however many vantages measured it.
    client_of = functools.cache(parse_client)
    parse: Parse | None = parse_json if form == 'jsonl' else None
    try:
        for number, text in numbered(lines):
            if parse is None:
                parse = csv_parser(number, text)
                continue
            try:
                cells = parse(number, text)
                new = parse_record(number, cells, now, client_of)
            except BadLineError as error:
                bad.append(error)
                if len(bad) == MAX_BAD_LINES:
                    break
                continue
            key = (new.latency.vantage, new.client, new.project_id)
            old = newest.get(key)
            if old is None or _is_newer(new, old):
                newest[key] = new
            if len(newest) > MAX_ROWS:
                raise BadLineError(number, '', f'is beyond {MAX_ROWS} rows')
    except BadLineError as error:
        # Of the header, a line too long or a row too many: nothing that
        # follows makes sense.
        bad.append(error)
    if parse is None and not bad:
        bad.append(BadLineError(1, '', 'there is no header'))
    if bad:
        raise BadFileError(bad)
    return list(newest.values())


def _is_newer(new: NewLatency, old: NewLatency) -> bool:
    return new.latency.measured_at >= old.latency.measured_at
