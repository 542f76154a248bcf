"""Frames to compare: recorded ones of every service, varied in what may vary, and damaged."""

import json
import pathlib

VECTORS = pathlib.Path(__file__).resolve().parent.parent / "KNXTests" / "Vectors"
LINK_DATA = (0x11, 0x29, 0x2E)


def recorded(kind):
    """The octets of all recorded frames of a kind; those that are wrong are as good a begin as those that are right."""
    vectors = json.loads((VECTORS / f"{kind}.json").read_text())["vectors"]
    return [bytes.fromhex(vector["hex"]) for vector in vectors if vector["hex"]]


def some_octets(random, count):
    return bytes(random.randrange(256) for _ in range(count))


def varied_cemi(random, frame):
    """Other addresses, priority, hop count and data; the service and all lengths stay."""
    frame = bytearray(frame)
    if frame[0] not in LINK_DATA or len(frame) < 11 or frame[1] > len(frame) - 10:
        return bytes(frame)
    body = 2 + frame[1]
    frame[0] = random.choice(LINK_DATA)
    frame[body] = frame[body] & 0xF3 | random.randrange(4) << 2
    frame[body + 1] = frame[body + 1] & 0x8F | random.randrange(8) << 4
    frame[body + 2 : body + 4] = some_octets(random, 2)
    if frame[body + 4] or frame[body + 5]:
        frame[body + 4 : body + 6] = random.choice((b"\x11\x01", some_octets(random, 2)))
    if random.random() < 0.3:
        data = body + 9
        frame[data:] = some_octets(random, len(frame) - data)
    return bytes(frame)


def group_telegram(random):
    """A group telegram with data of any length."""
    count = random.choice((0, 1, 2, 3, 4, 8, 13, 14, 15, random.randrange(16, 253)))
    code = random.choice((0x0000, 0x0040, 0x0080)) if count == 0 else random.choice((0x0040, 0x0080))
    short = random.randrange(64) if count == 0 and code else 0
    control = 0xBC if count < 15 else 0x3C
    return (
        bytes((random.choice(LINK_DATA), 0, control, 0x80 | random.randrange(8) << 4))
        + some_octets(random, 4)
        + bytes((count + 1,))
        + (code | short).to_bytes(2, "big")
        + some_octets(random, count)
    )


def varied_knxnetip(random, frame):
    """Another channel and sequence number where there is a connection header."""
    frame = bytearray(frame)
    if len(frame) >= 10 and frame[6] == 4 and frame[2] in (3, 4):
        frame[7:9] = some_octets(random, 2)
    return bytes(frame)


def damaged(random, frame):
    """One to three bit flips, a cut, octets put in, or an octet changed."""
    frame = bytearray(frame)
    way = random.randrange(4)
    if way == 0:
        for _ in range(random.randrange(1, 4)):
            frame[random.randrange(len(frame))] ^= 1 << random.randrange(8)
    elif way == 1:
        del frame[random.randrange(1, len(frame) + 1) :]
    elif way == 2:
        place = random.randrange(len(frame) + 1)
        frame[place:place] = some_octets(random, random.randrange(1, 4))
    else:
        frame[random.randrange(len(frame))] = random.randrange(256)
    return bytes(frame)


def frames(random, kind, count):
    base = recorded(kind)
    vary = varied_cemi if kind == "cemi" else varied_knxnetip
    result = base[:count]
    while len(result) < count:
        frame = group_telegram(random) if kind == "cemi" and random.random() < 0.15 else vary(random, random.choice(base))
        if random.random() < 0.6:
            frame = damaged(random, frame)
        if frame:
            result.append(frame)
    return result
