/* MAIL_FIND and EMAIL_FIND, the whole way: without an index, with one, with one that does not know all, and
 * with a broken one. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "account/search.h"
#include "base/log.h"
#include "format/fold.h"
#include "mail_seen.h"
#include "../../account/support.h"
#include "role/store/search_thread.h"
#include "search/search_message.h"

static struct seen one;

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	assert_int_equal(search_threads_start(), 0);
	mail_world_account(1);
	open_session(&one, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	close_session(&one);
	search_threads_stop();
	search_threads_end();
	mail_world_end();
	return 0;
}

/* ---- an index, as the role makes it ---- */

static struct search_terms terms;
static struct buf list, parts[SEGMENT_PARTS];
static struct account_search state_of;
static bool is_done;

static int write_part(void *arg, enum segment_part part, struct view bytes)
{
	(void)arg;
	return buf_append(&parts[part], bytes);
}

static void state_read(struct account_search *s, int result)
{
	(void)s;
	assert_int_equal(result, 0);
	is_done = true;
}

static void changed(struct account_search_change *c, int result)
{
	(void)c;
	assert_int_equal(result, 0);
	is_done = true;
}

static void wait_for_it(void)
{
	test_wait(store_role.store, &is_done);
	is_done = false;
}

static void read_state(void)
{
	state_of = (struct account_search){.shard = test_account(1), .done = state_read};
	account_search_read(&store_role.accounts, &state_of);
	wait_for_it();
}

/* Messages, the next ones of the account by their order, become a segment. */
static void index_messages(const char *const messages[], size_t count, uint64_t first)
{
	struct segment_builder *b = segment_builder_new();
	struct segment_sink sink = {.write = write_part};
	struct segment_head head;
	struct buf encoded;
	search_terms_init(&terms);
	buf_init(&list, SEARCH_TERMS_WRITTEN_MAX);
	buf_init(&encoded, SEGMENT_HEAD_MAX);
	for (size_t i = 0; i < SEGMENT_PARTS; i++)
		buf_init(&parts[i], 1 << 20);
	for (size_t i = 0; i < count; i++) {
		search_terms_clear(&terms);
		buf_clear(&list);
		assert_int_equal(search_message(view_from_string(messages[i]), NULL, NULL, 0, &terms), 0);
		assert_int_equal(search_terms_write(&terms, &list), 0);
		assert_int_equal(segment_builder_add(b, first + i, buf_view(&list), false), 0);
	}
	assert_int_equal(segment_builder_finish(b, &sink, &head), 0);
	segment_builder_free(b);
	read_state();
	struct account_search_change c = {.shard = test_account(1),
	    .state = state_of.state,
	    .covered = first + count - 1,
	    .adds = true,
	    .done = changed};
	segment_head_encode(&head, &encoded);
	memcpy(c.added.head, buf_view(&encoded).data, c.added.head_len = encoded.len);
	for (size_t i = 0; i < SEGMENT_PARTS; i++) {
		c.uploads[i] = store_upload_begin(store_role.store);
		assert_int_equal(store_upload_append(c.uploads[i], buf_view(&parts[i])), 0);
		buf_done(&parts[i]);
	}
	account_search_change(&store_role.accounts, &c);
	wait_for_it();
	buf_done(&encoded);
	buf_done(&list);
	search_terms_done(&terms);
}

/* ---- asking ---- */

/* A thread looks, so it takes as long as it takes. */
static int64_t ask_and_wait(unsigned type, const void *m)
{
	forget(&one);
	send_question(&one, type, m);
	for (;;) {
		mail_world_settle();
		if (one.done)
			return one.end.error;
		usleep(100);
	}
}

static void finds(struct mail_find m, const char *sure, const char *maybe)
{
	struct buf folded;
	buf_init(&folded, MAIL_FIND_TEXT_MAX);
	fold_casemap(m.text, &folded);
	m.text = buf_view(&folded);
	if (m.mailbox == 0)
		m.mailbox = MAILBOX_INBOX;
	assert_int_equal(ask_and_wait(MAIL_FIND, &m), 0);
	assert_string_equal(shown(&one.sure), sure);
	assert_string_equal(shown(&one.maybe), maybe);
	buf_done(&folded);
}

#define FIND(where, what)                                                                                    \
	(struct mail_find)                                                                                   \
	{                                                                                                    \
		.field = where, .text = VIEW(what)                                                           \
	}

