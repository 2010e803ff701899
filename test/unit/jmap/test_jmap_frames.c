/*
 * The frames of get, set, query and changes, on things that this test keeps: five fruits, by their names'
 * first letters. The table of methods takes the place of one that the library has.
 */
#include "jmap_fake.h"

#include <stdio.h>

#include "base/mem.h"
#include "jmap/jmap_private.h"

#define USING "\"urn:ietf:params:jmap:core\""

/* ---- the fruits ---- */

static char fruits[30][20];
static size_t fruit_count;
static uint64_t state;

static size_t find_fruit(struct view id)
{
	size_t i = 0;
	while (i < fruit_count && !view_equal(view_from_string(fruits[i]), id))
		i++;
	return i;
}

static void fruit_get(struct jmap_call *c)
{
	static const char *const names[] = {"id", "colour", "price", NULL};
	static const char *const extra[] = {"ripe", NULL};
	struct jmap_get get;
	if (!jmap_get_begin(c, &get, names, 1 << 1, NULL, extra))
		return;
	struct json_out *w = jmap_get_list(c);
	for (size_t i = 0, n = get.all ? fruit_count : get.count; i < n; i++) {
		struct view id = get.all ? view_from_string(fruits[i]) : get.ids[i];
		if (find_fruit(id) == fruit_count) {
			jmap_get_missing(c, id);
			continue;
		}
		json_out_object(w);
		json_out_name(w, VIEW("id"));
		json_out_string(w, id);
		for (int k = 1; k < 3; k++)
			if (get.properties >> k & 1) {
				json_out_name(w, view_from_string(names[k]));
				json_out_number(w, k);
			}
		json_out_end(w);
	}
	jmap_get_end(c, (struct jmap_state){.modseq = state});
}

static void put_fruit(struct jmap_call *c, struct json_out *w, size_t i, void *arg)
{
	(void)c;
	(void)arg;
	json_out_string(w, view_from_string(fruits[i]));
}

static ptrdiff_t find_result(struct jmap_call *c, struct view id, void *arg)
{
	(void)c;
	(void)arg;
	size_t i = find_fruit(id);
	return i < fruit_count ? (ptrdiff_t)i : -1;
}

static bool is_condition(void *arg, const json_t *condition)
{
	(void)arg;
	return json_object_get(condition, "colour") || json_object_size(condition) == 0;
}

static void fruit_query(struct jmap_call *c)
{
	static const char *const sorts[] = {"name", NULL};
	struct jmap_query query;
	if (!jmap_query_begin(c, &query, sorts, NULL))
		return;
	if (!jmap_filter_each(query.filter, is_condition, NULL)) {
		jmap_error(c, "unsupportedFilter", "no such condition");
		return;
	}
	struct jmap_results results = {fruit_count, put_fruit, find_result, NULL};
	jmap_query_end(c, &query, &results, VIEW("q"), true);
}

static void fruit_changes(struct jmap_call *c)
{
	struct jmap_changes changes;
	if (!jmap_changes_begin(c, &changes))
		return;
	struct json_out *w = jmap_respond(c);
	json_out_name(w, VIEW("since"));
	json_out_unsigned(w, changes.since.modseq * 10000 + changes.since.access * 100 + changes.since.part);
	json_out_name(w, VIEW("max"));
	json_out_unsigned(w, changes.max);
	jmap_end(c);
}

/* Asked of the host, so that every step waits for an answer. */
static void on_state(struct jmap_call *c, unsigned type, const void *answer)
{
	(void)answer;
	if (type == MAIL_DONE)
		jmap_set_state(c, (struct jmap_state){.modseq = state});
}

static void ask_state(struct jmap_call *c)
{
	jmap_ask(c, MAIL_QUOTA, &(struct mail_quota){0}, on_state);
}

/* {"name": ..., "like": id of another fruit, which must be there} */
static void create_fruit(struct jmap_call *c, struct view key, json_t *object)
{
	struct view name = jmap_string(json_object_get(object, "name")),
	            like = jmap_string(json_object_get(object, "like")), meant = jmap_creation(c, like);
	if (like.len && (meant.len == 0 || find_fruit(meant) == fruit_count)) {
		if (!jmap_set_later(c, key, object))
			jmap_set_failed(c, key, "invalidProperties", "like", "there is no such fruit");
	} else if (name.len == 0) {
		jmap_set_failed(c, key, "invalidProperties", "name,like", "it has no name");
	} else {
		snprintf(fruits[fruit_count++], sizeof fruits[0], "%.*s", VIEW_FMT(name));
		state++;
		struct json_out *w = jmap_set_created(c, key, name);
		json_out_name(w, VIEW("price"));
		json_out_number(w, 5);
		jmap_set_created_end(c);
	}
	jmap_set_next(c);
}

