#!/usr/bin/python3
"""Stands in for Gray Logic Core where the rig's profile of it is tested. It is not Gray Logic Core.

It was written from the same description of Core's interface as rigs/systems/graylogic-core.yaml: what it shows is that the profile and the rig fit
that description and each other, and nothing about Core. It protects itself against nothing but the end of its knxd and of its link to it.
"""

import base64
import hashlib
import http.client
import json
import os
import queue
import random
import re
import secrets
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STATE_KEYS = {"temperature": "temperature", "switch": "on", "switch_status": "on"}
output = threading.Lock()


def say(level, message, **fields):
    with output:
        print(json.dumps({"level": level, "msg": message, "service": "graylogic", **fields}, separators=(",", ":")), flush=True)


def read_configuration(path):
    """The few values that are needed, out of the file as the profile writes it."""
    text = open(path, encoding="utf-8").read()

    def value(pattern):
        found = re.search(pattern, text)
        if not found:
            sys.exit(f"Error: loading {path}: nothing matches {pattern}")
        return found.group(1)

    return {
        "database": value(r'database: \{path: "([^"]+)"'),
        "tsdb": int(value(r'tsdb: \{enabled: true, url: "http://127.0.0.1:(\d+)"')),
        "mqtt": int(value(r'broker: \{host: "127.0.0.1", port: (\d+)')),
        "api": int(value(r'api: \{host: "127.0.0.1", port: (\d+)')),
        "knxd": int(value(r"knxd_port: (\d+)")),
        "binary": value(r'binary: "([^"]+)"'),
    }


class MQTT:
    """Publishes, and comes back after an end. What is published meanwhile is lost."""

    def __init__(self, port):
        self.port, self.socket, self.lock, self.number = port, None, threading.Lock(), 0
        threading.Thread(target=self.run, daemon=True).start()

    @staticmethod
    def text(text):
        octets = text.encode()
        return struct.pack(">H", len(octets)) + octets

    @staticmethod
    def packet(kind, body):
        length, rest = b"", len(body)
        while True:
            length += bytes([rest % 128 | (128 if rest > 127 else 0)])
            rest //= 128
            if not rest:
                return bytes([kind]) + length + body

    def status(self, status, **fields):
        return json.dumps({"status": status, "client_id": "graylogic-core", **fields}, separators=(",", ":"))

    def run(self):
        delay = 1
        while True:
            try:
                link = socket.create_connection(("127.0.0.1", self.port), 10)
                will = self.status("offline", reason="unexpected_disconnect")
                # Clean session, a retained will of quality 1, 60 s.
                head = self.text("MQTT") + bytes([4, 0x2E]) + struct.pack(">H", 60)
                body = self.text("graylogic-core") + self.text("graylogic/system/status") + self.text(will)
                link.sendall(self.packet(0x10, head + body))
                if link.recv(4)[:1] != b"\x20":
                    raise OSError("refused")
                link.settimeout(None)
                with self.lock:
                    self.socket = link
                say("INFO", "MQTT reconnected")
                delay = 1
                self.publish("graylogic/system/status", self.status("online"), retained=True)
                while link.recv(4096):
                    pass
            except OSError:
                pass
            with self.lock:
                was, self.socket = self.socket, None
            if was:
                was.close()
                say("WARN", "MQTT disconnected")
            time.sleep(delay)
            delay = min(60, delay * 2)

    def publish(self, topic, payload, retained=False):
        with self.lock:
            try:
                if self.socket is None:
                    raise OSError("mqtt: client not connected")
                self.number = self.number % 65535 + 1
                head = self.text(topic) + struct.pack(">H", self.number)
                self.socket.sendall(self.packet(0x33 if retained else 0x32, head + payload.encode()))
            except OSError as error:
                say("ERROR", "failed to publish state", error=str(error))


