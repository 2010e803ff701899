#include <errno.h>
#include <stdio.h>

#include "jmap_fake_store.h"

#define IMPORT(arguments) "['Email/import',{'accountId':'A7'," arguments "},'c']"
#define COPY(arguments) "['Email/copy',{'fromAccountId':'A9','accountId':'A7'," arguments "},'c']"
#define MESSAGE                                                                                              \
	"Received: from a by b; Mon, 1 Jun 2026 10:00:00 +0000\r\nReceived: from x by a; Sun, 31 May 2026 "  \
	"10:00:00 +0000\r\nSubject: kept\r\nMessage-ID: <a@example.org>\r\n\r\ntext\r\n"

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

/* ---- Email/import ---- */

static void imports_messages(void **state)
{
	struct fake_store *s = *state;
	fake_store_keep(s, VIEW(MESSAGE));
	char expected[500];
	snprintf(expected, sizeof expected,
	    "['Email/import',{'accountId':'A7','oldState':'10','newState':'12','created':{'a':{'id':'E7-1',"
	    "'blobId':'B7-1','threadId':'T7-65','size':%zu},'b':{'id':'E7-2','blobId':'B7-2','threadId':'T7-"
	    "66',"
	    "'size':%zu}},'notCreated':null},'c']",
	    sizeof MESSAGE - 1, sizeof MESSAGE - 1);
	fake_store_call(s,
	    IMPORT("'emails':{'a':{'blobId':'U7-1','mailboxIds':{'M7-1':true,'M7-3':true},"
	           "'keywords':{'$seen':true,'blue':true},'receivedAt':'2020-01-02T03:04:05Z'},"
	           "'b':{'blobId':'U7-1','mailboxIds':{'M7-2':true}}}"),
	    expected);
	const struct fake_email *a = fake_store_email(s, 0, 1), *b = fake_store_email(s, 0, 2);
	assert_int_equal(a->mailbox_count, 2);
	assert_int_equal(a->flags, FLAG_SEEN);
	assert_string_equal(a->keywords, "blue");
	assert_int_equal(a->received, 1577934245);
	assert_view(buf_view(&a->bytes), MESSAGE);
	/* "time of most recent Received header". */
	assert_int_equal(b->received, 1780308000);
	assert_int_equal(b->flags, 0);
	/* Nothing went up that was there. */
	assert_int_equal(s->upload_count, 0);
}

static void imports_parts(void **state)
{
	struct fake_store *s = *state;
	fake_store_add(s, 0,
	    "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
	    "Subject: within\r\n\r\nb\r\n--x\r\nContent-Type: application/octet-stream\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogZW5jb2RlZA0KDQp0ZXh0DQo=\r\n--x--\r\n");
	const char *said =
	    fake_store_answer(s, IMPORT("'emails':{'a':{'blobId':'P7-1-1','mailboxIds':{'M7-1':true}},"
	                                "'b':{'blobId':'P7-1-3','mailboxIds':{'M7-1':true}},'d':{'blobId':'"
	                                "B7-1','mailboxIds':{'M7-3':true}}}"));
	has(said, "'created':{'a':{'id':'E7-2'");
	has(said, "'b':{'id':'E7-3'");
	has(said, "'d':{'id':'E7-4'");
	assert_view(buf_view(&fake_store_email(s, 0, 2)->bytes), "Subject: within\r\n\r\nb");
	assert_view(buf_view(&fake_store_email(s, 0, 3)->bytes), "Subject: encoded\r\n\r\ntext\r\n");
}

