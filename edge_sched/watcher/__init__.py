# SPDX-License-Identifier: Apache-2.0

"""The strategy that OpenStack Watcher loads, by an entry point.

The only package that imports python-watcher, and nothing else imports it.
"""
