/*
 * Compression of a stream, both ways (RFC 1951, as RFC 4978 uses it): raw deflate, flushed whenever something
 * is said, so that the peer can read all of it at once.
 */
#ifndef IO_DEFLATE_H
#define IO_DEFLATE_H

#include <sys/types.h>

#include "base/buf.h"

struct deflate;

/* NULL without memory. Takes some 70 KB, and 40 KB more once something has come in. */
struct deflate *deflate_new(void);
void deflate_free(struct deflate *d); /* NULL is allowed */

/* Appends what packs these bytes, complete. 0, or buf_append's error: then the stream is of no more use. */
int deflate_pack(struct deflate *d, struct view plain, struct buf *out) __attribute__((warn_unused_result));

/*
 * Unpacks at most `room` bytes to `out`; *packed loses what was used. The number of bytes; 0: all has been
 * used, and more must come first. -EBADMSG: it is no deflate, or the peer has ended it; -ENOMEM.
 */
ssize_t deflate_unpack(struct deflate *d, struct view *packed, char *out, size_t room)
    __attribute__((warn_unused_result));

#endif
