/*
 * Reading CBOR (RFC 8949), as much as authenticators write: integers, octets, text, arrays, maps, true, false
 * and null, each in its shortest form and with a length that is told before (CTAP2's canonical form, but for
 * the order of a map's keys). Tags, fractions and lengths left open are refused. Values are views of what was
 * read; nothing is copied.
 */
#ifndef TRUST_LOGIN_CBOR_H
#define TRUST_LOGIN_CBOR_H

#include "base/cursor.h"

/* Arrays and maps within one another: an attestation has three. */
enum { CBOR_DEPTH_MAX = 6 };

enum cbor_kind {
	CBOR_UNSIGNED, /* number */
	CBOR_NEGATIVE, /* -1 - number */
	CBOR_OCTETS,   /* octets */
	CBOR_TEXT,     /* octets, UTF-8 */
	CBOR_ARRAY,    /* number of values */
	CBOR_MAP,      /* number of pairs: a key and its value */
	CBOR_FALSE,
	CBOR_TRUE,
	CBOR_NULL,
};

struct cbor {
	enum cbor_kind kind;
	uint64_t number;
	struct view octets; /* of a string; of an array or a map all that is in it, encoded */
};

/*
 * Takes one whole value off the front; what is in it has been looked at too, and no map has a key twice.
 * False: it is none of these, is cut off, or goes deeper than CBOR_DEPTH_MAX; the cursor is then marked.
 */
bool cbor_take(struct cursor *in, struct cbor *value);

/* Exactly one value. */
bool cbor_read(struct view text, struct cbor *value);

/* The value of a map's key, which is a text, or an integer. False: it has none, or `map` is no map. */
bool cbor_member(const struct cbor *map, const char *key, struct cbor *value);
bool cbor_member_number(const struct cbor *map, int64_t key, struct cbor *value);

/* Whether the value is an integer that an int64_t holds. */
bool cbor_integer(const struct cbor *value, int64_t *number);

#endif
