/* Subscriptions to pushes (RFC 8620 section 7.2): they belong to what the person has signed in with, not to
 * an account, and have no state. */
#include "jmap/jmap_state.h"

#include <errno.h>

#include "base/base64.h"
#include "jmap/jmap_push_emails.h"
#include "mail/push.h"

static const char *const names[] = {
    "id", "deviceClientId", "url", "keys", "verificationCode", "expires", "types", "emailPush", NULL};
enum {
	HAS_DEVICE = 1 << 1,
	HAS_URL = 1 << 2,
	HAS_KEYS = 1 << 3,
	HAS_CODE = 1 << 4,
	HAS_EXPIRES = 1 << 5,
	HAS_TYPES = 1 << 6,
	HAS_EMAILS = 1 << 7, /* with the capability of JMAP_EMAIL_PUSH */
	HAS_USUAL = 1 | HAS_DEVICE | HAS_CODE | HAS_EXPIRES | HAS_TYPES
};

static uint64_t own_account(struct jmap_call *c)
{
	return jmap_session_of(c)->config.account;
}

static bool read_id(struct jmap_call *c, struct view id, uint64_t *number)
{
	uint64_t account;
	return mail_id_read(id, MAIL_ID_PUSH, &account, number) && account == own_account(c) &&
	       *number <= INT64_MAX;
}

/* ---- PushSubscription/get ---- */

struct getting {
	struct jmap_get get;
	bool *seen; /* of each of get.ids */
};

static void put_types(struct json_out *w, bool all, struct view types)
{
	struct view name;
	json_out_name(w, VIEW("types"));
	if (all) {
		json_out_null(w);
		return;
	}
	json_out_array(w);
	while (types.len && view_next(&types, '\n', &name))
		json_out_string(w, name);
	json_out_end(w);
}

static void put_expires(struct json_out *w, uint64_t expires)
{
	json_out_name(w, VIEW("expires"));
	jmap_put_utc_date(w, (int64_t)expires);
}

static void put_null(struct json_out *w, const char *name)
{
	json_out_name(w, view_from_string(name));
	json_out_null(w);
}

static void put_subscription(struct jmap_call *c, uint64_t properties, const struct push_entry *p)
{
	struct json_out *w = jmap_respond(c);
	json_out_object(w);
	json_out_name(w, VIEW("id"));
	jmap_put_id(w, MAIL_ID_PUSH, own_account(c), p->number);
	if (properties & HAS_DEVICE) {
		json_out_name(w, VIEW("deviceClientId"));
		json_out_string(w, p->device);
	}
	if (properties & HAS_CODE) {
		json_out_name(w, VIEW("verificationCode"));
		if (p->code.len)
			json_out_string(w, p->code);
		else
			json_out_null(w);
	}
	if (properties & HAS_EXPIRES)
		put_expires(w, p->expires);
	if (properties & HAS_TYPES)
		put_types(w, p->all_types, p->types);
	if (properties & HAS_EMAILS) {
		json_out_name(w, VIEW("emailPush"));
		json_out_raw(w, p->email_json.len ? p->email_json : VIEW("null"));
	}
	json_out_end(w);
}

static void got(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	uint64_t number;
	if (type == PUSH_ENTRY) {
		const struct push_entry *p = answer;
		bool wanted = g->get.all;
		for (size_t k = 0; k < g->get.count; k++)
			if (read_id(c, g->get.ids[k], &number) && number == p->number)
				wanted = g->seen[k] = true;
		if (wanted)
			put_subscription(c, g->get.properties, p);
		return;
	}
	const struct mail_done *done = answer;
	if (done->error) {
		jmap_error_of(c, done->error, "the subscriptions");
		return;
	}
	for (size_t k = 0; k < g->get.count; k++)
		if (!g->seen[k])
			jmap_get_missing(c, g->get.ids[k]);
	jmap_get_end_without_state(c);
}

static void run_get(struct jmap_call *c)
{
	struct getting *g = jmap_call_data(c, sizeof *g, NULL);
	struct push_get ask = {.unused = 0};
	bool emails = jmap_uses(c, JMAP_EMAIL_PUSH);
	if (!jmap_get_begin(c, &g->get, names, HAS_USUAL | (emails ? HAS_EMAILS : 0), NULL, NULL))
		return;
	if (g->get.properties & HAS_EMAILS && !emails) {
		jmap_error(c, "invalidArguments", "there is no property \"emailPush\"");
		return;
	}
	if (g->get.properties & (HAS_URL | HAS_KEYS)) {
		jmap_error(c, "forbidden", "\"url\" and \"keys\" are not given out");
		return;
	}
	g->seen = arena_array(jmap_arena(c), g->get.count + 1, sizeof *g->seen);
	if (g->seen == NULL) {
		jmap_error_of(c, -ENOMEM, "the list");
		return;
	}
	for (size_t k = 0; k < g->get.count; k++)
		g->seen[k] = false;
	jmap_get_list(c);
	jmap_ask(c, PUSH_GET, &ask, got);
}

/* ---- properties ---- */

