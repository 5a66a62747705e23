# SPDX-License-Identifier: Apache-2.0

"""The measurement file: rows of latency as text, CSV or JSON lines.

Pure: text in, records out; neither files nor databases. ``lines`` turns a
line into cells, ``record`` cells into a record, ``file`` a whole file into
records or into its list of bad lines.
"""
