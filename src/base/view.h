/*
 * A view: bytes with a length that belong to somebody else. Never NUL-terminated by promise.
 * A view is valid as long as the memory it points into; functions that keep one say so.
 */
#ifndef BASE_VIEW_H
#define BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view {
	const char *data;
	size_t len;
};

/* A view of a string literal. A macro, because sizeof needs the literal itself. */
#define VIEW(literal) ((struct view){(literal), sizeof(literal) - 1})

/* The arguments for a printf "%.*s". A macro, because it yields two arguments. */
#define VIEW_FMT(v) (int)(v).len, (v).data

static inline struct view view_of(const void *data, size_t len)
{
	return (struct view){data, len};
}

static inline bool view_empty(struct view v)
{
	return v.len == 0;
}

/* A view of a NUL-terminated string; NULL gives the empty view. */
struct view view_from_string(const char *s);

bool view_equal(struct view a, struct view b);

/* ASCII letters compare without case; all other bytes compare as they are. */
bool view_equal_nocase(struct view a, struct view b);
bool view_starts_nocase(struct view v, struct view prefix);
bool view_starts(struct view v, struct view prefix);
bool view_ends_nocase(struct view v, struct view suffix);

/* Byte order, the shorter one first when one is the other's beginning. */
int view_compare(struct view a, struct view b);

/* Index of the first such byte, or -1. */
ptrdiff_t view_find(struct view v, char c);
ptrdiff_t view_find_last(struct view v, char c);

/* The part from offset on, or its first len bytes; both are cut to what there is. */
struct view view_skip(struct view v, size_t offset);
struct view view_take(struct view v, size_t len);

/* Without blanks (space, tab, CR, LF) at both ends. */
struct view view_trim(struct view v);

/*
 * Takes the part before the first `separator` off `rest` and gives it in `part`; the separator is dropped.
 * Returns false when `rest` has been used up: then nothing is changed. A last part without separator counts.
 */
bool view_next(struct view *rest, char separator, struct view *part);

/* Decimal digits only, the whole view. Returns false on anything else and past `max`; `*n` is then untouched.
 */
bool view_to_u64(struct view v, uint64_t max, uint64_t *n);

/* The same with a unit at the end, if there is one: K, M, G or T (either case), of 1024. */
bool view_to_size(struct view v, uint64_t *n);

char ascii_lower(char c);
bool ascii_is_alpha(char c);
bool ascii_is_digit(char c);
bool ascii_is_alnum(char c);
/* SP to ~: what may stand in a log line or a reply without escaping. */
bool ascii_is_print(char c);

#endif
