/* Accounts, which are called persons here: Person/get and /query (doc/administration.md); what changes them
 * is in jmap_admin_person_set.c. */
#include "jmap/jmap_admin_person.h"

#include <errno.h>

static const char *const names[] = {"id", "address", "isDisabled", "isAdministrator", "quota",
    "quotaMessages", "usedOctets", "usedMessages", "deletedOctets", "hasSecondStep", "appPasswords",
    "sessions", "lastUsed", "command", NULL};
enum {
	HAS_ADDRESS = 1 << 1,
	HAS_QUOTA = 1 << 4,
	HAS_DELETED = 1 << 8,
	HAS_COMMAND = 1 << 13,
	/* Those that the account's mail tells. */
	HAS_COUNTED = HAS_QUOTA | 1 << 5 | 1 << 6 | 1 << 7 | HAS_DELETED,
	HAS_ALL = 0x3fff,
	PERSON_FIELDS = 5
};

static struct view list_line(struct jmap_call *c)
{
	return JMAP_ADMIN_LINE(c, VIEW("account"), VIEW("list"));
}

/* ---- Person/get: each is asked for by its number ---- */

struct persons {
	struct jmap_admin a;
	size_t at;           /* of `ids` */
	struct view address; /* of the one under way, in the arena */
	json_t *object;      /* borrowed of a.objects */
};

static void next_person(struct jmap_call *c);

static void step_on(struct jmap_call *c)
{
	struct persons *x = jmap_data(c);
	x->at++;
	next_person(c);
}

static void set(json_t *object, const char *name, json_t *value)
{
	(void)json_object_set_new(object, name, value);
}

static json_t *number_or_null(uint64_t n)
{
	return n ? json_integer((json_int_t)n) : json_null();
}

static void counted_told(struct jmap_call *c, const struct admin_fields *told)
{
	struct persons *x = jmap_data(c);
	if (told->count < 5)
		return;
	uint64_t n[5];
	for (size_t i = 0; i < 5; i++)
		n[i] = jmap_admin_number_read(told->fields[i]);
	set(x->object, "usedMessages", json_integer((json_int_t)n[0]));
	set(x->object, "usedOctets", json_integer((json_int_t)n[1]));
	set(x->object, "deletedOctets", json_integer((json_int_t)n[2]));
	set(x->object, "quota", number_or_null(n[3]));
	set(x->object, "quotaMessages", number_or_null(n[4]));
}

/* What concerns this person alone must not fail the others: it was removed meanwhile, say. */
static bool one_failed(struct jmap_call *c, int64_t error)
{
	struct persons *x = jmap_data(c);
	if (error == -ENOENT || error == -EBADMSG) {
		(void)json_object_deln(x->a.objects, x->a.ids[x->at].data, x->a.ids[x->at].len);
		step_on(c);
		return true;
	}
	return jmap_admin_failed(c, error, 0);
}

static void counted(struct jmap_call *c, int64_t error, uint64_t number)
{
	(void)number;
	if (!one_failed(c, error))
		step_on(c);
}

/* Times in auth's JSON are seconds; JMAP's are dates. */
static void set_dates(json_t *list)
{
	static const char *const times[] = {"created", "lastUsed"};
	size_t i;
	json_t *one;
	json_array_foreach(list, i, one) for (size_t k = 0; k < 2; k++)
	    set(one, times[k], jmap_admin_date(json_integer_value(json_object_get(one, times[k]))));
}

static int64_t latest(int64_t than, const json_t *list)
{
	size_t i;
	json_t *one;
	json_array_foreach((json_t *)(uintptr_t)list, i, one)
	{
		int64_t used = json_integer_value(json_object_get(one, "lastUsed"));
		than = used > than ? used : than;
	}
	return than;
}

static void take_secrets(json_t *object, json_t *secrets)
{
	json_t *apps = json_object_get(secrets, "appPasswords"),
	       *sessions = json_object_get(secrets, "sessions"), *one;
	int64_t last = json_integer_value(json_object_get(secrets, "lastLogin"));
	size_t i;
	last = latest(latest(last, apps), sessions);
	set_dates(apps);
	set_dates(sessions);
	json_array_foreach(sessions, i, one)
	{
		json_t *program = json_object_get(one, "program");
		(void)json_object_set(one, "isProgram", program ? program : json_false());
		(void)json_object_del(one, "program");
	}
	(void)json_object_set(object, "appPasswords", apps);
	(void)json_object_set(object, "sessions", sessions);
	(void)json_object_set(object, "hasSecondStep", json_object_get(secrets, "secondFactor"));
	set(object, "lastUsed", jmap_admin_date(last));
}

static void secrets_told(struct jmap_call *c, const struct admin_fields *told)
{
	struct persons *x = jmap_data(c);
	if (told->count < 4)
		return;
	json_t *secrets = json_loadb(told->fields[0].data, told->fields[0].len, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(secrets))
		take_secrets(x->object, secrets);
	json_decref(secrets);
	set(x->object, "isAdministrator", json_boolean(told->fields[1].len > 0));
	set(x->object, "isDisabled", json_boolean(told->fields[2].len > 0));
}

