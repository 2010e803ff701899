/* As whom a person sends (RFC 8621 section 6). */
#include "jmap/jmap_numbered.h"

#include <errno.h>

#include "mail/identity.h"

static const char *const names[] = {
    "id", "name", "email", "replyTo", "bcc", "textSignature", "htmlSignature", "mayDelete", NULL};
enum {
	HAS_NAME = 1 << 1,
	HAS_EMAIL = 1 << 2,
	HAS_REPLY_TO = 1 << 3,
	HAS_BCC = 1 << 4,
	HAS_TEXT = 1 << 5,
	HAS_HTML = 1 << 6,
	HAS_MAY_DELETE = 1 << 7,
	HAS_ALL = 0xff
};

/* ---- Identity/get ---- */

struct getting {
	struct jmap_get get;
	struct view numbers;
	bool *seen; /* of each of get.ids */
};

/* JSON that was checked when it was set. */
static void put_addresses(struct json_out *w, const char *name, struct view json)
{
	json_out_name(w, view_from_string(name));
	if (json.len)
		json_out_raw(w, json);
	else
		json_out_null(w);
}

static void put_identity(struct jmap_call *c, uint64_t properties, const struct identity_entry *i)
{
	struct json_out *w = jmap_respond(c);
	json_out_object(w);
	json_out_name(w, VIEW("id"));
	jmap_put_id(w, MAIL_ID_IDENTITY, jmap_account(c)->number, i->number);
	if (properties & HAS_NAME)
		jmap_put_string(w, "name", i->name);
	if (properties & HAS_EMAIL)
		jmap_put_string(w, "email", i->email);
	if (properties & HAS_REPLY_TO)
		put_addresses(w, "replyTo", i->reply_to);
	if (properties & HAS_BCC)
		put_addresses(w, "bcc", i->bcc);
	if (properties & HAS_TEXT)
		jmap_put_string(w, "textSignature", i->text);
	if (properties & HAS_HTML)
		jmap_put_string(w, "htmlSignature", i->html);
	if (properties & HAS_MAY_DELETE) {
		json_out_name(w, VIEW("mayDelete"));
		json_out_bool(w, i->may_delete != 0);
	}
	json_out_end(w);
}

static void got(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	uint64_t number;
	if (type == IDENTITY_ENTRY) {
		const struct identity_entry *i = answer;
		bool wanted = g->get.all;
		for (size_t k = 0; k < g->get.count; k++) {
			if (jmap_numbered_read(c, g->get.ids[k], MAIL_ID_IDENTITY, &number) &&
			    number == i->number)
				wanted = g->seen[k] = true;
		}
		if (wanted)
			put_identity(c, g->get.properties, i);
		return;
	}
	const struct mail_done *done = answer;
	if (done->error) {
		jmap_error_of(c, done->error, "the identities");
		return;
	}
	for (size_t k = 0; k < g->get.count; k++)
		if (!g->seen[k])
			jmap_get_missing(c, g->get.ids[k]);
	jmap_get_end(c, (struct jmap_state){.modseq = done->modseq});
}

static void run_get(struct jmap_call *c)
{
	struct getting *g = jmap_call_data(c, sizeof *g, NULL);
	struct identity_get ask = {.unused = 0};
	if (!jmap_get_begin(c, &g->get, names, HAS_ALL, NULL, NULL))
		return;
	g->seen = arena_array(jmap_arena(c), g->get.count + 1, sizeof *g->seen);
	if (g->seen == NULL) {
		jmap_error_of(c, -ENOMEM, "the list");
		return;
	}
	for (size_t k = 0; k < g->get.count; k++)
		g->seen[k] = false;
	jmap_get_list(c);
	jmap_ask(c, IDENTITY_GET, &ask, got);
}

/* ---- Identity/changes ---- */

struct changing {
	struct jmap_changes asked;
	struct jmap_numbered_changes changes;
};

static bool copy(struct jmap_call *c, struct view from, struct view *to)
{
	return arena_copy(jmap_arena(c), from, to);
}

static void changed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct changing *x = jmap_data(c);
	if (type == IDENTITY_CHANGED) {
		const struct identity_changed *m = answer;
		if (!copy(c, m->created, &x->changes.created) || !copy(c, m->updated, &x->changes.updated) ||
		    !copy(c, m->destroyed, &x->changes.destroyed))
			jmap_error_of(c, -ENOMEM, "the list");
		return;
	}
	const struct mail_done *done = answer;
	x->changes.state = done->modseq;
	if (done->error)
		jmap_error_of(c, done->error, "the identities");
	else
		jmap_numbered_changes(c, &x->asked, &x->changes);
}

static void run_changes(struct jmap_call *c)
{
	struct changing *x = jmap_call_data(c, sizeof *x, NULL);
	if (!jmap_changes_begin(c, &x->asked))
		return;
	x->changes.letter = MAIL_ID_IDENTITY;
	struct identity_changes ask = {.since = x->asked.since.modseq};
	jmap_ask(c, IDENTITY_CHANGES, &ask, changed);
}

/* ---- Identity/set ---- */

