# SPDX-License-Identifier: Apache-2.0

"""Decision records read back from logs, and judged anew.

Pure, and hostile input all the way: whoever can write to a log can write
whatever looks like a record.
"""
