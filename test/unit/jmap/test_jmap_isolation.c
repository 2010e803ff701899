/*
 * One account's things are not another's: every method of the tables is called by bob with alice's account,
 * and in his own account with her ids in every argument that the method takes. Nothing of hers may be said,
 * and nothing of hers may change. And every method is called with what makes no sense. The store is the real
 * one, in memory.
 */
#include "../role/store/mail_world.h"
#include "../store/support.h"

#include <stdio.h>
#include <string.h>

#include "../account/support.h"
#include "account/file_link.h"
#include "directory/directory.h"
#include "jmap/jmap_state.h"
#include "base/cursor.h"
#include "mail/mail_history.h"
#include "mail/masked.h"

enum { ALICE = 1, BOB = 2, NOW = 1800000000, TRIES = 40 };

#define SECRET "zebra"

static struct {
	struct mail_session mail, hers;
	struct jmap_session *session;
	struct buf out;
	unsigned status;
	struct buf states; /* of alice */
	bool masked;       /* she has a masked address */
} world;

/* ---- the world ---- */

static void on_answer(void *arg, uint32_t number, unsigned type, const void *answer)
{
	(void)arg;
	jmap_session_answer(world.session, number, type, answer);
}

static char deleted_id[MAIL_ID_MAX + 1];

static void take_deleted(const struct history_rows *rows)
{
	struct cursor in = cursor_on(rows->rows);
	struct history_row row;
	assert_true(history_row_get(&in, &row));
	struct mail_id id = {
	    .letter = MAIL_ID_DELETED, .account = ALICE, .number = row.email, .part = (uint64_t)row.expires};
	deleted_id[mail_id_put(deleted_id, &id)] = '\0';
}

static void on_her_answer(void *arg, uint32_t number, unsigned type, const void *answer)
{
	(void)arg;
	(void)number;
	if (type == EMAIL_STATE)
		(void)buf_append(&world.states, ((const struct email_state *)answer)->modseqs);
	if (type == HISTORY_ROWS)
		take_deleted(answer);
	world.masked =
	    world.masked || (type == MASKED_ENTRY && ((const struct masked_entry *)answer)->number == 1);
}

static void ask(void *arg, uint32_t number, unsigned type, const void *question)
{
	(void)arg;
	account_client_ask(&world.mail.client, number, type, question);
}

static int64_t now(void *arg)
{
	(void)arg;
	return NOW;
}

static int add_people(struct txn *t, void *arg)
{
	struct directory_domain domain = {.disabled = false};
	struct directory_account account = {.quota = 0};
	(void)arg;
	int error = directory_domain_put(t, VIEW("example.test"), &domain);
	if (error == 0)
		error = directory_account_add(t, VIEW("alice@example.test"), &account);
	return error ? error : directory_account_add(t, VIEW("bob@example.test"), &account);
}

/* One of hers that can be brought back. */
static void delete_one(void)
{
	uint32_t uid =
	    mail_world_deliver(ALICE, "From: carol@example.test\nSubject: an old " SECRET "\n\nx\n");
	struct buf ranges;
	buf_init(&ranges, 8);
	buf_append_u32(&ranges, uid);
	buf_append_u32(&ranges, uid);
	struct mail_expunge expunge = {.mailbox = MAILBOX_INBOX, .uids = buf_view(&ranges)};
	account_client_ask(&world.hers.client, 2, MAIL_EXPUNGE, &expunge);
	account_client_ask(&world.hers.client, 3, HISTORY_LIST, &(struct history_list){0});
	mail_world_settle();
	buf_done(&ranges);
	assert_int_not_equal(deleted_id[0], 0);
}

static void mask_one(void)
{
	world.masked = false;
	struct masked_create create = {.prefix = VIEW(SECRET), .description = VIEW("for the " SECRET)};
	account_client_ask(&world.hers.client, 4, MASKED_CREATE, &create);
	mail_world_settle();
	assert_true(world.masked);
}

static int put_file_link(struct txn *t, void *arg)
{
	struct account_file_link link = {.number = 1,
	    .blob = {{1}},
	    .created = 1,
	    .expires = INT64_MAX / 2,
	    .name = VIEW("the " SECRET),
	    .type = VIEW("text/" SECRET)};
	(void)arg;
	return account_file_link_put(t, test_account(ALICE), &link);
}

