/*
 * Messages as text: the fields that a line of a script names, put into a message's struct by its schema, or
 * held against one. The language is in README.md.
 */
#ifndef TEST_FRAMES_VALUE_H
#define TEST_FRAMES_VALUE_H

#include "base/arena.h"
#include "io/codec.h"

enum value_kind {
	VALUE_NUMBER,
	VALUE_TEXT,
	VALUE_LIST,
	VALUE_FIELDS,
	VALUE_BOUND /* takes what is there, under `text` as name */
};

struct value {
	enum value_kind kind;
	struct view name; /* of the field; empty in a list */
	uint64_t number;
	struct view text;
	struct value *first, *next; /* members of a list or of fields; the next one beside */
};

/* What scripts have named. */
struct value_names {
	struct arena arena; /* of all that is parsed and named */
	struct value *first;
};

/* Names a value; a later one of the same name hides the earlier. */
void script_name(struct value_names *names, struct view name, const struct value *value);
const struct value *script_named(const struct value_names *names, struct view name);

/* "name=value ...", to the end of the line. False with *problem. */
bool script_parse_fields(
    struct view line, struct value_names *names, struct value *out, const char **problem);

/* Puts the fields into a message that was zeroed, the least that is allowed into all others. False with
 * *problem. */
bool script_put(const struct value *fields, const struct codec_schema *schema, void *message,
    struct arena *arena, const char **problem);

/* Whether each field that is named is as said; binds what is to be bound. */
bool script_match(const struct value *fields, const struct codec_schema *schema, const void *message,
    struct value_names *names);

/* The whole message as a script would write it. */
void script_show(const struct codec_schema *schema, const void *message, struct buf *out);

#endif
