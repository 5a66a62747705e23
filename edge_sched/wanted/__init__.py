# SPDX-License-Identifier: Apache-2.0

"""Clients that are to be measured: which, and from where. Pure."""
