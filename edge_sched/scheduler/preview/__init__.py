# SPDX-License-Identifier: Apache-2.0

"""What a server would come to that is not created yet."""
