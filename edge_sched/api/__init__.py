# SPDX-License-Identifier: Apache-2.0

"""The API for tenants: what is near whom, asked before a server is created."""
