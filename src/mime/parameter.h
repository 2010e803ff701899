/*
 * Content-Type, Content-Disposition and their parameters: RFC 2045 section 5, RFC 2183, RFC 2231. Reading is
 * tolerant: unquoted values with blanks, missing quotes and semicolons, encoded words in quotes.
 */
#ifndef MIME_PARAMETER_H
#define MIME_PARAMETER_H

#include "base/arena.h"
#include "base/buf.h"

/*
 * A parameter with its continuations joined (RFC 2231 section 3), which is the form that IMAP shows. A name
 * that ends with "*" has a value in the extended form of section 4: charset'language'percent-encoded.
 */
struct parameter {
	struct view name; /* lower case */
	struct view value;
};

struct parameters {
	struct parameter *items;
	size_t count;
};

struct media_type {
	struct view type, subtype; /* lower case */
	struct parameters parameters;
};

/*
 * Read a field's body; values live in the arena. A Content-Type that cannot be read becomes text/plain (RFC
 * 2045, section 5.2), a disposition that cannot be read stays empty; both set *defective (which is never
 * cleared). 0, or -ENOBUFS when the arena is full: the output is then untouched.
 */
int media_type_parse(struct view body, struct arena *arena, struct media_type *type, bool *defective);
int content_disposition_parse(struct view body, struct arena *arena, struct view *disposition,
    struct parameters *parameters, bool *defective);

/* The value of the first parameter of that name as it stands; the empty view if there is none. */
struct view parameter_find(const struct parameters *parameters, struct view name);

/*
 * Appends the parameter's text as UTF-8: extended form first, then the plain one, in which encoded words and
 * raw 8-bit text are read too. False if there is no such parameter; what is past `out`'s maximum is left out.
 */
bool parameter_text(const struct parameters *parameters, struct view name, struct buf *out);

/*
 * Appends a parameter behind a field's body, on a line of its own: ";" CRLF SP name="value", or
 * name*=utf-8''value where the value is long or holds what a quoted string cannot. The value is UTF-8, the
 * name a token. The result of buf_append.
 */
int parameter_write(struct buf *out, const char *name, struct view value);

bool media_type_is(const struct media_type *type, const char *major, const char *subtype);

#endif
