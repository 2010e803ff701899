/*
 * The codec of our own messages, driven by a schema: a message is a C struct, and a table names its fields.
 * On the wire an integer takes eight bytes (big-endian), bytes have a length of four, a list has a count of
 * four and then its elements. A message must decode completely: a missing field, a leftover byte, a length,
 * count or number past its limit, a text that is not of its kind is an error, and nothing of the message is
 * used. So a receiver may rely on the schema, whoever the sender is.
 */
#ifndef IO_CODEC_H
#define IO_CODEC_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/view.h"

enum codec_kind {
	CODEC_U64,    /* uint64_t, from min to max */
	CODEC_SIGNED, /* int64_t, from -max to max: an errno value, say */
	/* struct view; max = longest. Any of these may be empty. */
	CODEC_BYTES,
	CODEC_TEXT,    /* without control characters of ASCII but line feed and tab */
	CODEC_LINE,    /* without any control character of ASCII */
	CODEC_WORD,    /* printable ASCII without blanks */
	CODEC_ADDRESS, /* UTF-8 without control characters and line ends of any kind */
	CODEC_HEADER, /* whole lines of a header: none is empty, each ends in CR LF, no other CR or LF, no NUL
	               */
	CODEC_LIST    /* struct codec_list of elements; max = most elements */
};

enum { CODEC_ERRNO_MAX = 4095 /* what the kernel keeps for them */ };

struct codec_list {
	void *items; /* an array of element structs */
	size_t count;
};

struct codec_field {
	const char *name;
	enum codec_kind kind;
	size_t offset; /* of the member in the message's struct */
	uint64_t max;
	const struct codec_schema *element; /* CODEC_LIST */
	uint64_t min;                       /* CODEC_U64 */
};

/* Whether the field's member is a struct view. */
static inline bool codec_is_view(enum codec_kind kind)
{
	return kind >= CODEC_BYTES && kind <= CODEC_HEADER;
}

struct codec_schema {
	const char *name;
	size_t size; /* of the struct */
	const struct codec_field *fields;
	size_t count;
};

/*
 * Appends the message. -EMSGSIZE when a field is past its limit or not of its kind (nothing is appended), or
 * buf_append's error.
 */
int codec_encode(struct buf *out, const struct codec_schema *schema, const void *message);

/*
 * Decodes into *message (schema->size bytes). Bytes point into `in`; lists are taken from the arena.
 * 0, -EBADMSG when the bytes do not fit the schema, -ENOMEM when the arena is used up.
 */
int codec_decode(struct view in, const struct codec_schema *schema, void *message, struct arena *arena);

#endif
