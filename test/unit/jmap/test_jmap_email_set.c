#include <errno.h>
#include <stdio.h>

#include "jmap_fake_store.h"

#include "format/header.h"
#include "mime/mime.h"

#define SET(arguments) "['Email/set',{'accountId':'A7'," arguments "},'c']"
/* oldState and newState, then the six lists. */
#define DONE(old, now, created, not_created, updated, not_updated, destroyed, not_destroyed)                 \
	"['Email/set',{'accountId':'A7','oldState':'" old "','newState':'" now "','created':" created        \
	",'notCreated':" not_created ",'updated':" updated ",'notUpdated':" not_updated                      \
	",'destroyed':" destroyed ",'notDestroyed':" not_destroyed "},'c']"
#define BODY "'textBody':[{'partId':'1'}],'bodyValues':{'1':{'value':'Hello'}}"

static int begin(void **state)
{
	static struct fake_store store;
	fake_store_begin(&store);
	*state = &store;
	return 0;
}

static int end(void **state)
{
	fake_store_end(*state);
	return 0;
}

static void has(const char *text, const char *part)
{
	char quoted[4096];
	size_t len = strlen(part);
	assert_true(len < sizeof quoted);
	for (size_t i = 0; i <= len; i++)
		quoted[i] = part[i] == '\'' ? '"' : part[i];
	if (strstr(text, quoted) == NULL)
		assert_string_equal(text, quoted);
}

static void header_is(const struct fake_email *e, const char *name, const char *expected)
{
	struct view body;
	assert_true(header_find(buf_view(&e->bytes), view_from_string(name), &body));
	assert_view(view_trim(body), expected);
}

/* ---- create ---- */

static void makes_drafts(void **state)
{
	struct fake_store *s = *state;
	const char *said =
	    fake_store_answer(s, SET("'create':{'k':{'mailboxIds':{'M7-2':true,'M7-1':true},'keywords':{'$"
	                             "draft':true,'$Seen':true,"
	                             "'Blue':true},'receivedAt':'2020-01-02T03:04:05Z','subject':'One','to':["
	                             "{'email':'b@example.net'}]," BODY "}}"));
	has(said, "'created':{'k':{'id':'E7-1','blobId':'B7-1','threadId':'T7-65','size':");
	has(said, "'notCreated':null,'updated':null,'notUpdated':null,'destroyed':null,'notDestroyed':null");
	has(said, "'oldState':'10','newState':'11'");
	const struct fake_email *e = fake_store_email(s, 0, 1);
	assert_int_equal(e->mailbox_count, 2);
	assert_int_equal(e->flags, FLAG_DRAFT | FLAG_SEEN);
	assert_string_equal(e->keywords, "blue");
	assert_int_equal(e->received, 1577934245);
	header_is(e, "Subject", "One");
	header_is(e, "Date", "Wed, 18 Nov 2026 11:06:40 +0000");
	struct view id;
	assert_true(header_find(buf_view(&e->bytes), VIEW("Message-ID"), &id));
	assert_true(view_ends_nocase(view_trim(id), VIEW("@example.org>")));
	has(said, "'size':");
	char size[40];
	snprintf(size, sizeof size, "'size':%zu}", buf_view(&e->bytes).len);
	has(said, size);
	/* Each has an identifier of its own. */
	fake_store_answer(s, SET("'create':{'k':{'mailboxIds':{'M7-2':true}," BODY "}}"));
	struct view other;
	assert_true(header_find(buf_view(&fake_store_email(s, 0, 2)->bytes), VIEW("Message-ID"), &other));
	assert_false(view_equal(id, other));
}

