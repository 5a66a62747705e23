# SPDX-License-Identifier: Apache-2.0

"""Clients that nobody measured: who may be probed, and by which sites.

Pure: it knows neither Nova nor oslo, makes no input or output.
"""
