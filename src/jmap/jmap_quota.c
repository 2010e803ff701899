/*
 * How full the account is (RFC 9425): an object for the limit of octets, and one for that of messages, where
 * there are such limits. Their state is that of what is used.
 */
#include <errno.h>
#include <stdio.h>

#include "jmap/jmap_numbered.h"

static const char *const names[] = {"id", "resourceType", "used", "hardLimit", "warnLimit", "softLimit",
    "scope", "name", "description", "types", NULL};
enum {
	HAS_RESOURCE = 1 << 1,
	HAS_USED = 1 << 2,
	HAS_HARD = 1 << 3,
	HAS_WARN = 1 << 4,
	HAS_SOFT = 1 << 5,
	HAS_SCOPE = 1 << 6,
	HAS_NAME = 1 << 7,
	HAS_DESCRIPTION = 1 << 8,
	HAS_TYPES = 1 << 9,
	HAS_ALL = 0x3ff
};

/* An id is the type of its resource. */
enum { OCTETS, COUNT, KINDS };
static const struct {
	const char *id, *name, *description;
} kinds[KINDS] = {
    {"octets", "Mail, in octets", "What the messages of the account take, each once."},
    {"count", "Messages", "How many messages the account has, each once."},
};

struct quotas {
	struct jmap_get get;
	struct jmap_changes since;
	struct jmap_query query;
	struct jmap_query_changes query_since;
	struct jmap_call *call;
	uint64_t state, used[KINDS], limit[KINDS]; /* limit 0: there is none */
	unsigned found[KINDS];                     /* of a query, in order */
	size_t count;
	void (*then)(struct jmap_call *c);
};

static void told(struct jmap_call *c, unsigned type, const void *answer)
{
	struct quotas *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	if (done->error) {
		jmap_error_of(c, done->error, "the quota");
		return;
	}
	x->used[OCTETS] = done->number;
	x->used[COUNT] = done->messages;
	x->limit[OCTETS] = done->modseq;
	x->limit[COUNT] = done->uidnext;
	x->then(c);
}

static void states_told(struct jmap_call *c, unsigned type, const void *answer)
{
	struct quotas *x = jmap_data(c);
	/* INBOX: any mailbox of an account tells its quota. */
	struct mail_quota ask = {.mailbox = 1};
	if (type == EMAIL_STATE) {
		x->state = jmap_state_among(answer, MAIL_STATE_QUOTA);
		return;
	}
	const struct mail_done *done = answer;
	if (done->error)
		jmap_error_of(c, done->error, "the account");
	else
		jmap_ask(c, MAIL_QUOTA, &ask, told);
}

static void look(struct jmap_call *c, void (*then)(struct jmap_call *c))
{
	struct quotas *x = jmap_data(c);
	struct email_states ask = {.account = 0};
	x->call = c;
	x->then = then;
	jmap_ask(c, EMAIL_STATES, &ask, states_told);
}

/* ---- Quota/get ---- */

static void put_quota(struct jmap_call *c, unsigned kind)
{
	const struct quotas *x = jmap_data(c);
	uint64_t properties = x->get.properties;
	struct json_out *w = jmap_respond(c);
	json_out_object(w);
	jmap_put_string(w, "id", view_from_string(kinds[kind].id));
	if (properties & HAS_RESOURCE)
		jmap_put_string(w, "resourceType", view_from_string(kinds[kind].id));
	if (properties & HAS_USED)
		jmap_put_number(w, "used", x->used[kind]);
	if (properties & HAS_HARD)
		jmap_put_number(w, "hardLimit", x->limit[kind]);
	if (properties & HAS_WARN)
		jmap_put_text(w, "warnLimit", (struct view){0});
	if (properties & HAS_SOFT)
		jmap_put_text(w, "softLimit", (struct view){0});
	if (properties & HAS_SCOPE)
		jmap_put_string(w, "scope", VIEW("account"));
	if (properties & HAS_NAME)
		jmap_put_string(w, "name", view_from_string(kinds[kind].name));
	if (properties & HAS_DESCRIPTION)
		jmap_put_string(w, "description", view_from_string(kinds[kind].description));
	if (properties & HAS_TYPES) {
		json_out_name(w, VIEW("types"));
		json_out_array(w);
		json_out_string(w, VIEW("Email"));
		json_out_end(w);
	}
	json_out_end(w);
}

static unsigned kind_of(const struct quotas *x, struct view id)
{
	for (unsigned k = 0; k < KINDS; k++)
		if (x->limit[k] && view_equal(id, view_from_string(kinds[k].id)))
			return k;
	return KINDS;
}

static void answer_get(struct jmap_call *c)
{
	const struct quotas *x = jmap_data(c);
	jmap_get_list(c);
	for (unsigned k = 0; k < KINDS && x->get.all; k++)
		if (x->limit[k])
			put_quota(c, k);
	for (size_t i = 0; i < x->get.count; i++) {
		unsigned k = kind_of(x, x->get.ids[i]);
		if (k < KINDS)
			put_quota(c, k);
		else
			jmap_get_missing(c, x->get.ids[i]);
	}
	jmap_get_end(c, (struct jmap_state){.modseq = x->state});
}

static void run_get(struct jmap_call *c)
{
	struct quotas *x = jmap_call_data(c, sizeof *x, NULL);
	if (jmap_get_begin(c, &x->get, names, HAS_ALL, NULL, NULL))
		look(c, answer_get);
}

/* ---- Quota/changes ---- */

static void answer_changes(struct jmap_call *c)
{
	const struct quotas *x = jmap_data(c);
	struct json_out *w = jmap_respond(c);
	if (x->since.since.modseq > x->state) {
		jmap_error_of(c, -ESTALE, "the quota");
		return;
	}
	jmap_put_state(w, "oldState", x->since.since);
	jmap_put_state(w, "newState", (struct jmap_state){.modseq = x->state});
	json_out_name(w, VIEW("hasMoreChanges"));
	json_out_bool(w, false);
	jmap_put_empty(w, "created");
	json_out_name(w, VIEW("updated"));
	json_out_array(w);
	for (unsigned k = 0; k < KINDS && x->since.since.modseq != x->state; k++)
		if (x->limit[k])
			json_out_string(w, view_from_string(kinds[k].id));
	json_out_end(w);
	jmap_put_empty(w, "destroyed");
	/* A limit may have been changed too. */
	json_out_name(w, VIEW("updatedProperties"));
	json_out_null(w);
	jmap_end(c);
}

static void run_changes(struct jmap_call *c)
{
	struct quotas *x = jmap_call_data(c, sizeof *x, NULL);
	if (jmap_changes_begin(c, &x->since))
		look(c, answer_changes);
}

/* ---- Quota/query ---- */

static const char *const sorts[] = {"name", "used", NULL};

static bool is_known(void *arg, const json_t *condition)
{
	const char *name;
	json_t *value;
	(void)arg;
	json_object_foreach((json_t *)(uintptr_t)condition, name, value)
	{
		struct view n = view_from_string(name);
		if (!(view_equal(n, VIEW("name")) || view_equal(n, VIEW("scope")) ||
		        view_equal(n, VIEW("resourceType")) || view_equal(n, VIEW("type"))) ||
		    !json_is_string(value))
			return false;
	}
	return true;
}

static bool is_within(struct view text, struct view what)
{
	for (size_t i = 0; i + what.len <= text.len; i++)
		if (view_equal_nocase(view_take(view_skip(text, i), what.len), what))
			return true;
	return false;
}

static bool is_equal(const json_t *condition, const char *name, const char *text)
{
	const json_t *value = json_object_get(condition, name);
	return value == NULL || view_equal(jmap_string(value), view_from_string(text));
}

static bool matches(void *arg, const json_t *condition)
{
	unsigned k = *(const unsigned *)arg;
	const json_t *name = json_object_get(condition, "name");
	return (name == NULL || is_within(view_from_string(kinds[k].name), jmap_string(name))) &&
	       is_equal(condition, "scope", "account") && is_equal(condition, "resourceType", kinds[k].id) &&
	       is_equal(condition, "type", "Email");
}

static int compare(const struct quotas *x)
{
	for (size_t i = 0; i < x->query.sort_count; i++) {
		bool by_name = view_equal(x->query.sort[i].property, VIEW("name"));
		int order =
		    by_name ? view_compare(view_from_string(kinds[0].name), view_from_string(kinds[1].name))
		    : x->used[0] < x->used[1] ? -1
		                              : x->used[0] > x->used[1];
		if (order)
			return x->query.sort[i].descending ? -order : order;
	}
	return -1;
}

static void put_found(struct jmap_call *c, struct json_out *w, size_t i, void *arg)
{
	(void)c;
	json_out_string(w, view_from_string(kinds[((struct quotas *)arg)->found[i]].id));
}

static ptrdiff_t find(struct jmap_call *c, struct view id, void *arg)
{
	const struct quotas *x = arg;
	(void)c;
	for (size_t i = 0; i < x->count; i++)
		if (view_equal(id, view_from_string(kinds[x->found[i]].id)))
			return (ptrdiff_t)i;
	return -1;
}

static void answer_query(struct jmap_call *c)
{
	struct quotas *x = jmap_data(c);
	char state[24];
	for (unsigned k = 0; k < KINDS; k++)
		if (x->limit[k] && jmap_filter_matches(x->query.filter, matches, &k))
			x->found[x->count++] = k;
	if (x->count == KINDS && compare(x) > 0) {
		x->found[0] = COUNT;
		x->found[1] = OCTETS;
	}
	struct jmap_results results = {.count = x->count, .put = put_found, .find = find, .arg = x};
	snprintf(state, sizeof state, "%llu", (unsigned long long)x->state);
	jmap_query_end(c, &x->query, &results, view_from_string(state), false);
}

static bool begin_query(struct jmap_call *c, const struct jmap_filter *filter)
{
	if (jmap_filter_each(filter, is_known, NULL))
		return true;
	jmap_error(c, "unsupportedFilter", "a condition is none of Quota's, or is no string");
	return false;
}

static void run_query(struct jmap_call *c)
{
	struct quotas *x = jmap_call_data(c, sizeof *x, NULL);
	if (jmap_query_begin(c, &x->query, sorts, NULL) && begin_query(c, x->query.filter))
		look(c, answer_query);
}

/* There are two at most: a client asks anew. */
static void run_query_changes(struct jmap_call *c)
{
	struct quotas *x = jmap_call_data(c, sizeof *x, NULL);
	if (jmap_query_changes_begin(c, &x->query_since, sorts, NULL) &&
	    begin_query(c, x->query_since.query.filter))
		jmap_error(c, "cannotCalculateChanges", "ask for the quotas anew");
}

const struct jmap_method jmap_methods_quota[] = {
    {"Quota/get", JMAP_QUOTA, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_get},
    {"Quota/changes", JMAP_QUOTA, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_changes},
    {"Quota/query", JMAP_QUOTA, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_query},
    {"Quota/queryChanges", JMAP_QUOTA, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_query_changes},
    {0},
};
