/* Packing with gzip (RFC 1952), through zlib; unpacking is inflate.h's. */
#ifndef EXTRACT_GZIP_H
#define EXTRACT_GZIP_H

#include "base/buf.h"

/* Appends the packed bytes. -ENOMEM, or the result of buf_append. */
int gzip_bytes(struct view bytes, struct buf *out);

#endif
