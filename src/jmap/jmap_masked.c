/*
 * Masked addresses (urn:postrider:params:jmap:maskedemail; doc/jmap.md): MaskedEmail/get and /set, in the
 * shape that Fastmail has published.
 */
#include <errno.h>

#include "jmap/jmap_numbered.h"
#include "mail/masked.h"

static const char *const names[] = {
    "id", "email", "state", "forDomain", "description", "createdBy", "createdAt", "lastMessageAt", NULL};
enum {
	HAS_EMAIL = 1 << 1,
	HAS_STATE = 1 << 2,
	HAS_DOMAIN = 1 << 3,
	HAS_DESCRIPTION = 1 << 4,
	HAS_BY = 1 << 5,
	HAS_AT = 1 << 6,
	HAS_LAST = 1 << 7,
	HAS_ALL = 0xff
};

static const char *const states[] = {
    [MASKED_ENABLED] = "enabled", [MASKED_DISABLED] = "disabled", [MASKED_DELETED] = "deleted"};

/* Store's messages have no larger numbers. */
static bool read_id(struct jmap_call *c, struct view id, uint64_t *number)
{
	return jmap_numbered_read(c, id, MAIL_ID_MASKED, number) && *number <= UINT32_MAX;
}

/* ---- MaskedEmail/get ---- */

static void put_properties(struct json_out *w, uint64_t properties, const struct masked_entry *e)
{
	if (properties & HAS_EMAIL)
		jmap_put_string(w, "email", e->email);
	if (properties & HAS_STATE)
		jmap_put_string(w, "state", view_from_string(states[e->state]));
	if (properties & HAS_DOMAIN)
		jmap_put_string(w, "forDomain", e->for_domain);
	if (properties & HAS_DESCRIPTION)
		jmap_put_string(w, "description", e->description);
	if (properties & HAS_BY)
		jmap_put_string(w, "createdBy", e->created_by);
	if (properties & HAS_AT)
		jmap_put_time(w, "createdAt", e->created);
	if (properties & HAS_LAST)
		jmap_put_time(w, "lastMessageAt", e->last);
}

static void put_entry(struct jmap_call *c, struct json_out *w, uint64_t properties, const void *entry)
{
	(void)c;
	put_properties(w, properties, entry);
}

static uint64_t number_of(const void *entry)
{
	return ((const struct masked_entry *)entry)->number;
}

static void run_get(struct jmap_call *c)
{
	static const struct masked_get question;
	static const struct jmap_numbered_get type = {.letter = MAIL_ID_MASKED,
	    .what = "the masked addresses",
	    .names = names,
	    .all = HAS_ALL,
	    .ask = MASKED_GET,
	    .question = &question,
	    .entry = MASKED_ENTRY,
	    .number = number_of,
	    .put = put_entry};
	jmap_numbered_get(c, &type);
}

/* ---- MaskedEmail/set ---- */

struct setting {
	struct view key;
	bool creating;
	struct masked_create create;
	struct masked_update update;
};

static bool take_text(const json_t *value, size_t max, struct view *out)
{
	*out = jmap_string(value);
	if ((!json_is_string(value) && !json_is_null(value)) || out->len > max)
		return false;
	for (size_t i = 0; i < out->len; i++)
		if ((unsigned char)out->data[i] < ' ' || out->data[i] == 0x7f)
			return false;
	return true;
}

static bool take_state(const json_t *value, uint64_t *state)
{
	for (*state = 0; *state <= MASKED_STATE_LAST; (*state)++)
		if (view_equal(jmap_string(value), view_from_string(states[*state])))
			return true;
	return false;
}

static bool take_property(struct setting *x, struct view name, const json_t *value)
{
	if (view_equal(name, VIEW("state"))) {
		x->update.has |= MASKED_HAS_STATE;
		return take_state(value, &x->update.state);
	}
	if (view_equal(name, VIEW("forDomain"))) {
		x->update.has |= MASKED_HAS_DOMAIN;
		return take_text(value, MASKED_DOMAIN_MAX, &x->update.for_domain);
	}
	if (view_equal(name, VIEW("description"))) {
		x->update.has |= MASKED_HAS_DESCRIPTION;
		return take_text(value, MASKED_TEXT_MAX, &x->update.description);
	}
	if (view_equal(name, VIEW("createdBy")))
		return x->creating && take_text(value, MASKED_TEXT_MAX, &x->create.created_by);
	return view_equal(name, VIEW("emailPrefix")) && x->creating &&
	       take_text(value, MASKED_PREFIX_MAX, &x->create.prefix);
}

