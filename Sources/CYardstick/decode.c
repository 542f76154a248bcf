#include "yardstick.h"

struct frame {
    uint8_t code, control1, control2, length, depth;
    uint8_t transport, sequence;
    uint8_t fault_count, fault;
    uint16_t apci, source, destination;
    uint32_t fault_offset, unit_begin, unit_count;
};

enum { DEPTH_NOTHING, DEPTH_CODE, DEPTH_ADDITIONAL_INFORMATION, DEPTH_HEADER, DEPTH_BODY };

enum {
    DATA_GROUP, DATA_BROADCAST, DATA_SYSTEM_BROADCAST, DATA_TAG_GROUP, DATA_INDIVIDUAL, DATA_CONNECTED,
    CONNECT, DISCONNECT, ACKNOWLEDGE, NOT_ACKNOWLEDGE, NO_TRANSPORT = 0xFF
};

static void add_fault(struct frame *frame, enum yardstick_fault fault, size_t offset)
{
    if (frame->fault_count++ == 0) {
        frame->fault = fault;
        frame->fault_offset = (uint32_t)offset;
    }
}

static const uint8_t item_lengths[10] = {0, 2, 8, 1, 2, 4, 4, 2, 4, 3};

static inline void check_items(const uint8_t *octets, size_t added, struct frame *frame)
{
    size_t offset = 2, end = 2 + added;
    while (end - offset >= 2) {
        uint8_t type = octets[offset], length = octets[offset + 1];
        if (end - offset - 2 < length)
            break;
        if (type == 0xFF)
            add_fault(frame, YARDSTICK_ADDINFO_TYPE_ESCAPE, offset);
        else if (type < 10 ? item_lengths[type] != 0 && item_lengths[type] != length : type == 0xFE && length < 3)
            add_fault(frame, YARDSTICK_ADDINFO_LENGTH, offset + 1);
        offset += 2 + (size_t)length;
    }
    if (offset < end)
        add_fault(frame, YARDSTICK_ADDINFO_TRUNCATED, offset);
}

// The services that telegrams of an installation use, with the length each asks for.
static inline void check_service(const uint8_t *tpdu, size_t count, size_t base, struct frame *frame)
{
    size_t data = count - 2;
    unsigned bits = frame->apci & 0x3F;
    switch (frame->apci & 0x3C0) {
    case 0x000:
    case 0x100:
        if (data != 0)
            add_fault(frame, YARDSTICK_APDU_LENGTH, base + 2);
        else if (bits != 0)
            add_fault(frame, YARDSTICK_RESERVED_BITS, base + 1);
        return;
    case 0x040:
    case 0x080:
        if (bits != 0 && data != 0)
            add_fault(frame, YARDSTICK_APDU_LENGTH, base + 2);
        return;
    case 0x200:
        if (data != 2)
            add_fault(frame, YARDSTICK_APDU_LENGTH, base + 2 + (data < 2 ? data : 2));
        return;
    case 0x240:
    case 0x280:
        if (data < 2)
            add_fault(frame, YARDSTICK_APDU_LENGTH, base + 2 + data);
        else if (data - 2 != bits)
            add_fault(frame, YARDSTICK_COUNT_MISMATCH, base + 1);
        return;
    case 0x300:
        if (data != 0)
            add_fault(frame, YARDSTICK_APDU_LENGTH, base + 2);
        return;
    case 0x340: {
        size_t wanted = bits == 0 ? 2 : bits == 2 ? 14 : data;
        if (data != wanted || data == 0)
            add_fault(frame, YARDSTICK_APDU_LENGTH, base + 2 + (data < wanted ? data : wanted));
        return;
    }
    default:
        break;
    }
    switch (frame->apci) {
    case 0x3D5:
        if (data != 4)
            add_fault(frame, YARDSTICK_APDU_LENGTH, base + 2 + (data < 4 ? data : 4));
        return;
    case 0x3D6:
    case 0x3D7:
        if (data < 4) {
            add_fault(frame, YARDSTICK_APDU_LENGTH, base + 2 + data);
        } else {
            unsigned elements = tpdu[4] >> 4;
            size_t values = data - 4;
            if (elements == 0 ? values != 0 : values == 0 || values % elements != 0)
                add_fault(frame, YARDSTICK_COUNT_MISMATCH, base + 4);
        }
        return;
    default:
        add_fault(frame, YARDSTICK_OTHER, base + 1);
    }
}

