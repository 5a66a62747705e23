# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.


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
