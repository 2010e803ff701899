/*
 * The codec of our own messages, driven by a schema: a message is a C struct, and a table names its fields.
 * On the wire an integer takes eight bytes (big-endian), bytes have a length of four, a list has a count of
 * four and then its elements. A message must decode completely: a missing field, a leftover byte, a length or
 * count past its limit is an error, and nothing of the message is used.
 */
#ifndef IO_CODEC_H
#define IO_CODEC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/view.h"

enum codec_kind {
	CODEC_U64,   /* uint64_t */
	CODEC_BYTES, /* struct view; max = longest */
	CODEC_LIST   /* struct codec_list of elements; max = most elements */
};

struct codec_list {
	void *items; /* an array of element structs */
	size_t count;
};

struct codec_field {
	const char *name;
	enum codec_kind kind;
	size_t offset; /* of the member in the message's struct */
	size_t max;
	const struct codec_schema *element; /* CODEC_LIST */
};

struct codec_schema {
	const char *name;
	size_t size; /* of the struct */
	const struct codec_field *fields;
	size_t count;
};

/* Appends the message. -EMSGSIZE when a field is past its limit (nothing is appended), or buf_append's error.
 */
int codec_encode(struct buf *out, const struct codec_schema *schema, const void *message);

/*
 * Decodes into *message (schema->size bytes). Bytes point into `in`; lists are taken from the arena.
 * 0, -EBADMSG when the bytes do not fit the schema, -ENOMEM when the arena is used up.
 */
int codec_decode(struct view in, const struct codec_schema *schema, void *message, struct arena *arena);

#endif
