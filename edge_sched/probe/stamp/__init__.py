# SPDX-License-Identifier: Apache-2.0

"""STAMP, the Simple Two-Way Active Measurement Protocol (RFC 8762).

Both ends of it: the prober sends, and the reflector at the client's side
sends back. With session identifiers (RFC 8972, section 3), in both modes, and
with TWAMP-Light peers at either end. No end keeps a session that the other
must know of.
"""