static inline void decode_tpdu(const uint8_t *tpdu, size_t count, size_t base, struct frame *frame)
{
    uint8_t octet = tpdu[0], number = octet >> 2 & 15;
    if (frame->control2 & 0x80) {
        if (octet & 0xC0) {
            add_fault(frame, YARDSTICK_TPCI_INVALID_FOR_GROUP, base);
            return;
        }
        if (number > 1) {
            add_fault(frame, YARDSTICK_TPCI_RESERVED, base);
            return;
        }
        frame->transport = number == 1                  ? DATA_TAG_GROUP
                           : frame->destination != 0    ? DATA_GROUP
                           : frame->control1 & 0x10     ? DATA_BROADCAST
                                                        : DATA_SYSTEM_BROADCAST;
    } else if (octet & 0x80) {
        if (octet == 0x80)
            frame->transport = CONNECT;
        else if (octet == 0x81)
            frame->transport = DISCONNECT;
        else if ((octet & 0xC3) == 0xC2)
            frame->transport = ACKNOWLEDGE;
        else if ((octet & 0xC3) == 0xC3)
            frame->transport = NOT_ACKNOWLEDGE;
        else {
            add_fault(frame, YARDSTICK_TPCI_RESERVED, base);
            return;
        }
        if (frame->transport >= ACKNOWLEDGE)
            frame->sequence = number;
        if (count > 1)
            add_fault(frame, YARDSTICK_CONTROL_WITH_DATA, base + 1);
        return;
    } else if (octet & 0x40) {
        frame->transport = DATA_CONNECTED;
        frame->sequence = number;
    } else if (number == 0) {
        frame->transport = DATA_INDIVIDUAL;
    } else {
        add_fault(frame, YARDSTICK_TPCI_RESERVED, base);
        return;
    }
    if (count < 2) {
        add_fault(frame, YARDSTICK_APDU_TOO_SHORT, base + 1);
        return;
    }
    frame->apci = (uint16_t)((octet & 3) << 8 | tpdu[1]);
    check_service(tpdu, count, base, frame);
}

static inline void decode_local(const uint8_t *octets, size_t count, struct frame *frame)
{
    size_t header = frame->code == 0xF0 || frame->code == 0xF1 ? 1 : frame->code >= 0xF8 && frame->code <= 0xFA ? 5 : 7;
    if (count < header) {
        add_fault(frame, YARDSTICK_TRUNCATED, count);
        return;
    }
    frame->depth = DEPTH_BODY;
    if (header == 1 && count > 1) {
        add_fault(frame, YARDSTICK_TRAILING, 1);
        frame->depth = DEPTH_CODE;
    }
    if (header != 7)
        return;
    size_t data = count - 7;
    enum yardstick_fault fault = YARDSTICK_NONE;
    size_t offset = 7;
    if ((frame->code == 0xFB || frame->code == 0xF5) && octets[5] >> 4 == 0) {
        if (data != 1) {
            fault = YARDSTICK_ERROR_INFO_LENGTH;
            offset = data == 0 ? 7 : 8;
        }
    } else if (frame->code == 0xFC || frame->code == 0xF5) {
        if (data != 0)
            fault = YARDSTICK_TRAILING;
    } else if (data == 0) {
        fault = YARDSTICK_TRUNCATED;
    }
    if (fault != YARDSTICK_NONE) {
        add_fault(frame, fault, offset);
        frame->depth = DEPTH_HEADER;
    }
}

static inline int has_radio_information(const uint8_t *octets, size_t added)
{
    size_t offset = 2, end = 2 + added;
    while (end - offset >= 2 && end - offset - 2 >= octets[offset + 1]) {
        if (octets[offset] == 2)
            return 1;
        offset += 2 + (size_t)octets[offset + 1];
    }
    return 0;
}

