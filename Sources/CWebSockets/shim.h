#pragma once
#include <libwebsockets.h>

// LWS_PRE is an expression over other macros, which Swift does not import.
static inline int cwebsockets_pre(void) { return LWS_PRE; }
