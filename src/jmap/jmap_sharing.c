/*
 * Principals (RFC 9670 section 2): the people and groups that one may see, to share with them. They are of
 * the own account. There is no log of them: their state is made of what they are, so a client that has
 * another one asks for all anew.
 */
#include "jmap/jmap_sharing.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "jmap/jmap_numbered.h"
#include "jmap/jmap_rights.h"
#include "mail/sharing.h"

static const char *const names[] = {
    "id", "type", "name", "description", "email", "timeZone", "capabilities", "accounts", NULL};
enum {
	HAS_TYPE = 1 << 1,
	HAS_NAME = 1 << 2,
	HAS_DESCRIPTION = 1 << 3,
	HAS_EMAIL = 1 << 4,
	HAS_TIME_ZONE = 1 << 5,
	HAS_CAPABILITIES = 1 << 6,
	HAS_ACCOUNTS = 1 << 7,
	HAS_ALL = 0xff
};

struct principal {
	uint64_t number;
	struct view address;
	bool group;
};

struct principals {
	struct jmap_get get;
	struct jmap_query query;
	struct jmap_query_changes query_changes;
	struct jmap_changes changes;
	struct principal *list; /* ascending by number */
	size_t count, room;
	bool failed, cut;
	uint64_t hash, hash_of_all;
	size_t *found; /* of a query, in order */
	size_t found_count;
	void (*ready)(struct jmap_call *c, struct principals *x);
};

/* ---- the list ---- */

static void add_hash(struct principals *x, struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		x->hash = (x->hash ^ (unsigned char)text.data[i]) * 0x100000001b3; /* FNV-1a */
}

static void take(struct jmap_call *c, struct principals *x, const struct sharing_principal *p)
{
	if (x->count == x->room) {
		size_t room = x->room ? 2 * x->room : 32;
		struct principal *list = arena_array(jmap_arena(c), room, sizeof *list);
		x->failed = x->failed || list == NULL;
		for (size_t i = 0; list && i < x->count; i++)
			list[i] = x->list[i];
		if (list) {
			x->list = list;
			x->room = room;
		}
	}
	if (x->failed)
		return;
	struct principal *to = &x->list[x->count];
	*to = (struct principal){.number = p->number, .group = p->kind == SHARING_GROUP};
	if (!arena_copy(jmap_arena(c), p->address, &to->address)) {
		x->failed = true;
		return;
	}
	x->count++;
	add_hash(x, view_of((const char *)&to->number, sizeof to->number));
	add_hash(x, to->address);
}

static void listed(struct jmap_call *c, unsigned type, const void *answer)
{
	struct principals *x = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == SHARING_PRINCIPAL)
		take(c, x, answer);
	if (type != MAIL_DONE)
		return;
	x->cut = done->number != 0;
	if (done->error || x->failed)
		jmap_error_of(c, done->error ? done->error : -ENOMEM, "the list of people");
	else
		x->ready(c, x);
}

static void look(struct jmap_call *c, struct sharing_principals asked,
    void (*ready)(struct jmap_call *c, struct principals *x))
{
	struct principals *x = jmap_data(c);
	x->ready = ready;
	x->hash = 0xcbf29ce484222325;
	jmap_ask(c, SHARING_PRINCIPALS, &asked, listed);
}

/* A number as states have them. */
static uint64_t state_of(const struct principals *x)
{
	return x->hash >> 2 | 1;
}

/* ---- Principal/get ---- */

static void put_principal(struct jmap_call *c, uint64_t properties, const struct principal *p)
{
	struct json_out *w = jmap_respond(c);
	char id[MAIL_ID_MAX];
	json_out_object(w);
	jmap_put_string(w, "id", view_of(id, jmap_principal_write(id, p->number)));
	if (properties & HAS_TYPE)
		jmap_put_string(w, "type", p->group ? VIEW("group") : VIEW("individual"));
	if (properties & HAS_NAME)
		jmap_put_string(w, "name", p->address);
	if (properties & HAS_DESCRIPTION)
		jmap_put_text(w, "description", (struct view){0});
	/* A group takes no mail. */
	if (properties & HAS_EMAIL && p->group)
		jmap_put_text(w, "email", (struct view){0});
	else if (properties & HAS_EMAIL)
		jmap_put_string(w, "email", p->address);
	if (properties & HAS_TIME_ZONE)
		jmap_put_text(w, "timeZone", (struct view){0});
	if (properties & HAS_CAPABILITIES) {
		json_out_name(w, VIEW("capabilities"));
		json_out_object(w);
		json_out_end(w);
	}
	if (properties & HAS_ACCOUNTS)
		jmap_put_accounts(c, "accounts", p->group ? 0 : p->number);
	json_out_end(w);
}

