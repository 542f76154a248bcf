"""Compares `knxrig decode --json` with xknx and tshark on the same frames. Differences that have no line in known-differences.txt are
printed, and end the comparison with exit status 1."""

import argparse
import collections
import fnmatch
import json
import math
import os
import pathlib
import random
import subprocess
import sys

import frames
import peers

HERE = pathlib.Path(__file__).resolve().parent


class Known:
    """The accepted differences: peer | kind | what | scope | our error | the peer's words | reason, with * as in file names."""

    def __init__(self, path):
        self.lines = []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            parts = [part.strip() for part in line.split(" | ")]
            if len(parts) != 7 or not parts[6]:
                sys.exit(f"{path.name}:{number}: seven columns, the last of which is the reason")
            self.lines.append((number, parts[:6], parts[6]))
        self.uses = collections.Counter()

    def explains(self, difference):
        for number, patterns, _ in self.lines:
            if all(fnmatch.fnmatchcase(part, pattern) for part, pattern in zip(difference, patterns)):
                self.uses[number] += 1
                return True
        return False


def same(ours, theirs):
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(same(ours[key], theirs[key]) for key in ours)
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(theirs, float) and math.isnan(theirs):
        # JSON has no such number.
        return ours is None
    if isinstance(theirs, float) and isinstance(ours, str):
        return str(theirs) == {"INFINITY": "inf", "-INFINITY": "-inf"}.get(ours)
    numbers = (int, float)
    if isinstance(ours, numbers) and isinstance(theirs, numbers) and not isinstance(ours, bool) and not isinstance(theirs, bool):
        return math.isclose(ours, theirs, rel_tol=1e-6, abs_tol=1e-9)
    return ours == theirs


