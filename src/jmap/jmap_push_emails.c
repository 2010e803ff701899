/* See jmap_push_emails.h. */
#include "jmap/jmap_push_emails.h"

#include <stdlib.h>
#include <string.h>

#include "jmap/jmap_state.h"

struct compiling {
	struct jmap_call *c;
	struct buf form;
	const char *why;
};

static bool wrong(struct compiling *x, const char *why)
{
	x->why = why;
	return false;
}

static void put_op(struct compiling *x, enum email_push_op op)
{
	buf_append_u8(&x->form, (uint8_t)op);
}

/* ---- conditions ---- */

static bool put_text(struct compiling *x, struct view text, bool lower)
{
	if (text.len == 0 || text.len > EMAIL_PUSH_TEXT_MAX)
		return wrong(x, "a keyword or text of its filter is empty, or longer than 100 octets");
	buf_append_u8(&x->form, (uint8_t)text.len);
	for (size_t i = 0; i < text.len; i++)
		buf_append_byte(&x->form, lower ? ascii_lower(text.data[i]) : text.data[i]);
	return true;
}

/* 0: there is no such mailbox, and no email is in it. */
static uint32_t mailbox_of(struct jmap_call *c, const json_t *value)
{
	uint64_t account, number;
	struct view id = jmap_string(value);
	if (!mail_id_read(id, MAIL_ID_MAILBOX, &account, &number) || number > UINT32_MAX ||
	    account != jmap_session_of(c)->config.account)
		return 0;
	return (uint32_t)number;
}

static bool put_mailbox(struct compiling *x, enum email_push_op op, const json_t *value)
{
	if (!json_is_string(value))
		return wrong(x, "\"inMailbox\" is the id of a Mailbox");
	put_op(x, op);
	buf_append_u32(&x->form, mailbox_of(x->c, value));
	return true;
}

static bool put_mailboxes(struct compiling *x, enum email_push_op op, const json_t *value)
{
	size_t count = json_array_size(value);
	if (!json_is_array(value) || count > EMAIL_PUSH_MANY_MAX)
		return wrong(x, "\"inMailboxOtherThan\" is a list of 64 ids of Mailboxes at most");
	put_op(x, op);
	buf_append_u8(&x->form, (uint8_t)count);
	for (size_t i = 0; i < count; i++)
		buf_append_u32(&x->form, mailbox_of(x->c, json_array_get(value, i)));
	return true;
}

static bool put_date(struct compiling *x, enum email_push_op op, const json_t *value)
{
	int64_t seconds;
	if (!json_is_string(value) || !jmap_date_read(jmap_string(value), &seconds, NULL))
		return wrong(x, "\"before\" and \"after\" are UTCDates");
	put_op(x, op);
	buf_append_u64(&x->form, seconds > 0 ? (uint64_t)seconds : 0);
	return true;
}

static bool put_size(struct compiling *x, enum email_push_op op, const json_t *value)
{
	uint64_t size;
	if (!jmap_is_unsigned(value, &size))
		return wrong(x, "\"minSize\" and \"maxSize\" are numbers");
	put_op(x, op);
	buf_append_u64(&x->form, size);
	return true;
}

static bool put_keyword(struct compiling *x, enum email_push_op op, const json_t *value)
{
	put_op(x, op);
	return put_text(x, jmap_string(value), true);
}

static bool put_attachment(struct compiling *x, enum email_push_op op, const json_t *value)
{
	if (!json_is_boolean(value))
		return wrong(x, "\"hasAttachment\" is true or false");
	put_op(x, op);
	buf_append_u8(&x->form, json_is_true(value));
	return true;
}

static const struct {
	const char *name;
	enum email_push_op op;
	bool (*put)(struct compiling *x, enum email_push_op op, const json_t *value);
} conditions[] = {
    {"inMailbox", EMAIL_PUSH_IN, put_mailbox},
    {"inMailboxOtherThan", EMAIL_PUSH_OTHER_THAN, put_mailboxes},
    {"before", EMAIL_PUSH_BEFORE, put_date},
    {"after", EMAIL_PUSH_AFTER, put_date},
    {"minSize", EMAIL_PUSH_MIN_SIZE, put_size},
    {"maxSize", EMAIL_PUSH_MAX_SIZE, put_size},
    {"hasKeyword", EMAIL_PUSH_HAS, put_keyword},
    {"notKeyword", EMAIL_PUSH_HAS_NOT, put_keyword},
    {"hasAttachment", EMAIL_PUSH_ATTACHMENT, put_attachment},
};

static bool put_field(struct compiling *x, const char *name, const json_t *value)
{
	static const enum email_push_property fields[] = {
	    EMAIL_PUSH_FROM, EMAIL_PUSH_TO, EMAIL_PUSH_CC, EMAIL_PUSH_BCC, EMAIL_PUSH_SUBJECT};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		if (strcmp(name, email_push_properties[fields[i]]) != 0)
			continue;
		put_op(x, EMAIL_PUSH_FIELD);
		buf_append_u8(&x->form, (uint8_t)fields[i]);
		return put_text(x, jmap_string(value), false);
	}
	return wrong(
	    x, "its filter has a condition that needs the message or its thread, or that there is not");
}

static bool put_condition(struct compiling *x, json_t *object)
{
	const char *name;
	json_t *value;
	put_op(x, EMAIL_PUSH_ALL);
	buf_append_u8(&x->form, (uint8_t)json_object_size(object));
	json_object_foreach(object, name, value)
	{
		size_t k = 0, all = sizeof conditions / sizeof *conditions;
		while (k < all && strcmp(conditions[k].name, name) != 0)
			k++;
		if (!(k < all ? conditions[k].put(x, conditions[k].op, value) : put_field(x, name, value)))
			return false;
	}
	return true;
}