class TimeSeries:
    """Writes what has come once a second. What cannot be written is lost."""

    def __init__(self, port):
        self.port, self.lines, self.lock = port, [], threading.Lock()
        try:
            if self.request("GET", "/health") != 200:
                raise OSError("unhealthy")
        except (OSError, http.client.HTTPException) as error:
            sys.exit(f"Error: connecting to the time-series database: {error}")
        threading.Thread(target=self.run, daemon=True).start()

    def request(self, method, path, body=None):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            link.request(method, path, body)
            return link.getresponse().status
        finally:
            link.close()

    def take(self, device, measurement, value):
        with self.lock:
            self.lines.append(f"device_metrics,device_id={device},measurement={measurement} value={float(value)} {time.time_ns()}")

    def run(self):
        while True:
            time.sleep(1)
            self.flush()

    def flush(self):
        with self.lock:
            lines, self.lines = self.lines, []
        try:
            if lines and self.request("POST", "/write", "\n".join(lines) + "\n") >= 300:
                raise OSError("refused")
        except (OSError, http.client.HTTPException) as error:
            say("ERROR", "TSDB write error", error=str(error))


class Sockets:
    """WebSocket clients: who has subscribed gets what comes, up to 256 messages of which wait for one that does not read."""

    def __init__(self):
        self.tickets, self.clients, self.lock = set(), {}, threading.Lock()

    def ticket(self):
        ticket = secrets.token_hex(16)
        self.tickets.add(ticket)
        return ticket

    def broadcast(self, channel, payload):
        text = json.dumps({"type": "event", "event_type": channel, "timestamp": time.strftime("%FT%TZ", time.gmtime()), "payload": payload})
        with self.lock:
            for waiting, channels in self.clients.values():
                if channel in channels and waiting.qsize() < 256:
                    waiting.put((1, text.encode()))

    def serve(self, link, key):
        accept = base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()
        head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        link.sendall((head + accept + "\r\n\r\n").encode())
        link.settimeout(40)
        waiting, channels = queue.Queue(), set()
        with self.lock:
            self.clients[link] = waiting, channels
        threading.Thread(target=self.write, args=(link, waiting), daemon=True).start()
        try:
            while True:
                kind, body = self.read(link)
                if kind == 8:
                    return
                if kind == 9:
                    waiting.put((10, body))
                if kind == 1:
                    message = json.loads(body)
                    if message["type"] == "subscribe":
                        channels.update(message["payload"]["channels"])
                        answer = {"type": "response", "id": message["id"], "payload": {"subscribed": sorted(channels)}}
                        waiting.put((1, json.dumps(answer).encode()))
        except (OSError, ValueError, KeyError) as error:
            say("WARN", "websocket read error", error=str(error))
        finally:
            with self.lock:
                del self.clients[link]
            waiting.put(None)

    @staticmethod
    def read(link):
        first, second = Core.octets(link, 2)
        length = second & 127
        if length > 125:
            length = int.from_bytes(Core.octets(link, 2 if length == 126 else 8), "big")
        mask = Core.octets(link, 4)
        return first & 15, bytes(octet ^ mask[index % 4] for index, octet in enumerate(Core.octets(link, length)))

    @staticmethod
    def write(link, waiting):
        ping = time.monotonic() + 30
        try:
            while True:
                try:
                    message = waiting.get(timeout=max(0, ping - time.monotonic()))
                except queue.Empty:
                    message, ping = (9, b""), time.monotonic() + 30
                if message is None:
                    return
                kind, body = message
                length = bytes([len(body)]) if len(body) < 126 else b"\x7e" + struct.pack(">H", len(body))
                link.sendall(bytes([0x80 | kind]) + length + body)
        except OSError:
            try:
                link.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def merge(old, new):
    """Goes into what is there, as deep as both are records."""
    merged = dict(old)
    for key, value in new.items():
        is_deep = isinstance(value, dict) and isinstance(old.get(key), dict)
        merged[key] = merge(old[key], value) if is_deep else value
    return merged


