# SPDX-License-Identifier: Apache-2.0

"""Servers placed near their clients, on a real Nova in this process."""
