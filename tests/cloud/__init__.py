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
