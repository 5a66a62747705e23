# SPDX-License-Identifier: Apache-2.0

"""The key of the authenticated mode, from a file."""

import logging
import pathlib
import re

LOG = logging.getLogger(__name__)

#: The shortest key, in octets: what RFC 8762 sends of an HMAC, so that
#: guessing the key is no easier than guessing that.
KEY_MIN_OCTETS = 16

#: The longest: chosen, so that a wrong path is not read whole.
KEY_MAX_OCTETS = 1024

_HEX = re.compile(rb'\s*((?:[0-9A-Fa-f]{2})+)\s*')

#: Read, write or run by the group or by others.
_NOT_OWNER = 0o077


class BadKeyError(ValueError):
    """A key file that cannot be used; the message names it and says why."""


def read_key(path: str) -> bytes:
    """The key in a file: hexadecimal digits, or octets as they are.

    White space around hexadecimal digits is no part of the key; otherwise
    every octet counts, a line break at the end too. A file that others than
    its owner may touch is used, with a warning.

    :raises BadKeyError: if it cannot be read or is too short or too long
    """
    file = pathlib.Path(path)
    try:
        with file.open('rb') as stream:
            octets = stream.read(2 * KEY_MAX_OCTETS + 1)
        mode = file.stat().st_mode
    except OSError as error:
        raise BadKeyError(f'{path}: {error.strerror}') from None
    digits = _HEX.fullmatch(octets)
    key = bytes.fromhex(digits[1].decode()) if digits else octets
    if not KEY_MIN_OCTETS <= len(key) <= KEY_MAX_OCTETS:
        raise BadKeyError(
            f'{path}: the key has {len(key)} octets, not '
            f'{KEY_MIN_OCTETS}..{KEY_MAX_OCTETS}'
        )
    if mode & _NOT_OWNER:
        LOG.warning('%s: the key is not its owner\'s alone; chmod 600', path)
    return key