static void refuses_what_cannot_be(void **state)
{
	struct fake_store *s = *state;
	const char *said =
	    fake_store_answer(s, SET("'create':{'a':{'subject':'no "
	                             "mailbox'},'b':{'mailboxIds':{}},'d':{'mailboxIds':{'M7-2':false}},"
	                             "'e':{'mailboxIds':{'M9-1':true}},'f':{'mailboxIds':{'M7-99':true}},"
	                             "'g':{'mailboxIds':{'M7-2':true},'keywords':{'a b':true}},"
	                             "'h':{'mailboxIds':{'M7-2':true},'receivedAt':'today'},"
	                             "'i':{'mailboxIds':{'M7-2':true},'headers':[],'size':1},"
	                             "'j':{'mailboxIds':{'#x':true}}}"));
	static const char *const keys[] = {"a", "b", "d", "e", "f", "j"};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		char expected[100];
		snprintf(expected, sizeof expected,
		    "'%s':{'type':'invalidProperties','properties':['mailboxIds']", keys[i]);
		has(said, expected);
	}
	has(said, "'g':{'type':'invalidProperties','properties':['keywords']");
	has(said, "'h':{'type':'invalidProperties','properties':['receivedAt']");
	has(said, "'i':{'type':'invalidProperties','properties':['headers','size']");
	has(said, "'created':null");
	for (size_t i = 0; i < s->email_count; i++)
		assert_true(s->emails[i].gone);
}

static void makes_them_with_blobs(void **state)
{
	struct fake_store *s = *state;
	/* Larger than what store takes at once, so that it has to be waited for. */
	static char large[700 * 1024];
	for (size_t i = 0; i < sizeof large; i++)
		large[i] = (char)(i * 7 >> 3);
	fake_store_keep(s, view_of(large, sizeof large));
	fake_store_keep(s, VIEW("a,b\r\n1,2\r\n"));
	fake_store_add(s, 0, "Subject: within\r\n\r\n\xc3\xa4\r\n");
	fake_store_add(s, 0,
	    "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x\r\n"
	    "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\ncGljdHVyZQ==\r\n--x--\r\n");
	const char *said = fake_store_answer(
	    s, SET("'create':{'k':{'mailboxIds':{'M7-2':true},"
	           "'attachments':[{'blobId':'U7-1','type':'image/png','name':'large'},"
	           "{'blobId':'U7-2','type':'text/csv'},{'blobId':'B7-1','type':'message/rfc822'},"
	           "{'blobId':'P7-2-2','type':'image/png'}]," BODY "}}"));
	has(said, "'created':{'k':{'id':'E7-3'");
	const struct fake_email *e = fake_store_email(s, 0, 3);
	struct mime_parser *parser = mime_parser_new();
	const struct mime_tree *tree = mime_parse(parser, buf_view(&e->bytes));
	struct buf body;
	buf_init(&body, 1 << 20);
	assert_int_equal(tree->defects, 0);
	assert_int_equal(mime_decode_body(&tree->parts[2], buf_view(&e->bytes), false, &body, NULL), 0);
	assert_int_equal(buf_view(&body).len, sizeof large);
	assert_memory_equal(buf_view(&body).data, large, sizeof large);
	assert_int_equal(tree->parts[3].encoding, TRANSFER_7BIT);
	assert_int_equal(tree->parts[4].encoding, TRANSFER_8BIT);
	buf_clear(&body);
	assert_int_equal(
	    mime_decode_body(&tree->parts[tree->count - 1], buf_view(&e->bytes), false, &body, NULL), 0);
	assert_string_equal(buf_string(&body), "picture");
	buf_done(&body);
	mime_parser_free(parser);
	assert_true(s->largest_upload_piece <= MAIL_PIECE_MAX);
	assert_int_equal(s->aborted, 0);
}

static void names_blobs_that_are_not_there(void **state)
{
	struct fake_store *s = *state;
	fake_store_keep(s, VIEW("there"));
	fake_store_add(s, 0, "Subject: a\r\n\r\nb\r\n");
	fake_store_add(s, FAKE_OTHER, "Subject: other's\r\n\r\nb\r\n");
	const char *said = fake_store_answer(
	    s, SET("'create':{'k':{'mailboxIds':{'M7-2':true},'attachments':[{'blobId':'U7-1'},{'blobId':'U7-"
	           "2'},"
	           "{'blobId':'B7-9'},{'blobId':'B9-2'},{'blobId':'P7-1-5'},{'blobId':'nonsense'}]}}"));
	has(said, "'notCreated':{'k':{'type':'blobNotFound','notFound':['U7-2','B7-9','B9-2','P7-1-5','"
	          "nonsense'],");
	has(said, "'created':null");
	/* One that cannot be enclosed as it is. */
	fake_store_keep(s, VIEW("Subject: a\n\nb\n"));
	said = fake_store_answer(s, SET("'create':{'k':{'mailboxIds':{'M7-2':true},'attachments':"
	                                "[{'blobId':'U7-2','type':'message/rfc822'}]}}"));
	has(said, "'notCreated':{'k':{'type':'invalidProperties'");
}

