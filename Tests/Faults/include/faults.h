// What tests and the library that they preload into a program share: one page of a file, mapped by both.
#pragma once
#include <stdint.h>

// Kinds of calls on files, for `failing` and for the log.
enum {
    FAULTS_CREATE = 1,    // open with O_CREAT
    FAULTS_WRITE = 2,     // write, pwrite
    FAULTS_SYNC = 4,      // fsync, fdatasync
    FAULTS_RENAME = 8,    // rename, renameat
    FAULTS_REMOVE = 16,   // unlink, unlinkat
    FAULTS_TRUNCATE = 32, // ftruncate
    FAULTS_FOLDER = 64,   // mkdir, mkdirat
    FAULTS_READ = 128,    // read, pread
    FAULTS_PUBLISH = 256, // fsync of a folder
};

struct faults {
    // Which calls below the folder fail, and with which errno.
    int32_t failing;
    int32_t error;
    // A write takes at most so many bytes; 0 = all of them. With ENOSPC in `error` this is how a disk becomes full.
    int32_t longest_write;
    // The process ends after its n-th call below the folder that changes something; 0 = never.
    int32_t dies_after;
    // When it ends in a write, half of the bytes are written before.
    int32_t tears;
    // How many such calls there were.
    int32_t calls;
    // Added to the wall clock, in seconds.
    int64_t clock_offset;
};