static void refuses_imports(void **state)
{
	struct fake_store *s = *state;
	fake_store_keep(s, VIEW("this is not an email"));
	fake_store_keep(s, VIEW(""));
	fake_store_keep(s, VIEW(MESSAGE));
	fake_store_add(s, FAKE_OTHER, MESSAGE);
	const char *said = fake_store_answer(
	    s, IMPORT("'emails':{'a':{'blobId':'U7-1','mailboxIds':{'M7-1':true}},"
	              "'b':{'blobId':'U7-2','mailboxIds':{'M7-1':true}},'d':{'blobId':'U7-9','mailboxIds':{'"
	              "M7-1':true}},"
	              "'e':{'blobId':'B9-1','mailboxIds':{'M7-1':true}},'f':{'blobId':'U7-3'},"
	              "'g':{'mailboxIds':{'M7-1':true}},'h':{'blobId':'U7-3','mailboxIds':{'M9-1':true}},"
	              "'i':{'blobId':'U7-3','mailboxIds':{'M7-1':true},'keywords':{'x':false}},"
	              "'j':{'blobId':'U7-3','mailboxIds':{'M7-1':true},'subject':'x'},'k':7,"
	              "'l':{'blobId':'M7-1','mailboxIds':{'M7-1':true}}}"));
	has(said, "'created':null");
	has(said, "'a':{'type':'invalidEmail'");
	has(said, "'b':{'type':'invalidEmail'");
	static const char *const blobs[] = {"d", "e", "g", "l"};
	for (size_t i = 0; i < 4; i++) {
		char expected[100];
		snprintf(expected, sizeof expected,
		    "'%s':{'type':'invalidProperties','properties':['blobId']", blobs[i]);
		has(said, expected);
	}
	has(said, "'f':{'type':'invalidProperties','properties':['mailboxIds']");
	has(said, "'h':{'type':'invalidProperties','properties':['mailboxIds']");
	has(said, "'i':{'type':'invalidProperties','properties':['keywords']");
	has(said, "'j':{'type':'invalidProperties','properties':['subject']");
	has(said, "'k':{'type':'invalidProperties'");
	assert_int_equal(s->email_count, 1);
	/* The call itself. */
	has(fake_store_answer(s, "['Email/import',{'accountId':'A7'},'c']"), "'type':'invalidArguments'");
	has(fake_store_answer(s, IMPORT("'emails':[]")), "'type':'invalidArguments'");
	has(fake_store_answer(s, IMPORT("'emails':{},'x':1")), "'type':'invalidArguments'");
	has(fake_store_answer(s, IMPORT("'ifInState':'999','emails':{}")), "'type':'stateMismatch'");
	has(fake_store_answer(s, "['Email/import',{'accountId':'A5','emails':{}},'c']"),
	    "'type':'accountNotFound'");
	s->fails_type = EMAIL_IMPORT;
	s->fails_error = -EEXIST;
	s->fails_number = 5;
	said =
	    fake_store_answer(s, IMPORT("'emails':{'a':{'blobId':'U7-3','mailboxIds':{'M7-1':true}},'b':7}"));
	has(said, "'a':{'type':'alreadyExists','existingId':'E7-5','description'");
	has(said, "'b':{'type':'invalidProperties','description'");
	s->fails_type = EMAIL_IMPORT;
	s->fails_error = -EDQUOT;
	has(fake_store_answer(s, IMPORT("'emails':{'a':{'blobId':'U7-3','mailboxIds':{'M7-1':true}}}")),
	    "'notCreated':{'a':{'type':'overQuota'");
}

/* ---- Email/copy ---- */

static void copies_between_accounts(void **state)
{
	struct fake_store *s = *state;
	struct fake_email *e = fake_store_add(s, FAKE_OTHER, MESSAGE);
	e->flags = FLAG_SEEN | FLAG_DELETED;
	strcpy(e->keywords, "blue $forwarded");
	e->received = 1234567890;
	const char *said = fake_store_answer(
	    s, COPY("'create':{'a':{'id':'E9-1','mailboxIds':{'M7-3':true}},"
	            "'b':{'id':'E9-1','mailboxIds':{'M7-1':true},'keywords':{'$flagged':true},"
	            "'receivedAt':'2020-01-02T03:04:05Z'}}"));
	has(said,
	    "['Email/"
	    "copy',{'accountId':'A7','fromAccountId':'A9','oldState':'11','newState':'13','created':{'a':"
	    "{'id':'E7-2','blobId':'B7-2','threadId':'T7-66','size':");
	has(said, "'notCreated':null},'c']]");
	const struct fake_email *a = fake_store_email(s, 0, 2), *b = fake_store_email(s, 0, 3);
	assert_view(buf_view(&a->bytes), MESSAGE);
	assert_int_equal(a->flags, FLAG_SEEN);
	assert_string_equal(a->keywords, "$forwarded blue");
	assert_int_equal(a->received, 1234567890);
	assert_int_equal(b->flags, FLAG_FLAGGED);
	assert_string_equal(b->keywords, "");
	assert_int_equal(b->received, 1577934245);
	assert_non_null(fake_store_email(s, FAKE_OTHER, 1));
	assert_int_equal(s->upload_count, 0);
}

