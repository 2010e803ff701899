/* What a session may ask of its account as a whole, by ids of emails, each question the whole way. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../account/support.h"
#include "email_seen.h"
#include "io/channel.h"
#include "role/store/right.h"

static struct seen one;

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	mail_world_account(1);
	open_session(&one, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	close_session(&one);
	mail_world_end();
	return 0;
}

static void deliver(size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char text[200];
		snprintf(text, sizeof text,
		    "From: a@example.test\nSubject: number %zu\nMessage-ID: <%zu@example.test>\n\nBody "
		    "%zu.\n",
		    i + 1, i + 1, i + 1);
		assert_int_not_equal(mail_world_deliver(1, text), 0);
	}
}

static uint32_t make(const char *path)
{
	assert_int_equal(ask(&one, MAIL_CREATE, &(struct mail_create){.path = view_from_string(path)}), 0);
	return (uint32_t)one.end.number;
}

static void flag(uint64_t flags, const char *keywords, struct view uids)
{
	struct mail_store m = {.mailbox = MAILBOX_INBOX,
	    .flags = flags,
	    .keywords = view_from_string(keywords),
	    .unchanged_since = UINT64_MAX,
	    .uids = uids};
	assert_int_equal(ask(&one, MAIL_STORE, &m), 0);
}

static void get(struct view ids, uint64_t want)
{
	struct email_get m = {.want = want, .body_max = MAIL_BODY_MAX, .ids = ids};
	assert_int_equal(email_ask(&one, EMAIL_GET, &m), 0);
}

static void states(void)
{
	assert_int_equal(email_ask(&one, EMAIL_STATES, &(struct email_states){0}), 0);
}

/* ---- the tests ---- */

/* The states that a change raises are told by name, all others stay. */
static void expect_states(const char *raised)
{
	static uint64_t before[MAIL_STATES];
	static const char *const names[MAIL_STATES] = {"emails", "threads", "mailboxes", "counts",
	    "deliveries", "submissions", "identities", "vacation", "scripts", "quota", "push"};
	char text[200] = "";
	states();
	for (size_t i = 0; i < MAIL_STATES; i++) {
		assert_true(email_states[i] >= before[i] && email_states[i] <= email_state.modseq);
		if (email_states[i] > before[i]) {
			strcat(text, *text ? " " : "");
			strcat(text, names[i]);
		}
	}
	if (raised)
		assert_string_equal(text, raised);
	memcpy(before, email_states, sizeof before);
}

static void states_say_what_changed(void **state)
{
	(void)state;
	expect_states(NULL);
	expect_states("");
	deliver(1);
	expect_states("emails threads counts deliveries quota");
	flag(FLAG_FLAGGED, "", UIDS(1, 1));
	expect_states("emails");
	flag(FLAG_FLAGGED, "", UIDS(1, 1));
	expect_states("");
	flag(FLAG_SEEN, "", UIDS(1, 1));
	expect_states("emails counts");
	uint32_t box = make("Work");
	expect_states("mailboxes");
	struct mail_copy move = {.mailbox = 1, .to_mailbox = box, .move = 1, .uids = UIDS(1, 1)};
	assert_int_equal(ask(&one, MAIL_COPY, &move), 0);
	expect_states("emails counts");
	struct mail_set set = {.mailbox = box, .set = MAIL_SET_ORDER, .order = 3};
	assert_int_equal(ask(&one, MAIL_SET, &set), 0);
	expect_states("mailboxes");
	assert_int_equal(ask(&one, MAIL_EXPUNGE, &(struct mail_expunge){.mailbox = box}), 0);
	expect_states("emails threads counts quota");
	assert_int_equal(ask(&one, MAIL_REMOVE, &(struct mail_remove){.mailbox = box}), 0);
	expect_states("mailboxes");
	assert_int_equal(email_state.access, 0);
	assert_int_equal(email_state.owner, 1);
}