static struct view gathered[30];
static size_t gathered_count;

static void update_fruit(struct jmap_call *c, struct view id, json_t *patch)
{
	(void)patch;
	gathered[gathered_count++] = id;
	jmap_set_next(c);
}

static void on_flushed(struct jmap_call *c, unsigned type, const void *answer)
{
	(void)answer;
	assert_int_equal(type, MAIL_DONE);
	for (size_t i = 0; i < gathered_count; i++)
		if (find_fruit(gathered[i]) < fruit_count)
			jmap_set_updated(c, gathered[i]);
		else
			jmap_set_failed(c, gathered[i], "notFound", NULL, "there is no %s", "such fruit");
	state += gathered_count > 0;
	gathered_count = 0;
	jmap_set_next(c);
}

static void flush_fruits(struct jmap_call *c)
{
	if (gathered_count)
		jmap_ask(c, MAIL_QUOTA, &(struct mail_quota){0}, on_flushed);
	else
		jmap_set_next(c);
}

static void destroy_fruit(struct jmap_call *c, struct view id)
{
	size_t i = find_fruit(id);
	if (i < fruit_count) {
		memmove(fruits[i], fruits[i + 1], (--fruit_count - i) * sizeof fruits[0]);
		state++;
		jmap_set_destroyed(c, id);
	} else {
		jmap_set_failed(c, id, "notFound", NULL, "there is no such fruit");
	}
	jmap_set_next(c);
}

static void fruit_set(struct jmap_call *c)
{
	static const struct jmap_set set = {
	    ask_state, create_fruit, update_fruit, destroy_fruit, flush_fruits, NULL, NULL};
	jmap_set_run(c, &set);
}

/* Calls another method behind itself. */
static void fruit_eat(struct jmap_call *c)
{
	json_t *arguments = json_pack("{s:s, s:[s]}", "accountId", "A7", "destroy", "apple");
	jmap_then(c, "Fruit/set", arguments);
	(void)jmap_respond(c);
	jmap_end(c);
}

static void fruit_copy(struct jmap_call *c)
{
	const struct jmap_account *from;
	if (!jmap_copy_from(c, &from))
		return;
	json_out_name(jmap_respond(c), VIEW("from"));
	json_out_string(jmap_respond(c), from->address);
	jmap_end(c);
}

const struct jmap_method jmap_methods_sharing[] = {
    {"Fruit/get", JMAP_CORE, JMAP_NEEDS_ACCOUNT, fruit_get},
    {"Fruit/set", JMAP_CORE, JMAP_NEEDS_ACCOUNT | JMAP_WRITES, fruit_set},
    {"Fruit/query", JMAP_CORE, JMAP_NEEDS_ACCOUNT, fruit_query},
    {"Fruit/changes", JMAP_CORE, JMAP_NEEDS_ACCOUNT, fruit_changes},
    {"Fruit/eat", JMAP_CORE, JMAP_NEEDS_ACCOUNT | JMAP_OWN_ONLY, fruit_eat},
    {"Fruit/copy", JMAP_CORE, JMAP_NEEDS_ACCOUNT, fruit_copy},
    {0},
};

/* ---- playing ---- */

static bool answer(struct jmap_fake *f, uint32_t number, unsigned type, const void *question)
{
	(void)f;
	(void)number;
	(void)question;
	return type != MAIL_QUOTA && type != MAIL_MAILBOXES;
}

static int setup(void **test)
{
	static struct jmap_fake fake;
	static const char *const names[] = {"apple", "banana", "cherry", "date", "elder"};
	fake = (struct jmap_fake){.answer = answer};
	for (fruit_count = 0; fruit_count < 5; fruit_count++)
		strcpy(fruits[fruit_count], names[fruit_count]);
	state = 10;
	gathered_count = 0;
	jmap_fake_begin(&fake);
	*test = &fake;
	return 0;
}