/* Depth is bounded by EMAIL_PUSH_DEPTH_MAX. */
static bool put_filter(struct compiling *x, json_t *filter, unsigned depth)
{
	static const struct {
		const char *name;
		enum email_push_op op;
	} operators[] = {{"AND", EMAIL_PUSH_ALL}, {"OR", EMAIL_PUSH_ANY}, {"NOT", EMAIL_PUSH_NONE}};
	const json_t *name = json_object_get(filter, "operator"), *of = json_object_get(filter, "conditions");
	size_t k = 0, count = json_array_size(of);
	if (!json_is_object(filter) || json_object_size(filter) > EMAIL_PUSH_MANY_MAX ||
	    depth + 1 >= EMAIL_PUSH_DEPTH_MAX)
		return wrong(x, "its filter is no FilterOperator or FilterCondition, or too deep");
	if (name == NULL)
		return put_condition(x, filter);
	while (k < 3 && !view_equal(jmap_string(name), view_from_string(operators[k].name)))
		k++;
	if (k == 3 || !json_is_array(of) || count > EMAIL_PUSH_MANY_MAX)
		return wrong(x, "an operator of its filter is none, or has more than 64 conditions");
	put_op(x, operators[k].op);
	buf_append_u8(&x->form, (uint8_t)count);
	for (size_t i = 0; i < count; i++)
		if (!put_filter(x, json_array_get(of, i), depth + 1))
			return false;
	return true;
}

/* ---- the rest ---- */

static bool put_properties(struct compiling *x, const json_t *list)
{
	size_t count = json_array_size(list);
	bool seen[EMAIL_PUSH_PROPERTIES] = {false};
	if (!json_is_array(list) || count > EMAIL_PUSH_PROPERTIES)
		return wrong(x, "\"properties\" is a list of properties of an Email, each once");
	buf_append_u8(&x->form, (uint8_t)count);
	for (size_t i = 0; i < count; i++) {
		struct view name = jmap_string(json_array_get(list, i));
		size_t k = 0;
		while (k < EMAIL_PUSH_PROPERTIES &&
		       !view_equal(name, view_from_string(email_push_properties[k])))
			k++;
		if (k == EMAIL_PUSH_PROPERTIES || seen[k])
			return wrong(x, "a property is none that can be pushed, or stands there twice");
		seen[k] = true;
		buf_append_u8(&x->form, (uint8_t)k);
	}
	return true;
}

static bool put_urgency(struct compiling *x, const json_t *value)
{
	static const char *const words[] = {
	    [PUSH_VERY_LOW] = "very-low", [PUSH_LOW] = "low", [PUSH_NORMAL] = "normal", [PUSH_HIGH] = "high"};
	unsigned k = PUSH_VERY_LOW;
	while (value && k <= PUSH_URGENCY_LAST && !view_equal(jmap_string(value), view_from_string(words[k])))
		k++;
	if (value == NULL)
		k = PUSH_NORMAL;
	if (k > PUSH_URGENCY_LAST)
		return wrong(x, "\"urgency\" is \"very-low\", \"low\", \"normal\" or \"high\"");
	buf_append_u8(&x->form, (uint8_t)k);
	return true;
}

static bool put_config(struct compiling *x, json_t *config)
{
	json_t *filter = json_object_get(config, "filter"), *value;
	const char *name;
	json_object_foreach(config, name, value)
	{
		if (strcmp(name, "filter") != 0 && strcmp(name, "properties") != 0 &&
		    strcmp(name, "urgency") != 0)
			return wrong(x, "it has a property that there is not");
	}
	if (!json_is_object(config))
		return wrong(x, "it is no EmailPushConfig");
	buf_append_u8(&x->form, EMAIL_PUSH_VERSION);
	if (!put_urgency(x, json_object_get(config, "urgency")) ||
	    !put_properties(x, json_object_get(config, "properties")))
		return false;
	if (filter && !json_is_null(filter))
		return put_filter(x, filter, 0);
	put_op(x, EMAIL_PUSH_ALL);
	buf_append_u8(&x->form, 0);
	return true;
}

static bool compile(struct compiling *x, json_t *value)
{
	char own[MAIL_ID_MAX];
	size_t len = mail_account_id_write(own, jmap_session_of(x->c)->config.account);
	if (!json_is_object(value) || json_object_size(value) > 1)
		return wrong(x, "it is a map with the own account's id alone");
	if (json_object_size(value) == 0)
		return true;
	json_t *config = json_object_getn(value, own, len);
	return config ? put_config(x, config) : wrong(x, "emails of the own account alone are pushed");
}

bool jmap_push_emails_read(
    struct jmap_call *c, const json_t *value, struct view *json, struct view *form, const char **why)
{
	struct compiling x = {.c = c};
	union { /* jansson walks no constant object */
		const json_t *given;
		json_t *walked;
	} config = {.given = value};
	struct email_push_form read;
	*json = *form = (struct view){0};
	if (json_is_null(value))
		return true;
	buf_init(&x.form, EMAIL_PUSH_FORM_MAX);
	bool good = compile(&x, config.walked);
	char *text = good && x.form.len ? json_dumps(value, JSON_COMPACT) : NULL;
	if (text && (buf_failed(&x.form) || strlen(text) > EMAIL_PUSH_JSON_MAX ||
	                !email_push_read(buf_view(&x.form), &read)))
		good = wrong(&x, "it is longer than is kept: 1,100 octets");
	else if (text)
		good = arena_copy(jmap_arena(c), view_from_string(text), json) &&
		       arena_copy(jmap_arena(c), buf_view(&x.form), form);
	free(text);
	buf_done(&x.form);
	*why = x.why ? x.why : "there is no memory for it now";
	return good;
}
