# SPDX-License-Identifier: Apache-2.0

"""What all speak of: clients, latencies and the keys of requests."""