struct setting {
	struct view key; /* of what is under way */
	bool creating, has_keys;
	const char *why; /* "emailPush" cannot be that */
	struct push_create create;
	struct push_update update;
};

/*
 * "https://", a name, and the port of HTTPS: another one, or an address, would let whoever has an account
 * look for what answers elsewhere. relay looks again where the name leads.
 */
static bool is_url(struct view url)
{
	struct view rest = view_skip(url, 8), host;
	size_t end = 0;
	bool named = false;
	if (url.len > PUSH_URL_MAX || !view_starts(url, VIEW("https://")))
		return false;
	for (size_t i = 0; i < url.len; i++)
		if (url.data[i] <= ' ' || url.data[i] > '~' || url.data[i] == '#')
			return false;
	while (end < rest.len && rest.data[end] != '/' && rest.data[end] != '?')
		end++;
	host = view_take(rest, end);
	for (size_t i = 0; i < host.len; i++) {
		char k = host.data[i];
		if (!ascii_is_alpha(k) && !ascii_is_digit(k) && k != '-' && k != '.' && k != '_')
			return false;
		/* The last label of an IPv4 address has no letter. */
		named = k == '.' ? false : named || ascii_is_alpha(k);
	}
	return named;
}

static bool take_octets(struct jmap_call *c, const json_t *value, size_t len, struct view *out)
{
	struct view text = jmap_string(value);
	struct buf octets;
	buf_init(&octets, 2 * PUSH_POINT_SIZE);
	while (text.len && text.data[text.len - 1] == '=')
		text.len--; /* some pad it */
	bool good = base64url_decode(&octets, text) == 0 && octets.len == len &&
	            arena_copy(jmap_arena(c), buf_view(&octets), out);
	buf_done(&octets);
	return good;
}

static bool take_keys(struct jmap_call *c, struct setting *x, const json_t *value)
{
	x->has_keys = json_is_object(value);
	if (json_is_null(value))
		return true;
	return x->has_keys &&
	       take_octets(c, json_object_get(value, "p256dh"), PUSH_POINT_SIZE, &x->create.point) &&
	       x->create.point.data[0] == 4 &&
	       take_octets(c, json_object_get(value, "auth"), PUSH_AUTH_SIZE, &x->create.auth);
}

static bool take_types(struct jmap_call *c, const json_t *value, uint64_t *all, struct view *out)
{
	struct buf text;
	const json_t *item;
	size_t i;
	*all = json_is_null(value);
	*out = (struct view){0};
	if (*all)
		return true;
	if (!json_is_array(value))
		return false;
	buf_init(&text, PUSH_TYPES_MAX);
	bool good = true;
	json_array_foreach((json_t *)(uintptr_t)value, i, item)
	{
		struct view name = jmap_string(item);
		good = good && jmap_is_id(name);
		if (i)
			buf_append_byte(&text, '\n');
		buf_append(&text, name);
	}
	good = good && !buf_failed(&text) && arena_copy(jmap_arena(c), buf_view(&text), out);
	buf_done(&text);
	return good;
}

/* null: as late as may be. */
static bool take_expires(const json_t *value, uint64_t *expires)
{
	int64_t seconds = 0;
	if (!json_is_null(value) &&
	    (!json_is_string(value) || !jmap_date_read(jmap_string(value), &seconds, NULL) || seconds <= 0))
		return false;
	*expires = (uint64_t)seconds;
	return true;
}

/* What makes one and what changes one have most in common: each member is taken into both. */
static bool take_property(struct jmap_call *c, struct setting *x, struct view name, const json_t *value)
{
	unsigned k = 0;
	while (names[k] && !view_equal(view_from_string(names[k]), name))
		k++;
	switch (1 << k) {
	case HAS_DEVICE:
		x->create.device = jmap_string(value);
		return x->creating && x->create.device.len <= PUSH_DEVICE_MAX;
	case HAS_URL:
		x->create.url = jmap_string(value);
		return x->creating && is_url(x->create.url);
	case HAS_KEYS:
		return x->creating && take_keys(c, x, value);
	case HAS_CODE:
		x->update.has |= PUSH_HAS_CODE;
		x->update.code = jmap_string(value);
		return x->creating ? json_is_null(value) : x->update.code.len == PUSH_CODE_SIZE;
	case HAS_EXPIRES:
		x->update.has |= PUSH_HAS_EXPIRES;
		return take_expires(value, &x->update.expires);
	case HAS_EMAILS:
		x->update.has |= PUSH_HAS_EMAILS;
		return jmap_uses(c, JMAP_EMAIL_PUSH) &&
		       jmap_push_emails_read(c, value, &x->update.email_json, &x->update.email_form, &x->why);
	case HAS_TYPES:
		x->update.has |= PUSH_HAS_TYPES;
		return take_types(c, value, &x->update.all_types, &x->update.types);
	default:
		return false;
	}
}

static bool fail_property(struct jmap_call *c, struct view key, const char *name, const char *why)
{
	jmap_set_failed(c, key, "invalidProperties", name, why, name);
	jmap_set_next(c);
	return false;
}

