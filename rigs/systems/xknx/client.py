"""A plain KNX/IP client: xknx on one tunnel, with a look inside over HTTP. It adds nothing to xknx that would help it to survive.

    python client.py CONFIGURATION.json

Writes one JSON object per line: {"telegram": {"group", "raw", "source"}} for each value that xknx's callback was given, {"message": …} for the
rest. GET /state, GET /health (200 while xknx says that it is connected), PUT /command/1/2/0 with {"value": true}: 200 when xknx has sent the
telegram and had it confirmed by its gateway, which is all that xknx can know.
"""

import asyncio
import importlib.metadata
import json
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from xknx import XKNX
from xknx.core import XknxConnectionState
from xknx.devices import BinarySensor
from xknx.dpt import DPTBinary
from xknx.exceptions import XKNXException
from xknx.io import ConnectionConfig, ConnectionType
from xknx.telegram import GroupAddress, Telegram, TelegramDirection
from xknx.telegram.apci import GroupValueResponse, GroupValueWrite

VERSION = "4.0.0"
output = threading.Lock()


def say(**fields):
    """One JSON line on standard output."""
    with output:
        print(json.dumps(fields, separators=(",", ":")), flush=True)


def addresses(text):
    """Group addresses of `1/3/0` or of a range within a middle group, `1/3/0-1/3/7`."""
    first, _, last = text.partition("-")
    start, end = GroupAddress(first).raw, GroupAddress(last or first).raw
    return [GroupAddress(raw) for raw in range(start, end + 1)]


class Client:
    """xknx, and what its callbacks said."""

    def __init__(self, configuration):
        self.points = {}
        self.sent = {}
        self.timeout = configuration["command_timeout"]
        gateway = configuration["gateway"]
        self.xknx = XKNX(
            connection_config=ConnectionConfig(
                connection_type=ConnectionType.TUNNELING,
                gateway_ip=gateway["host"],
                gateway_port=gateway["port"],
                local_ip=gateway["local"],
            ),
            connection_state_changed_cb=self.connection_changed,
            state_updater=True,
        )
        self.xknx.telegram_queue.register_telegram_received_cb(
            self.received, match_for_outgoing=True
        )
        # xknx reads the state of its devices by itself at every connection.
        for text in configuration["read"]:
            for address in addresses(text):
                self.xknx.devices.async_add(
                    BinarySensor(
                        self.xknx,
                        name=str(address),
                        group_address_state=address,
                        sync_state="init",
                    )
                )

    @property
    def is_connected(self):
        return self.xknx.connection_manager.state is XknxConnectionState.CONNECTED

    def connection_changed(self, state):
        if state is XknxConnectionState.CONNECTED:
            say(message="knx connected", address=str(self.xknx.current_address))
        elif state is XknxConnectionState.DISCONNECTED:
            say(message="knx disconnected")

    def received(self, telegram):
        if telegram.direction is TelegramDirection.OUTGOING:
            # xknx calls back for a telegram of its own once the gateway has confirmed it.
            waiting = self.sent.pop(id(telegram), None)
            if waiting is not None and not waiting.done():
                waiting.set_result(None)
            return
        if not isinstance(telegram.payload, (GroupValueWrite, GroupValueResponse)):
            return
        value = telegram.payload.value.value
        raw = f"{value:02x}" if isinstance(value, int) else bytes(value).hex()
        group = str(telegram.destination_address)
        self.points[group] = {"raw": raw, "source": str(telegram.source_address)}
        say(telegram={"group": group, **self.points[group]})

    async def command(self, group, value):
        """Sends a switch telegram; returns when xknx has had it confirmed."""
        telegram = Telegram(
            destination_address=GroupAddress(group),
            payload=GroupValueWrite(DPTBinary(1 if value else 0)),
        )
        waiting = asyncio.get_running_loop().create_future()
        self.sent[id(telegram)] = waiting
        try:
            await self.xknx.telegrams.put(telegram)
            await asyncio.wait_for(waiting, self.timeout)
        finally:
            self.sent.pop(id(telegram), None)


def handler(client, loop):
    """The HTTP side, on threads beside xknx's loop."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # Head and body in one segment.

        def answer(self, status, body):
            octets = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def do_GET(self):
            if self.path == "/state":
                self.answer(200, {"points": dict(client.points)})
            elif self.path == "/health":
                self.answer(200 if client.is_connected else 503, {"connected": client.is_connected})
            else:
                self.answer(404, {"error": "there is nothing here"})

        def do_PUT(self):
            try:
                body = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                group = str(GroupAddress(self.path.removeprefix("/command/")))
                value = body["value"]
            except (ValueError, KeyError, TypeError, XKNXException) as error:
                return self.answer(400, {"error": str(error)})
            if not client.is_connected:
                return self.answer(503, {"error": "xknx is not connected"})
            future = asyncio.run_coroutine_threadsafe(client.command(group, value), loop)
            try:
                future.result()
            except TimeoutError:
                return self.answer(504, {"error": "not confirmed in time"})
            self.answer(200, {"group": group})

        def log_message(self, *_):
            pass

    return Handler


async def main(configuration):
    client = Client(configuration)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = ThreadingHTTPServer(("127.0.0.1", configuration["http_port"]), handler(client, loop))
    server.daemon_threads = True
    try:
        await client.xknx.start()
    except XKNXException as error:
        sys.exit(f"no connection to the gateway: {error}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    say(message="ready", xknx=VERSION)
    await stop.wait()
    server.shutdown()
    say(message="stopping")
    try:
        # xknx waits for its queue first, which empties only while it is connected.
        await asyncio.wait_for(client.xknx.stop(), 3)
    except TimeoutError:
        say(message="stopped with telegrams unsent")
    say(message="stopped")


if __name__ == "__main__":
    found = importlib.metadata.version("xknx")
    if found != VERSION:
        sys.exit(f"{sys.argv[0]} is written for xknx {VERSION}, and {found} is installed: run the script 'install' beside it")
    with open(sys.argv[1], encoding="utf-8") as file:
        asyncio.run(main(json.load(file)))