static const struct principal *find(const struct principals *x, uint64_t number)
{
	for (size_t low = 0, high = x->count; low < high;) {
		size_t middle = low + (high - low) / 2;
		if (x->list[middle].number == number)
			return &x->list[middle];
		if (x->list[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static void answer_get(struct jmap_call *c, struct principals *x)
{
	jmap_get_list(c);
	for (size_t i = 0; x->get.all && i < x->count; i++)
		put_principal(c, x->get.properties, &x->list[i]);
	for (size_t i = 0; i < x->get.count; i++) {
		uint64_t number;
		const struct principal *p =
		    jmap_principal_read(x->get.ids[i], &number) ? find(x, number) : NULL;
		if (p)
			put_principal(c, x->get.properties, p);
		else
			jmap_get_missing(c, x->get.ids[i]);
	}
	jmap_get_end(c, (struct jmap_state){.modseq = state_of(x)});
}

static void answer_found(struct jmap_call *c, struct principals *x)
{
	x->hash = x->hash_of_all;
	answer_get(c, x);
}

/* The state is of all: so all are looked at, but where the list is cut, and an id may be behind its end. */
static void all_known(struct jmap_call *c, struct principals *x)
{
	size_t len = 0;
	uint64_t number;
	if (x->get.all || !x->cut) {
		answer_get(c, x);
		return;
	}
	char *numbers = arena_array(jmap_arena(c), x->get.count + 1, 8);
	if (numbers == NULL) {
		jmap_error_of(c, -ENOMEM, "the list of people");
		return;
	}
	for (size_t i = 0; i < x->get.count; i++)
		for (unsigned k = 0; jmap_principal_read(x->get.ids[i], &number) && k < 8; k++)
			numbers[len++] = (char)(number >> (56 - 8 * k));
	if (len == 0) {
		answer_get(c, x);
		return;
	}
	x->count = 0;
	x->hash_of_all = x->hash;
	look(c, (struct sharing_principals){.numbers = view_of(numbers, len)}, answer_found);
}

static void run_get(struct jmap_call *c)
{
	struct principals *x = jmap_call_data(c, sizeof *x, NULL);
	if (jmap_get_begin(c, &x->get, names, HAS_ALL, NULL, NULL))
		look(c, (struct sharing_principals){.numbers = {0}}, all_known);
}

/* ---- Principal/changes ---- */

static void answer_changes(struct jmap_call *c, struct principals *x)
{
	struct json_out *w = jmap_respond(c);
	struct jmap_state now = {.modseq = state_of(x)};
	if (!jmap_state_equal(x->changes.since, now)) {
		jmap_error(c, "cannotCalculateChanges", "ask for the Principals anew");
		return;
	}
	jmap_put_state(w, "oldState", now);
	jmap_put_state(w, "newState", now);
	json_out_name(w, VIEW("hasMoreChanges"));
	json_out_bool(w, false);
	jmap_put_empty(w, "created");
	jmap_put_empty(w, "updated");
	jmap_put_empty(w, "destroyed");
	jmap_end(c);
}

static void run_changes(struct jmap_call *c)
{
	struct principals *x = jmap_call_data(c, sizeof *x, NULL);
	if (jmap_changes_begin(c, &x->changes))
		look(c, (struct sharing_principals){.numbers = {0}}, answer_changes);
}

/* ---- Principal/query ---- */

static const char *const sorts[] = {"name", "email", "type", NULL};

static bool is_texts(const json_t *value)
{
	json_t *item;
	size_t i;
	if (!json_is_array(value))
		return false;
	json_array_foreach((json_t *)(uintptr_t)value, i, item) if (!json_is_string(item)) return false;
	return true;
}

static bool is_known(void *arg, const json_t *condition)
{
	static const char *const known[] = {"email", "name", "text", "type", "timeZone", NULL};
	const char *name;
	json_t *value;
	(void)arg;
	json_object_foreach((json_t *)(uintptr_t)condition, name, value)
	{
		struct view n = view_from_string(name);
		size_t i = 0;
		while (known[i] && !view_equal(n, view_from_string(known[i])))
			i++;
		if (view_equal(n, VIEW("accountIds")) ? !is_texts(value)
		                                      : known[i] == NULL || !json_is_string(value))
			return false;
	}
	return true;
}

static bool is_within(struct view text, const json_t *what)
{
	struct view wanted = jmap_string(what);
	for (size_t i = 0; i + wanted.len <= text.len; i++)
		if (view_equal_nocase(view_take(view_skip(text, i), wanted.len), wanted))
			return true;
	return false;
}

static bool has_account(const struct principal *p, const json_t *ids)
{
	char id[MAIL_ID_MAX];
	struct view own = view_of(id, mail_account_id_write(id, p->number));
	json_t *item;
	size_t i;
	json_array_foreach((json_t *)(uintptr_t)ids, i,
	    item) if (!p->group && view_equal(jmap_string(item), own)) return true;
	return false;
}

static bool matches(void *arg, const json_t *condition)
{
	const struct principal *p = arg;
	const json_t *ids = json_object_get(condition, "accountIds"),
	             *email = json_object_get(condition, "email"), *name = json_object_get(condition, "name"),
	             *text = json_object_get(condition, "text"), *type = json_object_get(condition, "type");
	return (ids == NULL || has_account(p, ids)) &&
	       (email == NULL || (!p->group && is_within(p->address, email))) &&
	       (name == NULL || is_within(p->address, name)) &&
	       (text == NULL || is_within(p->address, text)) &&
	       (type == NULL ||
	           view_equal(jmap_string(type), p->group ? VIEW("group") : VIEW("individual"))) &&
	       json_object_get(condition, "timeZone") == NULL;
}

static struct {
	const struct principals *x;
} sorting; /* qsort has no argument of its own; nobody else sorts meanwhile */

static int by_wish(const void *a, const void *b)
{
	const struct principals *x = sorting.x;
	const struct principal *p = &x->list[*(const size_t *)a], *q = &x->list[*(const size_t *)b];
	for (size_t i = 0; i < x->query.sort_count; i++) {
		bool by_type = view_equal(x->query.sort[i].property, VIEW("type"));
		int order = by_type ? p->group < q->group ? 1 : -(p->group > q->group)
		                    : view_compare(p->address, q->address);
		if (order)
			return x->query.sort[i].descending ? -order : order;
	}
	return p->number < q->number ? -1 : p->number > q->number;
}

static void put_found(struct jmap_call *c, struct json_out *w, size_t i, void *arg)
{
	const struct principals *x = arg;
	char id[MAIL_ID_MAX];
	(void)c;
	json_out_string(w, view_of(id, jmap_principal_write(id, x->list[x->found[i]].number)));
}

static ptrdiff_t find_place(struct jmap_call *c, struct view id, void *arg)
{
	const struct principals *x = arg;
	uint64_t number;
	(void)c;
	for (size_t i = 0; jmap_principal_read(id, &number) && i < x->found_count; i++)
		if (x->list[x->found[i]].number == number)
			return (ptrdiff_t)i;
	return -1;
}

static void answer_query(struct jmap_call *c, struct principals *x)
{
	char state[24];
	x->found = arena_array(jmap_arena(c), x->count + 1, sizeof *x->found);
	if (x->found == NULL) {
		jmap_error_of(c, -ENOMEM, "the list of people");
		return;
	}
	for (size_t i = 0; i < x->count; i++)
		if (jmap_filter_matches(x->query.filter, matches, &x->list[i]))
			x->found[x->found_count++] = i;
	sorting.x = x;
	if (x->found_count)
		qsort(x->found, x->found_count, sizeof *x->found, by_wish);
	struct jmap_results results = {
	    .count = x->found_count, .put = put_found, .find = find_place, .arg = x};
	snprintf(state, sizeof state, "%llu", (unsigned long long)state_of(x));
	jmap_query_end(c, &x->query, &results, view_from_string(state), false);
}

/* What an address must have within, whatever else is wanted: of a large domain the others are not told. */
static struct view wanted_text(const struct jmap_filter *filter)
{
	static const char *const texts[] = {"email", "name", "text"};
	struct view found = {0};
	for (size_t i = 0; filter && filter->op == JMAP_AND && i < filter->count && found.len == 0; i++)
		found = wanted_text(&filter->of[i]);
	for (size_t i = 0; filter && filter->op == JMAP_CONDITION && i < 3 && found.len == 0; i++)
		found = jmap_string(json_object_get(filter->condition, texts[i]));
	return found;
}

static bool filter_is_known(struct jmap_call *c, const struct jmap_filter *filter)
{
	if (jmap_filter_each(filter, is_known, NULL))
		return true;
	jmap_error(c, "unsupportedFilter", "a condition is none of a Principal's, or has another type");
	return false;
}

static void run_query(struct jmap_call *c)
{
	struct principals *x = jmap_call_data(c, sizeof *x, NULL);
	if (!jmap_query_begin(c, &x->query, sorts, NULL) || !filter_is_known(c, x->query.filter))
		return;
	struct view text = wanted_text(x->query.filter);
	look(c, (struct sharing_principals){.text = view_take(text, SHARING_TEXT_MAX)}, answer_query);
}

/* Whoever looks for people looks anew. */
static void run_query_changes(struct jmap_call *c)
{
	struct principals *x = jmap_call_data(c, sizeof *x, NULL);
	if (jmap_query_changes_begin(c, &x->query_changes, sorts, NULL) &&
	    filter_is_known(c, x->query_changes.query.filter))
		jmap_error(c, "cannotCalculateChanges", "ask for the Principals anew");
}

/* ---- Principal/set ---- */

/* RFC 9670 section 2.3: "an administrator would be able to": accounts and groups have methods of their own.
 */
static void refuse(struct jmap_call *c, struct view key)
{
	jmap_set_failed(c, key, "forbidden", NULL, "people and groups are the administrator's to change");
	jmap_set_next(c);
}

static void create(struct jmap_call *c, struct view key, json_t *object)
{
	(void)object;
	refuse(c, key);
}

static void answer_state(struct jmap_call *c, struct principals *x)
{
	jmap_set_state(c, (struct jmap_state){.modseq = state_of(x)});
}

static void ask_state(struct jmap_call *c)
{
	struct principals *x = jmap_data(c);
	x->count = 0;
	look(c, (struct sharing_principals){.numbers = {0}}, answer_state);
}

static void run_set(struct jmap_call *c)
{
	static const struct jmap_set set = {
	    .state = ask_state, .create = create, .update = create, .destroy = refuse};
	jmap_call_data(c, sizeof(struct principals), NULL);
	jmap_set_run(c, &set);
}

const struct jmap_method jmap_methods_sharing[] = {
    {"Principal/get", JMAP_PRINCIPALS, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_get},
    {"Principal/changes", JMAP_PRINCIPALS, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_changes},
    {"Principal/set", JMAP_PRINCIPALS, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_WRITES, run_set},
    {"Principal/query", JMAP_PRINCIPALS, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_query},
    {"Principal/queryChanges", JMAP_PRINCIPALS, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, run_query_changes},
    {"ShareNotification/get", JMAP_PRINCIPALS, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, jmap_share_note_get},
    {"ShareNotification/changes", JMAP_PRINCIPALS, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY,
        jmap_share_note_changes},
    {"ShareNotification/set", JMAP_PRINCIPALS, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_WRITES,
        jmap_share_note_set},
    {"ShareNotification/query", JMAP_PRINCIPALS, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, jmap_share_note_query},
    {"ShareNotification/queryChanges", JMAP_PRINCIPALS, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY,
        jmap_share_note_query_changes},
    {0},
};
