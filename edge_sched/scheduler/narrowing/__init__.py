# SPDX-License-Identifier: Apache-2.0

"""What Placement is asked for: the nearest sites with room."""
