# SPDX-License-Identifier: Apache-2.0

"""What the plug-in costs and how well it chooses; ``make bench``."""

import os

# Nova decides at its first import; native threads are its default to come.
os.environ.setdefault('OS_NOVA_DISABLE_EVENTLET_PATCHING', 'true')

from nova import objects

# As each service of Nova does before it loads a plug-in.
objects.register_all()
