# SPDX-License-Identifier: Apache-2.0

"""Round trips of the connections that a site serves, by their handshakes."""
