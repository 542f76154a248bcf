// Tells ThreadSanitizer of the locks that it can't see. A Mutex of Swift's Synchronization is taken in our own code, which is instrumented, as long as nobody
// else has it; who has to wait takes it inside the toolchain's library, which is not, and all that the mutex guards is then reported as a race. Preloaded by
// scripts/check, this stands before those two functions and says what they do.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

SWIFT void lock_slow(uint32_t state, SELF self) __asm__(LOCK);
SWIFT void unlock_slow(SELF self) __asm__(UNLOCK);

static void *next(const char *symbol) {
  void *function = dlsym(RTLD_NEXT, symbol);
  // A toolchain with other names needs another one of these.
  if (function == NULL) abort();
  return function;
}

SWIFT void lock_slow(uint32_t state, SELF self) {
  SWIFT void (*real)(uint32_t, SELF) = next(LOCK);
  real(state, self);
  if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT void unlock_slow(SELF self) {
  SWIFT void (*real)(SELF) = next(UNLOCK);
  if (__tsan_release) __tsan_release(self);
  real(self);
}