static int teardown(void **test)
{
	jmap_fake_end(*test);
	return 0;
}

/* One call with these arguments behind accountId, and what it answers. */
static void call(void **test, const char *method, const char *arguments, const char *expected)
{
	char calls[4000], all[4000];
	snprintf(calls, sizeof calls, "[\"%s\",{\"accountId\":\"A7\"%s%s},\"c\"]", method,
	    *arguments ? "," : "", arguments);
	snprintf(all, sizeof all, "[\"%s\",{\"accountId\":\"A7\",%s},\"c\"]", method, expected);
	jmap_fake_call(*test, USING, calls, all);
}

static void fails(void **test, const char *method, const char *arguments, const char *type)
{
	char calls[4000], all[400];
	struct jmap_fake *f = *test;
	snprintf(calls, sizeof calls, "{\"using\":[" USING "],\"methodCalls\":[[\"%s\",{%s},\"c\"]]}", method,
	    arguments);
	jmap_fake_send(f, calls);
	snprintf(all, sizeof all, "{\"methodResponses\":[[\"error\",{\"type\":\"%s\",", type);
	buf_append_byte(&f->out, 0);
	assert_int_equal(f->status, 200);
	if (strncmp(buf_view(&f->out).data, all, strlen(all)) != 0)
		assert_string_equal(buf_view(&f->out).data, all);
}

static void gets(void **test)
{
	call(test, "Fruit/get", "\"ids\":[\"cherry\",\"plum\",\"apple\",\"cherry\",\"#none\"]",
	    "\"list\":[{\"id\":\"cherry\",\"colour\":1},{\"id\":\"apple\",\"colour\":1}],\"state\":\"10\","
	    "\"notFound\":[\"#none\",\"plum\"]");
	call(test, "Fruit/get", "\"ids\":[]", "\"list\":[],\"state\":\"10\",\"notFound\":[]");
	call(test, "Fruit/get", "\"ids\":[\"date\"],\"properties\":[]",
	    "\"list\":[{\"id\":\"date\"}],\"state\":\"10\",\"notFound\":[]");
	call(test, "Fruit/get", "\"ids\":[\"date\"],\"properties\":[\"price\",\"id\"],\"ripe\":true",
	    "\"list\":[{\"id\":\"date\",\"price\":2}],\"state\":\"10\",\"notFound\":[]");
	call(test, "Fruit/get", "\"properties\":[\"id\"]",
	    "\"list\":[{\"id\":\"apple\"},{\"id\":\"banana\"},{\"id\":\"cherry\"},{\"id\":\"date\"},{\"id\":"
	    "\"elder\"}],"
	    "\"state\":\"10\",\"notFound\":[]");
	fails(test, "Fruit/get", "\"accountId\":\"A7\",\"ids\":\"x\"", "invalidArguments");
	fails(test, "Fruit/get", "\"accountId\":\"A7\",\"ids\":[1]", "invalidArguments");
	fails(test, "Fruit/get", "\"accountId\":\"A7\",\"properties\":[\"weight\"]", "invalidArguments");
	fails(test, "Fruit/get", "\"accountId\":\"A7\",\"sweet\":1", "invalidArguments");
	fails(test, "Fruit/get", "\"accountId\":\"A8\"", "accountNotFound");
	fails(test, "Fruit/get", "\"accountId\":\"nonsense\"", "accountNotFound");
	fails(test, "Fruit/get", "\"accountId\":7", "invalidArguments");
	fails(test, "Fruit/get", "", "invalidArguments");
	fails(test, "Fruit/eat", "\"accountId\":\"A9\"", "accountNotSupportedByMethod");
}