static void moves_between_accounts(void **state)
{
	struct fake_store *s = *state;
	fake_store_add(s, FAKE_OTHER, MESSAGE);
	fake_store_add(s, FAKE_OTHER, MESSAGE);
	const char *said = fake_store_answer(
	    s, COPY("'onSuccessDestroyOriginal':true,'create':{'a':{'id':'E9-1','mailboxIds':{'M7-3':true}},"
	            "'b':{'id':'E9-2','mailboxIds':{'M7-99':true}}}"));
	has(said, "'notCreated':{'b':{'type':'invalidProperties','properties':['mailboxIds']");
	has(said, "},'c'],['Email/set',{'accountId':'A9'");
	has(said, "'destroyed':['E9-1'],'notDestroyed':null},'c']]");
	assert_null(fake_store_email(s, FAKE_OTHER, 1));
	/* What was not copied stays. */
	assert_non_null(fake_store_email(s, FAKE_OTHER, 2));
	said = fake_store_answer(s, COPY("'onSuccessDestroyOriginal':true,'destroyFromIfInState':'1',"
	                                 "'create':{'a':{'id':'E9-2','mailboxIds':{'M7-3':true}}}"));
	has(said, "'created':{'a':{'id':'E7-");
	has(said, "['error',{'type':'stateMismatch'");
	assert_non_null(fake_store_email(s, FAKE_OTHER, 2));
}

static void refuses_copies(void **state)
{
	struct fake_store *s = *state;
	fake_store_add(s, FAKE_OTHER, MESSAGE);
	fake_store_add(s, 0, MESSAGE);
	has(fake_store_answer(s, "['Email/copy',{'fromAccountId':'A7','accountId':'A7','create':{}},'c']"),
	    "'type':'invalidArguments'");
	has(fake_store_answer(s, "['Email/copy',{'accountId':'A7','create':{}},'c']"),
	    "'type':'invalidArguments'");
	has(fake_store_answer(s, "['Email/copy',{'fromAccountId':'A5','accountId':'A7','create':{}},'c']"),
	    "'type':'fromAccountNotFound'");
	has(fake_store_answer(s, COPY("'ifFromInState':'1','create':{}")), "'type':'stateMismatch'");
	has(fake_store_answer(s, COPY("'ifInState':'1','create':{}")), "'type':'stateMismatch'");
	const char *said =
	    fake_store_answer(s, COPY("'create':{'a':{'id':'E9-9','mailboxIds':{'M7-3':true}},'b':{'id':'E7-"
	                              "2','mailboxIds':{'M7-3':true}},"
	                              "'d':{'mailboxIds':{'M7-3':true}},'e':{'id':'E9-1'},"
	                              "'f':{'id':'E9-1','mailboxIds':{'M7-3':true},'subject':'x'}}"));
	has(said, "'a':{'type':'notFound'");
	has(said, "'b':{'type':'notFound'");
	has(said, "'d':{'type':'notFound'");
	has(said, "'e':{'type':'invalidProperties','properties':['mailboxIds']");
	has(said, "'f':{'type':'invalidProperties','properties':['subject']");
	has(said, "'created':null");
}

/* None of them asks store anything, so one must not end within the other. */
static void many_fail_one_after_the_other(void **state)
{
	struct fake_store *s = *state;
	struct buf calls;
	buf_init(&calls, 1 << 22);
	buf_append_string(&calls, "['Email/import',{'accountId':'A7','emails':{'a':{}");
	for (int i = 1; i < JMAP_OBJECTS_SET_MAX; i++)
		buf_printf(&calls, ",'k%d':{'mailboxIds':{'M7-1':true},'blobId':'B9-%d'}", i, i);
	buf_append_string(&calls, "}},'c']");
	uint64_t before = s->questions;
	const char *said = fake_store_answer(s, buf_string(&calls));
	has(said, "'k9999':{'type':'invalidProperties','properties':['blobId']");
	assert_true(s->questions < before + 10);
	buf_done(&calls);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(imports_messages, begin, end),
	    cmocka_unit_test_setup_teardown(imports_parts, begin, end),
	    cmocka_unit_test_setup_teardown(refuses_imports, begin, end),
	    cmocka_unit_test_setup_teardown(copies_between_accounts, begin, end),
	    cmocka_unit_test_setup_teardown(moves_between_accounts, begin, end),
	    cmocka_unit_test_setup_teardown(refuses_copies, begin, end),
	    cmocka_unit_test_setup_teardown(many_fail_one_after_the_other, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
