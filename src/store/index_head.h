/*
 * The first pages of the index. LMDB believes what stands there: one wrong bit in them, and it divides by
 * zero, comes to no end, or looks for pages that are none, at each start. So they are looked at before.
 */
#ifndef STORE_INDEX_HEAD_H
#define STORE_INDEX_HEAD_H

#include <stddef.h>

/*
 * `folder` is the index's, map_size what its file may grow to, in octets. 0, for an index that was never
 * written as well; -EBADMSG: what stands there, LMDB has not written; or another error, of the reading.
 */
int index_head_check(const char *folder, size_t map_size) __attribute__((warn_unused_result));

#endif