static void says_what_store_says(void **state)
{
	struct fake_store *s = *state;
	static const struct {
		int64_t error;
		const char *type;
	} cases[] = {{-EDQUOT, "overQuota"}, {-EFBIG, "overQuota"}, {-EMSGSIZE, "tooLarge"},
	    {-EACCES, "forbidden"}, {-EMLINK, "tooManyMailboxes"}, {-E2BIG, "tooManyKeywords"},
	    {-ENOSPC, "serverUnavailable"}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char expected[100];
		s->fails_type = EMAIL_IMPORT;
		s->fails_error = cases[i].error;
		snprintf(expected, sizeof expected,
		    "'notCreated':{'k':{'type':'%s','description':", cases[i].type);
		has(fake_store_answer(s, SET("'create':{'k':{'mailboxIds':{'M7-2':true}," BODY "}}")),
		    expected);
	}
	s->fails_type = EMAIL_STATES;
	s->fails_error = -EIO;
	has(fake_store_answer(s, SET("'create':{}")), "['error',{'type':'serverUnavailable'");
	/* The uploads of what fails are forgotten by store itself; of what is given up, here. */
	assert_int_equal(s->aborted, 0);
}

static void gives_up_when_the_client_goes(void **state)
{
	struct fake_store *s = *state;
	static char large[700 * 1024];
	fake_store_keep(s, view_of(large, sizeof large));
	s->holds_credit = true;
	char body[] =
	    "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\"],\"methodCalls\":"
	    "[[\"Email/set\",{\"accountId\":\"A7\",\"create\":{\"k\":{\"mailboxIds\":{\"M7-2\":true},"
	    "\"attachments\":[{\"blobId\":\"U7-1\"}]}}},\"c\"]]}";
	struct jmap_request *r = jmap_fake_send(&s->fake, body);
	fake_store_run(s);
	assert_int_equal(s->fake.status, 0);
	jmap_request_drop(r);
	assert_int_equal(s->aborted, 1);
	assert_int_equal(s->email_count, 0);
}

/* More Mailboxes than store takes at once: all of them, or no Email. */
static void puts_them_into_many_mailboxes(void **state)
{
	struct fake_store *s = *state;
	char list[1000] = "", calls[2000];
	fake_store_answer(s,
	    "['Mailbox/set',{'accountId':'A7','create':{'a':{'name':'a'},'b':{'name':'b'},'d':{'name':'d'},"
	    "'e':{'name':'e'},'f':{'name':'f'},'g':{'name':'g'},'h':{'name':'h'}}},'c']");
	for (int i = 1; i <= 10; i++)
		sprintf(list + strlen(list), "%s'M7-%x':true", i > 1 ? "," : "", (unsigned)i);
	snprintf(calls, sizeof calls, SET("'create':{'k':{'mailboxIds':{%s}," BODY "}}"), list);
	has(fake_store_answer(s, calls), "'created':{'k':{'id':'E7-1'");
	assert_int_equal(fake_store_email(s, 0, 1)->mailbox_count, 10);
	strcat(list, ",'M7-63':true");
	snprintf(calls, sizeof calls, SET("'create':{'k':{'mailboxIds':{%s}," BODY "}}"), list);
	has(fake_store_answer(s, calls),
	    "'notCreated':{'k':{'type':'invalidProperties','properties':['mailboxIds']");
	assert_null(fake_store_email(s, 0, 2));
	for (int i = 12; i < 50; i++)
		sprintf(list + strlen(list), ",'M7-%x':true", (unsigned)i);
	snprintf(calls, sizeof calls, SET("'create':{'k':{'mailboxIds':{%s}," BODY "}}"), list);
	has(fake_store_answer(s, calls), "'notCreated':{'k':{'type':'tooManyMailboxes'");
}