static const char *const messages[] = {
    "Subject: spring plans\nFrom: bob@example.test\n\nThe quick brown fox\n",
    "Subject: autumn plans\nFrom: carol@example.test\n\nBrown the fox, quick\n",
    "Subject: other\nFrom: bob@example.test\nX-Tag: special\n\nnothing here\n"};

static void deliver_all(void)
{
	for (size_t i = 0; i < 3; i++)
		assert_int_not_equal(mail_world_deliver(1, messages[i]), 0);
}

static void without_an_index_each_may_have_it(void **state)
{
	(void)state;
	finds(FIND(MAIL_FIELD_SUBJECT, "plans"), "", "");
	deliver_all();
	finds(FIND(MAIL_FIELD_SUBJECT, "plans"), "", "1:3");
	assert_int_equal(one.end.number, 3);
	/* What is no mailbox. */
	assert_int_equal(
	    ask_and_wait(MAIL_FIND, &(struct mail_find){.mailbox = 77, .text = VIEW("A")}), -ENOENT);
}

/* Ids of emails, of the whole account. */
static void finds_emails(uint64_t field, const char *text, const char *sure, const char *maybe)
{
	struct email_find m = {.field = field};
	struct buf folded;
	buf_init(&folded, MAIL_FIND_TEXT_MAX);
	fold_casemap(view_from_string(text), &folded);
	m.text = buf_view(&folded);
	assert_int_equal(ask_and_wait(EMAIL_FIND, &m), 0);
	assert_string_equal(shown(&one.sure), sure);
	assert_string_equal(shown(&one.maybe), maybe);
	buf_done(&folded);
}

static void the_index_answers(void **state)
{
	(void)state;
	deliver_all();
	read_state();
	index_messages(messages, 3, state_of.next_email - 3);
	finds(FIND(MAIL_FIELD_SUBJECT, "plans"), "1:2", "");
	assert_int_equal(one.end.number, 0);
	finds(FIND(MAIL_FIELD_SUBJECT, "n pla"), "2", "");
	finds(FIND(MAIL_FIELD_FROM, "bob@"), "1,3", "");
	finds(FIND(MAIL_FIELD_BODY, "uick"), "1:2", "");
	finds(FIND(MAIL_FIELD_BODY, "quick brown"), "", "1:2");
	finds(FIND(MAIL_FIELD_ANY, "carol"), "2", "");
	finds(FIND(MAIL_FIELD_ANY, "absent"), "", "");
	/* The index knows the words of all fields together: which field it was is for the asker to see. */
	finds(FIND(MAIL_FIELD_HEADER, "special"), "", "3");
	struct mail_find words = FIND(MAIL_FIELD_BODY, "fox brown");
	words.how = MAIL_FIND_WORDS;
	finds(words, "1:2", "");
	words.text = VIEW("quick fo");
	finds(words, "", "");
	words.how = MAIL_FIND_PREFIX;
	finds(words, "1:2", "");
	/* What is enough: the newest ones. */
	words.limit = 1;
	finds(words, "2", "");
	assert_int_equal(one.end.uidnext, 2);
	words.before = 2;
	finds(words, "1", "");
	assert_int_equal(one.end.uidnext, 1);
	words.before = 1;
	finds(words, "", "");
	assert_int_equal(one.end.uidnext, 0);
	/* Messages that went are not found, those that were copied are found at both places. */
	struct mail_expunge x = {.mailbox = MAILBOX_INBOX, .uids = UIDS(1, 1)};
	assert_int_equal(ask(&one, MAIL_EXPUNGE, &x), 0);
	struct mail_copy copy = {.mailbox = MAILBOX_INBOX, .to_mailbox = MAILBOX_INBOX, .uids = UIDS(2, 2)};
	assert_int_equal(ask(&one, MAIL_COPY, &copy), 0);
	finds(FIND(MAIL_FIELD_SUBJECT, "plans"), "2,4", "");
}

static void the_index_answers_of_emails(void **state)
{
	(void)state;
	finds_emails(MAIL_FIELD_ANY, "plans", "", "");
	deliver_all();
	finds_emails(MAIL_FIELD_ANY, "plans", "", "1:3");
	assert_int_equal(one.end.number, 3);
	read_state();
	index_messages(messages, 3, state_of.next_email - 3);
	finds_emails(MAIL_FIELD_SUBJECT, "plans", "1:2", "");
	finds_emails(MAIL_FIELD_BODY, "quick brown", "", "1:2");
	finds_emails(MAIL_FIELD_ANY, "absent", "", "");
	deliver_all();
	finds_emails(MAIL_FIELD_SUBJECT, "plans", "1:2", "4:6");
}

