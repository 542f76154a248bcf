"""What other decoders make of frames, in the words of `knxrig decode --json`. A verdict is None, or why the peer refuses the frame."""

import enum
import signal
import struct
import subprocess
import tempfile

from xknx.cemi import CEMIFrame
from xknx.cemi.cemi_frame import CEMILData
from xknx.dpt import DPTArray, DPTBase, DPTBinary
from xknx.knxip import KNXIPFrame
from xknx.telegram import GroupAddress

PRIORITIES = ("system", "normal", "urgent", "low")


def complaint(error):
    return f"{type(error).__name__}: {error}"


class EndlessLoop(Exception):
    pass


def stop(number, stack):
    raise EndlessLoop("still busy with one frame after half a second")


class Xknx:
    name = "xknx"

    def __init__(self):
        signal.signal(signal.SIGVTALRM, stop)

    def cemi(self, frames):
        return [self.read(self.one_cemi, frame) for frame in frames]

    def knxnetip(self, frames):
        return [self.read(self.one_knxnetip, frame) for frame in frames]

    @staticmethod
    def read(reader, *arguments):
        # An exception that is not of xknx's own kind is a refusal, too: the frame did not get through. A description block of length 0 is read
        # again and again, into a list that grows until the memory is full.
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.5)
        try:
            return None, reader(*arguments)
        except Exception as error:
            return complaint(error), {}
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    @staticmethod
    def one_cemi(frame):
        message = CEMIFrame.from_knx(frame)
        fields = {"mc": message.code.name.lower().replace("_", "")}
        data = message.data
        if not isinstance(data, CEMILData):
            return fields
        fields |= {
            "src": str(data.src_addr),
            "dst": "/".join(map(str, (data.dst_addr.raw >> 11, data.dst_addr.raw >> 8 & 7, data.dst_addr.raw & 255)))
            if isinstance(data.dst_addr, GroupAddress)
            else str(data.dst_addr),
            "priority": PRIORITIES[data.flags.priority.value],
            "hops": data.flags.hop_count,
            "tpci": "T_" + type(data.tpci).__name__.removeprefix("T"),
        }
        fields["tpci"] = fields["tpci"].replace("Data", "Data_").replace("TagGroup", "Tag_Group")
        if data.tpci.numbered:
            fields["seq"] = data.tpci.sequence_number
        if data.payload is not None:
            fields["tpdu"] = bytes(data.payload.to_knx()).hex()
        return fields

    @staticmethod
    def one_knxnetip(frame):
        message, rest = KNXIPFrame.from_knx(frame)
        if rest:
            raise ValueError("octets are left over")
        body = message.body
        fields = {
            "service": f"0x{message.header.service_type_ident.value:04x}",
            "total_length": message.header.total_length,
        }
        for ours, theirs in (("channel", "communication_channel_id"), ("seq", "sequence_counter")):
            if hasattr(body, theirs):
                fields[ours] = getattr(body, theirs)
        # The feature services have a status code that is always 00 and that nobody sends.
        if getattr(body, "status_code", None) is not None and not hasattr(body, "feature_type"):
            fields["status"] = f"0x{body.status_code.value:02x}"
        if hasattr(body, "raw_cemi"):
            fields["cemi"] = body.raw_cemi.hex()
        for theirs in ("discovery_endpoint", "control_endpoint"):
            if hasattr(body, theirs) and type(body).__name__.startswith(("Search", "Description", "ConnectR")):
                fields["hpai_port"] = getattr(body, theirs).port
        return fields

    @staticmethod
    def datapoint_types():
        types = {}
        for transcoder in DPTBase.dpt_class_tree():
            # Subtypes from 60000 on are xknx's own.
            if transcoder.dpt_main_number is not None and 0 < (transcoder.dpt_sub_number or 0) < 60000:
                types.setdefault(transcoder.dpt_number_str(), transcoder)
        return types

    def values(self, transcoder, payloads):
        def value(octets):
            payload = DPTBinary(octets[0]) if transcoder.payload_type is DPTBinary else DPTArray(tuple(octets))
            return {"value": leaves(plain(transcoder.from_knx(payload))), "unit": transcoder.unit}

        return [self.read(value, octets) for octets in payloads]


