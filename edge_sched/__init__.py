# SPDX-License-Identifier: Apache-2.0

"""Places servers near a client, by measured latency, in OpenStack Nova."""