static void emails_come_in_the_order_of_the_question(void **state)
{
	(void)state;
	deliver(4);
	uint32_t box = make("Work");
	struct mail_copy copy = {.mailbox = 1, .to_mailbox = box, .uids = UIDS(2, 2)};
	flag(FLAG_SEEN, "alpha", UIDS(2, 3));
	assert_int_equal(ask(&one, MAIL_COPY, &copy), 0);
	flag(FLAG_FLAGGED, "", UIDS(2, 2));
	get(IDS(3, 77, 2, 1),
	    MAIL_WANT_FLAGS | MAIL_WANT_IDS | MAIL_WANT_SIZE | MAIL_WANT_BODY | MAIL_WANT_ORDER);
	assert_int_equal(email_count, 3);
	assert_int_equal(one.frames[MAIL_KEYWORDS], 1);
	assert_true(email_entries[0].message.emailid == 3 && email_entries[0].message.thread == 3);
	assert_true(email_entries[0].mailbox_count == 1 && email_entries[0].mailboxes[0] == 1);
	assert_true(email_entries[1].message.emailid == 2 && email_entries[1].mailbox_count == 2);
	assert_true(email_entries[1].mailboxes[0] == 1 && email_entries[1].mailboxes[1] == box);
	assert_true(email_entries[1].message.flags == (FLAG_SEEN | FLAG_FLAGGED | FLAG_KEYWORD));
	assert_true(email_entries[2].message.emailid == 1 && email_entries[2].message.flags == 0);
	assert_true(email_entries[1].message.order.known);
	assert_int_equal(email_entries[1].message.size, strlen(email_bodies[1]) + 21);
	assert_string_equal(
	    email_bodies[1], "From: a@example.test\r\nSubject: number 2\r\nMessage-ID: <2@example");
	states();
	uint64_t now = email_states[MAIL_STATE_EMAILS];
	get(IDS(1), 0);
	assert_true(one.end.modseq == now && email_count == 1);
	get((struct view){0}, MAIL_WANT_FLAGS);
	assert_true(one.end.modseq == now && email_count == 0);
	assert_int_equal(email_ask(&one, EMAIL_GET, &(struct email_get){.ids = VIEW("1234567")}), -EINVAL);
	/* What is gone is no more; one that has a place left is there. */
	assert_int_equal(ask(&one, MAIL_EXPUNGE, &(struct mail_expunge){.mailbox = 1}), 0);
	get(IDS(1, 2, 3), MAIL_WANT_FLAGS);
	assert_true(email_count == 1 && email_entries[0].message.emailid == 2);
	assert_true(email_entries[0].message.flags == (FLAG_SEEN | FLAG_KEYWORD));
}

/* A list goes past a header that is too long for it; who asks for that email alone gets it. */
static void a_long_header_comes_with_one_email(void **state)
{
	enum { PEOPLE = 1000 };
	struct buf text;
	(void)state;
	buf_init(&text, 1 << 20);
	buf_append_string(&text, "Subject: to many\nTo: a@example.test");
	for (int i = 0; i < PEOPLE; i++)
		buf_printf(&text, ",\n recipient-%d@a-long-name.example.test", i);
	buf_append_string(&text, "\n\nHello.\n");
	deliver(1);
	assert_int_not_equal(mail_world_deliver(1, buf_string(&text)), 0);
	get(IDS(1, 2), MAIL_WANT_HEADER | MAIL_WANT_IDS);
	assert_int_equal(email_count, 2);
	assert_int_equal(email_entries[0].message.body_error, 0);
	assert_int_equal(email_entries[1].message.body_error, EMSGSIZE);
	get(IDS(2), MAIL_WANT_HEADER | MAIL_WANT_IDS);
	assert_int_equal(email_count, 1);
	assert_int_equal(email_entries[0].message.body_error, 0);
	assert_true(email_entries[0].message.header.len > text.len);
	buf_done(&text);
}

static void many_emails_come_in_batches(void **state)
{
	enum { MANY = 700 };
	uint64_t ids[2 * MANY];
	(void)state;
	deliver(MANY);
	for (size_t i = 0; i < MANY; i++) {
		ids[2 * i] = MANY - i;
		ids[2 * i + 1] = MANY + 1 + i;
	}
	get(email_ids(2 * MANY, ids), MAIL_WANT_FLAGS | MAIL_WANT_SUMMARY);
	assert_int_equal(email_count, MANY);
	for (size_t i = 0; i < MANY; i++)
		assert_int_equal(email_entries[i].message.emailid, MANY - i);
}

