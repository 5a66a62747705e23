# SPDX-License-Identifier: Apache-2.0

"""What our services publish over HTTP, and read with bounds."""
