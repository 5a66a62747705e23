# SPDX-License-Identifier: Apache-2.0

"""Shapes are those of the OpenAPI document, and are looked for."""

import testtools

from edge_sched_osc import shapes
from tests.unit.osc import service

SCHEMAS = service.DOCUMENT['components']['schemas']


class TestShapes(testtools.TestCase):
    def test_fields_are_those_of_the_document(self):
        for shape, schema in (
            (shapes.Site, 'Site'),
            (shapes.NamedClient, 'Client'),
            (shapes.Server, 'Server'),
        ):
            self.assertEqual(
                list(SCHEMAS[schema]['properties']), list(shape._fields)
            )
            self.assertEqual(
                SCHEMAS[schema]['required'],
                [f for f in shape._fields if f not in shape._field_defaults],
            )
        self.assertEqual(
            {'asks'},
            set(SCHEMAS['Sites']['properties']) - set(shapes.Sites._fields),
        )

    def test_integers_are_numbers(self):
        found = shapes.read(shapes.Site, service.site(judged_ms=20))

        self.assertEqual(20, found.judged_ms)

    def test_more_than_is_known(self):
        found = shapes.read(shapes.Site, service.site(colour='red'))

        self.assertEqual('lyon', found.name)

    def test_missing_or_of_another_type(self):
        without = service.site()
        del without['room']
        for value, what in (
            (None, 'no Site'),
            ([], 'no Site'),
            (without, 'no room of a Site'),
            (service.site(judged_ms='7'), 'no judged_ms of a Site'),
            (service.site(name=None), 'no name of a Site'),
        ):
            error = self.assertRaises(
                shapes.StrangeAnswerError, shapes.read, shapes.Site, value
            )
            self.assertEqual(what, str(error))
