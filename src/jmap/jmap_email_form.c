/* What Email/get and Email/parse are asked for: RFC 8621 sections 4.2 and 4.9. */
#include <errno.h>

#include "jmap/jmap_email.h"

const char *const jmap_email_arguments[] = {"bodyProperties", "fetchTextBodyValues", "fetchHTMLBodyValues",
    "fetchAllBodyValues", "maxBodyValueBytes", "cleanHTMLBodyValues", NULL};

enum { PROPERTIES_MAX = 500 /* names in a list: a client that lists more has lost its way */ };

bool jmap_email_is_header(struct view name)
{
	struct header_property property;
	return header_property_parse(name, &property) == 0;
}

static bool is_asked(const struct jmap_header_asked *headers, size_t count, struct view name)
{
	for (size_t i = 0; i < count; i++)
		if (view_equal(headers[i].text, name))
			return true;
	return false;
}

/* Takes the name when it is one of a header field; each once. -EINVAL, -EACCES: as header_property_parse. */
static int take_header(struct view name, struct jmap_header_asked *headers, size_t *count)
{
	struct header_property property;
	int result = header_property_parse(name, &property);
	if (result == 0 && !is_asked(headers, *count, name))
		headers[(*count)++] = (struct jmap_header_asked){.text = name, .property = property};
	return result;
}

static bool refuse(struct jmap_call *c, const char *list, struct view name)
{
	jmap_error(c, "invalidArguments", "\"%s\": there is no property \"%.*s\"", list, VIEW_FMT(name));
	return false;
}

static bool read_parts(struct jmap_call *c, struct jmap_email_form *form)
{
	json_t *names = NULL, *item;
	size_t i;
	if (!jmap_take_array(c, jmap_arguments(c), "bodyProperties", &names))
		return false;
	form->usual_parts = names == NULL;
	if (names == NULL) {
		form->parts.properties = JMAP_PART_DEFAULT;
		return true;
	}
	size_t count = json_array_size(names);
	if (count > PROPERTIES_MAX) {
		jmap_error(c, "invalidArguments", "\"bodyProperties\": there are too many");
		return false;
	}
	form->parts.headers = arena_array(jmap_arena(c), count + 1, sizeof *form->parts.headers);
	if (form->parts.headers == NULL) {
		jmap_error_of(c, -ENOMEM, "bodyProperties");
		return false;
	}
	json_array_foreach(names, i, item)
	{
		struct view name = jmap_string(item);
		unsigned bit = json_is_string(item) ? jmap_part_property(name) : 0;
		form->parts.properties |= bit;
		if (bit == 0 && take_header(name, form->parts.headers, &form->parts.header_count) != 0)
			return refuse(c, "bodyProperties", name);
	}
	return true;
}

/* To a client that does not use a capability, its properties don't exist (RFC 8620 section 1.8). */
static bool check_extensions(struct jmap_call *c, uint64_t properties)
{
	static const struct {
		enum jmap_email_property property;
		enum jmap_capability capability;
	} extensions[] = {{JMAP_EMAIL_VERDICT, JMAP_VERDICT}, {JMAP_EMAIL_FIRST_CONTACT, JMAP_VERDICT},
	    {JMAP_EMAIL_FILED_BY, JMAP_FILED_BY}, {JMAP_EMAIL_SNOOZED, JMAP_SNOOZE},
	    {JMAP_EMAIL_AWOKEN_AT, JMAP_SNOOZE}, {JMAP_EMAIL_SMIME_STATUS, JMAP_SMIME},
	    {JMAP_EMAIL_SMIME_DELIVERED, JMAP_SMIME}, {JMAP_EMAIL_SMIME_ERRORS, JMAP_SMIME},
	    {JMAP_EMAIL_SMIME_AT, JMAP_SMIME}};
	for (size_t i = 0; i < sizeof extensions / sizeof extensions[0]; i++)
		if (properties & JMAP_EMAIL_BIT(extensions[i].property) &&
		    !jmap_uses(c, extensions[i].capability))
			return refuse(
			    c, "properties", view_from_string(jmap_email_properties[extensions[i].property]));
	return true;
}

