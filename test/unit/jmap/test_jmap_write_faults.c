/* Methods that write, when a question fails or memory is short: they answer, keep nothing, and go on. */
#include <errno.h>

#include "jmap_fake_store.h"

#include "base/mem.h"

/* A call of each kind, with all that makes it take many steps. */
static const char *const calls[] = {
    "['Email/set',{'accountId':'A7','create':{'k':{'mailboxIds':{'M7-2':true},'keywords':{'a':true},"
    "'subject':'Gr\xc3\xbc\xc3\x9f"
    "e','to':[{'name':'B','email':'b@example.net'}],'textBody':[{'partId':'1'}],"
    "'attachments':[{'blobId':'U7-1','type':'text/plain','name':'n'},{'blobId':'B7-1','type':'message/"
    "rfc822'},"
    "{'blobId':'P7-1-1','type':'image/png'}],'bodyValues':{'1':{'value':'Hello'}}},'l':{'mailboxIds':{}}},"
    "'update':{'E7-1':{'keywords/$seen':true,'mailboxIds/M7-3':true},'E7-9':{}},'destroy':['E7-8']},'c']",
    "['Email/import',{'accountId':'A7','emails':{'a':{'blobId':'U7-1','mailboxIds':{'M7-1':true}},"
    "'b':{'blobId':'P7-1-2','mailboxIds':{'M7-1':true}},'d':{'blobId':'B7-1','mailboxIds':{'M7-1':true}},"
    "'e':{'blobId':'U7-9','mailboxIds':{'M7-1':true}}}},'c']",
    "['Email/copy',{'fromAccountId':'A9','accountId':'A7','onSuccessDestroyOriginal':true,'create':{'a':"
    "{'id':'E9-2','mailboxIds':{'M7-1':true}},'b':{'id':'E9-9','mailboxIds':{'M7-1':true}}}},'c']",
    "['Mailbox/"
    "set',{'accountId':'A7','create':{'b':{'name':'B','parentId':'#a','sortOrder':1},'a':{'name':'A'}},"
    "'update':{'M7-3':{'name':'Renamed','role':'drafts','sortOrder':7},'M7-2':{'role':null}},"
    "'destroy':['M7-4','#b']},'c']",
};

static void furnish(struct fake_store *s)
{
	static char text[300 * 1024] = "Subject: kept\r\n\r\n";
	memset(text + 17, 'x', sizeof text - 18);
	for (size_t i = 100; i < sizeof text; i += 100)
		memcpy(text + i, "\r\n", 2);
	fake_store_begin(s);
	fake_store_keep(s, view_of(text, sizeof text));
	fake_store_add(s, 0,
	    "Subject: a\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\nb\r\n--x\r\n"
	    "Content-Type: message/rfc822\r\n\r\nSubject: c\r\n\r\nd\r\n--x--\r\n");
	fake_store_add(s, FAKE_OTHER, "Subject: e\r\n\r\nf\r\n");
	/* What the session asks once has been asked. */
	fake_store_answer(s, "['Core/echo',{},'c']");
}

/* It was answered, and the session answers the next one. */
static void check_answered(struct fake_store *s)
{
	assert_int_not_equal(s->fake.status, 0);
	assert_non_null(strstr(fake_store_answer(s, "['Core/echo',{'a':1},'c']"), "\"a\":1"));
	assert_int_equal(s->fake.status, 200);
}

static void any_question_may_fail(void **state)
{
	(void)state;
	static struct fake_store s;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		uint64_t asked = 1;
		for (uint64_t n = 0; n <= asked; n++) {
			furnish(&s);
			uint64_t before = s.questions;
			s.fails_at = n ? before + n : 0;
			s.fails_error = n % 3 == 0 ? -ENOMEM : n % 3 == 1 ? -EIO : -ENOSPC;
			fake_store_answer(&s, calls[i]);
			if (n == 0)
				asked = s.questions - before;
			check_answered(&s);
			fake_store_end(&s);
		}
		assert_true(asked >= 8);
	}
}

static void memory_may_be_short(void **state)
{
	(void)state;
	static struct fake_store s;
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		bool went_on = true;
		for (unsigned n = 1; went_on; n++) {
			furnish(&s);
			s.short_of_memory = true;
			mem_fail_after(n);
			fake_store_answer(&s, calls[i]);
			went_on = !mem_fault_pending();
			mem_fail_after(0);
			check_answered(&s);
			fake_store_end(&s);
			assert_true(n < 3000);
		}
	}
}

/* What was uploaded for a blob and not used, store is told to forget. */
static void unfinished_blobs_go(void **state)
{
	static const char copy[] =
	    "['Blob/copy',{'fromAccountId':'A9','accountId':'A7','blobIds':['B9-2']},'c']";
	static struct fake_store s;
	struct buf message;
	(void)state;
	buf_init(&message, 1 << 20);
	buf_append_string(&message, "Subject: large\r\n\r\n");
	for (int i = 0; i < 60000; i++)
		buf_append_string(&message, "0123456789");
	for (int fails = 0; fails < 2; fails++) {
		furnish(&s);
		buf_clear(&s.emails[1].bytes);
		buf_append(&s.emails[1].bytes, buf_view(&message));
		if (fails) { /* the third piece */
			s.fails_at = s.questions + 4;
			s.fails_error = -EIO;
			assert_non_null(strstr(fake_store_answer(&s, copy), "serverUnavailable"));
		} else { /* the client goes */
			s.holds_credit = true;
			fake_store_answer(&s, copy);
			assert_int_equal(s.fake.status, 0);
			assert_int_equal(s.aborted, 0);
		}
		fake_store_end(&s);
		assert_int_equal(s.aborted, 1);
	}
	buf_done(&message);
}

/* A channel outlives a session, and an upload that was left behind must get no octets of another one. */
static void a_session_begins_uploads_of_its_own(void **state)
{
	static struct fake_store s;
	uint64_t numbers[2];
	(void)state;
	for (int i = 0; i < 2; i++) {
		furnish(&s);
		s.holds_credit = true;
		fake_store_answer(
		    &s, "['Blob/copy',{'fromAccountId':'A9','accountId':'A7','blobIds':['B9-2']},'c']");
		assert_int_equal(s.upload_count, 1);
		numbers[i] = s.uploads[0].number;
		fake_store_end(&s);
	}
	assert_int_not_equal(numbers[0], numbers[1]);
}

/* The call before has taken all the room: nobody may believe that the second one did nothing. */
static void what_was_done_is_not_denied(void **state)
{
	static struct fake_store s;
	struct buf text;
	(void)state;
	furnish(&s);
	s.fake.out.max = 40000; /* half of it stays free for errors */
	buf_init(&text, 100000);
	buf_append_string(&text, "['Core/echo',{'a':'");
	for (int i = 0; i < 19900; i++)
		buf_append_byte(&text, 'x');
	buf_append_string(&text, "'},'b'],['Email/set',{'accountId':'A7','destroy':['E7-1']},'c']");
	const char *said = fake_store_answer(&s, buf_string(&text));
	assert_true(s.emails[0].gone);
	assert_non_null(strstr(said, "serverPartialFail"));
	fake_store_end(&s);
	buf_done(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_question_may_fail),
	    cmocka_unit_test(memory_may_be_short),
	    cmocka_unit_test(unfinished_blobs_go),
	    cmocka_unit_test(a_session_begins_uploads_of_its_own),
	    cmocka_unit_test(what_was_done_is_not_denied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