/* What was written is written: only its reader may try again. */
static void says_that_it_was_interrupted(void **state)
{
	struct fake_store *s = *state;
	char text[] =
	    "{\"using\":[\"urn:ietf:params:jmap:core\",\"urn:ietf:params:jmap:mail\"],\"methodCalls\":"
	    "[[\"Email/set\",{\"accountId\":\"A7\",\"destroy\":[\"E7-1\"]},\"c\"],"
	    "[\"Mailbox/get\",{\"accountId\":\"A7\",\"ids\":[]},\"d\"]]}";
	fake_store_answer(s, SET("'update':{}"));
	assert_non_null(jmap_fake_send(&s->fake, text));
	jmap_session_lost(s->fake.session);
	assert_int_equal(s->fake.status, 200);
	has(buf_string(&s->fake.out), "['error',{'type':'serverPartialFail'");
	has(buf_string(&s->fake.out), "['error',{'type':'serverUnavailable'");
}

/* ---- update ---- */

#define UPDATED(old, now, updated, not_updated)                                                              \
	DONE(old, now, "null", "null", updated, not_updated, "null", "null")

static void changes_keywords_and_mailboxes(void **state)
{
	struct fake_store *s = *state;
	struct fake_email *e = fake_store_add(s, 0, "Subject: a\r\n\r\nb\r\n");
	fake_store_call(s, SET("'update':{'E7-1':{'keywords/$flagged':true,'keywords/Blue':true}}"),
	    UPDATED("11", "12", "{'E7-1':null}", "null"));
	assert_int_equal(e->flags, FLAG_FLAGGED);
	assert_string_equal(e->keywords, "blue");
	fake_store_call(s,
	    SET("'update':{'E7-1':{'keywords/$flagged':null,'keywords/$seen':true,'id':'E7-1'}}"),
	    UPDATED("12", "13", "{'E7-1':null}", "null"));
	assert_int_equal(e->flags, FLAG_SEEN);
	fake_store_call(s, SET("'update':{'E7-1':{'keywords':{'$answered':true}}}"),
	    UPDATED("13", "14", "{'E7-1':null}", "null"));
	assert_int_equal(e->flags, FLAG_ANSWERED);
	assert_string_equal(e->keywords, "");
	fake_store_call(s, SET("'update':{'E7-1':{'mailboxIds/M7-3':true}}"),
	    UPDATED("14", "15", "{'E7-1':null}", "null"));
	assert_int_equal(e->mailbox_count, 2);
	fake_store_call(s, SET("'update':{'E7-1':{'mailboxIds/M7-1':null}}"),
	    UPDATED("15", "16", "{'E7-1':null}", "null"));
	assert_int_equal(e->mailbox_count, 1);
	assert_int_equal(e->mailboxes[0], 3);
	fake_store_call(s, SET("'update':{'E7-1':{'mailboxIds':{'M7-2':true,'M7-1':true}}}"),
	    UPDATED("16", "17", "{'E7-1':null}", "null"));
	assert_int_equal(e->mailbox_count, 2);
}

static void refused(struct fake_store *s, const char *patch, const char *error)
{
	char calls[500], expected[500];
	snprintf(calls, sizeof calls, SET("'update':{'E7-1':{%s}}"), patch);
	snprintf(expected, sizeof expected, "'updated':null,'notUpdated':{'E7-1':{%s", error);
	has(fake_store_answer(s, calls), expected);
}

