// SQLite, with functions for the macros and variadics that do not reach Swift, and the two calls of Linux that a store
// needs and glibc's overlay leaves out.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdint.h>
#include <string.h>
#include <sys/vfs.h>

// SQLITE_TRANSIENT is a cast of -1: SQLite copies the bytes before the call returns.
static inline int csqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, sqlite3_uint64 count) {
    // A null pointer would bind NULL; zero bytes are a value.
    return count == 0 ? sqlite3_bind_zeroblob(statement, index, 0)
                      : sqlite3_bind_blob64(statement, index, bytes, count, SQLITE_TRANSIENT);
}

static inline int csqlite_bind_text(sqlite3_stmt *statement, int index, const char *bytes, sqlite3_uint64 count) {
    // A null pointer would bind NULL; no characters are a value.
    return sqlite3_bind_text64(statement, index, bytes ? bytes : "", count, SQLITE_TRANSIENT, SQLITE_UTF8);
}

// sqlite3_db_config is variadic. Returns an SQLite result code; `result` is the setting as it is now.
static inline int csqlite_set_flag(sqlite3 *database, int option, int value, int *result) {
    return sqlite3_db_config(database, option, value, result);
}

// The magic number of the file system that an open file lives on (statfs(2)), or -1 with errno.
static inline long csqlite_file_system(int descriptor) {
    struct statfs facts;
    return fstatfs(descriptor, &facts) == 0 ? (long)facts.f_type : -1;
}

// Takes (or gives back) a lock on the first byte of an open file. "Open file description" locks (fcntl(2)) belong to the
// descriptor, not to the process, and do not meet flock's. 0, or -1 with errno.
static inline int csqlite_lock_byte(int descriptor, int lock) {
    struct flock range;
    memset(&range, 0, sizeof range);
    range.l_type = lock ? F_WRLCK : F_UNLCK;
    range.l_whence = SEEK_SET;
    range.l_len = 1;
    return fcntl(descriptor, F_OFD_SETLK, &range);
}

// The first region of the wal-index that a connection shares with all others of its database, or null. It stays mapped
// while any connection of the process to that database is open; only SQLite writes to it.
static inline const void *csqlite_wal_index(sqlite3 *database) {
    sqlite3_file *file = 0;
    void volatile *region = 0;
    if (sqlite3_file_control(database, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK || !file || !file->pMethods ||
        file->pMethods->iVersion < 2 || !file->pMethods->xShmMap)
        return 0;
    // The size of a region of the wal-index (https://www.sqlite.org/walformat.html, 2.1); 0: only if it is there.
    if (file->pMethods->xShmMap(file, 0, 32768, 0, &region) != SQLITE_OK) return 0;
    return (const void *)region;
}

// The header of a wal-index (https://www.sqlite.org/walformat.html, 2.2.1).
struct csqlite_wal_header {
    uint64_t words[6];
};

static inline struct csqlite_wal_header csqlite_load_header(const void *region) {
    const uint64_t *words = (const uint64_t *)region;
    struct csqlite_wal_header header;
    for (int i = 0; i < 6; i++) header.words[i] = __atomic_load_n(words + i, __ATOMIC_ACQUIRE);
    return header;
}

static inline int csqlite_holds_header(const void *region, struct csqlite_wal_header header) {
    const uint64_t *words = (const uint64_t *)region;
    for (int i = 0; i < 6; i++)
        if (__atomic_load_n(words + i, __ATOMIC_ACQUIRE) != header.words[i]) return 0;
    return 1;
}

static inline uint32_t csqlite_header_number(struct csqlite_wal_header header, int offset) {
    uint32_t number;
    memcpy(&number, (const char *)header.words + offset, sizeof number);
    return number;
}

// `iChange`, raised by each transaction that changes something.
static inline uint32_t csqlite_change_count(struct csqlite_wal_header header) { return csqlite_header_number(header, 8); }

// `mxFrame`, how many frames of the log are valid and committed.
static inline uint32_t csqlite_log_length(struct csqlite_wal_header header) { return csqlite_header_number(header, 16); }

// Whether it is of the one form that there has been.
static inline int csqlite_is_wal_index(const void *region) {
    return csqlite_header_number(csqlite_load_header(region), 0) == 3007000;
}
