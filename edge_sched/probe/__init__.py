# SPDX-License-Identifier: Apache-2.0

"""How long a round trip takes: probes, and the service that sends them."""
