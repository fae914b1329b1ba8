// SQLite, with functions for the macros and variadics that do not reach Swift, and the two calls of Linux that a store
// needs and glibc's overlay leaves out.
#pragma once
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
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