static inline void decode(const uint8_t *octets, size_t count, int with_services, struct frame *frame)
{
    *frame = (struct frame){.transport = NO_TRANSPORT, .sequence = 0xFF, .apci = 0xFFFF};
    if (count == 0) {
        add_fault(frame, YARDSTICK_EMPTY, 0);
        return;
    }
    uint8_t code = octets[0];
    frame->code = code;
    frame->depth = DEPTH_CODE;
    switch (code) {
    case 0x10: case 0x11: case 0x13: case 0x25: case 0x29: case 0x2B: case 0x2D: case 0x2E: case 0x2F:
    case 0x41: case 0x4A: case 0x89: case 0x94:
        break;
    case 0xF0: case 0xF1: case 0xF5: case 0xF6: case 0xF7: case 0xF8: case 0xF9: case 0xFA: case 0xFB: case 0xFC:
        decode_local(octets, count, frame);
        return;
    default:
        add_fault(frame, YARDSTICK_CODE_UNKNOWN, 0);
        return;
    }
    if (count < 2) {
        add_fault(frame, YARDSTICK_TRUNCATED, 1);
        return;
    }
    size_t added = octets[1];
    if (added > count - 2) {
        add_fault(frame, YARDSTICK_ADDINFO_EXCEEDS_FRAME, 1);
        return;
    }
    if (added == 0xFF) {
        add_fault(frame, YARDSTICK_ADDINFO_LENGTH_ESCAPE, 1);
        return;
    }
    if (added != 0)
        check_items(octets, added, frame);
    frame->depth = DEPTH_ADDITIONAL_INFORMATION;
    size_t begin = 2 + added, left = count - begin;
    int is_data = code == 0x29 || code == 0x11 || code == 0x2E;
    if (!is_data && !(code == 0x41 || code == 0x4A || code == 0x89 || code == 0x94)) {
        if (left == 0)
            add_fault(frame, YARDSTICK_RAW_EMPTY, begin);
        else
            frame->depth = DEPTH_BODY;
        return;
    }
    if (left < 7) {
        add_fault(frame, YARDSTICK_TRUNCATED, count);
        return;
    }
    const uint8_t *body = octets + begin;
    uint8_t length = body[6];
    if (is_data) {
        frame->depth = DEPTH_HEADER;
        frame->control1 = body[0];
        frame->control2 = body[1];
        frame->source = (uint16_t)(body[2] << 8 | body[3]);
        frame->destination = (uint16_t)(body[4] << 8 | body[5]);
        frame->length = length;
    }
    size_t wanted = 8 + (size_t)length;
    if (length == 0xFF) {
        add_fault(frame, YARDSTICK_LENGTH_ESCAPE, begin + 6);
        return;
    }
    if (left < wanted) {
        add_fault(frame, YARDSTICK_TRUNCATED, count);
        return;
    }
    if (left > wanted && !(is_data && length == 0 && has_radio_information(octets, added))) {
        add_fault(frame, YARDSTICK_TRAILING, begin + wanted);
        return;
    }
    if (is_data && (body[1] & 15) != 0) {
        add_fault(frame, YARDSTICK_EFF_UNSUPPORTED, begin + 1);
        return;
    }
    frame->depth = DEPTH_BODY;
    if (!is_data)
        return;
    frame->unit_begin = (uint32_t)(begin + 7);
    frame->unit_count = (uint32_t)(left - 7);
    if (with_services)
        decode_tpdu(body + 7, left - 7, begin + 7, frame);
}

static inline uint64_t decode_all(const uint8_t *octets, const uint32_t *ends, size_t count, int with_services)
{
    uint64_t sum = 0;
    size_t begin = 0;
    for (size_t index = 0; index < count; index++) {
        struct frame frame;
        decode(octets + begin, ends[index] - begin, with_services, &frame);
        begin = ends[index];
        uint64_t link = (uint64_t)frame.code | (uint64_t)frame.control1 << 8 | (uint64_t)frame.control2 << 16
                        | (uint64_t)frame.length << 24 | (uint64_t)frame.source << 32 | (uint64_t)frame.destination << 48;
        uint64_t unit = (uint64_t)frame.unit_begin | (uint64_t)frame.unit_count << 16 | (uint64_t)frame.apci << 32
                        | (uint64_t)frame.transport << 48 | (uint64_t)frame.sequence << 56;
        uint64_t state = (uint64_t)frame.depth | (uint64_t)frame.fault_count << 8 | (uint64_t)frame.fault << 16
                         | (uint64_t)frame.fault_offset << 32;
        sum += (link * 0x9E3779B97F4A7C15u) ^ (unit * 0xBF58476D1CE4E5B9u) ^ (state * 0x94D049BB133111EBu);
    }
    return sum;
}

uint64_t yardstick_decode_messages(const uint8_t *octets, const uint32_t *ends, size_t count)
{
    return decode_all(octets, ends, count, 0);
}

uint64_t yardstick_decode_services(const uint8_t *octets, const uint32_t *ends, size_t count)
{
    return decode_all(octets, ends, count, 1);
}