static const struct jmap_host host = {ask, now};

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	assert_int_equal(test_commit(store_role.store, add_people, NULL), 0);
	mail_world_account(ALICE);
	mail_world_account(BOB);
	assert_int_not_equal(
	    mail_world_deliver(ALICE, "From: carol@example.test\nSubject: the " SECRET "\nMIME-Version: 1.0\n"
	                              "Content-Type: text/plain\n\nIt is a " SECRET ".\n"),
	    0);
	world.mail = (struct mail_session){.answered = on_answer};
	world.hers = (struct mail_session){.answered = on_her_answer};
	buf_init(&world.out, 2 * JMAP_RESPONSE_MAX);
	buf_init(&world.states, 10000);
	mail_session_open(&world.mail, BOB);
	mail_session_open(&world.hers, ALICE);
	delete_one();
	mask_one();
	assert_int_equal(test_commit(store_role.store, put_file_link, NULL), 0);
	struct jmap_config config = {.account = BOB,
	    .address = VIEW("bob@example.test"),
	    .base = VIEW("https://mail.example.test"),
	    .message_max = 100000,
	    .delay_max = 86400,
	    .file_link_days = 30,
	    .file_link_space = 1 << 30};
	world.session = jmap_session_new(&config, &host, NULL);
	return 0;
}

static int end(void **state)
{
	(void)state;
	jmap_session_free(world.session);
	mail_session_close(&world.mail);
	mail_session_close(&world.hers);
	mail_world_settle();
	buf_done(&world.out);
	buf_done(&world.states);
	mail_world_end();
	return 0;
}

static void look_at_her_states(struct buf *states)
{
	buf_clear(&world.states);
	account_client_ask(&world.hers.client, 1, EMAIL_STATES, &(struct email_states){0});
	mail_world_settle();
	assert_int_not_equal(buf_view(&world.states).len, 0);
	(void)buf_append(states, buf_view(&world.states));
}

/* ---- a call ---- */

static void on_done(void *arg, unsigned status)
{
	(void)arg;
	world.status = status;
}

/* The response of one call; the caller releases it. */
static json_t *call(const char *method, const json_t *arguments)
{
	json_t *using = json_array(), *request;
	for (enum jmap_capability k = 0; k < JMAP_CAPABILITIES; k++)
		if (jmap_capability_is_true(world.session, k))
			json_array_append_new(using, json_string(jmap_capability_names[k]));
	request = json_pack("{s:o, s:[[s, O, s]]}", "using", using, "methodCalls", method, arguments, "c");
	assert_non_null(request);
	char *text = json_dumps(request, 0);
	json_decref(request);
	world.status = 0;
	buf_clear(&world.out);
	jmap_request_begin(
	    world.session, view_from_string(text), VIEW("application/json"), &world.out, on_done, NULL);
	for (int i = 0; i < 100 && world.status == 0; i++)
		mail_world_settle();
	assert_int_equal(world.status, 200);
	free(text);
	json_t *response = json_loadb(buf_view(&world.out).data, buf_view(&world.out).len, 0, NULL);
	assert_non_null(response);
	json_t *first = json_incref(json_array_get(json_object_get(response, "methodResponses"), 0));
	json_decref(response);
	return first;
}

static bool is_error(const json_t *response, const char *type)
{
	return strcmp(json_string_value(json_array_get(response, 0)), "error") == 0 &&
	       (type == NULL ||
	           strcmp(json_string_value(json_object_get(json_array_get(response, 1), "type")), type) ==
	               0);
}

/* ---- alice's account ---- */

static void her_account_is_none_of_his(void **state)
{
	(void)state;
	const struct jmap_method *m;
	size_t count = 0;
	for (size_t i = 0; (m = jmap_method_at(i)); i++) {
		if (!(m->flags & JMAP_NEEDS_ACCOUNT))
			continue;
		json_t *arguments = json_pack("{s:s, s:s}", "accountId", "A1", "sinceState", "0");
		json_t *response = call(m->name, arguments);
		/* He is no administrator, so that their capability is none of his. */
		const char *error = m->flags & JMAP_ADMINISTERS ? "unknownMethod" : "accountNotFound";
		if (!is_error(response, error))
			fail_msg("%s with alice's account: %.*s", m->name, VIEW_FMT(buf_view(&world.out)));
		json_decref(response);
		json_decref(arguments);
		count++;
	}
	assert_true(count > 3);
}

/* ---- alice's ids ---- */