static void queries(void **test)
{
	static const struct {
		const char *arguments, *rest;
	} cases[] = {
	    {"", "0,\"ids\":[\"apple\",\"banana\",\"cherry\",\"date\",\"elder\"]"},
	    {"\"position\":3", "3,\"ids\":[\"date\",\"elder\"]"},
	    {"\"position\":-2,\"limit\":1", "3,\"ids\":[\"date\"]"},
	    {"\"position\":-9", "0,\"ids\":[\"apple\",\"banana\",\"cherry\",\"date\",\"elder\"]"},
	    {"\"position\":9,\"calculateTotal\":true", "5,\"ids\":[],\"total\":5"},
	    {"\"limit\":0", "0,\"ids\":[]"},
	    {"\"anchor\":\"cherry\",\"anchorOffset\":-1,\"limit\":2,\"position\":4",
	        "1,\"ids\":[\"banana\",\"cherry\"]"},
	    {"\"anchor\":\"apple\",\"anchorOffset\":-7,\"limit\":1", "0,\"ids\":[\"apple\"]"},
	    {"\"anchor\":\"elder\",\"anchorOffset\":1", "5,\"ids\":[]"},
	    {"\"filter\":null,\"sort\":null,\"anchor\":null,\"limit\":null,\"position\":4",
	        "4,\"ids\":[\"elder\"]"},
	    {"\"position\":4,\"filter\":{\"operator\":\"NOT\",\"conditions\":[{\"colour\":1},{}]},"
	     "\"sort\":[{\"property\":\"name\",\"isAscending\":false,\"collation\":\"i;unicode-casemap\"}]",
	        "4,\"ids\":[\"elder\"]"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char expected[400];
		snprintf(expected, sizeof expected,
		    "\"queryState\":\"q\",\"canCalculateChanges\":true,\"position\":%s", cases[i].rest);
		call(test, "Fruit/query", cases[i].arguments, expected);
	}
	fails(test, "Fruit/query", "\"accountId\":\"A7\",\"anchor\":\"plum\"", "anchorNotFound");
	fails(test, "Fruit/query", "\"accountId\":\"A7\",\"anchor\":\"#plum\"", "anchorNotFound");
	fails(test, "Fruit/query", "\"accountId\":\"A7\",\"limit\":-1", "invalidArguments");
	fails(test, "Fruit/query", "\"accountId\":\"A7\",\"position\":1.5", "invalidArguments");
	fails(test, "Fruit/query", "\"accountId\":\"A7\",\"position\":9007199254740992", "invalidArguments");
	fails(test, "Fruit/query", "\"accountId\":\"A7\",\"sort\":[{\"property\":\"weight\"}]",
	    "unsupportedSort");
	fails(test, "Fruit/query", "\"accountId\":\"A7\",\"sort\":[{}]", "invalidArguments");
	fails(test, "Fruit/query",
	    "\"accountId\":\"A7\",\"sort\":[{\"property\":\"name\",\"collation\":\"i;none\"}]",
	    "unsupportedSort");
	fails(test, "Fruit/query", "\"accountId\":\"A7\",\"filter\":{\"weight\":1}", "unsupportedFilter");
	fails(test, "Fruit/query", "\"accountId\":\"A7\",\"filter\":{\"operator\":\"XOR\",\"conditions\":[]}",
	    "invalidArguments");
	fails(test, "Fruit/query", "\"accountId\":\"A7\",\"filter\":{\"operator\":\"AND\"}",
	    "invalidArguments");
	fails(test, "Fruit/query", "\"accountId\":\"A7\",\"filter\":[]", "invalidArguments");
}

static bool is_one(void *arg, const json_t *condition)
{
	(void)arg;
	return json_object_get(condition, "one") != NULL;
}

/* A tree of two levels, by hand. */
static bool judges(enum jmap_operator op, bool first, bool second)
{
	json_t *one = json_pack("{s:i}", "one", 1), *none = json_object();
	struct jmap_filter of[2] = {{.op = JMAP_CONDITION, .condition = first ? one : none},
	    {.op = JMAP_CONDITION, .condition = second ? one : none}};
	struct jmap_filter filter = {.op = op, .count = 2, .of = of};
	bool result = jmap_filter_matches(&filter, is_one, NULL);
	json_decref(one);
	json_decref(none);
	return result;
}

static void filters_judge(void **test)
{
	(void)test;
	for (int i = 0; i < 4; i++) {
		bool a = i & 1, b = i & 2;
		assert_int_equal(judges(JMAP_AND, a, b), a && b);
		assert_int_equal(judges(JMAP_OR, a, b), a || b);
		assert_int_equal(judges(JMAP_NOT, a, b), !a && !b);
	}
	assert_true(jmap_filter_matches(NULL, is_one, NULL));
}

static void tells_changes_since(void **test)
{
	call(test, "Fruit/changes", "\"sinceState\":\"8\"", "\"since\":80000,\"max\":0");
	call(test, "Fruit/changes", "\"sinceState\":\"8-3\"", "\"since\":80300,\"max\":0");
	call(test, "Fruit/changes", "\"sinceState\":\"8-0-5\"", "\"since\":80005,\"max\":0");
	call(test, "Fruit/changes", "\"sinceState\":\"0\",\"maxChanges\":50", "\"since\":0,\"max\":50");
	fails(test, "Fruit/changes", "\"accountId\":\"A7\"", "invalidArguments");
	fails(test, "Fruit/changes", "\"accountId\":\"A7\",\"sinceState\":8", "invalidArguments");
	fails(test, "Fruit/changes", "\"accountId\":\"A7\",\"sinceState\":\"8\",\"maxChanges\":0",
	    "invalidArguments");
	fails(test, "Fruit/changes", "\"accountId\":\"A7\",\"sinceState\":\"x8\"", "cannotCalculateChanges");
	static const char *const states[] = {
	    "08", "", "8-0", "8-", "8-1-0", "8-1-2-3-4", "8-1-2-0", "-8", "99999999999999999999"};
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++) {
		char arguments[100];
		snprintf(
		    arguments, sizeof arguments, "\"accountId\":\"A7\",\"sinceState\":\"%s\"", states[i]);
		fails(test, "Fruit/changes", arguments, "cannotCalculateChanges");
	}
}

