# Copyright: (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Passes TCP connections on, each direction a number of ms later, as a link to hosts far away does.

proxy.py MS TARGET...    Listens on a port of its own for each port of 127.0.0.1 that is a target,
and prints these ports in a line when it does"""

from __future__ import annotations

import asyncio
import sys

SIZE = 65536


async def main():
    delay = float(sys.argv[1]) / 1000
    servers = [await listen(int(target), delay) for target in sys.argv[2:]]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.gather(*(server.serve_forever() for server in servers))


async def listen(target, delay):
    async def accept(reader, writer):
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(carry(reader, there_writer, delay), carry(there_reader, writer, delay))

    return await asyncio.start_server(accept, "127.0.0.1", 0)


async def carry(reader, writer, delay):
    """Write what is read when its time has come; the next is read meanwhile."""
    clock = asyncio.get_running_loop().time
    due = asyncio.Queue()

    async def read():
        data = b"any"
        while data:
            try:
                data = await reader.read(SIZE)
            except ConnectionError:
                data = b""
            due.put_nowait((clock() + delay, data))

    reading = asyncio.create_task(read())
    try:
        while True:
            when, data = await due.get()
            await asyncio.sleep(when - clock())
            if not data:
                break
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()
    await reading


if __name__ == "__main__":
    asyncio.run(main())