static void secrets_done(struct jmap_call *c, int64_t error, uint64_t number)
{
	struct persons *x = jmap_data(c);
	(void)number;
	if (one_failed(c, error))
		return;
	if (x->a.get.properties & HAS_COUNTED)
		jmap_admin_ask(c, ADMIN_ACCOUNT_STAT, 0, &x->address, 1, counted_told, counted);
	else
		step_on(c);
}

static void name_told(struct jmap_call *c, const struct admin_fields *told)
{
	struct persons *x = jmap_data(c);
	x->address = jmap_admin_copy(c, told->fields[0]);
}

static void named(struct jmap_call *c, int64_t error, uint64_t number)
{
	struct persons *x = jmap_data(c);
	(void)number;
	if (one_failed(c, error))
		return;
	x->object = json_object();
	set(x->object, "address", jmap_admin_text(x->address));
	struct view line = JMAP_ADMIN_LINE(c, VIEW("account"), VIEW("show"), x->address);
	set(x->object, "command", jmap_admin_text(line));
	jmap_admin_add(c, x->a.ids[x->at], x->object);
	if (x->a.get.properties & ~(uint64_t)(1 | HAS_ADDRESS | HAS_COMMAND))
		jmap_admin_ask(c, ADMIN_ACCOUNT_SECRETS, 0, &x->address, 1, secrets_told, secrets_done);
	else
		step_on(c);
}

static void next_person(struct jmap_call *c)
{
	struct persons *x = jmap_data(c);
	uint64_t number;
	while (x->at < x->a.count && !jmap_admin_person_id(x->a.ids[x->at], &number))
		x->at++;
	if (x->at < x->a.count)
		jmap_admin_ask(c, ADMIN_ACCOUNT_NAME, number, NULL, 0, name_told, named);
	else
		jmap_admin_end_get(c, names, list_line(c));
}

/* Without ids: all. */
static bool take_id(struct jmap_call *c, const struct view *entry)
{
	const struct jmap_admin *a = jmap_data(c);
	char id[MAIL_ID_MAX];
	if (a->count == JMAP_ADMIN_ALL_MAX) {
		jmap_error(c, "requestTooLarge", "there are more than %d: ask for some by their ids",
		    JMAP_ADMIN_ALL_MAX);
		return false;
	}
	return jmap_admin_found(
	    c, view_of(id, mail_account_id_write(id, jmap_admin_account(jmap_admin_number_read(entry[1])))));
}

static void run_get(struct jmap_call *c)
{
	struct persons *x = jmap_admin_begin(c, sizeof *x);
	const struct jmap_admin_walking walking = {
	    .operation = ADMIN_ACCOUNT_LIST, .fields = PERSON_FIELDS, .each = take_id, .then = next_person};
	if (!jmap_get_begin(c, &x->a.get, names, HAS_ALL, NULL, NULL))
		return;
	if (x->a.get.count > JMAP_ADMIN_ALL_MAX) {
		jmap_error(c, "requestTooLarge", "more than %d ids", JMAP_ADMIN_ALL_MAX);
	} else if (x->a.get.all) {
		jmap_admin_walk(c, &walking);
	} else {
		x->a.ids = x->a.get.ids;
		x->a.count = x->a.get.count;
		next_person(c);
	}
}

/* ---- Person/query ---- */

static bool find_person(struct jmap_call *c, const struct view *entry)
{
	char id[MAIL_ID_MAX];
	size_t len = mail_account_id_write(id, jmap_admin_account(jmap_admin_number_read(entry[1])));
	bool matches = jmap_admin_filter_text(c, "text", entry[0]) &&
	               jmap_admin_filter_flag(c, "isDisabled", entry[3].len > 0) &&
	               jmap_admin_filter_flag(c, "isAdministrator", entry[4].len > 0);
	return !matches || jmap_admin_found(c, view_of(id, len));
}

static void end_query(struct jmap_call *c)
{
	jmap_admin_end_query(c, list_line(c));
}

static void run_query(struct jmap_call *c)
{
	static const char *const filters[] = {"text", "domain", "isDisabled", "isAdministrator", NULL};
	struct jmap_admin_walking walking = {
	    .operation = ADMIN_ACCOUNT_LIST, .fields = PERSON_FIELDS, .each = find_person, .then = end_query};
	(void)jmap_admin_begin(c, sizeof(struct jmap_admin));
	if (!jmap_admin_query_begin(c, filters))
		return;
	walking.domain = jmap_string(jmap_admin_filter(c, "domain"));
	jmap_admin_walk(c, &walking);
}

enum { OF_ACCOUNT = JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY | JMAP_ADMINISTERS };
const struct jmap_method jmap_methods_admin_person[] = {
    {"Person/get", JMAP_ADMINISTRATION, OF_ACCOUNT, run_get},
    {"Person/query", JMAP_ADMINISTRATION, OF_ACCOUNT, run_query},
    {"Person/set", JMAP_ADMINISTRATION, OF_ACCOUNT | JMAP_WRITES, jmap_admin_person_set},
    {0},
};