/* Answers every question of a set with "done". */
static void set(void **test, const char *arguments, const char *expected)
{
	struct jmap_fake *f = *test;
	char body[4000], all[4000];
	snprintf(body, sizeof body,
	    "{\"using\":[" USING "],\"methodCalls\":[[\"Fruit/set\",{\"accountId\":\"A7\",%s},\"c\"]]}",
	    arguments);
	snprintf(all, sizeof all, "{\"methodResponses\":[[\"Fruit/set\",{\"accountId\":\"A7\",%s},\"c\"]]",
	    expected);
	jmap_fake_send(f, body);
	while (f->status == 0) {
		assert_true(f->count > 0);
		uint32_t number = f->asked[0].number;
		memmove(&f->asked[0], &f->asked[1], --f->count * sizeof f->asked[0]);
		jmap_session_answer(f->session, number, MAIL_DONE, &(struct mail_done){0});
	}
	struct view said = buf_view(&f->out);
	said.data = strndup(said.data, strlen(all) < said.len ? strlen(all) : said.len);
	assert_string_equal(said.data, all);
	free((void *)(uintptr_t)said.data);
}

#define NONE(name) ",\"" name "\":null"

static void sets(void **test)
{
	set(test, "\"create\":{}",
	    "\"oldState\":\"10\",\"newState\":\"10\"" NONE("created") NONE("notCreated") NONE("updated")
	        NONE("notUpdated") NONE("destroyed") NONE("notDestroyed"));
	set(test,
	    "\"ifInState\":\"10\",\"create\":{\"a\":{\"name\":\"fig\"},\"b\":{},\"!\":{}},"
	    "\"update\":{\"apple\":{\"x/y\":1},\"plum\":{},\"date\":{},\"elder\":{\"a\":1,\"a/"
	    "b\":2},\"#a\":{},\"#z\":{}},"
	    "\"destroy\":[\"date\",\"kiwi\",\"date\",\"#a\",\"#zz\"]",
	    "\"oldState\":\"10\",\"newState\":\"14\","
	    "\"created\":{\"a\":{\"id\":\"fig\",\"price\":5}},"
	    "\"notCreated\":{\"b\":{\"type\":\"invalidProperties\",\"properties\":[\"name\",\"like\"],"
	    "\"description\":\"it "
	    "has no name\"},\"!\":{\"type\":\"invalidProperties\",\"description\":\"this is no creation "
	    "id\"}},"
	    "\"updated\":{\"apple\":null,\"fig\":null},"
	    "\"notUpdated\":{\"date\":{\"type\":\"willDestroy\",\"description\":\"it stands in "
	    "\\\"destroy\\\" too\"},"
	    "\"elder\":{\"type\":\"invalidPatch\",\"description\":\"a path is no JSON pointer, or leads into "
	    "another "
	    "one\"},\"#z\":{\"type\":\"notFound\",\"description\":\"there is nothing with this id\"},"
	    "\"plum\":{\"type\":\"notFound\",\"description\":\"there is no such fruit\"}},"
	    "\"destroyed\":[\"date\",\"fig\"],"
	    "\"notDestroyed\":{\"kiwi\":{\"type\":\"notFound\",\"description\":\"there is no such fruit\"},"
	    "\"#zz\":{\"type\":\"notFound\",\"description\":\"there is nothing with this id\"}}");
}