class Comparison:
    def __init__(self, program, known):
        self.program, self.known = program, known
        self.unexplained, self.tally = [], collections.Counter()

    def ours(self, arguments, octets):
        lines = "".join(frame.hex() + "\n" for frame in octets)
        run = subprocess.run([self.program, "decode", "--json", *arguments], input=lines, capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"knxrig ended with {run.returncode}: {run.stderr}")
        objects = [json.loads(line) for line in run.stdout.split("\n") if line]
        assert len(objects) == len(octets), "one answer for each frame"
        return objects

    def difference(self, peer, kind, what, scope, ours, words, text):
        self.tally[f"{peer} {kind} differences"] += 1
        row = (peer, kind, what, scope, ours, " ".join(words.split()))
        if not self.known.explains(row):
            self.unexplained.append((row, text))

    def judge(self, peer, kind, scope, answer, error, is_bad, theirs, shared):
        """One frame: the verdicts, and where both accept it the fields that both know."""
        verdict, fields = theirs
        self.tally[f"{peer} {kind} frames"] += 1
        error = error or "-"
        if is_bad != (verdict is not None):
            self.difference(peer, kind, "rejects" if verdict else "accepts", scope, error, verdict or "-", answer["hex"])
        elif not is_bad:
            self.tally[f"{peer} {kind} accepted by both"] += 1
            for name, value in fields.items():
                mine = shared(answer, name)
                if not same(mine, value):
                    words = f"{json.dumps(mine)} here, {json.dumps(value)} there"
                    self.difference(peer, kind, f"field {name}", scope, error, words, answer["hex"])

    def cemi(self, generator, count):
        octets = frames.frames(generator, "cemi", count)
        answers = self.ours(["--kind", "cemi"], octets)

        def shared(answer, name):
            fields = answer["fields"]
            if name == "mc":
                return fields["mc"].lower().replace("_", "").replace(".", "")
            if name == "tpdu":
                code = int(fields["apci"], 16) | (fields.get("apci_data6") or 0)
                return f"{code:04x}" + fields.get("asdu", "")
            return fields.get(name)

        for peer in (peers.Xknx(), peers.Tshark()):
            for answer, theirs in zip(answers, peer.cemi(octets)):
                fields = answer["fields"] or {}
                scope = " ".join(str(fields[name]) for name in ("mc", "tpci", "service") if fields.get(name))
                is_bad = answer["severity"] in ("reject", "warning")
                self.judge(peer.name, "cemi", scope, answer, answer["error"], is_bad, theirs, shared)

    def knxnetip(self, generator, count):
        octets = frames.frames(generator, "knxnetip", count)
        answers = self.ours(["--kind", "knxnetip"], octets)
        for peer in (peers.Xknx(), peers.Tshark()):
            for answer, theirs in zip(answers, peer.knxnetip(octets)):
                fields = answer["fields"] or {}
                error = answer["error"] if answer["severity"] in ("reject", "warning") else None
                # tshark reads the cEMI message inside as well.
                inner = answer["decoded"].get("cemi")
                if peer.name == "tshark" and not error and inner:
                    if any(fault["severity"] != "info" for fault in inner["faults"]):
                        error = inner["error"]
                scope = fields.get("service_name") or fields.get("service", "")
                shared = lambda answer, name: answer["fields"].get(name)
                self.judge(peer.name, "knxnetip", scope, answer, error or answer["error"], bool(error), theirs, shared)

    def dpt(self, generator, count):
        peer = peers.Xknx()
        types = sorted(peer.datapoint_types().items())
        for index, (name, transcoder) in enumerate(types):
            share = count * (index + 1) // len(types) - count * index // len(types)
            payloads = [self.payload(generator, transcoder) for _ in range(share)]
            if not payloads:
                continue
            is_six_bit = transcoder.payload_type is peers.DPTBinary

            def shared(answer, name):
                known = (answer["fields"] or {}).get(name)
                return peers.leaves(known) if name == "value" else known

            answers = self.ours(["--dpt", name] + (["--six-bit"] if is_six_bit else []), payloads)
            for answer, theirs in zip(answers, peer.values(transcoder, payloads)):
                is_bad = answer["severity"] in ("reject", "warning")
                self.judge("xknx", "dpt", name, answer, answer["error"], is_bad, theirs, shared)

    @staticmethod
    def payload(generator, transcoder):
        if transcoder.payload_type is peers.DPTBinary:
            return bytes((generator.randrange(64 if generator.random() < 0.2 else 1 << transcoder.payload_length),))
        length = transcoder.payload_length or generator.randrange(1, 15)
        if generator.random() < 0.1:
            length = max(1, length + generator.choice((-1, 1)))
        octets = frames.some_octets(generator, length)
        # Small numbers are what enumerations and dates are made of.
        return octets if generator.random() < 0.6 else bytes(octet & generator.choice((1, 7, 31)) for octet in octets)


def main():
    parser = argparse.ArgumentParser(prog="scripts/differential")
    parser.add_argument("--count", type=int, default=20000, help="frames and values in all")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--program", default=os.environ.get("KNXRIG", ".build/release/knxrig"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    print(f"differential test: {options.count} frames and values, seed {seed}", flush=True)
    known = Known(HERE / "known-differences.txt")
    comparison = Comparison(options.program, known)
    comparison.cemi(random.Random(seed), options.count // 2)
    comparison.knxnetip(random.Random(seed + 1), options.count // 4)
    comparison.dpt(random.Random(seed + 2), options.count // 4)
    for name, number in sorted(comparison.tally.items()):
        print(f"{number:8}  {name}")
    for number, patterns, reason in known.lines:
        if known.uses[number]:
            print(f"{known.uses[number]:8}  known: {' '.join(patterns[:5])}: {reason}")
    groups = collections.defaultdict(list)
    for row, text in comparison.unexplained:
        groups[row[:5]].append((row[5], text))
    for row, cases in sorted(groups.items(), key=lambda item: -len(item[1]))[:60]:
        words, text = min(cases, key=lambda case: len(case[1]))
        print(f"UNEXPLAINED {len(cases)} times: {' | '.join(row)} | {words[:160]}\n    for example {text}")
    print(f"{len(comparison.unexplained)} unexplained differences")
    return 1 if comparison.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
