/* Messages that wait to be sent elsewhere: QueueEntry/get, /query, /set (doc/administration.md). What store
 * says of them stands in process/queue_command.h. */
#include <stdio.h>
#include <string.h>

#include "jmap/jmap_admin.h"

static const char *const names[] = {"id", "state", "sender", "size", "arrivedAt", "expiresAt", "priority",
    "isHeld", "heldUntil", "heldBy", "heldWhy", "messageId", "submitter", "recipients", "destinations",
    "command", NULL};
enum {
	HAS_ALL = 0xffff,
	FOUND_MAX = 1000, /* the oldest */
	IDS_EACH = 50,    /* of one command */
	WORD_MAX = 64
};

/* ---- objects ---- */

/* What JMAP calls it, and what store does. */
struct member {
	const char *name, *from;
	enum { AS_TEXT, AS_NUMBER, AS_DATE, AS_FLAG } kind;
};

static const struct member of_entry[] = {{"state", "state", AS_TEXT}, {"size", "size", AS_NUMBER},
    {"arrivedAt", "arrived", AS_DATE}, {"expiresAt", "expires", AS_DATE}, {"priority", "priority", AS_NUMBER},
    {"heldUntil", "hold_until", AS_DATE}, {"heldBy", "held_by", AS_TEXT}, {"heldWhy", "held_why", AS_TEXT},
    {"messageId", "message_id", AS_TEXT}, {"submitter", "submitter", AS_TEXT}, {NULL, NULL, AS_TEXT}};
static const struct member of_recipient[] = {{"address", "address", AS_TEXT},
    {"destination", "destination", AS_TEXT}, {"state", "state", AS_TEXT}, {"attempts", "attempts", AS_NUMBER},
    {"lastAttempt", "last_attempt", AS_DATE}, {"nextAttempt", "next_attempt", AS_DATE},
    {"status", "status", AS_TEXT}, {"cause", "cause", AS_TEXT}, {"reply", "reply", AS_TEXT},
    {"stage", "stage", AS_TEXT}, {"host", "host", AS_TEXT}, {"tls", "tls", AS_TEXT}, {NULL, NULL, AS_TEXT}};
static const struct member of_destination[] = {{"name", "name", AS_TEXT},
    {"nextAttempt", "next_attempt", AS_DATE}, {"failures", "failures", AS_NUMBER},
    {"failingSince", "failing_since", AS_DATE}, {"cause", "cause", AS_TEXT},
    {"lastError", "last_error", AS_TEXT}, {"stage", "stage", AS_TEXT}, {"status", "status", AS_TEXT},
    {"isActive", "active", AS_FLAG}, {"route", "route", AS_TEXT}, {NULL, NULL, AS_TEXT}};

static json_t *convert(const json_t *from, const struct member *members)
{
	json_t *object = json_object();
	for (; members->name; members++) {
		const json_t *value = json_object_get(from, members->from);
		json_t *told = NULL;
		switch (members->kind) {
		case AS_TEXT:
			told = jmap_admin_text_or_null(jmap_string(value));
			break;
		case AS_NUMBER:
			told = json_integer(json_integer_value(value));
			break;
		case AS_DATE:
			told = jmap_admin_date(json_integer_value(value));
			break;
		case AS_FLAG:
			told = json_boolean(json_is_true(value));
			break;
		}
		(void)json_object_set_new(object, members->name, told);
	}
	return object;
}

static json_t *convert_all(const json_t *list, const struct member *members)
{
	json_t *told = json_array(), *one;
	size_t i;
	json_array_foreach((json_t *)(uintptr_t)list, i, one)(void)
	    json_array_append_new(told, convert(one, members));
	return told;
}

static bool take_entry(struct jmap_call *c, json_t *line)
{
	struct view id = jmap_string(json_object_get(line, "id"));
	json_t *entry = convert(line, of_entry);
	struct view state = jmap_string(json_object_get(line, "state"));
	if (!jmap_is_id(id)) {
		json_decref(entry);
		return true;
	}
	(void)json_object_set_new(
	    entry, "sender", jmap_admin_text(jmap_string(json_object_get(line, "sender"))));
	(void)json_object_set_new(entry, "isHeld", json_boolean(view_equal(state, VIEW("held"))));
	(void)json_object_set_new(
	    entry, "recipients", convert_all(json_object_get(line, "recipients"), of_recipient));
	(void)json_object_set_new(
	    entry, "destinations", convert_all(json_object_get(line, "destinations"), of_destination));
	(void)json_object_set_new(
	    entry, "command", jmap_admin_text(JMAP_ADMIN_LINE(c, VIEW("queue"), VIEW("show"), id)));
	jmap_admin_add(c, id, entry);
	return true;
}

/* ---- QueueEntry/get ---- */

struct entries {
	struct jmap_admin a;
	size_t at; /* of the ids */
};

static struct view word_of(struct jmap_call *c, const char *name, struct view value)
{
	struct view word = {0};
	struct buf text;
	buf_init(&text, ADMIN_WORD_MAX);
	buf_printf(&text, "%s=", name);
	buf_append(&text, value);
	if (!buf_failed(&text))
		word = jmap_admin_copy(c, buf_view(&text));
	buf_done(&text);
	return word;
}

