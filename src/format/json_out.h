/*
 * Writing JSON (RFC 8259) as a stream, straight into a buffer, for programs that read it: commas, colons and
 * brackets come by themselves. What a person reads on a terminal is written with format/json.h.
 *
 *     json_out_object(&w);
 *     json_out_name(&w, VIEW("id"));
 *     json_out_string(&w, id);
 *     json_out_end(&w);
 *
 * A failure (no room, no memory) is marked in the buffer: look at buf_failed once, at the end.
 */
#ifndef FORMAT_JSON_OUT_H
#define FORMAT_JSON_OUT_H

#include "base/buf.h"

enum { JSON_OUT_DEPTH_MAX = 128 }; /* containers in each other; deeper ones mark the buffer as failed */

struct json_out {
	struct buf *out; /* the caller's */
	unsigned depth;
	bool comma;                               /* a value stands before the next one */
	uint64_t arrays[JSON_OUT_DEPTH_MAX / 64]; /* which of the open containers are arrays */
};

static inline struct json_out json_out_on(struct buf *out)
{
	return (struct json_out){.out = out};
}

void json_out_object(struct json_out *w);
void json_out_array(struct json_out *w);
void json_out_end(struct json_out *w); /* of the innermost one that is open */

void json_out_name(struct json_out *w, struct view name);

/* What is not UTF-8 becomes U+FFFD, so that the text is JSON whatever stands in it. */
void json_out_string(struct json_out *w, struct view text);
/* A string in several pieces: json_out_string_begin, any number of pieces, json_out_string_end. A character
 * may not be divided between pieces. */
void json_out_string_begin(struct json_out *w);
void json_out_string_piece(struct json_out *w, struct view text);
void json_out_string_end(struct json_out *w);

void json_out_number(struct json_out *w, int64_t n);
void json_out_unsigned(struct json_out *w, uint64_t n);
void json_out_bool(struct json_out *w, bool yes);
void json_out_null(struct json_out *w);

/* A value that is JSON already. */
void json_out_raw(struct json_out *w, struct view json);

#endif
