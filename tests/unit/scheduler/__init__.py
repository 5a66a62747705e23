# SPDX-License-Identifier: Apache-2.0

from nova import objects

# As nova's services do before they load a plug-in.
objects.register_all()
