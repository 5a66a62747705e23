# SPDX-License-Identifier: Apache-2.0


"""Texts of others, made fit to be shown: cut, escaped, on one line. Pure."""

#: Of a text in a log: chosen, two lines of a terminal or so, enough to tell
#: which it is.
LINE_LENGTH = 200


def shorten(text: str, length: int = 64) -> str:
    """Cut a text that a user wrote, marking the cut with an ellipsis."""
    return text if len(text) <= length else text[: length - 3] + '...'


def readable(text: str, length: int = LINE_LENGTH) -> str:
    r"""A text of a stranger as a log may have it.

    ``'\x1b[2J\r\n round 1'`` is ``'\\x1b[2J round 1'``: what a terminal would
    obey, or could not show, is escaped, blanks and line ends are one blank.
    """
    # More than enough, so that no long text is looked at whole.
    line = ' '.join(text[: 8 * length].split())
    return shorten(
        ''.join(
            each
            if each.isprintable()
            else each.encode('unicode_escape').decode()
            for each in line[: length + 1]
        ),
        length,
    )
