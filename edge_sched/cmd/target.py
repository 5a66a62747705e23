# SPDX-License-Identifier: Apache-2.0

"""``edge-sched target``: whom the prober of a site should probe."""

import argparse
import math
from collections.abc import Iterable, Sequence
from typing import Any

from cliff import lister

from edge_sched.cmd import arguments
from edge_sched.cmd.stores import explained
from edge_sched.cmd.stores import settings_of
from edge_sched.cmd.stores import stored_vantage
from edge_sched.cmd.stores import writing
from edge_sched.model.client import SHORTEST
from edge_sched.model.client import Client
from edge_sched.model.client import Prefix
from edge_sched.model.client import is_part
from edge_sched.model.client import is_wide
from edge_sched.model.client import prefix_text
from edge_sched.model.names import normal
from edge_sched.model.text import shorten
from edge_sched.probe import mesh
from edge_sched.probe.outcome import Address
from edge_sched.probe.target import KINDS
from edge_sched.probe.target import STAMP_PORT
from edge_sched.probe.target_file import MAX_TARGETS
from edge_sched.store.candidates import Candidate
from edge_sched.store.reader import reader
from edge_sched.store.reflectors import Reflector

COLUMNS = ('client', 'address', 'probe', 'port')

#: What one prober carries on one core, with room to spare.
DEFAULT_LIMIT = 2000

#: The part of the limit that is kept for clients that were not measured from
#: the site. Chosen: a new client is found within one rewriting of the file,
#: while most of the probes go on to those that the site is likely to serve.
UNMEASURED_SHARE = 0.25


class List(lister.Lister):
    """List the targets of a site's prober; -f yaml makes its target file.

    First come the other sites, at their reflectors ("edge-sched reflector
    set"): the mesh that tells how far servers are from each other. Of more
    than 64 they are the nearest, and some by lot.

    Then come the prefixes that were measured from the site itself, those that
    named clients point at, and those --within what you say that were measured
    from anywhere: no site has another probe what it made up. A name itself is
    none: its prefixes are probed, so that it can be pointed elsewhere while
    servers run, and no file has to follow. One address of each prefix is
    probed, and has to answer: what is lost counts as measured.

    If there are more than --limit, those come first that the site is the
    nearest to, then those that it is the second nearest to, and so on, those
    that do not answer last; a quarter is kept for clients that were never
    measured from the site, first of all those never measured from anywhere.
    """

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--site',
            metavar='X',
            required=True,
            help='The vantage point that the prober measures from.',
        )
        parser.add_argument(
            '--within',
            metavar='PREFIX',
            action='append',
            default=[],
            help='Where your clients are: what was measured from other sites '
            'is taken from there. May be given any number of times.',
        )
        parser.add_argument(
            '--limit',
            metavar='N',
            default=str(DEFAULT_LIMIT),
            help='The most targets to list, other sites among them (default: '
            '%(default)s).',
        )
        parser.add_argument(
            '--host-number',
            metavar='N',
            default='1',
            help='Which host of a prefix is probed, counted from 1; the last '
            'one if there are fewer. The first (the default) is often the '
            'gateway of a network.',
        )
        parser.add_argument(
            '--probe',
            metavar='P',
            default='stamp',
            help='stamp (the default), icmp or tcp: how clients are probed.',
        )
        parser.add_argument(
            '--port',
            metavar='N',
            help=f'Their port: of stamp (default: {STAMP_PORT}) or tcp.',
        )
        parser.add_argument(
            '--no-mesh',
            action='store_true',
            help='Leave out the other sites.',
        )
        return parser

    def take_action(
        self, parsed_args: argparse.Namespace
    ) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
        site = arguments.vantage_of(parsed_args.site)
        limit = arguments.whole_of(
            '--limit', parsed_args.limit, 1, MAX_TARGETS
        )
        number = arguments.whole_of(
            '--host-number', parsed_args.host_number, 1, 2**16
        )
        probe, port = _probe(parsed_args.probe, parsed_args.port)
        within = arguments.prefixes_of(parsed_args.within)
        with writing(self) as writer:
            site = stored_vantage(writer, site)
            found = writer.list_candidates(site)
            reflectors = writer.list_reflectors()
        if parsed_args.no_mesh:
            reflectors = []
        sites = self._mesh(site, reflectors, limit)
        usable = [c for c in found if is_usable(c.prefix, number)]
        known = [c for c in usable if is_known(c, within)]
        chosen = choose(known, limit - len(sites))
        if all(c.rtt_p50_ms is None for c in found):
            self._note(f'no client was measured from {site} yet')
        if len(usable) < len(found):
            self._note(
                f'left out, as wider than /{SHORTEST[4]} (IPv4) or '
                f'/{SHORTEST[6]} (IPv6) or of no host: '
                f'{len(found) - len(usable)}'
            )
        if len(known) < len(usable):
            self._note(
                'left out, as nobody but other sites knows them: '
                f'{len(usable) - len(known)} (--within)'
            )
        if len(chosen) < len(known):
            self._note(f'{len(chosen)} of {len(known)} clients (--limit)')
        return COLUMNS, [
            *sites,
            *(
                (prefix_text(each), str(host_of(each, number)), probe, port)
                for each in chosen
            ),
        ]

    def _mesh(
        self, site: str, reflectors: Iterable[Reflector], most: int
    ) -> list[tuple[Any, ...]]:
        """The other sites that are probed, as lines of the target file."""
        site = normal(site)
        others = {each.site: each for each in reflectors if each.site != site}
        if not others:
            return []
        chosen = mesh.choose(site, others, self._rtts_ms(site), most)
        if len(chosen) < len(others):
            self._note(f'{len(chosen)} of {len(others)} other sites')
        answering = [others[each] for each in chosen]
        return [
            (f'site:{each.site}', str(each.address), 'stamp', each.port)
            for each in answering
        ]

    def _rtts_ms(self, site: str) -> dict[str, float]:
        """Medians between a site and others, measured from either end."""
        client = Client(site=site)
        settings = settings_of(self)
        with explained(settings):
            found = reader(settings).look_up([client], '')
        (part,) = found.answers[client].parts
        return {vantage: row.rtt_p50_ms for vantage, row in part.items()}

    def _note(self, text: str) -> None:
        self.app.stderr.write(f'{text}\n')


