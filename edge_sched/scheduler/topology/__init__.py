# SPDX-License-Identifier: Apache-2.0

"""What Nova's databases say of hosts: where they are, and in which cell."""