/* Ids of everything that she may have, of each kind. */
static const char *const her_ids[] = {"M1-1", "M1-2", "E1-1", "E1-2", "T1-1", "B1-1", "P1-1-0", "P1-1-1",
    "U1-1", "Q1-1-0", "A1", "I1-1", "S1-1", "R1-1", "N1-1", "F1-1", "C1-1-1", deleted_id, "1", "2",
    "singleton"};
enum { HER_IDS = sizeof her_ids / sizeof her_ids[0] };

static json_t *id_list(void)
{
	json_t *list = json_array();
	for (size_t i = 0; i < HER_IDS - 3; i++)
		json_array_append_new(list, json_string(her_ids[i]));
	return list;
}

/* What a creation or a patch may hold, with her ids in it. */
static json_t *object_with(const char *id)
{
	return json_pack("{s:{s:b}, s:s, s:s, s:s, s:s, s:s, s:{s:b}}", "mailboxIds", id, 1, "emailId", id,
	    "blobId", id, "parentId", id, "identityId", id, "threadId", id, "keywords", "$seen", 1);
}

static json_t *everything(const char *id)
{
	json_t *a = json_object(), *update = json_object(), *create = json_object(), *emails = json_object();
	json_object_set_new(a, "accountId", json_string("A2"));
	static const char *const lists[] = {"ids", "blobIds", "emailIds", "destroy", "forIds"};
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		json_object_set_new(a, lists[i], id_list());
	static const char *const texts[] = {
	    "blobId", "identityId", "emailId", "upToId", "anchor", "forEmailId", "mailboxId"};
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		json_object_set_new(a, texts[i], json_string(id));
	static const char *const states[] = {"sinceState", "sinceQueryState"};
	for (size_t i = 0; i < sizeof states / sizeof states[0]; i++)
		json_object_set_new(a, states[i], json_string("0"));
	json_object_set_new(a, "typeNames", json_pack("[s,s,s]", "Email", "Thread", "Mailbox"));
	json_object_set_new(a, "filter", json_pack("{s:s}", "inMailbox", id));
	json_object_set_new(update, id, json_object());
	json_object_set_new(create, "k", object_with(id));
	json_object_set_new(emails, "k", object_with(id));
	json_object_set_new(a, "update", update);
	json_object_set_new(a, "create", create);
	json_object_set_new(a, "emails", emails);
	json_object_set_new(a, "fromAccountId", json_string("A1"));
	return a;
}

/* The argument that the method does not have, by what it answers; NULL: it was not that. */
static char *unknown_argument(const json_t *response)
{
	const char *words = json_string_value(json_object_get(json_array_get(response, 1), "description"));
	char name[100];
	if (!is_error(response, "invalidArguments") || words == NULL ||
	    sscanf(words, "there is no argument \"%99[^\"]\"", name) != 1)
		return NULL;
	return strdup(name);
}

/* Calls it with all that it takes. */
static void call_with(const char *method, const char *id)
{
	json_t *arguments = everything(id);
	for (int i = 0; i < TRIES; i++) {
		json_t *response = call(method, arguments);
		char *unknown = unknown_argument(response);
		json_decref(response);
		if (memmem(buf_view(&world.out).data, buf_view(&world.out).len, SECRET, strlen(SECRET)))
			fail_msg("%s with %s: %.*s", method, id, VIEW_FMT(buf_view(&world.out)));
		if (unknown == NULL)
			break;
		json_object_del(arguments, unknown);
		free(unknown);
	}
	json_decref(arguments);
}

static void her_ids_are_nothing_to_him(void **state)
{
	(void)state;
	const struct jmap_method *m;
	struct buf before, after;
	buf_init(&before, 1000);
	buf_init(&after, 1000);
	look_at_her_states(&before);
	for (size_t i = 0; (m = jmap_method_at(i)); i++) {
		if (strcmp(m->name, "Core/echo") == 0)
			continue;
		for (size_t k = 0; k < HER_IDS; k++)
			call_with(m->name, her_ids[k]);
		buf_clear(&after);
		look_at_her_states(&after);
		if (!view_equal(buf_view(&before), buf_view(&after)))
			fail_msg("%s has changed something of alice's", m->name);
	}
	buf_done(&before);
	buf_done(&after);
}

/* ---- what makes no sense ---- */

static bool is_tried(const struct jmap_method *m)
{
	return !(m->flags & JMAP_ADMINISTERS) && strcmp(m->name, "Core/echo") != 0;
}

