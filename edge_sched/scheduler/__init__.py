# SPDX-License-Identifier: Apache-2.0

"""The Nova side: thin classes that translate, and hold no arithmetic.

Nova makes one object of each class in the master process, before it forks,
and one object serves many threads at a time. So nothing here opens a
database, starts a thread or keeps anything of a request on ``self``.
"""

import nova.conf

from edge_sched.conf import register_opts

register_opts(nova.conf.CONF)
