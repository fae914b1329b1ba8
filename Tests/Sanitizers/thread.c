// Linked into everything that `.ci/sanitize thread` builds: what Thread Sanitizer cannot see by itself, and its options.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

// Swift's `Mutex` takes and gives back a free lock with an atomic operation that is compiled into its caller, which the
// sanitizer sees. Under contention it calls the three functions below in libswiftSynchronization, which is not
// instrumented: without help everything that a contended lock guards is reported as a race. So they are told to the
// sanitizer here, with the lock's address, which is the address of the atomic, too.
void __tsan_acquire(void *);
void __tsan_release(void *);

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
// Synchronization._MutexHandle: _lockSlow(UInt32), _tryLockSlow() -> Bool, _unlockSlow().
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock_slowly(uint32_t thread, SELF) __asm__(LOCK);
SWIFT bool try_lock_slowly(SELF) __asm__(TRY_LOCK);
SWIFT void unlock_slowly(SELF) __asm__(UNLOCK);

static void *original(const char *symbol) { return dlsym(RTLD_NEXT, symbol); }

SWIFT void lock_slowly(uint32_t thread, SELF) {
    ((SWIFT void (*)(uint32_t, SELF))original(LOCK))(thread, self);
    __tsan_acquire(self);
}

SWIFT bool try_lock_slowly(SELF) {
    bool is_taken = ((SWIFT bool (*)(SELF))original(TRY_LOCK))(self);
    if (is_taken) __tsan_acquire(self);
    return is_taken;
}

SWIFT void unlock_slowly(SELF) {
    __tsan_release(self);
    ((SWIFT void (*)(SELF))original(UNLOCK))(self);
}

// The programs that tests start get no environment, so the options are built in. A report goes to a file of its own,
// which outlives a process that is killed.
const char *__tsan_default_options(void) {
    return "log_path=" REPORTS ":external_symbolizer_path=" SYMBOLIZER ":exitcode=66:history_size=4";
}

// What remains, one line each; a suppressed report is one whose frames match.
const char *__tsan_default_suppressions(void) {
    return
        // A thread resumes a continuation and the task goes on: the hand-over is swift_continuation_resume and
        // swift_continuation_await of libswift_Concurrency, atomic operations in a library that is not instrumented. Only
        // the standard library's own wrapper, at the top of the stack, is excused: it touches the continuation's context
        // and nothing of ours. (Without the name's first letter: a dollar sign would be the end of the pattern.)
        "race_top:ss22withUnsafeContinuation\n";
}
