# SPDX-License-Identifier: Apache-2.0

"""Times as 64 bits on the wire: NTP (Z = 0) or PTPv2 (Z = 1), RFC 8186.

Here a time is whole nanoseconds since 1970-01-01 UTC. Both formats hold
32 bits of seconds, so that they say the same again after 136 years: what they
mean is the time nearest to one that is known. Leap seconds and the offset of
TAI are left out, since only differences on one clock are used.
"""

_SECOND_NS = 10**9
_ERA_NS = 2**32 * _SECOND_NS

#: NTP counts from 1900-01-01 (RFC 5905, section 6).
_NTP_OFFSET_SECONDS = 2_208_988_800


def encode(time_ns: int, ptp: bool = False) -> int:
    """The 64 bits of a time: seconds, then a fraction or nanoseconds."""
    seconds, rest_ns = divmod(time_ns, _SECOND_NS)
    if ptp:
        return (seconds & 0xFFFFFFFF) << 32 | rest_ns
    seconds = (seconds + _NTP_OFFSET_SECONDS) & 0xFFFFFFFF
    return seconds << 32 | (rest_ns << 32) // _SECOND_NS


def decode(bits: int, near_ns: int, ptp: bool = False) -> int:
    """The time with these 64 bits that is nearest to ``near_ns``.

    Exact to the nanosecond for what ``encode`` made. Any 64 bits are a time.
    """
    if ptp:
        time_ns = (bits >> 32) * _SECOND_NS + (bits & 0xFFFFFFFF)
    else:
        # Rounded: a fraction is cut off below, by 0.23 ns at the most.
        time_ns = (bits * _SECOND_NS + 2**31) >> 32
        time_ns -= _NTP_OFFSET_SECONDS * _SECOND_NS
    half_ns = _ERA_NS // 2
    return near_ns + (time_ns - near_ns + half_ns) % _ERA_NS - half_ns