/* False: it has failed, and the next one's turn has come. */
static bool take_properties(struct jmap_call *c, struct setting *x, json_t *object)
{
	const char *name;
	json_t *value;
	size_t len;
	json_object_keylen_foreach(object, name, len, value)
	{
		if (!take_property(x, view_of(name, len), value)) {
			jmap_set_failed(c, x->key, "invalidProperties", name,
			    "\"%.64s\" cannot be set, or not to this, or is too long", name);
			jmap_set_next(c);
			return false;
		}
	}
	return true;
}

static void fail(struct jmap_call *c, struct view key, int64_t error)
{
	switch (error) {
	case -EMLINK:
		jmap_set_failed(c, key, "overQuota", NULL,
		    "the account has as many as it may, or has made %d in all", MASKED_EVER_MAX);
		return;
	case -EUSERS:
		jmap_set_failed(
		    c, key, "rateLimit", NULL, "at most %d are made within an hour", MASKED_HOUR_MAX);
		return;
	case -EINVAL:
		jmap_set_failed(c, key, "invalidProperties", "emailPrefix",
		    "\"emailPrefix\" may hold a to z, 0 to 9, \"_\" and \"-\", at most %d of them, and not "
		    "what "
		    "begins a sub-address",
		    MASKED_PREFIX_MAX);
		return;
	case -ENOENT:
		jmap_set_failed(c, key, "notFound", NULL, "there is no such masked address");
		return;
	case -EACCES:
		jmap_set_failed(c, key, "forbidden", NULL, "an administrator has removed the address");
		return;
	default:
		jmap_set_failed(c, key, jmap_set_error_type(error), NULL, "it could not be kept");
	}
}

static void created(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	const struct mail_done *done = answer;
	char id[MAIL_ID_MAX];
	if (type == MASKED_ENTRY) {
		const struct masked_entry *e = answer;
		size_t len = mail_id_write(id, MAIL_ID_MASKED, jmap_account(c)->number, e->number);
		put_properties(jmap_set_created(c, x->key, view_of(id, len)), HAS_ALL, e);
		jmap_set_created_end(c);
	}
	if (type != MAIL_DONE)
		return;
	if (done->error)
		fail(c, x->key, done->error);
	jmap_set_next(c);
}

static void create(struct jmap_call *c, struct view key, json_t *object)
{
	struct setting *x = jmap_data(c);
	*x = (struct setting){.key = key, .creating = true};
	if (!take_properties(c, x, object))
		return;
	x->create.state = x->update.state;
	x->create.for_domain = x->update.for_domain;
	x->create.description = x->update.description;
	jmap_ask(c, MASKED_CREATE, &x->create, created);
}

static void updated(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error)
		fail(c, x->key, done->error);
	else
		jmap_set_updated(c, x->key);
	jmap_set_next(c);
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct setting *x = jmap_data(c);
	*x = (struct setting){.key = id};
	if (!read_id(c, id, &x->update.number)) {
		fail(c, id, -ENOENT);
		jmap_set_next(c);
	} else if (take_properties(c, x, patch)) {
		jmap_ask(c, MASKED_UPDATE, &x->update, updated);
	}
}

/* Mail may come to it for years: it stays known, and nobody else's. */
static void destroy(struct jmap_call *c, struct view id)
{
	uint64_t number;
	if (read_id(c, id, &number))
		jmap_set_failed(c, id, "forbidden", NULL,
		    "a masked address is never given up: set its \"state\" to \"deleted\"");
	else
		fail(c, id, -ENOENT);
	jmap_set_next(c);
}

static void run_set(struct jmap_call *c)
{
	static const struct jmap_set set = {.create = create, .update = update, .destroy = destroy};
	jmap_call_data(c, sizeof(struct setting), NULL);
	jmap_set_run(c, &set);
}

const struct jmap_method jmap_methods_masked[] = {
    {"MaskedEmail/get", JMAP_MASKED, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_get},
    {"MaskedEmail/set", JMAP_MASKED, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_WRITES, run_set},
    {0},
};
