// What glibc's Swift overlay leaves out: the kernel's own interfaces for an event loop.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <linux/filter.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/auxv.h>
#include <elf.h>

// glibc declares these for _GNU_SOURCE only. Defining that here would give types such as fd_set another shape than
// they have in the Glibc module, and the compiler refuses two shapes of one type.
int accept4(int, struct sockaddr *, socklen_t *, int);
int pipe2(int[2], int);
int sched_getaffinity(pid_t, size_t, void *);
int pthread_setname_np(pthread_t, const char *);
// Of malloc.h, which Glibc leaves out.
int malloc_trim(size_t);

// Swift imports no function with `...`.
static inline int forbid_dumps(void) { return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }
