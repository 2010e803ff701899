/* What store does with signatures: whom it tells, what it sends to content, what it remembers. Content is
 * played here. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../account/support.h"
#include "email_seen.h"
#include "io/channel.h"
#include "master/roles.h"
#include "role/store/store_search.h"
#include "role/store/store_smime.h"

enum { ARRIVED = 1700000000 };

/* ---- content ---- */

static struct {
	struct role_process process;
	struct link link;
	struct buf message; /* as it came */
	uint64_t delivered;
	unsigned asked; /* whole messages */
	bool dies;
	struct message_smime answer;
} content;

static void take_piece(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_smime_of *m = message;
	content.delivered = m->delivered;
	buf_append(&content.message, m->bytes);
	if (!m->last)
		return;
	content.asked++;
	if (content.dies)
		link_close(link);
	else
		ipc_send(&link->channel, MESSAGE_SMIME, frame->request, &content.answer, -1);
}

static const struct link_verb verbs[] = {{MESSAGE_SMIME_OF, take_piece}, {0}};
static const struct role_hears hears[] = {{ROLE_STORE, verbs}, {0}};
static const struct role_functions functions = {.hears = hears};
static const struct role role = {ROLE_CONTENT, "content", .functions = &functions};

static void content_comes(void)
{
	int pair[2];
	assert_int_equal(channel_pair(pair), 0);
	link_open(&content.link, &content.process, pair[0], ROLE_STORE, NULL, NULL);
	store_search_content(store_role.process, pair[1]);
}

/* ---- the session ---- */

static struct seen one;
static struct email_smime_verdict told[EMAIL_SMIME_IDS_MAX];
static size_t told_count;

static void note(struct seen *s, unsigned type, const void *answer)
{
	(void)s;
	if (type == EMAIL_SMIME_VERDICT)
		told[told_count++] = *(const struct email_smime_verdict *)answer;
}

/* Asks, and goes on until it is answered. The question's error. */
static int64_t look(uint64_t account, struct view ids)
{
	told_count = 0;
	forget(&one);
	send_question(&one, EMAIL_SMIME, &(struct email_smime){.account = account, .ids = ids});
	for (int turns = 0; turns < 1000 && !one.done; turns++) {
		mail_world_settle();
		loop_turn(&content.process.loop);
	}
	assert_true(one.done);
	return one.end.error;
}

static uint64_t put(const char *text, size_t filler)
{
	static uint64_t email;
	struct buf message;
	buf_init(&message, 1 << 24);
	buf_append_string(&message, text);
	for (size_t i = 0; i < filler; i++)
		buf_append_byte(&message, "abcdefgh\r\n"[i % 10]);
	assert_int_not_equal(mail_world_put(1, MAILBOX_INBOX, 0, ARRIVED, buf_view(&message)), 0);
	buf_done(&message);
	return ++email;
}

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	mail_world_account(1);
	mail_world_account(2);
	memset(&content, 0, sizeof content);
	content.process.role = &role;
	content.process.introduced.fd = -1;
	loop_init(&content.process.loop);
	buf_init(&content.message, 1 << 24);
	content.answer = (struct message_smime){
	    .status = SMIME_FAILED, .delivered = SMIME_VERIFIED, .problems = SMIME_EXPIRED};
	open_session(&one, 1);
	one.also = note;
	return 0;
}

static int end(void **state)
{
	(void)state;
	close_session(&one);
	calls_close(store_search_calls());
	link_close(&content.link);
	mail_world_end();
	loop_done(&content.process.loop);
	buf_done(&content.message);
	return 0;
}

/* ---- the tests ---- */

#define SIGNED "From: a@example.test\r\nContent-Type: multipart/signed\r\n\r\n"

static void test_all(void **state)
{
	(void)state;
	uint64_t small = put(SIGNED, 0), large = put(SIGNED, 400000);
	/* Nobody is there to look. */
	assert_int_equal(look(0, IDS(small)), 0);
	assert_int_equal(told_count, 1);
	assert_int_equal(told[0].status, SMIME_SIGNED);
	assert_int_equal(told[0].delivered, SMIME_SIGNED);
	assert_int_equal(told[0].at, 0);
	/* That is not remembered; what content says is, and only emails that are there are looked at. */
	content_comes();
	assert_int_equal(look(0, IDS(small, 99)), 0);
	assert_int_equal(told_count, 1);
	assert_int_equal(told[0].email, small);
	assert_int_equal(told[0].status, SMIME_FAILED);
	assert_int_equal(told[0].delivered, SMIME_VERIFIED);
	assert_int_equal(told[0].problems, SMIME_EXPIRED);
	assert_true(told[0].at > 0);
	assert_view(buf_view(&content.message), SIGNED);
	assert_int_equal(content.delivered, ARRIVED);
	assert_int_equal(content.asked, 1);
	content.answer.status = SMIME_VERIFIED;
	assert_int_equal(look(0, IDS(small)), 0);
	assert_int_equal(told[0].status, SMIME_FAILED);
	assert_int_equal(content.asked, 1);
	/* A large one comes whole, in pieces. */
	buf_clear(&content.message);
	assert_int_equal(look(0, IDS(small, large)), 0);
	assert_int_equal(told_count, 2);
	assert_int_equal(told[1].status, SMIME_VERIFIED);
	assert_int_equal(content.message.len, strlen(SIGNED) + 400000);
	assert_int_equal(content.asked, 2);
	/* Other anchors: all is looked at anew. */
	store_smime_forget();
	assert_int_equal(look(0, IDS(small)), 0);
	assert_int_equal(told[0].status, SMIME_VERIFIED);
	assert_int_equal(content.asked, 3);
}

/* Nobody has content ended again and again by the same message. */
static void test_content_ends(void **state)
{
	(void)state;
	uint64_t small = put(SIGNED, 0);
	(void)small;
	content_comes();
	content.dies = true;
	assert_int_equal(look(0, IDS(1)), 0);
	assert_int_equal(told[0].status, SMIME_SIGNED);
	assert_int_equal(content.asked, 1);
	content_comes();
	content.dies = false;
	assert_int_equal(look(0, IDS(1)), 0);
	assert_int_equal(told[0].status, SMIME_SIGNED);
	assert_int_equal(content.asked, 1);
	/* It has no memory for it: the same. */
	store_smime_forget();
	content.answer = (struct message_smime){.error = -ENOMEM};
	assert_int_equal(look(0, IDS(1)), 0);
	assert_int_equal(told[0].status, SMIME_SIGNED);
	assert_int_equal(content.asked, 2);
}

static void test_others(void **state)
{
	(void)state;
	put(SIGNED, 0);
	content_comes();
	/* Another's account, of which nothing is shared, does not exist; and the ids are the own account's.
	 */
	close_session(&one);
	open_session(&one, 2);
	one.also = note;
	assert_int_equal(look(1, IDS(1)), -ENOENT);
	assert_int_equal(look(0, IDS(1)), 0);
	assert_int_equal(told_count, 0);
	assert_int_equal(look(0, (struct view){0}), 0);
	assert_int_equal(look(0, VIEW("abc")), -EINVAL);
	assert_int_equal(content.asked, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_all, begin, end),
	    cmocka_unit_test_setup_teardown(test_content_ends, begin, end),
	    cmocka_unit_test_setup_teardown(test_others, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
