# SPDX-License-Identifier: Apache-2.0

"""The commands that read or write what is Nova's."""
