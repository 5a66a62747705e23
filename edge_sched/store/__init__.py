# SPDX-License-Identifier: Apache-2.0

"""The latency store: SQL schema, migrations, look-up and writing.

The only package that speaks SQL. ``reader`` is what the scheduler asks,
``writer`` what the commands and the collector write with, ``migrate`` makes
and upgrades the tables. Nothing here imports Nova.
"""
