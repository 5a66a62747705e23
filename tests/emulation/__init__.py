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

"""An emulated network: real packets over paths whose times are set.

``Network`` is one network namespace a node, and one relay process that
carries the packets between them, late or never, as their paths say. It needs
root. ``Loopback`` does the same to UDP alone, on loopback addresses, and needs
no right. ``wire.py`` says what both have in common.

The kernel's own means (netem) are not used: kernels of small virtual machines
often come without.
"""
