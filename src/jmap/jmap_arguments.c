/* Arguments by their names and types: what is wrong is answered with its name (RFC 8620 section 3.6.2). */
#include "jmap/jmap_state.h"

#include <stdarg.h>
#include <string.h>

json_t *jmap_arguments(struct jmap_call *c)
{
	return c->arguments;
}

static bool unknown(struct jmap_call *c, const char *key)
{
	jmap_error(c, "invalidArguments", "there is no argument \"%s\"", key);
	return false;
}

static bool is_named(va_list names, const char *key)
{
	const char *name;

	while ((name = va_arg(names, const char *)))
		if (strcmp(name, key) == 0)
			return true;
	return strcmp(key, "accountId") == 0;
}

bool jmap_arguments_known(struct jmap_call *c, ...)
{
	const char *key;
	json_t *value;

	json_object_foreach(c->arguments, key, value)
	{
		va_list names;
		va_start(names, c);
		bool known = is_named(names, key);
		va_end(names);
		if (!known)
			return unknown(c, key);
	}
	return true;
}

static bool is_listed(const char *const *names, const char *key)
{
	for (; names && *names; names++)
		if (strcmp(*names, key) == 0)
			return true;
	return false;
}

bool jmap_arguments_are(struct jmap_call *c, const char *const *names, const char *const *more)
{
	const char *key;
	json_t *value;

	json_object_foreach(c->arguments, key, value)
	{
		if (strcmp(key, "accountId") != 0 && !is_listed(names, key) && !is_listed(more, key))
			return unknown(c, key);
	}
	return true;
}

/* NULL: it is absent or null. */
static json_t *member(const json_t *object, const char *name)
{
	json_t *value = json_object_get(object, name);

	return json_is_null(value) ? NULL : value;
}

static bool wrong(struct jmap_call *c, const char *name, const char *wanted)
{
	jmap_error(c, "invalidArguments", "\"%s\" is not %s", name, wanted);
	return false;
}

bool jmap_take_bool(struct jmap_call *c, const json_t *object, const char *name, bool *out)
{
	const json_t *value = member(object, name);

	if (value && !json_is_boolean(value))
		return wrong(c, name, "true or false");
	if (value)
		*out = json_is_true(value);
	return true;
}

bool jmap_take_int(struct jmap_call *c, const json_t *object, const char *name, int64_t *out)
{
	const json_t *value = member(object, name);

	return value == NULL || jmap_is_int(value, out) || wrong(c, name, "a whole number");
}

bool jmap_take_unsigned(struct jmap_call *c, const json_t *object, const char *name, uint64_t *out)
{
	const json_t *value = member(object, name);

	return value == NULL || jmap_is_unsigned(value, out) || wrong(c, name, "a whole number from 0 on");
}

bool jmap_take_string(struct jmap_call *c, const json_t *object, const char *name, struct view *out)
{
	const json_t *value = member(object, name);

	if (value && !json_is_string(value))
		return wrong(c, name, "a string");
	if (value)
		*out = jmap_string(value);
	return true;
}

bool jmap_take_object(struct jmap_call *c, const json_t *object, const char *name, json_t **out)
{
	json_t *value = member(object, name);

	if (value && !json_is_object(value))
		return wrong(c, name, "an object");
	if (value)
		*out = value;
	return true;
}

bool jmap_take_array(struct jmap_call *c, const json_t *object, const char *name, json_t **out)
{
	json_t *value = member(object, name);

	if (value && !json_is_array(value))
		return wrong(c, name, "a list");
	if (value)
		*out = value;
	return true;
}