struct setting {
	struct view key; /* of what is under way */
	struct identity_set m;
	/* Of an update: what it says, whether there is such an identity, and what of it cannot be so. */
	const json_t *patch;
	bool found;
	const char *other;
};

static void state_known(struct jmap_call *c, unsigned type, const void *answer)
{
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error)
		jmap_error_of(c, done->error, "the identities");
	else
		jmap_set_state(c, (struct jmap_state){.modseq = done->modseq});
}

static void ask_state(struct jmap_call *c)
{
	struct identity_get ask = {.unused = 0};
	jmap_ask(c, IDENTITY_GET, &ask, state_known);
}

/* An EmailAddress, and nothing else. */
static bool is_address(const json_t *a)
{
	const json_t *name = json_object_get(a, "name"), *email = json_object_get(a, "email");
	return json_is_object(a) && json_is_string(email) && json_string_length(email) > 0 &&
	       (name == NULL || json_is_null(name) || json_is_string(name)) &&
	       json_object_size(a) == (size_t)(name ? 2 : 1);
}

/* Puts EmailAddress[]|null down as JSON. False: it is none, or longer than is kept. */
static bool take_addresses(struct jmap_call *c, const json_t *value, struct view *out)
{
	struct buf text;
	const json_t *a;
	size_t i;
	*out = (struct view){0};
	if (json_is_null(value))
		return true;
	if (!json_is_array(value))
		return false;
	buf_init(&text, IDENTITY_ADDRESSES_MAX);
	struct json_out w = json_out_on(&text);
	bool good = true;
	json_out_array(&w);
	json_array_foreach((json_t *)(uintptr_t)value, i, a)
	{
		good = good && is_address(a);
		if (!good)
			break;
		json_out_object(&w);
		jmap_put_text(&w, "name", jmap_string(json_object_get(a, "name")));
		jmap_put_string(&w, "email", jmap_string(json_object_get(a, "email")));
		json_out_end(&w);
	}
	json_out_end(&w);
	good = good && !buf_failed(&text) && copy(c, buf_view(&text), out);
	buf_done(&text);
	return good;
}

/* A string, null for the empty one. */
static bool take_text(const json_t *value, size_t max, struct view *out)
{
	*out = jmap_string(value);
	return (json_is_string(value) || json_is_null(value)) && out->len <= max;
}

/* One property. False: its value is none that it can have; or there is no such property. */
static bool take_property(struct jmap_call *c, struct view name, const json_t *value, struct identity_set *m)
{
	unsigned k = 0;
	while (names[k] && !view_equal(view_from_string(names[k]), name))
		k++;
	switch (1 << k) {
	case HAS_NAME:
		m->has |= IDENTITY_HAS_NAME;
		return take_text(value, IDENTITY_NAME_MAX, &m->name);
	case HAS_EMAIL:
		return take_text(value, IDENTITY_EMAIL_MAX, &m->email);
	case HAS_REPLY_TO:
		m->has |= IDENTITY_HAS_REPLY_TO;
		return take_addresses(c, value, &m->reply_to);
	case HAS_BCC:
		m->has |= IDENTITY_HAS_BCC;
		return take_addresses(c, value, &m->bcc);
	case HAS_TEXT:
		m->has |= IDENTITY_HAS_TEXT;
		return take_text(value, IDENTITY_SIGNATURE_MAX, &m->text);
	case HAS_HTML:
		m->has |= IDENTITY_HAS_HTML;
		return take_text(value, IDENTITY_SIGNATURE_MAX, &m->html);
	default:
		return false;
	}
}

/* What clients may only say as it is (RFC 8620 section 5.3). */
static bool is_fixed(struct view name)
{
	return view_equal(name, VIEW("id")) || view_equal(name, VIEW("email")) ||
	       view_equal(name, VIEW("mayDelete"));
}

/* False: it has failed with invalidProperties, and the next one's turn has come. */
static bool take_properties(struct jmap_call *c, struct view key, json_t *object, struct identity_set *m)
{
	const char *name;
	json_t *value;
	size_t len;
	json_object_keylen_foreach(object, name, len, value)
	{
		/* Of one that is there they are compared with what it has. */
		if (m->number && is_fixed(view_of(name, len)))
			continue;
		if (take_property(c, view_of(name, len), value, m))
			continue;
		jmap_set_failed(c, key, "invalidProperties", name,
		    "\"%.64s\" cannot be set, or not to this, or is too long", name);
		jmap_set_next(c);
		return false;
	}
	return true;
}

static void fail(struct jmap_call *c, struct view key, int64_t error)
{
	if (error == -EMLINK)
		jmap_set_failed(
		    c, key, "overQuota", NULL, "an account has at most %d identities", IDENTITY_COUNT_MAX);
	else
		jmap_set_failed(c, key, jmap_set_error_type(error), NULL, "it could not be kept");
}

