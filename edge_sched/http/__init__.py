# SPDX-License-Identifier: Apache-2.0

"""Pages that our services publish."""
