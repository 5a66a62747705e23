# SPDX-License-Identifier: Apache-2.0

"""A cloud in a box: a real OpenStack of its own, and the tests that run on it.

``python -m tests.cloud up`` starts it, from an environment that has all of it
(``make cloud`` makes that one). Everything it needs and leaves is in
``.cloud``; nothing listens but on 127.0.0.1.

==================  =======================================================
``layout``          where things are, ``ports`` on which port they listen
``processes``       how services start, are found again and end
``services``        what they are; ``computes``, ``network`` and ``measurer``
                    are programs of our own among them
``configuration``   their files; the part that is ours comes from the install
                    guide, which ``guide`` reads
``schema``          databases, tables, cells: what the first start makes
``inventory``       users, flavors, image, aggregates: through the APIs
``cloud``           all of it together
``base``            the class that the tests derive from; ``expected`` says
                    where a server has to be
==================  =======================================================
"""
