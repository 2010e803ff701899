/*
 * The codec of entries, one for all who keep some: a value is its version and then fields one behind the
 * other. An entry may grow at its end: a reader ignores what it doesn't know. Integers that a key sorts by
 * are big-endian and of a fixed length; numbers in a value are as short as they can be. The index adds a
 * CRC-32C to each entry (index.h), so that a value that decodes wrongly was written wrongly.
 */
#ifndef STORE_ENTRY_H
#define STORE_ENTRY_H

#include "base/cursor.h"
#include "store/store.h"

/* Octets of a number at most: seven bits each. */
enum { ENTRY_NUMBER_MAX = 10 };

/* A value that is being written. What doesn't fit marks it: entry_put then gives -EMSGSIZE. */
struct entry {
	char data[STORE_ENTRY_MAX];
	size_t len;
	bool failed;
};

/* Empties it and writes the version, 1 to 255. Must come first: the structure needs no other initialisation.
 */
void entry_begin(struct entry *e, uint8_t version);

void entry_add_fixed(struct entry *e, size_t bytes, uint64_t n); /* big-endian, 1 to 8 bytes */
void entry_add_number(struct entry *e, uint64_t n);              /* 1 to ENTRY_NUMBER_MAX bytes */
void entry_add_bytes(
    struct entry *e, struct view bytes); /* as they are; their length must be known to readers */
void entry_add_blob(struct entry *e, const struct blob_id *id);
void entry_add_text(struct entry *e, struct view text); /* its length as a number, and the text */

static inline struct view entry_view(const struct entry *e)
{
	return view_of(e->data, e->len);
}

/* As txn_put; -EMSGSIZE also for an entry in which something found no room. */
int entry_put(struct txn *t, uint64_t shard, struct view key, const struct entry *e)
    __attribute__((warn_unused_result));

/*
 * Readers. The cursor stands behind the version and is marked as failed when there is none or one below
 * `version`. It is the cursor of base/cursor.h: reading past the end marks it, and is asked for once, by
 * entry_result.
 */
struct cursor entry_read(struct view value, uint8_t version);
uint64_t entry_take_fixed(struct cursor *c, size_t bytes);
uint64_t entry_take_long_number(struct cursor *c);
struct view entry_take_text(struct cursor *c);

/* One that is longer than needs be, or above 64 bits, is damage. Most have one byte, and lists have many. */
static inline uint64_t entry_take_number(struct cursor *c)
{
	if (c->failed || c->rest.len == 0 || (c->rest.data[0] & 0x80))
		return entry_take_long_number(c);
	c->rest.len--;
	return (unsigned char)*c->rest.data++;
}

/* None: an id of zeroes. */
void entry_take_blob(struct cursor *c, struct blob_id *id);

/* A number that must be at most max; a larger one marks the cursor and gives 0. */
uint64_t entry_take_limited(struct cursor *c, uint64_t max);

/* 0, or -EBADMSG when something was read that wasn't there. */
int entry_result(const struct cursor *c) __attribute__((warn_unused_result));

/* A big-endian integer at `out`, for keys. */
void entry_write_fixed(char *out, size_t bytes, uint64_t n);

#endif
