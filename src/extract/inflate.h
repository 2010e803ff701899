/* What was packed with DEFLATE (RFC 1951), through zlib: unpacked piece by piece, never past a limit. */
#ifndef EXTRACT_INFLATE_H
#define EXTRACT_INFLATE_H

#include "base/view.h"

/* false: no more, please. */
typedef bool inflate_take_fn(void *arg, struct view bytes);

enum inflate_wrapper {
	INFLATE_RAW,  /* as in zip files */
	INFLATE_ZLIB, /* with zlib's header and checksum (RFC 1950), as in PDF */
	INFLATE_GZIP, /* with gzip's (RFC 1952); of several members the first */
};

/*
 * Gives the unpacked bytes in pieces. 0; -EBADMSG: damaged, or it ends too early; -EFBIG: there is more than
 * `max`; -ECANCELED: `take` said so; -ENOMEM. What came before an error was given. *told, which may be NULL,
 * gets how many octets that was.
 */
int inflate_bytes(struct view packed, enum inflate_wrapper wrapper, uint64_t max, inflate_take_fn *take,
    void *arg, uint64_t *told);

#endif