class Core:
    def __init__(self, configuration):
        self.configuration, self.devices, self.mapped, self.cache = configuration, {}, {}, {}
        self.lock, self.seen, self.link, self.knxd = threading.RLock(), set(), None, None
        self.received = self.sent = 0
        self.database = sqlite3.connect(configuration["database"], check_same_thread=False, isolation_level=None)
        self.database.executescript(
            """PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;
            CREATE TABLE IF NOT EXISTS devices(id TEXT PRIMARY KEY, device TEXT);
            CREATE TABLE IF NOT EXISTS users(name TEXT PRIMARY KEY, password TEXT);
            CREATE TABLE IF NOT EXISTS settings(secret TEXT);
            CREATE TABLE IF NOT EXISTS state_history(id TEXT PRIMARY KEY, device_id TEXT, state TEXT, source TEXT, created_at TEXT);"""
        )
        for identifier, device in self.database.execute("SELECT id, device FROM devices"):
            self.devices[identifier] = json.loads(device)
        users = self.database.execute("SELECT password FROM users").fetchone()
        if users:
            say("INFO", "users exist, skipping owner seed")
            self.password = users[0]
            self.token = self.database.execute("SELECT secret FROM settings").fetchone()[0]
        else:
            self.password, self.token = secrets.token_hex(16), secrets.token_hex(32)
            self.database.execute("INSERT INTO users VALUES ('owner', ?)", (self.password,))
            self.database.execute("INSERT INTO settings VALUES (?)", (self.token,))
            with output:
                print(f"{'=' * 60}\nSEED OWNER PASSWORD (change immediately):\n{self.password}\n{'=' * 60}", flush=True)
            say("WARN", "seed owner account created")
        self.map()
        self.series, self.sockets = TimeSeries(configuration["tsdb"]), Sockets()
        self.mqtt = MQTT(configuration["mqtt"])
        threading.Thread(target=self.keep_knxd, daemon=True).start()
        self.wait_for_knxd()
        threading.Thread(target=self.keep_link, daemon=True).start()
        threading.Thread(target=self.watch, daemon=True).start()

    # Its knxd.

    def keep_knxd(self):
        while True:
            arguments = ["-e", "0.0.1", "-E", "0.0.2:20", "-u", "graylogic-knxd.sock", f"-i{self.configuration['knxd']}"]
            self.knxd = subprocess.Popen(
                [self.configuration["binary"], *arguments, "-b", "ipt:127.0.0.1:3671"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
            )
            say("INFO", "process started", pid=self.knxd.pid)
            self.knxd.wait()
            say("WARN", "process exited unexpectedly")
            time.sleep(5)

    def connect(self):
        return socket.create_connection(("localhost", self.configuration["knxd"]), 10)

    def wait_for_knxd(self):
        deadline = time.monotonic() + 30
        while True:
            try:
                return self.connect().close()
            except OSError as error:
                if time.monotonic() > deadline:
                    sys.exit(f"Error: starting knxd: {error}")
                time.sleep(0.1)

    def watch(self):
        """Five of the addresses that were heard are read; three rounds without any answer, and knxd is killed."""
        failures = 0
        while True:
            time.sleep(30)
            with self.lock:
                groups = random.sample(sorted(self.seen), min(5, len(self.seen)))
            if not groups:
                continue
            before = self.answers
            for group in groups:
                self.read(group)
            time.sleep(1)
            failures = 0 if self.answers > before else failures + 1
            if failures:
                say("WARN", "health check failed", layer=3)
            if failures == 3:
                say("ERROR", "health check failed repeatedly, killing process")
                os.killpg(self.knxd.pid, signal.SIGKILL)
                failures = 0

    def read(self, group):
        try:
            with self.connect() as link:
                link.settimeout(0.7)
                link.sendall(struct.pack(">HHHB", 5, 0x0022, group, 0))
                link.recv(64)
                link.sendall(struct.pack(">HHH", 4, 0x0025, 0))
                time.sleep(0.3)
        except OSError:
            pass

    # Its link to the line.

    answers = 0

    def keep_link(self):
        wait = 0
        while True:
            time.sleep(wait)
            try:
                link = self.connect()
                link.settimeout(None)
                link.sendall(struct.pack(">HH", 5, 0x0026) + b"\0\0\0")
                self.take(link)
                with self.lock:
                    self.link = link
                say("INFO", "reconnection successful")
                wait = 0
                if not self.ready.is_set():
                    self.read_all()
                    self.ready.set()
                while True:
                    kind, body = self.take(link)
                    if kind == 0x0027 and len(body) >= 6:
                        self.hear(struct.unpack(">H", body[2:4])[0], body[4:])
            except OSError as error:
                with self.lock:
                    was, self.link = self.link, None
                if was:
                    say("ERROR", "read failed", error=str(error))
                    say("INFO", "connection lost, will attempt reconnection")
                wait = min(120, wait * 1.5) or (0.01 if was else 5)

    ready = threading.Event()

    @staticmethod
    def octets(link, count):
        octets = b""
        while len(octets) < count:
            more = link.recv(count - len(octets))
            if not more:
                raise OSError("end of file")
            octets += more
        return octets

    @classmethod
    def take(cls, link):
        (length,) = struct.unpack(">H", cls.octets(link, 2))
        body = cls.octets(link, length)
        return struct.unpack(">H", body[:2])[0], body[2:]

    def send(self, group, data):
        with self.lock:
            if self.link is None:
                return say("ERROR", "command failed", code="DEVICE_UNREACHABLE")
            body = struct.pack(">HH", 0x0027, group) + data
            self.link.sendall(struct.pack(">H", len(body)) + body)
            self.sent += 1

    def read_all(self):
        for group, (_, _, flags) in sorted(self.mapped.items()):
            if "read" in flags:
                self.send(group, b"\0\0")
                time.sleep(0.05)

    def hear(self, group, data):
        self.received += 1
        with self.lock:
            self.seen.add(group)
            service = data[1] & 0xC0
            if service == 0x40:
                self.answers += 1
            if service == 0 or group not in self.mapped:
                return
            device, function, _ = self.mapped[group]
            if function == "temperature":
                if len(data) != 4:
                    return say("ERROR", "failed to decode telegram")
                raw = struct.unpack(">H", data[2:4])[0]
                mantissa = (raw & 0x7FF) - (0x800 if raw & 0x8000 else 0)
                value = 0.01 * mantissa * (1 << (raw >> 11 & 15))
            else:
                value = bool(data[1] & 1)
            self.take_state(device, function, value, group)

    def take_state(self, device, function, value, group):
        if self.cache.get((device, function)) == value:
            return
        self.cache[(device, function)] = value
        state = {STATE_KEYS[function]: value}
        self.devices[device]["state"].update(state)
        address = f"{group >> 11}/{group >> 8 & 7}/{group & 255}"
        payload = {"device_id": device, "state": state, "protocol": "knx", "address": address}
        self.mqtt.publish("graylogic/state/knx/" + address.replace("/", "%2F"), json.dumps(payload))
        self.sockets.broadcast("device.state_changed", payload)
        self.series.take(device, STATE_KEYS[function], value)
        row = (secrets.token_hex(8), device, json.dumps(state), "knx", time.strftime("%FT%TZ", time.gmtime()))
        try:
            self.database.execute("INSERT INTO state_history VALUES (?, ?, ?, ?, ?)", row)
        except sqlite3.Error as error:
            say("DEBUG", "state history write failed", error=str(error))

    # Its devices.

    def map(self):
        """Which group address is whose. Devices that come later are not in it before it is made anew."""
        with self.lock:
            self.mapped = {}
            for identifier, device in self.devices.items():
                for function, place in device["address"]["functions"].items():
                    main, middle, sub = map(int, place["ga"].split("/"))
                    self.mapped[main << 11 | middle << 8 | sub] = (identifier, function, place["flags"])

    def store(self, device):
        self.database.execute("INSERT OR REPLACE INTO devices VALUES (?, ?)", (device["id"], json.dumps(device)))
        self.devices[device["id"]] = device

    def answer(self, method, path, body):
        if (method, path) == ("GET", "/api/v1/metrics"):
            return 200, {
                "uptime_seconds": 1.5, "mqtt": {"connected": self.mqtt.socket is not None},
                "knx_bridge": {"connected": self.link is not None, "telegrams_rx": self.received},
                "websocket": {"connected_clients": len(self.sockets.clients)},
            }
        if (method, path) == ("GET", "/api/v1/devices"):
            return 200, {"devices": list(self.devices.values()), "count": len(self.devices)}
        if (method, path) == ("POST", "/api/v1/devices"):
            if body["id"] in self.devices:
                return 409, {"code": "conflict"}
            self.store(body)
            return 201, body
        if (method, path) == ("POST", "/api/v1/auth/ws-ticket"):
            return 200, {"ticket": self.sockets.ticket(), "expires_in": 120}
        if (method, path) == ("POST", "/api/v1/system/factory-reset"):
            if body != {"clear_discovery": True, "confirm": "FACTORY RESET"}:
                return 400, {"code": "bad_request"}
            self.map()
            return 200, {}
        found = re.fullmatch(r"/api/v1/devices/([^/]+)(/state)?", path)
        if not found or found.group(1) not in self.devices:
            return 404, {"code": "not_found"}
        device = self.devices[found.group(1)]
        if method == "PATCH" and not found.group(2):
            self.store(merge(device, body))
            return 200, self.devices[device["id"]]
        if method == "PUT" and found.group(2) and body["command"] in ("on", "off"):
            group = next(group for group, (who, what, _) in self.mapped.items() if (who, what) == (device["id"], "switch"))
            self.send(group, bytes([0, 0x81 if body["command"] == "on" else 0x80]))
            return 202, {"command_id": secrets.token_hex(8), "status": "accepted"}
        return 400, {"code": "bad_request"}


def handler(core):
    logins = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # Head and body in one segment.

        def reply(self, status, body):
            octets = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def serve(self):
            found = re.fullmatch(r"/api/v1/ws\?ticket=(\w+)", self.path)
            if found:
                if found.group(1) not in core.sockets.tickets:
                    return self.reply(401, {"code": "unauthorized"})
                core.sockets.tickets.discard(found.group(1))
                self.close_connection = True
                return core.sockets.serve(self.connection, self.headers["Sec-WebSocket-Key"])
            octets = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if len(octets) > 1 << 20:
                return self.reply(400, {"code": "bad_request", "message": "invalid JSON body"})
            body = json.loads(octets or b"null")
            if self.path == "/api/v1/auth/login":
                logins.append(1)
                if len(logins) > 5:
                    return self.reply(429, {"code": "rate_limited"})
                if body != {"username": "owner", "password": core.password}:
                    return self.reply(401, {"code": "unauthorized"})
                return self.reply(200, {"access_token": core.token, "token_type": "Bearer", "expires_in": 86400})
            if self.headers.get("Authorization") != "Bearer " + core.token:
                return self.reply(401, {"code": "unauthorized", "message": "a token is needed"})
            with core.lock:
                status, answer = core.answer(self.command, self.path, body)
            self.reply(status, answer)

        do_GET = do_POST = do_PUT = do_PATCH = serve

        def log_message(self, *_):
            pass

    return Handler


def main():
    core = Core(read_configuration(os.environ["GRAYLOGIC_CONFIG"]))

    def stop(*_):
        os.killpg(core.knxd.pid, signal.SIGKILL)
        core.series.flush()
        core.mqtt.publish("graylogic/system/status", core.mqtt.status("offline", reason="graceful_shutdown"), retained=True)
        core.database.close()
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    server = ThreadingHTTPServer(("127.0.0.1", core.configuration["api"]), handler(core))
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    core.ready.wait()
    say("INFO", "all health checks passed")
    say("INFO", "initialisation complete, waiting for shutdown signal")
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
