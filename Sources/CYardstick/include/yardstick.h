// A cEMI decoder in straightforward C with the checks of the Swift one, to measure that one against; and a count of allocations.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum yardstick_fault {
    YARDSTICK_NONE,
    YARDSTICK_EMPTY,
    YARDSTICK_CODE_UNKNOWN,
    YARDSTICK_TRUNCATED,
    YARDSTICK_TRAILING,
    YARDSTICK_ADDINFO_EXCEEDS_FRAME,
    YARDSTICK_ADDINFO_LENGTH_ESCAPE,
    YARDSTICK_ADDINFO_TRUNCATED,
    YARDSTICK_ADDINFO_LENGTH,
    YARDSTICK_ADDINFO_TYPE_ESCAPE,
    YARDSTICK_LENGTH_ESCAPE,
    YARDSTICK_ERROR_INFO_LENGTH,
    YARDSTICK_RAW_EMPTY,
    YARDSTICK_EFF_UNSUPPORTED,
    YARDSTICK_TPCI_RESERVED,
    YARDSTICK_TPCI_INVALID_FOR_GROUP,
    YARDSTICK_CONTROL_WITH_DATA,
    YARDSTICK_APDU_TOO_SHORT,
    YARDSTICK_APDU_LENGTH,
    YARDSTICK_COUNT_MISMATCH,
    YARDSTICK_RESERVED_BITS,
    YARDSTICK_OTHER
};

// Decodes `count` messages that lie one behind the other in `octets`; message i ends before ends[i]. Returns a sum over all fields and faults:
// of the message as such, or of its TPDU too.
uint64_t yardstick_decode_messages(const uint8_t *octets, const uint32_t *ends, size_t count);
uint64_t yardstick_decode_services(const uint8_t *octets, const uint32_t *ends, size_t count);

// How often the calling thread has asked for memory since it began.
uint64_t yardstick_allocations(void);
