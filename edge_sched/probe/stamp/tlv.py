# SPDX-License-Identifier: Apache-2.0

"""What a reflector sends back of TLVs (RFC 8972, section 4) and padding.

They come after the packet: flags, type, two octets of length, value. They are
copied, so that the reply is as long as the request. Of all types only Extra
Padding is known here, which asks for nothing; the others are marked as not
recognised, as the RFC has it.
"""

import struct

_HEADER = struct.Struct('!BBH')

#: Flags: not recognised, and malformed.
_U = 0x80
_M = 0x40

#: Types: 0 is reserved, so zeros are the padding of a TWAMP-Light peer.
_NONE = 0
_EXTRA_PADDING = 1


def reflected(tail: bytes) -> bytes:
    """The octets after a reply, for those after its request: as many."""
    copy = bytearray(tail)
    offset = 0
    while offset + _HEADER.size <= len(tail):
        _, kind, octets = _HEADER.unpack_from(tail, offset)
        if kind == _NONE:
            break
        end = offset + _HEADER.size + octets
        copy[offset] = 0 if kind == _EXTRA_PADDING else _U
        if end > len(tail):
            copy[offset] |= _M
        offset = end
    return bytes(copy)
