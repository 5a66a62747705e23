# SPDX-License-Identifier: Apache-2.0

"""What a request asks for: flavor and hints, each read, then made one."""
