/* Files that are a part of the program, pages/ and the webmail: the build makes this table of them
 * (scripts/embed). */
#ifndef ROLE_WEB_WEB_STATIC_H
#define ROLE_WEB_WEB_STATIC_H

#include "role/web/web_exchange.h"

struct web_file {
	const char *name, *type; /* the name is the path without its first slash */
	const char *etag;        /* in quotes, as the field has it: it goes by what is in the file */
	const unsigned char *data;
	size_t len;
	const unsigned char *packed; /* by gzip; NULL: it would not be shorter */
	size_t packed_len;
};

extern const struct web_file web_files[];
extern const size_t web_files_count;

/* Sorted by name. NULL: there is none. */
const struct web_file *web_static_find(struct view name);

/* Answers with a file; 304 where the client has it (RFC 9110 section 13). */
void web_static_answer(struct web_exchange *e, const struct web_file *file);

/* The function of their routes: a path is a file's name. */
void web_static_begin(struct web_exchange *e);

#endif