def choose(found: Sequence[Candidate], limit: int) -> list[Prefix]:
    """The prefixes to probe, the most important first, as of ``List``."""
    measured = [c for c in found if c.rtt_p50_ms is not None]
    unmeasured = [c for c in found if c.rtt_p50_ms is None]
    places = max(int(limit * UNMEASURED_SHARE), limit - len(measured))
    new = sorted(unmeasured, key=lambda c: (c.anywhere, *_order(c.prefix)))
    new = new[:places]
    near = sorted(
        measured,
        key=lambda c: (
            c.rtt_p50_ms == math.inf,
            c.nearer,
            c.rtt_p50_ms,
            *_order(c.prefix),
        ),
    )
    return [c.prefix for c in (*near[: limit - len(new)], *new)]


def is_known(candidate: Candidate, within: Sequence[Prefix]) -> bool:
    """Whether the site itself, or an operator, says that it is a client."""
    prefix = candidate.prefix
    return (
        candidate.rtt_p50_ms is not None
        or candidate.named
        or any(is_part(prefix, each) for each in within)
    )


def is_usable(prefix: Prefix, number: int) -> bool:
    """Whether one address can be probed that stands for the prefix."""
    host = host_of(prefix, number)
    return not (is_wide(prefix) or host.is_multicast or host.is_unspecified)


def host_of(prefix: Prefix, number: int) -> Address:
    """The address of a host: 203.0.113.0/24 and 1 -> 203.0.113.1.

    :param number: counted from 1; the last host if there are fewer
    """
    first, last = 0, prefix.num_addresses - 1
    if last > 1:
        # Not the network's own address, the routers' anycast (RFC 4291,
        # 2.6.1) or the broadcast address.
        first, last = 1, last - (prefix.version == 4)
    return prefix[min(first + number - 1, last)]


def _order(prefix: Prefix) -> tuple[int, int, int]:
    return prefix.version, int(prefix.network_address), prefix.prefixlen


def _probe(probe: str, port: str | None) -> tuple[str, int | None]:
    """How to probe, and the port if it has one.

    :raises BadArgumentError: naming the option and what is allowed
    """
    if probe not in KINDS:
        raise arguments.BadArgumentError(
            f'--probe {shorten(probe)!r} is not one of {", ".join(KINDS)}'
        )
    if probe == 'icmp':
        if port is not None:
            raise arguments.BadArgumentError('--port: icmp has none')
        return probe, None
    if port is not None:
        return probe, arguments.whole_of('--port', port, 1, 65_535)
    if probe == 'tcp':
        raise arguments.BadArgumentError('--probe tcp needs --port')
    return probe, STAMP_PORT