/* type: NULL: any. Takes the arguments over. False: it was taken, or refused for another reason. */
static bool is_refused(const char *method, json_t *arguments, const char *type)
{
	json_t *response = call(method, arguments);
	bool good = is_error(response, type);
	char *given = good ? NULL : json_dumps(arguments, 0);
	if (!good)
		print_error(
		    "%s with %.100s: %.*s\n", method, given, VIEW_FMT(view_take(buf_view(&world.out), 300)));
	free(given);
	json_decref(response);
	json_decref(arguments);
	return good;
}

static json_t *own_account(const struct jmap_method *m)
{
	return m->flags & JMAP_NEEDS_ACCOUNT ? json_pack("{s:s}", "accountId", "A2") : json_object();
}

static void every_method_wants_its_account(void **state)
{
	const struct jmap_method *m;
	bool good = true;
	(void)state;
	for (size_t i = 0; (m = jmap_method_at(i)); i++) {
		if (!is_tried(m) || !(m->flags & JMAP_NEEDS_ACCOUNT))
			continue;
		good = is_refused(m->name, json_object(), "invalidArguments") && good;
		good = is_refused(m->name, json_pack("{s:i}", "accountId", 2), "invalidArguments") && good;
		good = is_refused(m->name, json_pack("{s:s}", "accountId", ""), "accountNotFound") && good;
		good = is_refused(m->name, json_pack("{s:s}", "accountId", "A77"), "accountNotFound") && good;
	}
	assert_true(good);
}

static void every_argument_has_its_type(void **state)
{
	static const char *const others[] = {"nonsense", "ifInState", "properties", "sort", "position",
	    "limit", "calculateTotal", "maxChanges", "text", "content"};
	json_t *names = everything("M2-1");
	const struct jmap_method *m;
	const char *name;
	json_t *value;
	bool good = true;
	(void)state;
	json_object_del(names, "accountId");
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		json_object_set_new(names, others[i], json_null());
	for (size_t i = 0; (m = jmap_method_at(i)); i++) {
		if (!is_tried(m))
			continue;
		json_object_foreach(names, name, value)
		{
			json_t *arguments = own_account(m);
			/* No argument of these is a list with a number in it. */
			json_object_set_new(arguments, name, json_pack("[i]", 7));
			good = is_refused(m->name, arguments, NULL) && good;
		}
	}
	json_decref(names);
	assert_true(good);
}

/* A hundred thousand ids, in what takes a list of them. */
static void very_long_lists_are_refused(void **state)
{
	enum { MANY = JMAP_OBJECTS_GET_MAX + 1 };
	_Static_assert((int)JMAP_OBJECTS_SET_MAX <= (int)JMAP_OBJECTS_GET_MAX, "too many for both");
	json_t *ids = json_array(), *numbered = json_object();
	const struct jmap_method *m;
	char id[30];
	bool good = true;
	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof id, "E2-%x", i);
		json_array_append_new(ids, json_string(id));
		json_object_set_new(numbered, id, json_object());
	}
	for (size_t i = 0; (m = jmap_method_at(i)); i++) {
		const char *verb = strchr(m->name, '/') + 1;
		bool sets = strcmp(verb, "set") == 0;
		if (!is_tried(m) || (!sets && strcmp(verb, "get") != 0))
			continue;
		json_t *arguments = own_account(m);
		bool of_emails = strcmp(m->name, "SearchSnippet/get") == 0;
		json_object_set(arguments, sets ? "destroy" : of_emails ? "emailIds" : "ids", ids);
		good = is_refused(m->name, arguments, "requestTooLarge") && good;
		if (!sets)
			continue;
		arguments = own_account(m);
		json_object_set(arguments, "update", numbered);
		good = is_refused(m->name, arguments, "requestTooLarge") && good;
	}
	assert_true(good);
	/* Of a filter it is a long list, and no more. */
	json_t *query = json_pack("{s:s, s:{s:O}}", "accountId", "A2", "filter", "inMailboxOtherThan", ids);
	json_t *response = call("Email/query", query);
	assert_false(is_error(response, NULL));
	json_decref(response);
	json_decref(query);
	json_decref(ids);
	json_decref(numbered);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(her_account_is_none_of_his, begin, end),
	    cmocka_unit_test_setup_teardown(her_ids_are_nothing_to_him, begin, end),
	    cmocka_unit_test_setup_teardown(every_method_wants_its_account, begin, end),
	    cmocka_unit_test_setup_teardown(every_argument_has_its_type, begin, end),
	    cmocka_unit_test_setup_teardown(very_long_lists_are_refused, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