/* More keywords than have bits: those of all places together. */
static void all_keywords_are_told(void **state)
{
	(void)state;
	deliver(20);
	for (unsigned i = 0; i < FLAG_KEYWORDS + 20; i++) {
		char word[16];
		snprintf(word, sizeof word, "w%u", i);
		flag(0, word, i < FLAG_KEYWORDS ? UIDS(1, 1) : UIDS(2, 20));
	}
	uint64_t ids[20];
	for (size_t i = 0; i < 20; i++)
		ids[i] = i + 1;
	get(email_ids(20, ids), MAIL_WANT_FLAGS);
	assert_int_equal(email_count, 20);
	for (size_t i = 0; i < 20; i++) {
		assert_int_equal(email_entries[i].message.more_keywords.len, i == 0 ? 0 : 2 * 20);
		assert_int_equal(!!(email_entries[i].message.flags & FLAG_MORE), i > 0);
	}
}

static void threads_are_told(void **state)
{
	(void)state;
	mail_world_deliver(1, "Message-ID: <a@x>\nSubject: a\n\nx\n");
	mail_world_deliver(1, "Message-ID: <b@x>\nSubject: b\n\nx\n");
	mail_world_deliver(1, "Message-ID: <c@x>\nIn-Reply-To: <a@x>\nSubject: Re: a\n\nx\n");
	mail_world_deliver(1, "Message-ID: <d@x>\nReferences: <a@x>\nSubject: Re: a\n\nx\n");
	struct email_threads ask_1 = {.threads = IDS(1, 3, 2, 9)};
	assert_int_equal(email_ask(&one, EMAIL_THREADS, &ask_1), 0);
	assert_string_equal(ids_shown(email_threads, email_thread_count), "1,3,4,2");
	assert_int_equal(one.frames[EMAIL_THREAD], 2);
	states();
	uint64_t now = email_states[MAIL_STATE_THREADS];
	assert_int_equal(email_ask(&one, EMAIL_THREADS, &ask_1), 0);
	assert_true(one.end.modseq == now);
	/* The thread keeps its number when the email goes that gave it. */
	struct mail_expunge x = {.mailbox = 1, .uids = UIDS(1, 1)};
	assert_int_equal(ask(&one, MAIL_EXPUNGE, &x), 0);
	assert_int_equal(email_ask(&one, EMAIL_THREADS, &ask_1), 0);
	assert_string_equal(ids_shown(email_threads, email_thread_count), "3,4,2");
}

static void put_part(struct buf *parts, uint64_t id, uint64_t offset, uint64_t length)
{
	buf_append_u64(parts, id);
	buf_append_u64(parts, offset);
	buf_append_u64(parts, length);
}

static void parts_of_emails_are_read(void **state)
{
	struct buf parts;
	(void)state;
	deliver(3);
	buf_init(&parts, 1000);
	put_part(&parts, 2, 0, 8);
	put_part(&parts, 9, 0, 10);
	put_part(&parts, 3, 41, UINT64_MAX);
	assert_int_equal(email_ask(&one, EMAIL_READ, &(struct email_read){.parts = buf_view(&parts)}), 0);
	assert_int_equal(one.data_ends, 3);
	assert_true(view_equal(buf_view(&one.data[0]), VIEW("From: a@")));
	assert_int_equal(one.data_errors[1], -ENOENT);
	assert_true(
	    view_equal(buf_view(&one.data[2]), VIEW("Message-ID: <3@example.test>\r\n\r\nBody 3.\r\n\r\n")));
	buf_done(&parts);
}

static void upload(uint32_t number, const char *text)
{
	send_question(
	    &one, MAIL_UPLOAD, &(struct mail_upload){.upload = number, .bytes = view_from_string(text)});
}

