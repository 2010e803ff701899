/*
 * Whole reads and writes at a position, and the syncs. 0 or a negative errno. Interrupted and partial calls
 * go on. The crash tests put themselves between these calls (and LMDB's) and the system: see test/crash.
 *
 * Three things can be true of what is read, and every reader in this folder keeps them apart:
 *   good             0
 *   bad              it was read, and it is not what was written: -EBADMSG (-ENOENT, -ENODATA where nothing
 * is there) unreadable now   the system could not read it: any other error. The same bytes may be good at the
 * next try, so nothing may be concluded from it: nothing is passed over, cleared, cut or removed
 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "base/view.h"

int file_write_at(int fd, struct view bytes, uint64_t offset) __attribute__((warn_unused_result));

/* True for the errors of the third kind. */
bool file_is_unreadable(int error);

/*
 * The error of a system call that opens, reads or looks. Some file systems and devices say with our words for
 * "bad" (EBADMSG, ENODATA, EPROTO) that they cannot read: -EIO for these.
 */
int file_error(int number);

/* Logs one that is of the third kind, with what could not be read; gives `error` back. */
int file_tell_unreadable(int error, const char *what);

/* -ENODATA when the file ends before. */
int file_read_at(int fd, void *out, size_t len, uint64_t offset) __attribute__((warn_unused_result));

/* Reads up to `len` bytes: fewer only where the file ends. */
int file_read_some(int fd, void *out, size_t len, uint64_t offset, size_t *got)
    __attribute__((warn_unused_result));

/* *clear: all bytes of [from, to) are zero, as far as the file goes. */
int file_is_clear(int fd, uint64_t from, uint64_t to, bool *clear) __attribute__((warn_unused_result));

/* Is there a file of this name? */
int file_exists(int folder_fd, const char *name, bool *exists) __attribute__((warn_unused_result));

/* Content and length of a file; names in a folder. */
int file_sync(int fd) __attribute__((warn_unused_result));

int file_size(int fd, uint64_t *size) __attribute__((warn_unused_result));

/* Takes disk space for [0, size) now; writes there cannot fail for want of it. */
int file_reserve(int fd, uint64_t size) __attribute__((warn_unused_result));

/* Overwrites with zeros. */
int file_zero(int fd, uint64_t offset, uint64_t len) __attribute__((warn_unused_result));

/* Opens, O_CLOEXEC, mode 0600. The descriptor or a negative errno; -ENOENT: there is no such file. */
int file_open_in(int folder_fd, const char *name, int flags) __attribute__((warn_unused_result));

/* Opens a folder, made (0700) when missing. */
int folder_open_in(int folder_fd, const char *name) __attribute__((warn_unused_result));

/* A small file replaced in one step, durably. */
int file_replace(int folder_fd, const char *name, struct view content) __attribute__((warn_unused_result));

#endif