/* An argument of our own; like a property, it does not exist without its capability. */
static bool read_clean(struct jmap_call *c, struct jmap_email_form *form)
{
	static const char argument[] = "cleanHTMLBodyValues";
	if (!json_object_get(jmap_arguments(c), argument))
		return true;
	if (!jmap_uses(c, JMAP_CLEAN_HTML)) {
		jmap_error(c, "invalidArguments", "there is no argument \"%s\"", argument);
		return false;
	}
	return jmap_take_bool(c, jmap_arguments(c), argument, &form->values.clean);
}

bool jmap_email_form_read(struct jmap_call *c, struct jmap_email_form *form, uint64_t properties,
    const struct view *names, size_t name_count)
{
	json_t *arguments = jmap_arguments(c);
	*form = (struct jmap_email_form){.properties = properties};
	if (!check_extensions(c, properties))
		return false;
	if (name_count > PROPERTIES_MAX) {
		jmap_error(c, "invalidArguments", "\"properties\": there are too many");
		return false;
	}
	form->headers = arena_array(jmap_arena(c), name_count + 1, sizeof *form->headers);
	if (form->headers == NULL) {
		jmap_error_of(c, -ENOMEM, "properties");
		return false;
	}
	for (size_t i = 0; i < name_count; i++) {
		int result = take_header(names[i], form->headers, &form->header_count);
		if (result == -EINVAL || result == -EACCES)
			return refuse(c, "properties", names[i]);
	}
	return read_parts(c, form) &&
	       jmap_take_bool(c, arguments, "fetchTextBodyValues", &form->values.text) &&
	       jmap_take_bool(c, arguments, "fetchHTMLBodyValues", &form->values.html) &&
	       jmap_take_bool(c, arguments, "fetchAllBodyValues", &form->values.all) &&
	       jmap_take_unsigned(c, arguments, "maxBodyValueBytes", &form->value_max) && read_clean(c, form);
}

bool jmap_email_form_wants(const struct jmap_email_form *form, uint64_t properties)
{
	return form->properties & properties;
}

bool jmap_email_form_wants_header(const struct jmap_email_form *form)
{
	return form->header_count > 0 || form->properties & (JMAP_EMAIL_BIT(JMAP_EMAIL_HEADERS) |
	                                                        JMAP_EMAIL_BIT(JMAP_EMAIL_REFERENCES));
}

bool jmap_email_form_wants_envelope(const struct jmap_email_form *form)
{
	return form->properties &
	       (JMAP_EMAIL_BIT(JMAP_EMAIL_HAS_ATTACHMENT) - JMAP_EMAIL_BIT(JMAP_EMAIL_MESSAGE_ID));
}

bool jmap_email_form_wants_structure(const struct jmap_email_form *form)
{
	return form->properties & JMAP_EMAIL_OF_BODY;
}

/* Values are shown as bodyValues alone. */
static bool wants_values(const struct jmap_email_form *form)
{
	return form->properties & JMAP_EMAIL_BIT(JMAP_EMAIL_BODY_VALUES) &&
	       (form->values.text || form->values.html || form->values.all);
}

bool jmap_email_form_shows_parts(const struct jmap_email_form *form)
{
	return form->properties & (JMAP_EMAIL_OF_BODY & ~JMAP_EMAIL_BIT(JMAP_EMAIL_BODY_VALUES));
}

bool jmap_email_form_wants_bytes(const struct jmap_email_form *form)
{
	bool of_parts =
	    form->parts.header_count > 0 || form->parts.properties & (JMAP_PART_SIZE | JMAP_PART_HEADERS);
	return wants_values(form) || (of_parts && jmap_email_form_shows_parts(form));
}

void jmap_email_plan(struct jmap_part_reads *reads, const struct jmap_email_form *form,
    const struct mime_tree *tree, size_t root, const struct jmap_bodies *bodies, uint64_t prefix_len)
{
	struct jmap_values_wanted none = {0};
	jmap_part_reads_plan(reads, tree, root, bodies,
	    jmap_email_form_shows_parts(form) ? &form->parts : NULL, wants_values(form) ? form->values : none,
	    form->value_max, prefix_len);
}