/* False: it has failed with invalidProperties, and the next one's turn has come. */
static bool take_properties(struct jmap_call *c, struct setting *x, json_t *object)
{
	const char *name;
	json_t *value;
	size_t len;
	json_object_keylen_foreach(object, name, len, value)
	{
		x->why = NULL;
		if (!take_property(c, x, view_of(name, len), value))
			return fail_property(c, x->key, name,
			    x->why ? x->why
			    : view_equal(view_of(name, len), VIEW("url"))
			        ? "\"%.64s\" must begin with \"https://\" and the name of a host, without a "
			          "port"
			        : "\"%.64s\" cannot be set, or not to this, or is too long");
	}
	if (x->creating && x->create.device.len == 0)
		return fail_property(c, x->key, "deviceClientId", "\"%.64s\" is missing");
	if (x->creating && x->create.url.len == 0)
		return fail_property(c, x->key, "url", "\"%.64s\" is missing");
	if (x->creating && x->update.email_form.len > 0 && x->create.point.len == 0)
		return fail_property(
		    c, x->key, "keys", "\"%.64s\" is missing: emails are pushed encrypted alone");
	return true;
}

/* ---- PushSubscription/set ---- */

static void fail(struct jmap_call *c, struct view key, int64_t error)
{
	if (error == -EMLINK)
		jmap_set_failed(
		    c, key, "overQuota", NULL, "an account has at most %d subscriptions", PUSH_COUNT_MAX);
	else if (error == -EUSERS)
		jmap_set_failed(
		    c, key, "rateLimit", NULL, "at most %d are made within an hour", PUSH_CREATED_MAX);
	else if (error == -EACCES)
		jmap_set_failed(c, key, "invalidProperties", "verificationCode", "the code is another one");
	else if (error == -EPERM)
		jmap_set_failed(c, key, "invalidProperties", "emailPush",
		    "the subscription has no \"keys\": emails are pushed encrypted alone");
	else if (error == -EINVAL)
		jmap_set_failed(c, key, "invalidProperties", "expires", "\"expires\" has passed");
	else
		jmap_set_failed(c, key, jmap_set_error_type(error), NULL,
		    error == -ENOENT ? "there is no such subscription" : "it could not be kept");
}

static void created(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	const struct mail_done *done = answer;
	char id[MAIL_ID_MAX];
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		fail(c, x->key, done->error);
	} else {
		struct json_out *w = jmap_set_created(
		    c, x->key, view_of(id, mail_id_write(id, MAIL_ID_PUSH, own_account(c), done->number)));
		put_expires(w, done->uidnext);
		put_null(w, "verificationCode");
		if (!x->has_keys)
			put_null(w, "keys");
		if (!(x->update.has & PUSH_HAS_TYPES))
			put_null(w, "types");
		if (jmap_uses(c, JMAP_EMAIL_PUSH) && !(x->update.has & PUSH_HAS_EMAILS))
			put_null(w, "emailPush");
		jmap_set_created_end(c);
	}
	jmap_set_next(c);
}

static void create(struct jmap_call *c, struct view key, json_t *object)
{
	struct setting *x = jmap_data(c);
	*x = (struct setting){.key = key, .creating = true, .update.all_types = true};
	if (!take_properties(c, x, object))
		return;
	x->create.expires = x->update.expires;
	x->create.all_types = x->update.all_types;
	x->create.types = x->update.types;
	x->create.email_json = x->update.email_json;
	x->create.email_form = x->update.email_form;
	jmap_ask(c, PUSH_CREATE, &x->create, created);
}

static void updated(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		fail(c, x->key, done->error);
	} else if (x->update.has & PUSH_HAS_EXPIRES) {
		put_expires(jmap_set_updated_with(c, x->key), done->uidnext);
		jmap_set_updated_end(c);
	} else {
		jmap_set_updated(c, x->key);
	}
	jmap_set_next(c);
}

static void unknown(struct jmap_call *c, struct view id)
{
	fail(c, id, -ENOENT);
	jmap_set_next(c);
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct setting *x = jmap_data(c);
	*x = (struct setting){.key = id};
	if (!read_id(c, id, &x->update.number))
		unknown(c, id);
	else if (take_properties(c, x, patch))
		jmap_ask(c, PUSH_UPDATE, &x->update, updated);
}

static void destroyed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error)
		fail(c, x->key, done->error);
	else
		jmap_set_destroyed(c, x->key);
	jmap_set_next(c);
}

static void destroy(struct jmap_call *c, struct view id)
{
	struct setting *x = jmap_data(c);
	struct push_number m;
	*x = (struct setting){.key = id};
	if (read_id(c, id, &m.number))
		jmap_ask(c, PUSH_REMOVE, &m, destroyed);
	else
		unknown(c, id);
}

static void run_set(struct jmap_call *c)
{
	static const struct jmap_set set = {.create = create, .update = update, .destroy = destroy};
	jmap_call_data(c, sizeof(struct setting), NULL);
	jmap_set_run(c, &set);
}

const struct jmap_method jmap_methods_push[] = {
    {"PushSubscription/get", JMAP_CORE, 0, run_get},
    {"PushSubscription/set", JMAP_CORE, 0, run_set},
    {0},
};