static void sets_in_the_order_that_references_want(void **test)
{
	set(test,
	    "\"create\":{\"a\":{\"name\":\"g\",\"like\":\"#b\"},\"b\":{\"name\":\"h\",\"like\":\"#c\"},"
	    "\"x\":{\"name\":\"x\",\"like\":\"#y\"},\"y\":{\"name\":\"y\",\"like\":\"#x\"},\"c\":{\"name\":"
	    "\"i\"}}",
	    "\"oldState\":\"10\",\"newState\":\"13\",\"created\":{\"c\":{\"id\":\"i\",\"price\":5},"
	    "\"b\":{\"id\":\"h\",\"price\":5},\"a\":{\"id\":\"g\",\"price\":5}},"
	    "\"notCreated\":{\"x\":{\"type\":\"invalidProperties\",\"properties\":[\"like\"],\"description\":"
	    "\"there is no "
	    "such "
	    "fruit\"},\"y\":{\"type\":\"invalidProperties\",\"properties\":[\"like\"],\"description\":"
	    "\"there is no such "
	    "fruit\"}}" NONE("updated") NONE("notUpdated") NONE("destroyed") NONE("notDestroyed"));
}

static void refuses_a_set_as_a_whole(void **test)
{
	struct jmap_fake *f = *test;
	fails(test, "Fruit/set", "\"accountId\":\"A7\",\"create\":[]", "invalidArguments");
	fails(test, "Fruit/set", "\"accountId\":\"A7\",\"create\":{\"a\":1}", "invalidArguments");
	fails(test, "Fruit/set", "\"accountId\":\"A7\",\"update\":{\"a\":null}", "invalidArguments");
	fails(test, "Fruit/set", "\"accountId\":\"A7\",\"destroy\":[1]", "invalidArguments");
	fails(test, "Fruit/set", "\"accountId\":\"A7\",\"delete\":[]", "invalidArguments");
	for (int i = 0; i < 2; i++) {
		char body[400];
		snprintf(body, sizeof body,
		    "{\"using\":[" USING
		    "],\"methodCalls\":[[\"Fruit/set\",{\"accountId\":\"A7\",\"ifInState\":\"%s\","
		    "\"destroy\":[\"apple\"]},\"c\"]]}",
		    i ? "9" : "abc");
		assert_non_null(jmap_fake_send(f, body));
		jmap_session_answer(
		    f->session, f->asked[--f->count].number, MAIL_DONE, &(struct mail_done){0});
		assert_non_null(strstr(buf_string(&f->out), "\"type\":\"stateMismatch\""));
	}
	assert_int_equal(fruit_count, 5);
}

static void runs_a_method_behind_another(void **test)
{
	struct jmap_fake *f = *test;
	jmap_fake_send(f,
	    "{\"using\":[" USING
	    "],\"methodCalls\":[[\"Fruit/eat\",{\"accountId\":\"A7\"},\"c\"],[\"Core/echo\",{},\"d\"]]}");
	for (int i = 0; i < 2; i++)
		jmap_session_answer(
		    f->session, f->asked[--f->count].number, MAIL_DONE, &(struct mail_done){0});
	assert_int_equal(f->status, 200);
	static const char begins[] =
	    "{\"methodResponses\":[[\"Fruit/eat\",{\"accountId\":\"A7\"},\"c\"],[\"Fruit/set\",";
	assert_memory_equal(buf_view(&f->out).data, begins, sizeof begins - 1);
	assert_non_null(strstr(
	    buf_string(&f->out), "\"destroyed\":[\"apple\"],\"notDestroyed\":null},\"c\"],[\"Core/echo\""));
}