static void refuses_changes(void **state)
{
	struct fake_store *s = *state;
	struct fake_email *e = fake_store_add(s, 0, "Subject: a\r\n\r\nb\r\n");
	refused(s, "'subject':'b'", "'type':'invalidProperties','properties':['subject']");
	refused(s, "'receivedAt':'2020-01-01T00:00:00Z'",
	    "'type':'invalidProperties','properties':['receivedAt']");
	refused(s, "'id':'E7-2'", "'type':'invalidProperties','properties':['id']");
	refused(s, "'keywords':null", "'type':'invalidProperties','properties':['keywords']");
	refused(s, "'keywords':{'$seen':false}", "'type':'invalidProperties','properties':['keywords']");
	refused(s, "'keywords/$seen':false", "'type':'invalidProperties','properties':['keywords']");
	refused(s, "'keywords/(':true", "'type':'invalidProperties','properties':['keywords']");
	refused(s, "'keywords/a/b':true", "'type':'invalidPatch'");
	refused(s, "'keywords':{},'keywords/a':true", "'type':'invalidPatch'");
	refused(s, "'mailboxIds':{}", "'type':'invalidProperties','properties':['mailboxIds']");
	refused(s, "'mailboxIds':{'M7-77':true}", "'type':'invalidProperties','properties':['mailboxIds']");
	refused(s, "'mailboxIds/M9-1':true", "'type':'invalidProperties','properties':['mailboxIds']");
	refused(s, "'mailboxIds/M7-1':null", "'type':'invalidProperties','properties':['mailboxIds']");
	refused(s, "'mailboxIds/M7-1':1", "'type':'invalidProperties','properties':['mailboxIds']");
	assert_int_equal(e->flags, 0);
	assert_int_equal(e->mailbox_count, 1);
	/* Ids that stand for nothing, of other accounts among them. */
	fake_store_add(s, FAKE_OTHER, "Subject: a\r\n\r\nb\r\n");
	const char *said =
	    fake_store_answer(s, SET("'update':{'E7-9':{'keywords/a':true},'E9-2':{'keywords/a':true},"
	                             "'M7-1':{},'x':{},'#y':{}}"));
	has(said, "'updated':null");
	has(said, "'E7-9':{'type':'notFound'");
	has(said, "'E9-2':{'type':'notFound'");
	has(said, "'M7-1':{'type':'notFound'");
	has(said, "'x':{'type':'notFound'");
	assert_string_equal(fake_store_email(s, FAKE_OTHER, 2)->keywords, "");
}

static void keeps_to_the_state(void **state)
{
	struct fake_store *s = *state;
	struct fake_email *e = fake_store_add(s, 0, "Subject: a\r\n\r\nb\r\n");
	fake_store_call(s, SET("'ifInState':'11','update':{'E7-1':{'keywords/$seen':true}}"),
	    UPDATED("11", "12", "{'E7-1':null}", "null"));
	has(fake_store_answer(s, SET("'ifInState':'11','update':{'E7-1':{'keywords/$flagged':true}}")),
	    "['error',{'type':'stateMismatch'");
	assert_int_equal(e->flags, FLAG_SEEN);
	/* Somebody else is faster: store finds it in the step that changes. */
	s->fails_type = EMAIL_SET;
	s->fails_error = -ESTALE;
	has(fake_store_answer(s, SET("'ifInState':'12','update':{'E7-1':{'keywords/$flagged':true}}")),
	    "['error',{'type':'stateMismatch'");
	/* What was made before is made; what the rest became is not known. */
	s->fails_type = EMAIL_SET;
	s->fails_error = -EIO;
	has(fake_store_answer(s, SET("'create':{'k':{'mailboxIds':{'M7-1':true}," BODY
	                             "}},'update':{'E7-1':{'keywords/$flagged':true}}")),
	    "['error',{'type':'serverPartialFail'");
	s->fails_type = EMAIL_SET;
	has(fake_store_answer(s, SET("'update':{'E7-1':{'keywords/$flagged':true}}")),
	    "['error',{'type':'serverUnavailable'");
}

static void asks_once_for_all(void **state)
{
	struct fake_store *s = *state;
	static char calls[100000];
	for (int i = 0; i < 50; i++)
		fake_store_add(s, 0, "Subject: a\r\n\r\nb\r\n");
	strcpy(calls, "['Email/set',{'accountId':'A7','update':{");
	for (int i = 1; i <= 1000; i++)
		sprintf(calls + strlen(calls), "%s'E7-%x':{'keywords/$seen':true}", i > 1 ? "," : "", i);
	strcat(calls, "}},'c']");
	fake_store_answer(s, SET("'update':{}"));
	s->questions = 0;
	const char *said = fake_store_answer(s, calls);
	/* The state, the change, the state. */
	assert_int_equal(s->questions, 3);
	for (int i = 0; i < 50; i++)
		assert_int_equal(s->emails[i].flags, FLAG_SEEN);
	has(said, "'E7-32':null");
	has(said, "'notUpdated':{'E7-33':{'type':'notFound'");
	has(said, "'E7-3e8':{'type':'notFound'");
}

/* ---- destroy ---- */

