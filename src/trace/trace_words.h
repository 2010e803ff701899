/* One line of the trace records, read, and in words. */
#ifndef TRACE_TRACE_WORDS_H
#define TRACE_TRACE_WORDS_H

#include "base/arena.h"
#include "base/buf.h"

enum { TRACE_FIELDS_MAX = 24 };

struct trace_line {
	int64_t time;
	struct view stamp, id, name;
	int kind; /* enum trace_kind, -1: one of a newer version */
	size_t count;
	struct {
		struct view key, value; /* decoded */
	} fields[TRACE_FIELDS_MAX];
};

/* Reads a line; what was quoted is decoded into the arena. False: it is none. */
bool trace_line_read(struct view line, struct arena *arena, struct trace_line *out);

/* A field's text or number; empty or 0 if there is none. */
struct view trace_field(const struct trace_line *line, const char *key);
int64_t trace_number(const struct trace_line *line, const char *key);

/* What happened, in a few words without a line end. */
void trace_words(struct buf *out, const struct trace_line *line);

#endif
