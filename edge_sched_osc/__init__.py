# SPDX-License-Identifier: Apache-2.0

"""``openstack edge``: the commands of tenants, for OpenStackClient.

Of what edge_sched is made of they need nothing: it runs where tenants are.
"""
