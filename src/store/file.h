/*
 * Whole reads and writes at a position, and the syncs. 0 or a negative errno. Interrupted and partial calls go
 * on. The crash tests put themselves between these calls (and LMDB's) and the system: see test/crash.
 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "base/view.h"

int file_write_at(int fd, struct view bytes, uint64_t offset) __attribute__((warn_unused_result));

/* -ENODATA when the file ends before. */
int file_read_at(int fd, void *out, size_t len, uint64_t offset) __attribute__((warn_unused_result));

/* Content and length of a file; names in a folder. */
int file_sync(int fd) __attribute__((warn_unused_result));

int file_size(int fd, uint64_t *size) __attribute__((warn_unused_result));

/* Takes disk space for [0, size) now; writes there cannot fail for want of it. */
int file_reserve(int fd, uint64_t size) __attribute__((warn_unused_result));

/* Overwrites with zeros. */
int file_zero(int fd, uint64_t offset, uint64_t len) __attribute__((warn_unused_result));

/* Opens, O_CLOEXEC, mode 0600. The descriptor or a negative errno. */
int file_open_in(int folder_fd, const char *name, int flags) __attribute__((warn_unused_result));

/* Opens a folder, made (0700) when missing. */
int folder_open_in(int folder_fd, const char *name) __attribute__((warn_unused_result));

/* A small file replaced in one step, durably. */
int file_replace(int folder_fd, const char *name, struct view content) __attribute__((warn_unused_result));

#endif