static struct view number_word(struct jmap_call *c, const char *name, uint64_t n)
{
	char text[24];
	snprintf(text, sizeof text, "%llu", (unsigned long long)n);
	return word_of(c, name, view_from_string(text));
}

static struct view list_line(struct jmap_call *c)
{
	return JMAP_ADMIN_LINE(c, VIEW("queue"), VIEW("list"));
}

static void next_entries(struct jmap_call *c);

static void shown(struct jmap_call *c, int64_t error, uint64_t status)
{
	struct entries *x = jmap_data(c);
	if (jmap_admin_failed(c, error, status))
		return;
	if (status == 0)
		jmap_admin_lines(c, buf_view(&x->a.text), take_entry);
	next_entries(c);
}

static void listed(struct jmap_call *c, int64_t error, uint64_t status)
{
	struct entries *x = jmap_data(c);
	if (jmap_admin_failed(c, error, status))
		return;
	if (status == 0)
		jmap_admin_lines(c, buf_view(&x->a.text), take_entry);
	jmap_admin_end_get(c, names, list_line(c));
}

static void next_entries(struct jmap_call *c)
{
	struct entries *x = jmap_data(c);
	struct view words[2 + IDS_EACH];
	size_t n = 0;
	words[n++] = VIEW("queue");
	words[n++] = VIEW("show");
	while (x->at < x->a.get.count && n < sizeof words / sizeof words[0])
		words[n++] = word_of(c, "id", x->a.get.ids[x->at++]);
	if (n > 2)
		jmap_admin_command(c, words, n, shown);
	else
		jmap_admin_end_get(c, names, list_line(c));
}

static void run_get(struct jmap_call *c)
{
	struct entries *x = jmap_admin_begin(c, sizeof *x);
	if (!jmap_get_begin(c, &x->a.get, names, HAS_ALL, NULL, NULL))
		return;
	const struct view words[] = {
	    VIEW("queue"), VIEW("list"), number_word(c, "limit", JMAP_ADMIN_ALL_MAX + 1)};
	if (x->a.get.count > JMAP_ADMIN_ALL_MAX)
		jmap_error(c, "requestTooLarge", "more than %d ids", JMAP_ADMIN_ALL_MAX);
	else if (x->a.get.all)
		jmap_admin_command(c, words, 3, listed);
	else
		next_entries(c);
}

/* ---- QueueEntry/query ---- */

static bool find_entry(struct jmap_call *c, json_t *line)
{
	struct view id = jmap_string(json_object_get(line, "id"));
	return !jmap_is_id(id) || jmap_admin_found(c, id);
}

static void found(struct jmap_call *c, int64_t error, uint64_t status)
{
	const struct jmap_admin *a = jmap_data(c);
	if (jmap_admin_failed(c, error, status))
		return;
	if (status == 0)
		jmap_admin_lines(c, buf_view(&a->text), find_entry);
	jmap_admin_end_query(c, list_line(c));
}

static void run_query(struct jmap_call *c)
{
	static const char *const filters[] = {"sender", "domain", "error", "olderThan", NULL};
	struct view words[8];
	uint64_t older = 0;
	size_t n = 0;
	(void)jmap_admin_begin(c, sizeof(struct jmap_admin));
	if (!jmap_admin_query_begin(c, filters))
		return;
	words[n++] = VIEW("queue");
	words[n++] = VIEW("list");
	words[n++] = number_word(c, "limit", FOUND_MAX);
	for (size_t k = 0; k < 3; k++) {
		struct view value = jmap_string(jmap_admin_filter(c, filters[k]));
		if (value.len)
			words[n++] = word_of(c, filters[k], value);
	}
	if (jmap_admin_filter(c, "olderThan")) {
		if (!jmap_is_unsigned(jmap_admin_filter(c, "olderThan"), &older)) {
			jmap_error(c, "unsupportedFilter", "\"olderThan\" is a number of seconds");
			return;
		}
		words[n++] = number_word(c, "older", older);
	}
	jmap_admin_command(c, words, n, found);
}

/* ---- QueueEntry/set ---- */

struct setting {
	struct jmap_admin a;
	struct view key, why;
	bool bounce, destroying;
	struct view line; /* the command line of what is under way */
};

static void ordered(struct jmap_call *c, int64_t error, uint64_t status)
{
	const struct setting *s = jmap_data(c);
	if (error) {
		jmap_admin_set_failed(c, s->key, error, "message");
	} else if (status) {
		jmap_admin_command_failed(c, s->key, status);
	} else {
		jmap_admin_did(c, s->key, s->line);
		if (s->destroying)
			jmap_set_destroyed(c, s->key);
		else
			jmap_set_updated(c, s->key);
	}
	jmap_set_next(c);
}

