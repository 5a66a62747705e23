# SPDX-License-Identifier: Apache-2.0

"""The HTML of the page, without a browser; ``test_browser`` has one."""

import dataclasses
import html.parser
import pathlib
import re
from typing import Any

import testtools

from edge_sched.judging.scoring import Standing
from edge_sched.report import drawing
from edge_sched.report import groups
from edge_sched.report import texts
from edge_sched.report.freshness import Fresh
from edge_sched.report.groups import AtRisk
from edge_sched.report.groups import Spread
from edge_sched.report.heat import Heat
from edge_sched.report.page import Page
from edge_sched.report.page import draw
from edge_sched.report.page import render
from edge_sched.report.refusals import Refusals
from edge_sched.report.standings import Standings
from tests.unit.factories import NOW
from tests.unit.report.clouds import Cloud
from tools import report_picture

HOSTILE = '<script>alert(1)</script>"\'&]]></style><img src=x onerror=y>'

EMPTY = Page(
    NOW,
    Standings().servers(),
    (),
    Heat({}).map({}),
    Fresh().freshness(),
    Spread().groups(),
)

#: Whatever a browser would fetch.
LOADING = {'src', 'href', 'srcset', 'data', 'action', 'poster', 'xlink:href'}


class Parsed(html.parser.HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ''
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile(page: Page) -> Page:
    """The same, with other names."""
    over = [each._replace(site=HOSTILE) for each in page.servers.over]
    rows = [
        dataclasses.replace(row, label=HOSTILE, project_id=HOSTILE)
        for row in page.heat.rows
    ]
    return dataclasses.replace(
        page,
        servers=dataclasses.replace(page.servers, over=over),
        unjudged=[HOSTILE],
        heat=dataclasses.replace(
            page.heat, rows=rows, sites=[HOSTILE] * len(page.heat.sites)
        ),
        groups=dataclasses.replace(
            page.groups,
            at_risk=[
                each._replace(site=HOSTILE, group=HOSTILE)
                for each in page.groups.at_risk
            ],
        ),
    )


class PageTest(testtools.TestCase):
    def test_nothing_there_is_said(self) -> None:
        text = Parsed(render(EMPTY)).text
        for said in (
            '0 servers with an edge: key',
            'None.',
            'No server names a client.',
            'No log was given: --log FILE.',
            '0 groups to be spread',
        ):
            self.assertIn(said, text)
        self.assertNotIn('Not judged', text)
        self.assertNotIn('Measuring is down', text)
        self.assertNotIn('Not shown', text)
        page = dataclasses.replace(EMPTY, refused=Refusals().refused())
        self.assertIn('None was refused.', Parsed(render(page)).text)

    def test_all_that_is_there_is_shown(self) -> None:
        page = Cloud().page()
        text = ' '.join(Parsed(render(page)).text.split())
        for said in (
            'As of 2026-08-17 20:53:20 UTC',
            'For operators of the cloud only',
            '3 servers of cell east are not judged',
            '200 servers with an edge: key',
            '4 decisions in the logs.',
            'over a budget at every place',
            '6 groups to be spread',
            page.servers.over[0].server,
            page.servers.over[-1].best_site,
            page.freshness.sites[0].site,
            page.groups.at_risk[0].group,
            *page.heat.sites,
            *(row.label for row in page.heat.rows),
            *(str(page.servers.counts[each]) for each in Standing),
        ):
            self.assertIn(said, text)

    def test_what_is_left_out_is_said(self) -> None:
        page = Cloud().page()
        page = dataclasses.replace(
            page,
            servers=dataclasses.replace(page.servers, more_over=7),
            heat=dataclasses.replace(page.heat, more_sites=8, more_rows=9),
            freshness=dataclasses.replace(page.freshness, more_sites=10),
            groups=dataclasses.replace(page.groups, more_at_risk=11),
            refused=Refusals().refused().__class__(1, [], 12),
        )
        text = ' '.join(Parsed(render(page)).text.split())
        for said in (
            'Not shown: 7 more over their budget, by less.',
            'Not shown: 8 more of the sites, with fewer servers.',
            'Not shown: 9 more of the clients and prefixes, that fewer',
            'Not shown: 10 more of the sites, that fewer servers ask in vain.',
            'Not shown: 11 more of the groups, which would lose less.',
            '1 decision in the logs, and 12 records that cannot be read.',
        ):
            self.assertIn(said, text)

    def test_map_tells_why_a_small_figure_may_be_over(self) -> None:
        page = Parsed(render(Cloud().page()))

        self.assertIn('a median below it may be over', page.text)

    def test_outage_is_said(self) -> None:
        text = Parsed(render(Cloud(outage=True).page())).text
        self.assertIn('Measuring is down', text)
        self.assertIn('(12) too old, and judged all the same', text)

    def test_over_in_jitter_alone(self) -> None:
        page = Cloud().page()
        over = [page.servers.over[0]._replace(over_ms=None, best_site='')]
        servers = dataclasses.replace(page.servers, over=over)
        page = dataclasses.replace(page, servers=servers)
        self.assertIn('in jitter or loss', Parsed(render(page)).text)

    def test_nothing_is_loaded(self) -> None:
        text = render(Cloud().page())
        parsed = Parsed(text)
        self.assertEqual(set(), parsed.attributes & LOADING)
        self.assertEqual(
            [],
            [a for a in parsed.attributes if a.startswith('on')],
        )
        self.assertEqual(
            set(),
            {*parsed.tags} & {'script', 'link', 'img', 'iframe', 'object'},
        )
        self.assertNotRegex(text, r'url\(|@import|https?:')
        # And could not be, whatever came in.
        self.assertIn("default-src 'none'; style-src 'unsafe-inline'", text)

    def test_names_of_strangers_are_text(self) -> None:
        good, bad = (
            Parsed(render(page))
            for page in (Cloud().page(), hostile(Cloud().page()))
        )
        self.assertEqual(good.tags, bad.tags)
        self.assertEqual(good.attributes, bad.attributes)
        self.assertIn(HOSTILE, bad.text)

    def test_as_short_as_it_can_be(self) -> None:
        """What only the templates need is not in it."""
        text = render(Cloud().page())
        self.assertNotRegex(text, r'\n\s(?!<section)')
        self.assertTrue(text.startswith('<!DOCTYPE html>'))
        self.assertTrue(text.endswith('</html>\n'))

    def test_any_encoding_will_do(self) -> None:
        self.assertTrue(render(Cloud().page()).isascii())
        self.assertIn('\u2013', Parsed(render(Cloud().page())).text)

    def test_no_picture_is_told_by_its_colour_alone(self) -> None:
        """A figure or a sign is in each cell."""
        page = Cloud().page()
        boxes = [b for p in drawing.panels(page.heat) for b in p.boxes]
        self.assertEqual(
            {'within', 'over', 'unknown', 'never', 'free', 'own'},
            {box.kind for box in boxes},
        )
        self.assertEqual([], [box for box in boxes if not box.text.strip()])
        text = render(page)
        self.assertEqual(len(boxes), text.count('<g class="cell '))
        for sign in '51!', '12?', '12</span>', '&#8211;', '&middot;':
            self.assertIn(f'{sign}', text)


class SizeTest(testtools.TestCase):
    def test_large_cloud(self) -> None:
        page = Cloud(
            [f'site-{number:03d}' for number in range(500)],
            [f'10.0.{number}.7' for number in range(60)],
            20_000,
        ).page()
        text = render(page)
        self.assertLess(len(text), 500_000)
        self.assertEqual(
            (40, 460, 40, 20, 100),
            (
                len(page.heat.sites),
                page.heat.more_sites,
                len(page.heat.rows),
                page.heat.more_rows,
                len(page.servers.over),
            ),
        )
        self.assertIn(
            '460 more of the sites', ' '.join(Parsed(text).text.split())
        )

        # With the longest names, each letter of which takes the most.
        longest = '\N{GRINNING FACE}' * texts.NAME_LENGTH
        heat = dataclasses.replace(
            page.heat,
            sites=[longest] * 40,
            rows=[
                dataclasses.replace(row, label=longest, project_id=longest)
                for row in page.heat.rows
            ],
        )
        names = dict.fromkeys(
            ('server', 'project_id', 'site', 'client', 'best_site'), longest
        )
        over = [each._replace(**names) for each in page.servers.over]
        page = dataclasses.replace(
            page,
            heat=heat,
            servers=dataclasses.replace(page.servers, over=over),
            unjudged=[longest] * 24,
            freshness=dataclasses.replace(
                page.freshness,
                sites=[
                    each._replace(site=longest)
                    for each in page.freshness.sites
                ],
            ),
            groups=dataclasses.replace(
                page.groups,
                at_risk=[
                    AtRisk(longest, longest, 'site', True, 2, 1, longest, 2)
                ]
                * groups.MOST,
            ),
        )
        self.assertEqual(40, len(page.freshness.sites))
        self.assertLess(len(render(page)), 1_000_000)


class PictureTest(testtools.TestCase):
    def test_panel_is_a_file_of_its_own(self) -> None:
        (panel, *_) = drawing.panels(Cloud().page().heat)
        drawn = draw(panel)
        self.assertTrue(drawn.startswith('<svg xmlns="http://www.w3.org/2000'))
        self.assertIn('.over rect', drawn)
        self.assertEqual(len(panel.boxes), drawn.count('class="cell '))

    def test_documentation_has_it_as_it_is(self) -> None:
        self.assertEqual(
            report_picture.picture(),
            report_picture.PATH.read_text(),
            'run "make picture"',
        )


class PaletteTest(testtools.TestCase):
    """WCAG 2.2: 4.5 to 1 for text, and shades that differ in grey."""

    def setUp(self) -> None:
        super().setUp()
        folder = pathlib.Path(drawing.__file__).parent / 'templates'
        self.css = (folder / 'heat.css').read_text()

    def fill(self, selector: str) -> str:
        for line in self.css.splitlines():
            selectors, _, rules = line.partition('{')
            if selector in (each.strip() for each in selectors.split(',')):
                if found := re.search(r'fill: (#\w+)', rules):
                    return found.group(1)
        raise LookupError(selector)

    def test_text_can_be_read(self) -> None:
        dark = self.fill('.heat text')
        for kind in 'within', 'free', 'unknown', 'never':
            ratio = contrast(dark, self.fill(f'.{kind} rect'))
            self.assertGreater(ratio, 4.5, kind)
        light = self.fill('.heat .over text')
        self.assertGreater(contrast(light, self.fill('.over rect')), 4.5)
        self.assertGreater(contrast(self.fill('.heat .below'), '#fff'), 4.5)

    def test_verdicts_differ_in_grey(self) -> None:
        within, unknown, over = (
            luminance(self.fill(f'.{kind} rect'))
            for kind in ('within', 'unknown', 'over')
        )
        self.assertGreater(within - unknown, 0.2)
        self.assertGreater(unknown - over, 0.2)


def luminance(colour: str) -> float:
    """Relative luminance as of WCAG 2.2."""
    digits = colour.removeprefix('#')
    if len(digits) == 3:
        digits = ''.join(2 * digit for digit in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
