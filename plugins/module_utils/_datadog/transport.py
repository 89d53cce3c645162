# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One HTTP request to Datadog's API, and its answer as it came."""

from __future__ import annotations

import http.client
import queue
import threading
import urllib.error
from typing import Mapping, NamedTuple

from ansible.module_utils.urls import open_url

# Bytes.
_CHUNK = 65536
_LIMIT = 32 << 20


class Answer(NamedTuple):
    """headers: names in lower case; torn: why the body is not whole, or empty."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    torn: str


class Unanswered(Exception):
    """No answer came. Whether the request arrived is not known."""


def send(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float
) -> Answer:
    """timeout: of the whole, in seconds. Redirects are not followed, because they would take the
    keys along. Raises Unanswered."""
    outcome: queue.SimpleQueue[Answer | Exception] = queue.SimpleQueue()

    def exchange() -> None:
        try:
            outcome.put(_exchange(method, url, headers, body, timeout))
        except Exception as error:  # Raised again below.
            outcome.put(error)

    # The timeout of a socket begins anew with each byte, and a look-up of a name has none.
    threading.Thread(target=exchange, daemon=True).start()
    try:
        answer = outcome.get(timeout=timeout)
    except queue.Empty:
        raise Unanswered(f"the request timed out after {timeout:.3g} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def _exchange(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float
) -> Answer:
    try:
        response = open_url(
            url,
            data=body,
            headers=dict(headers),
            method=method,
            timeout=timeout,
            follow_redirects="none",
            use_netrc=False,
            decompress=False,
            http_agent="ansible-mailops.postfix",
        )
    except urllib.error.HTTPError as error:
        # It is a response as well.
        response = error
    # A ValueError is what a certificate that is not valid can become.
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unanswered(
            str(getattr(error, "reason", "") or error) or type(error).__name__
        ) from None
    with response:
        return _read(response, int(response.code))


def _read(response: http.client.HTTPResponse, status: int) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    body = bytearray()
    torn = ""
    try:
        # Unlike read, read1 returns what has come.
        while chunk := response.read1(_CHUNK):
            body += chunk
            if len(body) > _LIMIT:
                torn = f"it goes on after {len(body)} bytes"
                break
    except (OSError, http.client.HTTPException) as error:
        torn = f"it ended after {len(body)} bytes ({type(error).__name__})"
    length = headers.get("content-length", "")
    if not torn and length.isdecimal() and len(length) < 19 and len(body) < int(length):
        torn = f"it has {len(body)} bytes of {length}"
    return Answer(status, headers, bytes(body), torn)
