# SPDX-License-Identifier: Apache-2.0

"""How hosts stand to what is asked: verdicts, scores, words for them."""