def plain(value):
    """A value as JSON has it."""
    if isinstance(value, enum.Enum):
        return value.name
    if hasattr(value, "as_dict"):
        return plain(value.as_dict())
    if isinstance(value, dict):
        return {key: plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    return value


def leaves(value):
    """A value as both sides can be brought to: composite ones as one level of members, those that are not valid left out, and the names of
    enumerations in capitals."""
    if isinstance(value, dict):
        members = {}
        for name, member in value.items():
            member = leaves(member)
            if name == "color" and isinstance(member, list):
                members |= zip(("x_axis", "y_axis"), member)
            elif isinstance(member, dict):
                members |= {f"{name}_{inner}": value for inner, value in member.items()}
            elif member is not None:
                members[name] = member
        return members
    if isinstance(value, list):
        return [leaves(member) for member in value]
    return value.upper() if isinstance(value, str) else value


class Tshark:
    name = "tshark"
    # Expert severities from which a frame counts as refused.
    error = 0x800000

    cemi_columns = ("cemi.mc", "cemi.sa", "cemi.da", "cemi.at", "cemi.prio", "cemi.hc", "cemi.len")
    knxnetip_columns = ("knxip.service", "knxip.totallength", "knxip.channel", "knxip.seqctr", "cemi.mc")

    def dissect(self, packets, link_type, columns):
        with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, link_type))
            for index, packet in enumerate(packets):
                file.write(struct.pack("<IIII", index, 0, len(packet), len(packet)) + packet)
            file.flush()
            words = ["tshark", "-r", file.name, "-n", "-T", "fields", "-E", "separator=/t", "-E", "occurrence=a"]
            words += ["-o", 'uat:user_dlts:"User 0 (DLT=147)","cemi","0","","0",""']
            for column in (*columns, "_ws.expert.severity", "_ws.expert.message", "_ws.malformed"):
                words += ["-e", column]
            lines = subprocess.run(words, capture_output=True, text=True, check=True).stdout.splitlines()
        assert len(lines) == len(packets), "tshark printed another number of lines than there are packets"
        for line in lines:
            *values, severity, message, malformed = line.split("\t")
            worst = max((int(number) for number in severity.split(",") if number), default=0)
            verdict = (message or "malformed") if worst >= self.error or malformed else None
            # Where a field comes twice, the first one is that of the outer frame.
            yield verdict, dict(zip(columns, (value.split(",")[0] for value in values)))

    def cemi(self, frames):
        result = []
        for verdict, row in self.dissect(frames, 147, self.cemi_columns):
            fields = {}
            if all(row[column] for column in self.cemi_columns):
                source, destination = int(row["cemi.sa"], 16), int(row["cemi.da"], 16)
                is_group = row["cemi.at"] == "1"
                fields = {
                    "src": f"{source >> 12}.{source >> 8 & 15}.{source & 255}",
                    "dst": f"{destination >> 11}/{destination >> 8 & 7}/{destination & 255}"
                    if is_group
                    else f"{destination >> 12}.{destination >> 8 & 15}.{destination & 255}",
                    "addr_type": "group" if is_group else "individual",
                    "priority": PRIORITIES[int(row["cemi.prio"])],
                    "hops": int(row["cemi.hc"]),
                    "len": int(row["cemi.len"]),
                }
            result.append((verdict, fields))
        return result

    def knxnetip(self, frames):
        """Each frame as a datagram of its own, in raw IP."""
        packets = []
        for frame in frames:
            total = 28 + len(frame)
            header = struct.pack(">BBHHHBBH4s4s", 0x45, 0, total, 0, 0, 16, 17, 0, b"\xc0\xa8\x01\x05", b"\xe0\x00\x17\x0c")
            packets.append(header + struct.pack(">HHHH", 3671, 3671, 8 + len(frame), 0) + frame)
        result = []
        for verdict, row in self.dissect(packets, 101, self.knxnetip_columns):
            fields = {}
            if row["knxip.service"]:
                fields["service"] = f"0x{int(row['knxip.service'], 0):04x}"
            elif verdict is None:
                # What has no right header is plain UDP to it.
                verdict = "not taken for KNXnet/IP"
            if row["knxip.totallength"]:
                fields["total_length"] = int(row["knxip.totallength"])
            for ours, theirs in (("channel", "knxip.channel"), ("seq", "knxip.seqctr")):
                if row[theirs]:
                    fields[ours] = int(row[theirs], 0)
            result.append((verdict, fields))
        return result
