# SPDX-License-Identifier: Apache-2.0

"""What commands need of Nova: its configuration, hints, checks."""