static void created(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error == -EPERM) {
		jmap_set_failed(c, x->key, "forbiddenFrom", NULL, "mail for this address does not reach you");
	} else if (done->error) {
		fail(c, x->key, done->error);
	} else {
		struct json_out *w =
		    jmap_set_created(c, x->key, jmap_numbered_id(c, MAIL_ID_IDENTITY, done->number));
		json_out_name(w, VIEW("mayDelete"));
		json_out_bool(w, true);
		if (!(x->m.has & IDENTITY_HAS_NAME))
			jmap_put_string(w, "name", (struct view){0});
		if (!(x->m.has & IDENTITY_HAS_REPLY_TO))
			put_addresses(w, "replyTo", (struct view){0});
		if (!(x->m.has & IDENTITY_HAS_BCC))
			put_addresses(w, "bcc", (struct view){0});
		if (!(x->m.has & IDENTITY_HAS_TEXT))
			jmap_put_string(w, "textSignature", (struct view){0});
		if (!(x->m.has & IDENTITY_HAS_HTML))
			jmap_put_string(w, "htmlSignature", (struct view){0});
		jmap_set_created_end(c);
	}
	jmap_set_next(c);
}

static void create(struct jmap_call *c, struct view key, json_t *object)
{
	struct setting *x = jmap_data(c);
	x->key = key;
	x->m = (struct identity_set){.number = 0};
	if (!take_properties(c, key, object, &x->m))
		return;
	if (x->m.email.len == 0) {
		jmap_set_failed(c, key, "invalidProperties", "email", "\"email\" is missing");
		jmap_set_next(c);
		return;
	}
	jmap_ask(c, IDENTITY_SET, &x->m, created);
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

/* Which of what cannot be changed is said otherwise than it is; NULL: none. */
static const char *find_other(struct jmap_call *c, const struct setting *x, const struct identity_entry *i)
{
	const json_t *id = json_object_get(x->patch, "id"), *email = json_object_get(x->patch, "email"),
	             *may_delete = json_object_get(x->patch, "mayDelete");
	struct view own = jmap_numbered_id(c, MAIL_ID_IDENTITY, i->number);
	if (id && !view_equal(jmap_string(id), own))
		return "id";
	if (email && !(json_is_string(email) && view_equal(jmap_string(email), i->email)))
		return "email";
	if (may_delete && !(json_is_boolean(may_delete) && json_is_true(may_delete) == (i->may_delete != 0)))
		return "mayDelete";
	return NULL;
}

static void compared(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == IDENTITY_ENTRY) {
		const struct identity_entry *i = answer;
		if (i->number == x->m.number) {
			x->found = true;
			x->other = find_other(c, x, i);
		}
	}
	if (type != MAIL_DONE)
		return;
	if (done->error || !x->found) {
		fail(c, x->key, done->error ? done->error : -ENOENT);
	} else if (x->other) {
		jmap_set_failed(
		    c, x->key, "invalidProperties", x->other, "\"%s\" cannot be changed", x->other);
	} else {
		jmap_ask(c, IDENTITY_SET, &x->m, updated);
		return;
	}
	jmap_set_next(c);
}

static bool says_fixed(const json_t *patch)
{
	return json_object_get(patch, "id") || json_object_get(patch, "email") ||
	       json_object_get(patch, "mayDelete");
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct setting *x = jmap_data(c);
	x->key = id;
	x->patch = patch;
	x->found = false;
	x->other = NULL;
	x->m = (struct identity_set){.number = 0};
	if (!jmap_numbered_read(c, id, MAIL_ID_IDENTITY, &x->m.number)) {
		jmap_set_failed(c, id, "notFound", NULL, "there is no such identity");
		jmap_set_next(c);
	} else if (take_properties(c, id, patch, &x->m)) {
		if (says_fixed(patch))
			jmap_ask(c, IDENTITY_GET, &(struct identity_get){.unused = 0}, compared);
		else
			jmap_ask(c, IDENTITY_SET, &x->m, updated);
	}
}

static void destroyed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct setting *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error)
		jmap_set_failed(c, x->key, jmap_set_error_type(done->error), NULL,
		    done->error == -EPERM ? "its address gives it" : "it could not be removed");
	else
		jmap_set_destroyed(c, x->key);
	jmap_set_next(c);
}

static void destroy(struct jmap_call *c, struct view id)
{
	struct setting *x = jmap_data(c);
	struct identity_number m;
	x->key = id;
	if (jmap_numbered_read(c, id, MAIL_ID_IDENTITY, &m.number)) {
		jmap_ask(c, IDENTITY_REMOVE, &m, destroyed);
		return;
	}
	jmap_set_failed(c, id, "notFound", NULL, "there is no such identity");
	jmap_set_next(c);
}

static void run_set(struct jmap_call *c)
{
	static const struct jmap_set set = {
	    .state = ask_state, .create = create, .update = update, .destroy = destroy};
	jmap_call_data(c, sizeof(struct setting), NULL);
	jmap_set_run(c, &set);
}

const struct jmap_method jmap_methods_identity[] = {
    {"Identity/get", JMAP_SUBMISSION, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_get},
    {"Identity/changes", JMAP_SUBMISSION, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_changes},
    {"Identity/set", JMAP_SUBMISSION, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_WRITES, run_set},
    {0},
};