static void copies_between_accounts(void **test)
{
	call(test, "Fruit/copy", "\"fromAccountId\":\"A9\"", "\"from\":\"bert@example.org\"");
	fails(test, "Fruit/copy", "\"accountId\":\"A7\",\"fromAccountId\":\"A7\"", "invalidArguments");
	fails(test, "Fruit/copy", "\"accountId\":\"A7\",\"fromAccountId\":\"A8\"", "fromAccountNotFound");
	fails(test, "Fruit/copy", "\"accountId\":\"A7\"", "invalidArguments");
}

/* Whichever allocation of the frames fails: every call is answered, in JSON. */
static void outlives_a_lack_of_memory(void **test)
{
	struct jmap_fake *f = *test;
	bool failed = true;
	for (unsigned n = 1; failed; n++) {
		mem_fail_after(n);
		jmap_fake_send(f,
		    "{\"using\":[" USING
		    "],\"methodCalls\":[[\"Fruit/get\",{\"accountId\":\"A7\",\"ids\":[\"apple\",\"x\"]},"
		    "\"0\"],[\"Fruit/"
		    "query\",{\"accountId\":\"A7\",\"filter\":{\"operator\":\"NOT\",\"conditions\":[{}]}},"
		    "\"1\"],"
		    "[\"Fruit/"
		    "set\",{\"accountId\":\"A7\",\"create\":{\"b\":{}},\"update\":{\"apple\":{}},\"destroy\":"
		    "[\"x\"]},"
		    "\"2\"],[\"Fruit/copy\",{\"accountId\":\"A7\",\"fromAccountId\":\"A9\"},\"3\"]]}");
		while (f->status == 0) {
			assert_true(f->count > 0);
			uint32_t number = f->asked[0].number;
			memmove(&f->asked[0], &f->asked[1], --f->count * sizeof f->asked[0]);
			jmap_session_answer(f->session, number, MAIL_DONE, &(struct mail_done){0});
		}
		failed = !mem_fault_pending();
		mem_fail_after(0);
		json_t *response = json_loadb(buf_view(&f->out).data, buf_view(&f->out).len, 0, NULL);
		assert_non_null(response);
		if (f->status == 200)
			assert_int_equal(json_array_size(json_object_get(response, "methodResponses")), 4);
		json_decref(response);
		buf_done(&f->out); /* so that it grows anew */
	}
}

static void patched(const char *object, const char *patch, const char *expected)
{
	json_t *o = json_loads(object, 0, NULL), *p = json_loads(patch, 0, NULL);
	assert_int_equal(jmap_patch_apply(o, p), expected != NULL);
	if (expected) {
		json_t *e = json_loads(expected, 0, NULL);
		assert_true(json_equal(o, e));
		json_decref(e);
	}
	json_decref(o);
	json_decref(p);
}

static void patches(void **test)
{
	(void)test;
	patched("{\"a\":{\"b\":1}}", "{\"a/c\":2,\"d\":3,\"a/b\":null}", "{\"a\":{\"c\":2},\"d\":3}");
	patched("{\"a\":{}}", "{\"a/x~1y~0\":true,\"a/\":1}", "{\"a\":{\"x/y~\":true,\"\":1}}");
	patched("{\"a\":1}", "{\"b\":null}", "{\"a\":1}");
	patched("{\"a\":{}}", "{\"a\":{},\"a/b\":1}", NULL);
	patched(
	    "{\"a\":{}}", "{\"a\":{},\"a!\":1,\"a/b\":1}", NULL); /* whatever stands between them in order */
	patched("{\"a\":{}}", "{\"a/b\":{},\"a/b/c\":1}", NULL);
	patched("{\"a\":{}}", "{\"b/c\":1}", NULL);
	patched("{\"a\":[1]}", "{\"a/0\":1}", NULL);
	patched("{\"a\":1}", "{\"a/b\":1}", NULL);
	patched("{\"a\":{}}", "{\"a/~2\":1}", NULL);
	patched("{\"a\":{}}", "{\"a/b~\":1}", NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    TEST(gets),
	    TEST(queries),
	    TEST(filters_judge),
	    TEST(tells_changes_since),
	    TEST(sets),
	    TEST(sets_in_the_order_that_references_want),
	    TEST(refuses_a_set_as_a_whole),
	    TEST(runs_a_method_behind_another),
	    TEST(copies_between_accounts),
	    TEST(outlives_a_lack_of_memory),
	    cmocka_unit_test(patches),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
