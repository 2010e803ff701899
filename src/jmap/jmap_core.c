/* Core/echo (RFC 8620 section 4). */
#include "jmap/jmap_private.h"

static void echo(struct jmap_call *c)
{
	struct json_out *w = jmap_respond(c);
	const char *name;
	json_t *value;

	json_object_foreach(jmap_arguments(c), name, value)
	{
		json_out_name(w, view_from_string(name));
		jmap_put_json(w, value);
	}
	jmap_end(c);
}

const struct jmap_method jmap_methods_core[] = {{"Core/echo", JMAP_CORE, 0, echo}, {0}};
