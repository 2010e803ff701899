/* What a request says in its body: the fields of a form (application/x-www-form-urlencoded), or the members
 * of a JSON object. Texts, numbers and flags are texts here; a list gives a field for each of its elements.
 */
#ifndef ROLE_WEB_WEB_AUTH_FORM_H
#define ROLE_WEB_WEB_AUTH_FORM_H

#include "base/arena.h"

enum { WEB_FORM_FIELDS_MAX = 32, WEB_FORM_BODY_MAX = 64 * 1024 };

struct web_form {
	struct {
		struct view name, value;
	} fields[WEB_FORM_FIELDS_MAX];
	size_t count;
};

/* False: it is neither, or has too many fields. Everything lives in the arena or in `body`. An empty body has
 * no fields. */
bool web_form_read(struct web_form *form, struct view type, struct view body, struct arena *arena);

/* Whether the type is that of a form: then the answer is a page. */
bool web_form_is_form(struct view type);

/* The first field of the name; empty if there is none. */
struct view web_form_get(const struct web_form *form, const char *name);

/* A number of 1 or more; 0 for anything else. */
uint64_t web_form_number(const struct web_form *form, const char *name);

#endif
