"""How fast xknx and tshark decode the benchmark's messages, beside our own rate: messages as lines of hexadecimal on standard input.

Usage: speed.py OUR_MESSAGES_PER_SECOND
"""

import struct
import subprocess
import sys
import tempfile
import time

from xknx.cemi import CEMIFrame

ours = float(sys.argv[1])
frames = [bytes.fromhex(line) for line in sys.stdin]

began = time.process_time()
for frame in frames:
    try:
        CEMIFrame.from_knx(frame)
    except Exception:
        # What it refuses takes its time, too.
        pass
xknx = len(frames) / (time.process_time() - began)

with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
    # DLT_USER0, which tshark is told to take for cEMI.
    file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 147))
    for index, frame in enumerate(frames):
        file.write(struct.pack("<IIII", index, 0, len(frame), len(frame)) + frame)
    file.flush()
    words = ["tshark", "-r", file.name, "-n", "-o", 'uat:user_dlts:"User 0 (DLT=147)","cemi","0","","0",""', "-T", "fields", "-e", "cemi.mc"]
    began = time.monotonic()
    subprocess.run(words, stdout=subprocess.DEVNULL, check=True)
    tshark = len(frames) / (time.monotonic() - began)

slowest = min(ours / xknx, ours / tshark)
for name, rate in (("xknx 4.0.0", xknx), ("tshark", tshark)):
    print(f"{name}: {rate / 1000:.0f} thousand messages/s; knxrig decodes {ours / rate:.0f} times as many")
sys.exit(0 if slowest >= 100 else 1)
