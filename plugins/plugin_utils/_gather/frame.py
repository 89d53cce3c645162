# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The frame around the answer of a host: text in, the answer's bytes out.

A frame is a line with a mark, a checksum and a length, the answer, and a line with the mark. The
checksum is that of cksum(1), as POSIX defines it."""

from __future__ import annotations

import re
import zlib

from ansible_collections.mailops.postfix.plugins.module_utils._host.errors import HostError

_NAME = b"mailops-postfix"
_HEADER = re.compile(rb"mailops-postfix [0-9a-f]+ \d+ \d+\n")
# Anywhere, because a terminal echoes the script into the output.
_LACKING = re.compile(rb'mailops-postfix lacks [^\r\n"]*')
_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_SHOWN = 200


class NoAnswerError(Exception):
    """A host that did not begin an answer. The text says why."""


def checksum(data: bytes) -> int:
    """The checksum that cksum(1) prints."""
    length = len(data)
    octets = length.to_bytes((length.bit_length() + 7) // 8, "little")
    # zlib has the same polynomial, but begins with all bits set and reads each byte from its end.
    found = zlib.crc32((data + octets).translate(_MIRRORED), 0xFFFFFFFF)
    return int(f"{found:032b}"[::-1], 2)


def pack(body: bytes, mark: str) -> bytes:
    """The frame around an answer, as guard.sh prints it."""
    word = mark.encode("ascii")
    header = b"%s %s %d %d\n" % (_NAME, word, checksum(body), len(body))
    return header + body + b"\nend " + word + b"\n"


def unpack(output: bytes, mark: str) -> bytes:
    """The answer in the output of a host, which is a frame with this mark and nothing else.

    Raises NoAnswerError without a frame, and HostError (torn_answer) for an output of which any
    part is missing, altered or added."""
    if _NAME not in output:
        raise NoAnswerError(f"the host answered {_shown(output)}")
    lacking = _LACKING.search(output)
    if lacking:
        raise NoAnswerError(lacking.group().decode("ascii", "replace"))
    header = _HEADER.search(output)
    if header is None:
        raise _torn(f"it is incomplete: {_shown(output)}")
    if header.start() != 0:
        raise _torn(f"before it stands {_shown(output[: header.start()])}")
    tail = b"\nend %s\n" % mark.encode("ascii")
    body, found, after = output[header.end() :].partition(tail)
    if not found:
        raise _torn("its end is missing")
    if after:
        raise _torn(f"after it stands {_shown(after)}")
    if pack(body, mark) != output:
        raise _torn("its checksum or length is another")
    return body


def _torn(why: str) -> HostError:
    return HostError("torn_answer", f"the host's answer did not arrive as it was sent: {why}")


def _shown(output: bytes) -> str:
    text = output.decode("utf-8", "replace").strip()
    return repr(text[:_SHOWN]) if text else "nothing"
