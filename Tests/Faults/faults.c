// A disk and a clock that do as a test says: preloaded (ld.so(8), LD_PRELOAD) into a program that knows nothing of it.
//
// MAGPIE_FAULTS_PAGE names the file with the orders (struct faults), MAGPIE_FAULTS_FOLDER the folder below which calls
// count, MAGPIE_FAULTS_LOG a file that gets a line for each of them. The orders may change while the program runs.
#define _GNU_SOURCE
#include "faults.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static struct faults nothing;
static struct faults *orders = &nothing;
static char folder[PATH_MAX];
static size_t folder_length;
static int log_file = -1;

__attribute__((constructor)) static void begin(void) {
    const char *page = getenv("MAGPIE_FAULTS_PAGE");
    const char *place = getenv("MAGPIE_FAULTS_FOLDER");
    const char *journal = getenv("MAGPIE_FAULTS_LOG");
    if (!page || !place || strlen(place) >= sizeof folder) return;
    strcpy(folder, place);
    folder_length = strlen(folder);
    int file = (int)syscall(SYS_openat, AT_FDCWD, page, O_RDWR | O_CLOEXEC, 0);
    if (file < 0) return;
    void *memory = mmap(NULL, sizeof(struct faults), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    syscall(SYS_close, file);
    if (memory != MAP_FAILED) orders = memory;
    if (journal)
        log_file = (int)syscall(SYS_openat, AT_FDCWD, journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

// Where a descriptor leads.
static int path_of(int descriptor, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return 1;
}

static int name_at(int descriptor, const char *name, char *path) {
    if (name[0] == '/' || descriptor == AT_FDCWD) return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX;
    char parent[PATH_MAX];
    return path_of(descriptor, parent) && snprintf(path, PATH_MAX, "%s/%s", parent, name) < PATH_MAX;
}

static int counts(const char *path) { return folder_length > 0 && strncmp(path, folder, folder_length) == 0; }

static void note(const char *call, const char *path, const char *other) {
    if (log_file < 0) return;
    char line[2 * PATH_MAX + 32];
    int length = snprintf(line, sizeof line, "%s %s%s%s\n", call, path, *other ? " " : "", other);
    syscall(SYS_write, log_file, line, length);
}

// Whether the call is to fail; then errno says why.
static int fails(int kind, const char *path) {
    if (!counts(path) || !(orders->failing & kind)) return 0;
    errno = orders->error;
    return 1;
}

// Counts a call that has been made, and perhaps ends the process. A kill is a kill: nothing is flushed.
static void made(const char *call, const char *path, const char *other) {
    if (!counts(path)) return;
    int saved = errno;
    note(call, path, other);
    int number = __atomic_add_fetch(&orders->calls, 1, __ATOMIC_SEQ_CST);
    if (orders->dies_after > 0 && number == orders->dies_after) syscall(SYS_kill, getpid(), SIGKILL);
    errno = saved;
}

static int is_last(void) { return orders->dies_after > 0 && orders->calls + 1 == orders->dies_after; }

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

// Files are opened by one of four names.
static int opened(int descriptor, const char *name, int flags, mode_t mode) {
    char path[PATH_MAX];
    int is_named = name_at(descriptor, name, path);
    if (is_named && (flags & O_CREAT) && fails(FAULTS_CREATE, path)) return -1;
    int result = (int)syscall(SYS_openat, descriptor, name, flags, mode);
    if (is_named && (flags & O_CREAT) && result >= 0) made("create", path, "");
    return result;
}

#define MODE(flags)                                                                                                    \
    mode_t mode = 0;                                                                                                   \
    if (flags & (O_CREAT | O_TMPFILE)) {                                                                               \
        va_list list;                                                                                                  \
        va_start(list, flags);                                                                                         \
        mode = va_arg(list, mode_t);                                                                                   \
        va_end(list);                                                                                                  \
    }

int open(const char *name, int flags, ...) {
    MODE(flags) return opened(AT_FDCWD, name, flags, mode);
}
int open64(const char *name, int flags, ...) {
    MODE(flags) return opened(AT_FDCWD, name, flags, mode);
}
int openat(int descriptor, const char *name, int flags, ...) {
    MODE(flags) return opened(descriptor, name, flags, mode);
}
int openat64(int descriptor, const char *name, int flags, ...) {
    MODE(flags) return opened(descriptor, name, flags, mode);
}

static ssize_t written(int descriptor, const void *bytes, size_t count, off_t place) {
    char path[PATH_MAX];
    int is_ours = path_of(descriptor, path) && counts(path);
    size_t length = count;
    if (is_ours) {
        if (fails(FAULTS_WRITE, path)) return -1;
        if (orders->longest_write > 0 && length > (size_t)orders->longest_write) length = orders->longest_write;
        if (orders->tears && is_last()) length /= 2;
    }
    ssize_t result = place < 0 ? syscall(SYS_write, descriptor, bytes, length)
                               : syscall(SYS_pwrite64, descriptor, bytes, length, place);
    if (is_ours) made("write", path, "");
    return result;
}

ssize_t write(int descriptor, const void *bytes, size_t count) { return written(descriptor, bytes, count, -1); }
ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t place) {
    return written(descriptor, bytes, count, place);
}
ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t place) {
    return written(descriptor, bytes, count, place);
}

static int read_fails(int descriptor) {
    // Cheap as long as no test asks for it: programs read all the time.
    if (!(orders->failing & FAULTS_READ)) return 0;
    char path[PATH_MAX];
    return path_of(descriptor, path) && fails(FAULTS_READ, path);
}

ssize_t read(int descriptor, void *bytes, size_t count) {
    return read_fails(descriptor) ? -1 : syscall(SYS_read, descriptor, bytes, count);
}
ssize_t pread(int descriptor, void *bytes, size_t count, off_t place) {
    return read_fails(descriptor) ? -1 : syscall(SYS_pread64, descriptor, bytes, count, place);
}
ssize_t pread64(int descriptor, void *bytes, size_t count, off64_t place) {
    return read_fails(descriptor) ? -1 : syscall(SYS_pread64, descriptor, bytes, count, place);
}

// Descriptors whose sync has failed. The kernel may have dropped what it could not write, and a second sync of the same
// descriptor would report success: whoever asks for one is noted down.
static char failed[65536];

static int synced(int descriptor, long call) {
    char path[PATH_MAX];
    int is_named = path_of(descriptor, path);
    int is_known = descriptor >= 0 && descriptor < (int)sizeof failed;
    if (is_named && is_known && failed[descriptor]) note("sync-again", path, "");
    struct stat status;
    int is_folder = fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode);
    if (is_named && fails(is_folder ? FAULTS_PUBLISH : FAULTS_SYNC, path)) {
        note("sync-failed", path, "");
        if (is_known) failed[descriptor] = 1;
        errno = orders->error;
        return -1;
    }
    int result = (int)syscall(call, descriptor);
    if (is_named) made("sync", path, "");
    return result;
}