/* Many, in several segments: from the last one down, or all when they are few. */
static void the_newest_are_found_first(void **state)
{
	enum { COUNT = 10000, SEGMENT = SEGMENT_BUILD_MESSAGES };
	static const char *texts[COUNT];
	struct mail_find m = FIND(MAIL_FIELD_ANY, "plans");
	uint64_t first;
	(void)state;
	for (size_t i = 0; i < COUNT; i++) {
		texts[i] = i < 3   ? messages[i]
		           : i % 2 ? "Subject: odd\n\nfour\n"
		                   : "Subject: even\n\nwords\n";
		assert_int_not_equal(mail_world_deliver(1, texts[i]), 0);
	}
	read_state();
	first = state_of.next_email - COUNT;
	for (size_t i = 0; i < COUNT; i += SEGMENT)
		index_messages(texts + i, SEGMENT, first + i);
	m.text = VIEW("even");
	m.limit = 3;
	finds(m, "9995,9997,9999", "");
	assert_int_equal(one.end.uidnext, 9995);
	m.before = 9995;
	m.limit = 2;
	finds(m, "9991,9993", "");
	/* Far from the end, and few: all are looked for, below `before` too. */
	m.before = 0;
	m.text = VIEW("plans");
	m.limit = 1;
	finds(m, "1:2", "");
	assert_int_equal(one.end.uidnext, 0);
	m.before = 2;
	finds(m, "1", "");
	/* Far from the end, and many: they went from the windows that are walked first. */
	m.before = 0;
	m.text = VIEW("even");
	struct mail_expunge x = {.mailbox = MAILBOX_INBOX, .uids = UIDS(1001, 9999)};
	assert_int_equal(ask(&one, MAIL_EXPUNGE, &x), 0);
	finds(m, "999", "");
	assert_int_equal(one.end.uidnext, 999);
	m.limit = 0;
	m.before = 10;
	finds(m, "5,7,9", "");
}

static void what_it_does_not_know_yet_may_have_it(void **state)
{
	(void)state;
	deliver_all();
	read_state();
	index_messages(messages, 2, state_of.next_email - 3);
	finds(FIND(MAIL_FIELD_SUBJECT, "plans"), "1:2", "3");
	assert_int_equal(one.end.number, 1);
	index_messages(messages + 2, 1, state_of.next_email - 1);
	finds(FIND(MAIL_FIELD_SUBJECT, "other"), "3", "");
	finds(FIND(MAIL_FIELD_SUBJECT, "plans"), "1:2", "");
}

/* Its blobs are not what its head says. */
static void a_broken_index_is_not_believed(void **state)
{
	(void)state;
	deliver_all();
	read_state();
	index_messages(messages, 3, state_of.next_email - 3);
	read_state();
	struct account_search_change c = {.shard = test_account(1),
	    .state = state_of.state,
	    .covered = state_of.covered,
	    .removed = {state_of.segments[0].number},
	    .removed_count = 1,
	    .adds = true,
	    .added = state_of.segments[0],
	    .done = changed};
	for (size_t i = 0; i < SEGMENT_PARTS; i++) {
		char junk[4096];
		size_t len = (size_t)blob_length(&state_of.segments[0].parts[i]);
		memset(junk, 0x7f, sizeof junk);
		assert_in_range(len, 1, sizeof junk);
		c.uploads[i] = store_upload_begin(store_role.store);
		assert_int_equal(store_upload_append(c.uploads[i], view_of(junk, len)), 0);
	}
	account_search_change(&store_role.accounts, &c);
	wait_for_it();
	finds(FIND(MAIL_FIELD_SUBJECT, "plans"), "", "1:3");
	/* It has been dropped, to be made anew. */
	mail_world_settle();
	read_state();
	assert_int_equal(state_of.count, 0);
	assert_int_equal(state_of.covered, 0);
	finds(FIND(MAIL_FIELD_SUBJECT, "plans"), "", "1:3");
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(without_an_index_each_may_have_it, begin, end),
	    cmocka_unit_test_setup_teardown(the_index_answers, begin, end),
	    cmocka_unit_test_setup_teardown(the_index_answers_of_emails, begin, end),
	    cmocka_unit_test_setup_teardown(the_newest_are_found_first, begin, end),
	    cmocka_unit_test_setup_teardown(what_it_does_not_know_yet_may_have_it, begin, end),
	    cmocka_unit_test_setup_teardown(a_broken_index_is_not_believed, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
