/* Reading JSON (RFC 8259) into values in an arena: for what our own processes say to the command line. */
#ifndef FORMAT_JSON_READ_H
#define FORMAT_JSON_READ_H

#include "base/arena.h"

enum { JSON_DEPTH_MAX = 16 };

enum json_kind { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_value {
	enum json_kind kind;
	struct view name;         /* as a member of an object; decoded */
	struct view text;         /* a string, decoded; a number, as written */
	struct json_value *first; /* of an array or object, in order */
	struct json_value *next;
	size_t count; /* of an array or object */
};

/*
 * Reads exactly one value. Everything lives in the arena or in `text`. 0; -EINVAL for what is no JSON, also
 * past JSON_DEPTH_MAX; -ENOBUFS when the arena is full. *value is then untouched.
 */
int json_parse(struct view text, struct arena *arena, struct json_value *value);

/* The first member of that name, or NULL; also when `value` is NULL or no object. */
const struct json_value *json_member(const struct json_value *value, const char *name);

/* A member's text, or the empty view; its number (a fraction is cut off), or 0; whether it is true. */
struct view json_text_of(const struct json_value *object, const char *name);
int64_t json_number_of(const struct json_value *object, const char *name);
bool json_true_of(const struct json_value *object, const char *name);

#endif