/* verb, and an option with its value for store; `shell`: what the command line has in its place. */
static void order(
    struct jmap_call *c, struct view verb, struct view option, const struct view *shell, size_t count)
{
	struct setting *s = jmap_data(c);
	struct view words[5], line[10];
	size_t n = 0, k = 0;
	words[n++] = VIEW("queue");
	words[n++] = verb;
	words[n++] = word_of(c, "id", s->key);
	if (option.len)
		words[n++] = option;
	if (s->why.len)
		words[n++] = word_of(c, "why", s->why);
	line[k++] = VIEW("queue");
	line[k++] = verb;
	line[k++] = s->key;
	for (size_t i = 0; i < count; i++)
		line[k++] = shell[i];
	if (s->why.len) {
		line[k++] = VIEW("--why");
		line[k++] = s->why;
	}
	s->line = jmap_admin_line(c, line, k);
	jmap_admin_command(c, words, n, ordered);
}

static void refuse(struct jmap_call *c, const char *property, const char *why)
{
	const struct setting *s = jmap_data(c);
	jmap_set_failed(c, s->key, "invalidProperties", property, "%s", why);
	jmap_set_next(c);
}

static void hold(struct jmap_call *c, const json_t *patch)
{
	struct setting *s = jmap_data(c);
	const json_t *until = json_object_get(patch, "heldUntil"), *why = json_object_get(patch, "heldWhy");
	struct view option = {0}, shell[2];
	int64_t seconds;
	char text[32];
	size_t n = 0;
	if (json_is_string(why))
		s->why = jmap_string(why);
	if (s->why.len == 0) {
		refuse(c, "heldWhy", "say why, for whoever finds it held");
		return;
	}
	if (json_is_string(until)) {
		if (!jmap_date_read(jmap_string(until), &seconds, NULL) || seconds <= jmap_now(c)) {
			refuse(c, "heldUntil", "it must be a time that is to come");
			return;
		}
		option = number_word(c, "until", (uint64_t)seconds);
		snprintf(text, sizeof text, "%llds", (long long)(seconds - jmap_now(c)));
		shell[n++] = VIEW("--for");
		shell[n++] = view_from_string(text);
	}
	order(c, VIEW("hold"), option, shell, n);
}

static void reroute(struct jmap_call *c, const json_t *route)
{
	struct view to = jmap_string(route), shell[1] = {json_is_string(route) ? to : VIEW("--mx")};
	if (!json_is_null(route) && to.len == 0)
		refuse(c, "route", "it is a host, with a port or without, or null");
	else
		order(c, VIEW("route"), word_of(c, "to", to), shell, 1);
}

static void update(struct jmap_call *c, struct view id, json_t *patch)
{
	struct setting *s = jmap_data(c);
	const json_t *held = json_object_get(patch, "isHeld"), *route = json_object_get(patch, "route");
	size_t size = json_object_size(patch);
	s->key = id;
	s->destroying = false;
	s->why = jmap_string(json_object_get(jmap_arguments(c), "why"));
	size_t with =
	    1 + (json_object_get(patch, "heldUntil") != NULL) + (json_object_get(patch, "heldWhy") != NULL);
	if (json_is_true(held) && size == with)
		hold(c, patch);
	else if (json_is_false(held) && size == with) /* with heldUntil and heldWhy of null */
		order(c, VIEW("release"), (struct view){0}, NULL, 0);
	else if (json_is_true(json_object_get(patch, "retryNow")) && size == 1)
		order(c, VIEW("retry"), (struct view){0}, NULL, 0);
	else if (route && size == 1)
		reroute(c, route);
	else
		refuse(c, "isHeld,retryNow,route", "one of these can be set in one update");
}

static void destroy(struct jmap_call *c, struct view id)
{
	struct setting *s = jmap_data(c);
	static const struct view shell[] = {{"--bounce", 8}};
	s->key = id;
	s->destroying = true;
	s->why = jmap_string(json_object_get(jmap_arguments(c), "why"));
	order(c, VIEW("delete"), s->bounce ? VIEW("bounce=1") : (struct view){0}, shell, s->bounce);
}

static void create(struct jmap_call *c, struct view key, json_t *object)
{
	(void)object;
	jmap_set_failed(c, key, "forbidden", NULL, "messages come into the queue by being sent");
	jmap_set_next(c);
}

static void run_set(struct jmap_call *c)
{
	static const char *const extra[] = {"why", "bounce", NULL};
	static const struct jmap_set set = {.create = create,
	    .update = update,
	    .destroy = destroy,
	    .finish = jmap_admin_finish_set,
	    .extra = extra};
	struct setting *s = jmap_admin_begin(c, sizeof *s);
	struct view why = {0};
	if (jmap_take_bool(c, jmap_arguments(c), "bounce", &s->bounce) &&
	    jmap_take_string(c, jmap_arguments(c), "why", &why))
		jmap_set_run(c, &set);
}

enum { OF_ACCOUNT = JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_ADMINISTERS };
const struct jmap_method jmap_methods_admin_queue[] = {
    {"QueueEntry/get", JMAP_ADMINISTRATION, OF_ACCOUNT, run_get},
    {"QueueEntry/query", JMAP_ADMINISTRATION, OF_ACCOUNT, run_query},
    {"QueueEntry/set", JMAP_ADMINISTRATION, OF_ACCOUNT | JMAP_WRITES, run_set},
    {0},
};
