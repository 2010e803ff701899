/* Which language somebody reads best (RFC 9110 section 12.5.4). */
#ifndef HTTP_HTTP_LANGUAGE_H
#define HTTP_HTTP_LANGUAGE_H

#include <stddef.h>

#include "base/view.h"

/*
 * Of `tags` ("de"), the one that the field Accept-Language prefers most: "de-AT" finds "de" (RFC 4647
 * section 3.4). Of two that are preferred alike, the one that is named first. `count`: none of them is named,
 * or each is refused. "*" is not looked at: it names no language.
 */
size_t http_language_choose(struct view field, const char *const *tags, size_t count);

#endif