static void destroys(void **state)
{
	struct fake_store *s = *state;
	for (int i = 0; i < 3; i++)
		fake_store_add(s, 0, "Subject: a\r\n\r\nb\r\n");
	fake_store_add(s, FAKE_OTHER, "Subject: a\r\n\r\nb\r\n");
	fake_store_call(s, SET("'destroy':['E7-1','E7-3','E7-1']"),
	    DONE("14", "15", "null", "null", "null", "null", "['E7-1','E7-3']", "null"));
	assert_null(fake_store_email(s, 0, 1));
	assert_null(fake_store_email(s, 0, 3));
	const char *said = fake_store_answer(s, SET("'destroy':['E7-1','E9-4','x','E7-2']"));
	has(said, "'destroyed':['E7-2'],'notDestroyed':{");
	has(said, "'E7-1':{'type':'notFound'");
	has(said, "'E9-4':{'type':'notFound'");
	has(said, "'x':{'type':'notFound'");
	assert_non_null(fake_store_email(s, FAKE_OTHER, 4));
}

/* A creation can be named at once, by later calls and by the same one. */
static void knows_what_was_made(void **state)
{
	struct fake_store *s = *state;
	const char *said =
	    fake_store_answer(s, SET("'create':{'k':{'mailboxIds':{'M7-1':true}," BODY
	                             "}},'update':{'#k':{'keywords/$seen':true}}") ","
	                                                                           "['Email/"
	                                                                           "set',{'accountId':'A7','"
	                                                                           "destroy':['#k']},'d']");
	has(said, "'updated':{'E7-1':null}");
	has(said, "'destroyed':['E7-1']");
	assert_null(fake_store_email(s, 0, 1));
}

/* Another's account, that shares: its ids go there, and those of the own account do not. */
static void writes_to_shared_accounts(void **state)
{
	struct fake_store *s = *state;
	fake_store_add(s, 0, "Subject: a\r\n\r\nb\r\n");
	fake_store_add(s, FAKE_OTHER, "Subject: a\r\n\r\nb\r\n");
	const char *said = fake_store_answer(s, "['Email/set',{'accountId':'A9','update':{'E9-2':{'keywords/"
	                                        "$seen':true},'E7-1':{'keywords/a':true}},"
	                                        "'create':{'k':{'mailboxIds':{'M9-1':true}," BODY
	                                        "},'l':{'mailboxIds':{'M7-1':true}," BODY "}}},'c']");
	has(said, "'updated':{'E9-2':null}");
	has(said, "'E7-1':{'type':'notFound'");
	has(said, "'created':{'k':{'id':'E9-3','blobId':'B9-3','threadId':'T9-");
	has(said, "'notCreated':{'l':{'type':'invalidProperties','properties':['mailboxIds']");
	assert_int_equal(fake_store_email(s, FAKE_OTHER, 2)->flags, FLAG_SEEN);
	assert_int_equal(fake_store_email(s, 0, 1)->flags, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(makes_drafts, begin, end),
	    cmocka_unit_test_setup_teardown(refuses_what_cannot_be, begin, end),
	    cmocka_unit_test_setup_teardown(makes_them_with_blobs, begin, end),
	    cmocka_unit_test_setup_teardown(names_blobs_that_are_not_there, begin, end),
	    cmocka_unit_test_setup_teardown(says_what_store_says, begin, end),
	    cmocka_unit_test_setup_teardown(gives_up_when_the_client_goes, begin, end),
	    cmocka_unit_test_setup_teardown(puts_them_into_many_mailboxes, begin, end),
	    cmocka_unit_test_setup_teardown(says_that_it_was_interrupted, begin, end),
	    cmocka_unit_test_setup_teardown(changes_keywords_and_mailboxes, begin, end),
	    cmocka_unit_test_setup_teardown(refuses_changes, begin, end),
	    cmocka_unit_test_setup_teardown(keeps_to_the_state, begin, end),
	    cmocka_unit_test_setup_teardown(asks_once_for_all, begin, end),
	    cmocka_unit_test_setup_teardown(destroys, begin, end),
	    cmocka_unit_test_setup_teardown(knows_what_was_made, begin, end),
	    cmocka_unit_test_setup_teardown(writes_to_shared_accounts, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