int close(int descriptor) {
    if (descriptor >= 0 && descriptor < (int)sizeof failed) failed[descriptor] = 0;
    return (int)syscall(SYS_close, descriptor);
}

int fsync(int descriptor) { return synced(descriptor, SYS_fsync); }
int fdatasync(int descriptor) { return synced(descriptor, SYS_fdatasync); }

static int renamed(int from, const char *name, int to, const char *target) {
    char path[PATH_MAX], other[PATH_MAX];
    int is_named = name_at(from, name, path) && name_at(to, target, other);
    if (is_named && fails(FAULTS_RENAME, path)) return -1;
    int result = (int)syscall(SYS_renameat2, from, name, to, target, 0);
    if (is_named && result == 0) made("rename", path, other);
    return result;
}

int rename(const char *name, const char *target) { return renamed(AT_FDCWD, name, AT_FDCWD, target); }
int renameat(int from, const char *name, int to, const char *target) { return renamed(from, name, to, target); }

static int removed(int descriptor, const char *name, int flags) {
    char path[PATH_MAX];
    int is_named = name_at(descriptor, name, path);
    if (is_named && fails(FAULTS_REMOVE, path)) return -1;
    int result = (int)syscall(SYS_unlinkat, descriptor, name, flags);
    if (is_named && result == 0) made("remove", path, "");
    return result;
}

int unlink(const char *name) { return removed(AT_FDCWD, name, 0); }
int unlinkat(int descriptor, const char *name, int flags) { return removed(descriptor, name, flags); }

static int truncated(int descriptor, off_t size) {
    char path[PATH_MAX];
    int is_named = path_of(descriptor, path);
    if (is_named && fails(FAULTS_TRUNCATE, path)) return -1;
    int result = (int)syscall(SYS_ftruncate, descriptor, size);
    if (is_named) made("truncate", path, "");
    return result;
}

int ftruncate(int descriptor, off_t size) { return truncated(descriptor, size); }
int ftruncate64(int descriptor, off64_t size) { return truncated(descriptor, size); }

static int made_folder(int descriptor, const char *name, mode_t mode) {
    char path[PATH_MAX];
    int is_named = name_at(descriptor, name, path);
    if (is_named && fails(FAULTS_FOLDER, path)) return -1;
    int result = (int)syscall(SYS_mkdirat, descriptor, name, mode);
    if (is_named && result == 0) made("mkdir", path, "");
    return result;
}

int mkdir(const char *name, mode_t mode) { return made_folder(AT_FDCWD, name, mode); }
int mkdirat(int descriptor, const char *name, mode_t mode) { return made_folder(descriptor, name, mode); }

// The wall clock, by the three names it is asked by. The monotonic clock is left alone, as the kernel does.
int clock_gettime(clockid_t clock, struct timespec *time) {
    int result = NEXT(clock_gettime)(clock, time);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += orders->clock_offset;
    return result;
}

int gettimeofday(struct timeval *restrict time, void *restrict zone) {
    int result = NEXT(gettimeofday)(time, zone);
    if (result == 0) time->tv_sec += orders->clock_offset;
    return result;
}

time_t time(time_t *place) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (place) *place = now.tv_sec;
    return now.tv_sec;
}