static void uploads_are_kept(void **state)
{
	struct buf parts;
	(void)state;
	upload(5, "some ");
	upload(5, "bytes");
	assert_int_equal(email_ask(&one, EMAIL_KEEP, &(struct email_keep){.upload = 5}), 0);
	uint64_t kept = one.end.number;
	assert_int_equal(one.end.messages, 10);
	assert_int_equal(email_ask(&one, EMAIL_KEEP, &(struct email_keep){.upload = 5}), -EIO);
	assert_int_equal(email_ask(&one, EMAIL_KEPT, &(struct email_kept){.kept = kept}), 0);
	assert_true(one.end.messages == 10 && one.end.number == kept);
	assert_int_equal(email_ask(&one, EMAIL_KEPT, &(struct email_kept){.kept = kept + 1}), -ENOENT);
	assert_int_equal(
	    email_ask(&one, EMAIL_KEPT, &(struct email_kept){.kept = kept - ((uint64_t)1 << 32)}), -ENOENT);
	buf_init(&parts, 1000);
	put_part(&parts, kept, 5, 100);
	put_part(&parts, kept + 1, 0, 1);
	struct email_read m = {.kept = 1, .parts = buf_view(&parts)};
	assert_int_equal(email_ask(&one, EMAIL_READ, &m), 0);
	assert_true(view_equal(buf_view(&one.data[0]), VIEW("bytes")));
	assert_int_equal(one.data_errors[1], -ENOENT);
	buf_done(&parts);
}

/* The other channel asks of the same account; each goes on without the other. */
static int branch_channel;
static void branched(void *arg, uint32_t request, int channel)
{
	(void)arg, (void)request;
	branch_channel = channel;
}

static void a_channel_has_branches(void **state)
{
	int channels[MAIL_BRANCHES_MAX];
	struct seen other;
	(void)state;
	deliver(2);
	mail_session_branched = branched;
	for (size_t i = 0; i < MAIL_BRANCHES_MAX; i++) {
		branch_channel = -1;
		assert_int_equal(ask(&one, MAIL_BRANCH, &(struct mail_branch){0}), 0);
		channels[i] = branch_channel;
		assert_true(channels[i] >= 0);
	}
	assert_int_equal(ask(&one, MAIL_BRANCH, &(struct mail_branch){0}), -EMFILE);
	close(channels[0]);
	mail_world_settle();
	branch_channel = -1;
	assert_int_equal(ask(&one, MAIL_BRANCH, &(struct mail_branch){0}), 0);
	channels[0] = branch_channel;
	open_session_on(&other, channels[1]);
	struct email_get m = {.ids = IDS(1, 2)};
	assert_int_equal(email_ask(&other, EMAIL_GET, &m), 0);
	assert_int_equal(email_count, 2);
	assert_int_equal(ask(&other, MAIL_BRANCH, &(struct mail_branch){0}), -EMFILE);
	close_session(&other);
	for (size_t i = 0; i < MAIL_BRANCHES_MAX; i++)
		if (i != 1)
			close(channels[i]);
	mail_world_settle();
}

/* A branch that was made late has no day of its own. */
static void a_branch_ends_with_the_day(void **state)
{
	int first[2], second[2];
	(void)state;
	assert_int_equal(channel_pair(first), 0);
	assert_int_equal(channel_pair(second), 0);
	struct right *r = right_open(test_account(1), RIGHT_MAIL, ROLE_WEB, first[0]);
	r->ends -= 60000;
	right_branch(r, 1, NULL);
	struct right *younger = right_open(test_account(1), RIGHT_MAIL, ROLE_WEB, second[0]);
	right_branch(r, 2, NULL);
	assert_int_equal(r->branches, 2);
	/* From the youngest: each ends before the one in front of it, or with it. */
	size_t branches = 0;
	for (struct right *at = younger; at != r; at = at->next) {
		assert_ptr_equal(at->next->previous, at);
		assert_true(at->next->ends <= at->ends);
		branches += at->branch_of == r && at->ends == r->ends;
	}
	assert_int_equal(branches, 2);
	close(first[1]);
	close(second[1]);
	mail_world_settle();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(states_say_what_changed, begin, end),
	    cmocka_unit_test_setup_teardown(emails_come_in_the_order_of_the_question, begin, end),
	    cmocka_unit_test_setup_teardown(a_long_header_comes_with_one_email, begin, end),
	    cmocka_unit_test_setup_teardown(many_emails_come_in_batches, begin, end),
	    cmocka_unit_test_setup_teardown(all_keywords_are_told, begin, end),
	    cmocka_unit_test_setup_teardown(threads_are_told, begin, end),
	    cmocka_unit_test_setup_teardown(parts_of_emails_are_read, begin, end),
	    cmocka_unit_test_setup_teardown(uploads_are_kept, begin, end),
	    cmocka_unit_test_setup_teardown(a_channel_has_branches, begin, end),
	    cmocka_unit_test_setup_teardown(a_branch_ends_with_the_day, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
