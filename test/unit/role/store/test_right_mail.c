/* What a session may ask of its account's mail, each question the whole way to the store and back. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "account/append.h"
#include "mail_seen.h"

static struct seen one, two;

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

static int64_t flag(struct seen *s, enum mail_how how, uint64_t flags, const char *keywords, struct view uids)
{
	struct mail_store m = {.mailbox = MAILBOX_INBOX,
	    .how = how,
	    .flags = flags,
	    .keywords = view_from_string(keywords),
	    .unchanged_since = UINT64_MAX,
	    .uids = uids};
	return ask(s, MAIL_STORE, &m);
}

static const struct mail_open open_inbox = {.mailbox = MAILBOX_INBOX};

/* ---- the tests ---- */

static void a_mailbox_opens_with_its_uids(void **state)
{
	(void)state;
	deliver(5);
	assert_int_equal(ask(&one, MAIL_OPEN, &open_inbox), 0);
	assert_string_equal(shown(&one.uids), "1:5");
	assert_int_equal(one.end.uidnext, 6);
	assert_int_equal(one.end.messages, 5);
	assert_int_equal(one.mailbox.messages, 5);
	assert_int_equal(one.mailbox.unseen, 5);
	assert_int_equal(one.mailbox.rights, RIGHT_ALL);
	assert_int_equal(one.mailbox.uidvalidity, one.end.uidvalidity);
	assert_int_equal(one.frames[MAIL_MAILBOX], 1);
	struct mail_expunge x = {.mailbox = MAILBOX_INBOX, .uids = UIDS(2, 3)};
	assert_int_equal(ask(&one, MAIL_EXPUNGE, &x), 0);
	assert_string_equal(shown(&one.vanished), "2:3");
	assert_int_equal(ask(&one, MAIL_OPEN, &open_inbox), 0);
	assert_string_equal(shown(&one.uids), "1,4:5");
	/* What is no mailbox, and whose is not this session's. */
	assert_int_equal(ask(&one, MAIL_OPEN, &(struct mail_open){.mailbox = 77}), -ENOENT);
	assert_int_equal(ask(&one, MAIL_OPEN, &(struct mail_open){.mailbox = 1, .account = 2}), -ENOENT);
}

static void a_session_that_comes_again_learns_what_changed(void **state)
{
	(void)state;
	deliver(6);
	assert_int_equal(ask(&one, MAIL_OPEN, &open_inbox), 0);
	struct mail_open again = {
	    .mailbox = MAILBOX_INBOX, .uidvalidity = one.end.uidvalidity, .since = one.end.modseq};
	assert_int_equal(flag(&one, MAIL_ADD, FLAG_SEEN, "", UIDS(2, 2)), 0);
	assert_int_equal(
	    ask(&one, MAIL_EXPUNGE, &(struct mail_expunge){.mailbox = MAILBOX_INBOX, .uids = UIDS(4, 4)}), 0);
	deliver(1);
	assert_int_equal(ask(&one, MAIL_OPEN, &again), 0);
	assert_int_equal(one.end.number, 0);
	assert_string_equal(shown(&one.uids), "1:3,5:7");
	assert_string_equal(shown(&one.changed), "2");
	assert_string_equal(shown(&one.vanished), "4");
	assert_string_equal(shown(&one.arrived), "7");
	/* Another mailbox of that name: nothing that was known is of use. */
	again.uidvalidity++;
	assert_int_equal(ask(&one, MAIL_OPEN, &again), 0);
	assert_int_equal(one.end.number, 1);
	assert_string_equal(shown(&one.changed), "");
}

static void changes_say_what_is_new(void **state)
{
	(void)state;
	deliver(3);
	assert_int_equal(ask(&one, MAIL_OPEN, &open_inbox), 0);
	struct mail_changes since = {.mailbox = MAILBOX_INBOX, .since = one.end.modseq};
	assert_int_equal(ask(&one, MAIL_CHANGES, &since), 0);
	assert_int_equal(
	    one.frames[MAIL_ARRIVED] + one.frames[MAIL_VANISHED] + one.frames[MAIL_CHANGED_FLAGS], 0);
	assert_int_equal(one.end.messages, 3);
	deliver(2);
	assert_int_equal(flag(&one, MAIL_ADD, FLAG_FLAGGED, "", UIDS(1, 2)), 0);
	assert_int_equal(
	    ask(&one, MAIL_EXPUNGE, &(struct mail_expunge){.mailbox = MAILBOX_INBOX, .uids = UIDS(3, 4)}), 0);
	assert_int_equal(ask(&one, MAIL_CHANGES, &since), 0);
	assert_string_equal(shown(&one.changed), "1:2");
	assert_string_equal(shown(&one.vanished), "3:4");
	assert_string_equal(shown(&one.arrived), "5");
	assert_int_equal(one.end.uidnext, 6);
	assert_int_equal(one.end.messages, 3);
	since.since = one.end.modseq;
	assert_int_equal(ask(&one, MAIL_CHANGES, &since), 0);
	assert_int_equal(one.frames[MAIL_DONE], 1);
	assert_string_equal(shown(&one.changed), "");
}

static void flags_are_fetched_with_their_names(void **state)
{
	(void)state;
	deliver(4);
	assert_int_equal(flag(&one, MAIL_ADD, FLAG_SEEN, "$Junk work", UIDS(2, 3)), 0);
	assert_string_equal(shown(&one.uids), "2:3");
	struct mail_fetch all = {.mailbox = MAILBOX_INBOX, .want = MAIL_WANT_FLAGS};
	assert_int_equal(ask(&one, MAIL_FETCH, &all), 0);
	assert_int_equal(one.frames[MAIL_KEYWORDS], 1);
	assert_int_equal(buf_view(&one.names).len, 5 + 5 + 5 + 4);
	assert_memory_equal(buf_view(&one.names).data, "\0\0\0\0\5$Junk\0\0\0\1\4work", 19);
	assert_int_equal(one.count, 4);
	assert_true(one.messages[0].flags == 0);
	assert_true(one.messages[1].flags == (FLAG_SEEN | FLAG_KEYWORD | FLAG_KEYWORD << 1));
	/* Once told, they are told no more, until there is another one. */
	assert_int_equal(ask(&one, MAIL_FETCH, &all), 0);
	assert_int_equal(one.frames[MAIL_KEYWORDS], 0);
	assert_int_equal(flag(&one, MAIL_REPLACE, FLAG_DRAFT, "other", UIDS(3, 3)), 0);
	assert_int_equal(ask(&one, MAIL_FETCH, &all), 0);
	assert_int_equal(one.frames[MAIL_KEYWORDS], 1);
	assert_true(one.messages[2].flags == (FLAG_DRAFT | FLAG_KEYWORD << 2));
	/* Some of them: by UID, by flag, by what changed. */
	all.uids = UIDS(1, 1, 3, 100);
	assert_int_equal(ask(&one, MAIL_FETCH, &all), 0);
	assert_int_equal(one.count, 3);
	all.uids = (struct view){0};
	all.flags_with = FLAG_SEEN;
	assert_int_equal(ask(&one, MAIL_FETCH, &all), 0);
	assert_int_equal(one.count, 1);
	all.flags_with = 0;
	all.flags_without = FLAG_SEEN | FLAG_DRAFT;
	assert_int_equal(ask(&one, MAIL_FETCH, &all), 0);
	assert_int_equal(one.count, 2);
	all.flags_without = 0;
	all.changed_since = one.end.modseq - 1;
	all.want |= MAIL_WANT_MODSEQ;
	assert_int_equal(ask(&one, MAIL_FETCH, &all), 0);
	assert_int_equal(one.count, 1);
	assert_int_equal(one.messages[0].uid, 3);
	assert_true(one.messages[0].modseq == one.end.modseq);
}

/* Keywords without a bit come as numbers, also when one read does not look up all of them. */
static void many_keywords_come_as_numbers(void **state)
{
	char name[20];
	(void)state;
	deliver(3);
	for (unsigned i = 0; i < 60; i++) {
		snprintf(name, sizeof name, "k%u", i);
		assert_int_equal(flag(&one, MAIL_ADD, 0, name, UIDS(1, 1)), 0);
	}
	assert_int_equal(flag(&one, MAIL_ADD, 0, "k58", UIDS(3, 3)), 0);
	assert_int_equal(
	    ask(&one, MAIL_FETCH, &(struct mail_fetch){.mailbox = 1, .want = MAIL_WANT_FLAGS}), 0);
	assert_int_equal(one.count, 3);
	assert_true(one.messages[0].flags & FLAG_MORE);
	assert_int_equal(one.messages[0].more_keywords.len, 2 * (60 - FLAG_KEYWORDS));
	assert_false(one.messages[1].flags & FLAG_MORE);
	assert_memory_equal(kept(&one, one.messages[2].more_keywords).data, "\0\72", 2);
}

static void all_that_is_known_is_fetched(void **state)
{
	static const char text[] = "Message-ID: <2@example.test>\r\nIn-Reply-To: "
	                           "<1@example.test>\r\nSubject: answer\r\n\r\nYes.\r\n";
	(void)state;
	deliver(1);
	assert_int_equal(mail_world_put(1, MAILBOX_INBOX, FLAG_SEEN, 1700000000, VIEW(text)), 2);
	struct mail_fetch m = {.mailbox = MAILBOX_INBOX, .want = (1 << 13) - 1, .body_max = 1000};
	assert_int_equal(ask(&one, MAIL_FETCH, &m), 0);
	assert_int_equal(one.count, 2);
	const struct mail_message *first = &one.messages[0], *answer = &one.messages[1];
	assert_int_equal(answer->body_error, 0);
	assert_int_equal(answer->size, sizeof text - 1);
	assert_int_equal(answer->internaldate, 1700000000);
	assert_true(answer->savedate > 1700000000);
	assert_true(answer->flags == FLAG_SEEN);
	assert_true(answer->emailid != first->emailid && answer->thread == first->thread);
	assert_int_equal(answer->references.len, 16);
	assert_memory_equal(kept(&one, answer->references).data + 8, kept(&one, first->references).data, 8);
	assert_true(answer->has_body);
	assert_true(view_equal(kept(&one, answer->body), VIEW(text)));
	assert_true(view_equal(kept(&one, answer->header), view_take(VIEW(text), sizeof text - 1 - 6)));
	assert_true(answer->summary.len > 0 && answer->structure.len > 0 && answer->order.known);
	/* A longer one comes without its body. */
	m.body_max = 50;
	assert_int_equal(ask(&one, MAIL_FETCH, &m), 0);
	assert_false(one.messages[1].has_body);
	assert_int_equal(one.messages[1].header.len, sizeof text - 1 - 6);
	m.want = MAIL_WANT_SUMMARY;
	assert_int_equal(ask(&one, MAIL_FETCH, &m), 0);
	assert_true(one.messages[1].summary.len > 0);
}

/* A header whose summary is too long to lie with the email, and that of a short one. */
static uint32_t put_dated(bool is_long, int day, const char *subject)
{
	struct buf text;
	buf_init(&text, 100000);
	buf_printf(&text,
	    "Date: %d Nov 2023 10:00:00 +0100\r\nSubject: %s\r\nMessage-ID: <day%d@example.test>\r\n", day,
	    subject, day);
	for (int i = 0; is_long && i < 60; i++)
		buf_printf(&text,
		    "To: \"Somebody with a long name, number %d\" <somebody%d@example.test>\r\n", i, i);
	buf_append_string(&text, "\r\nBody.\r\n");
	uint32_t uid = mail_world_put(1, MAILBOX_INBOX, 0, 1700000000, buf_view(&text));
	buf_done(&text);
	return uid;
}

static void check_order(const struct mail_message *m, int day, const struct mail_message *alike, bool answer)
{
	assert_true(m->order.known && m->order.dated);
	assert_int_equal(m->order.sent, 1698796800 + (day - 1) * 86400 + 9 * 3600);
	assert_int_equal(m->order.minutes, 60);
	assert_true(m->order.subject != 0 && m->order.subject == alike->order.subject);
	assert_int_equal(m->order.answer, answer);
	assert_int_equal(m->references.len, 8);
}

/* Wherever the summary stands, and of copies too. */
static void what_messages_are_sorted_by_is_fetched(void **state)
{
	struct mail_fetch m = {.mailbox = MAILBOX_INBOX, .want = MAIL_WANT_ORDER | MAIL_WANT_REFERENCES};
	struct mail_copy copy = {.mailbox = MAILBOX_INBOX, .to_mailbox = MAILBOX_INBOX, .uids = UIDS(1, 5)};
	(void)state;
	put_dated(false, 1, "plans");
	put_dated(true, 2, "Re: plans");
	put_dated(true, 3, "plans");
	put_dated(false, 4, "Re: [list] plans");
	assert_int_equal(mail_world_put(1, MAILBOX_INBOX, 0, 0, VIEW("X-Empty: yes\r\n\r\n")), 5);
	assert_int_equal(ask(&one, MAIL_COPY, &copy), 0);
	assert_int_equal(ask(&one, MAIL_FETCH, &m), 0);
	assert_int_equal(one.count, 10);
	for (int i = 0; i < 10; i++) {
		const struct mail_message *got = &one.messages[i];
		assert_int_equal(got->summary.len, 0); /* was not asked for */
		if (i % 5 < 4) {
			check_order(got, i % 5 + 1, &one.messages[0], i % 5 % 2);
			continue;
		}
		assert_true(got->order.known && !got->order.dated && got->order.subject == 0);
		assert_int_equal(got->references.len, 0);
	}
}

/* The messages of several slices and batches, while the session takes nothing for a while. */
static void nothing_is_sent_to_who_takes_nothing(void **state)
{
	enum { LEN = 30000, COUNT = 100 };
	static char text[LEN];
	(void)state;
	memset(text, 'x', LEN);
	memcpy(text, "A: b\r\n\r\n", 8);
	for (int i = 0; i < COUNT; i++)
		assert_int_equal(mail_world_put(1, MAILBOX_INBOX, 0, 0, view_of(text, LEN)), i + 1);
	forget(&one);
	one.want = MAIL_WANT_BODY;
	one.full = true;
	send_question(&one, MAIL_FETCH,
	    &(struct mail_fetch){.mailbox = 1, .want = MAIL_WANT_BODY, .body_max = MAIL_BODY_MAX});
	mail_world_settle();
	assert_in_range(one.count, 1, COUNT / 2);
	assert_false(one.done);
	one.full = false;
	account_client_go_on(&one.session.client);
	mail_world_settle();
	assert_true(one.done);
	assert_int_equal(one.count, COUNT);
	for (int i = 0; i < COUNT; i++)
		assert_true(view_equal(kept(&one, one.messages[i].body), view_of(text, LEN)));
}

static void put_part(struct buf *parts, uint32_t uid, uint64_t offset, uint64_t length)
{
	buf_append_u32(parts, uid);
	buf_append_u64(parts, offset);
	buf_append_u64(parts, length);
}

static void parts_of_messages_are_read(void **state)
{
	enum { LEN = 700000 };
	static char text[LEN];
	struct buf parts;
	(void)state;
	for (size_t i = 0; i < LEN; i++)
		text[i] = (char)('a' + i * i % 23);
	assert_int_equal(mail_world_put(1, MAILBOX_INBOX, 0, 0, view_of(text, LEN)), 1);
	buf_init(&parts, 1000);
	put_part(&parts, 1, 0, UINT64_MAX);
	put_part(&parts, 9, 0, 10);
	put_part(&parts, 1, 300000, 200001);
	put_part(&parts, 1, LEN, 5);
	assert_int_equal(
	    ask(&one, MAIL_READ, &(struct mail_read){.mailbox = 1, .parts = buf_view(&parts)}), 0);
	assert_int_equal(one.data_ends, 4);
	assert_true(view_equal(buf_view(&one.data[0]), view_of(text, LEN)));
	assert_int_equal(one.data_errors[1], -ENOENT);
	assert_true(view_equal(buf_view(&one.data[2]), view_of(text + 300000, 200001)));
	assert_int_equal(buf_view(&one.data[3]).len, 0);
	assert_int_equal(one.data_errors[3], 0);
	buf_done(&parts);
}

static void messages_are_copied_and_moved(void **state)
{
	(void)state;
	deliver(5);
	assert_int_equal(flag(&one, MAIL_ADD, FLAG_FLAGGED, "k", UIDS(2, 2)), 0);
	struct mail_copy copy = {.mailbox = 1, .to_mailbox = 1, .uids = UIDS(2, 3, 9, 10)};
	assert_int_equal(ask(&one, MAIL_COPY, &copy), 0);
	assert_string_equal(shown(&one.from), "2:3");
	assert_string_equal(shown(&one.to), "6:7");
	struct mail_copy move = {.mailbox = 1, .to_mailbox = 1, .move = 1, .uids = UIDS(1, 1, 5, 5)};
	assert_int_equal(ask(&one, MAIL_COPY, &move), 0);
	assert_string_equal(shown(&one.from), "1,5");
	assert_string_equal(shown(&one.to), "8:9");
	assert_int_equal(
	    ask(&one, MAIL_FETCH, &(struct mail_fetch){.mailbox = 1, .want = MAIL_WANT_FLAGS}), 0);
	assert_int_equal(one.count, 7);
	assert_true(one.messages[3].uid == 6 && one.messages[3].flags == (FLAG_FLAGGED | FLAG_KEYWORD));
	copy.to_mailbox = 99;
	assert_int_equal(ask(&one, MAIL_COPY, &copy), -ENODEV);
	copy.mailbox = 98;
	copy.to_mailbox = 1;
	assert_int_equal(ask(&one, MAIL_COPY, &copy), -ENOENT);
}

static void what_is_deleted_is_expunged(void **state)
{
	(void)state;
	deliver(6);
	assert_int_equal(flag(&one, MAIL_ADD, FLAG_DELETED, "", UIDS(1, 2, 5, 5)), 0);
	struct mail_expunge x = {.mailbox = 1, .deleted_only = true, .uids = UIDS(2, 4)};
	assert_int_equal(ask(&one, MAIL_EXPUNGE, &x), 0);
	assert_string_equal(shown(&one.vanished), "2");
	assert_true(one.end.modseq > 0);
	x.uids = (struct view){0};
	assert_int_equal(ask(&one, MAIL_EXPUNGE, &x), 0);
	assert_string_equal(shown(&one.vanished), "1,5");
	assert_int_equal(ask(&one, MAIL_EXPUNGE, &x), 0);
	assert_true(one.end.modseq == 0);
	assert_int_equal(ask(&one, MAIL_OPEN, &open_inbox), 0);
	assert_string_equal(shown(&one.uids), "3:4,6");
}

static void flags_change_only_as_they_were_known(void **state)
{
	(void)state;
	deliver(3);
	assert_int_equal(ask(&one, MAIL_OPEN, &open_inbox), 0);
	uint64_t known = one.end.modseq;
	assert_int_equal(flag(&one, MAIL_ADD, FLAG_SEEN, "", UIDS(2, 2)), 0);
	struct mail_store m = {
	    .mailbox = 1, .flags = FLAG_ANSWERED, .unchanged_since = known, .uids = UIDS(1, 3)};
	assert_int_equal(ask(&one, MAIL_STORE, &m), 0);
	assert_string_equal(shown(&one.modified), "2");
	assert_string_equal(shown(&one.uids), "1,3");
	/* Nothing to change: no one is told. */
	assert_int_equal(flag(&one, MAIL_ADD, FLAG_SEEN, "", UIDS(2, 2)), 0);
	assert_string_equal(shown(&one.uids), "");
	assert_true(one.end.modseq == 0);
}

static void upload(struct seen *s, uint32_t number, const char *text)
{
	send_question(
	    s, MAIL_UPLOAD, &(struct mail_upload){.upload = number, .bytes = view_from_string(text)});
}

/* A session that has used up its window gets all of it back, some at a time, and is not woken for a small
 * piece. */
static void what_was_taken_is_credited(void **state)
{
	static char piece[MAIL_UPLOAD_WINDOW / 8];
	(void)state;
	forget(&one);
	for (size_t i = 0; i < 8; i++)
		send_question(&one, MAIL_UPLOAD,
		    &(struct mail_upload){.upload = 9, .bytes = view_of(piece, sizeof piece)});
	for (int i = 0; i < 1000 && one.credit < MAIL_UPLOAD_WINDOW; i++)
		mail_world_settle();
	assert_int_equal(one.credit, MAIL_UPLOAD_WINDOW);
	send_question(&one, MAIL_UPLOAD_ABORT, &(struct mail_upload_abort){.upload = 9});
	mail_world_settle();
}

static void messages_are_added(void **state)
{
	(void)state;
	deliver(1);
	forget(&one);
	upload(&one, 7, "Subject: x\r\n");
	upload(&one, 7, "\r\nbody\r\n");
	mail_world_settle();
	assert_int_equal(one.credit, 0);
	struct mail_append m = {.mailbox = 1,
	    .upload = 7,
	    .flags = FLAG_SEEN,
	    .keywords = VIEW("$Forwarded"),
	    .internaldate = 1600000000,
	    .trailer = VIEW("\1")};
	assert_int_equal(ask(&one, MAIL_APPEND, &m), 0);
	assert_string_equal(shown(&one.uids), "2");
	assert_int_equal(one.end.uidnext, 3);
	struct mail_fetch f = {.mailbox = 1,
	    .want = MAIL_WANT_BODY | MAIL_WANT_DATES | MAIL_WANT_FLAGS,
	    .body_max = 1000,
	    .uids = UIDS(2, 2)};
	assert_int_equal(ask(&one, MAIL_FETCH, &f), 0);
	assert_int_equal(one.messages[0].internaldate, 1600000000);
	assert_true(one.messages[0].flags == (FLAG_SEEN | FLAG_KEYWORD));
	assert_true(view_equal(kept(&one, one.messages[0].body), VIEW("Subject: x\r\n\r\nbody\r\n")));
	/* The upload is used up; a mailbox that is none. */
	assert_int_equal(ask(&one, MAIL_APPEND, &m), -EIO);
	upload(&one, 8, "x");
	m.upload = 8;
	m.mailbox = 55;
	assert_int_equal(ask(&one, MAIL_APPEND, &m), -ENOENT);
}

/* More than one commit carries with their bodies. */
/* As many as one step takes, while another question is under way: they wait. */
static void many_messages_wait_for_a_question(void **state)
{
	struct mail_append m = {.mailbox = 1, .more = true};
	struct mail_open open = {.mailbox = 1};
	(void)state;
	deliver(1);
	for (uint32_t i = 0; i < ACCOUNT_APPEND_MAX; i++)
		upload(&one, 100 + i, "Subject: x\r\n\r\n");
	send_question(&one, MAIL_OPEN, &open);
	for (uint32_t i = 0; i + 1 < ACCOUNT_APPEND_MAX; i++) {
		m.upload = 100 + i;
		send_question(&one, MAIL_APPEND, &m);
	}
	m.more = false;
	m.upload = 100 + ACCOUNT_APPEND_MAX - 1;
	assert_int_equal(ask(&one, MAIL_APPEND, &m), 0);
	assert_int_equal(ask(&one, MAIL_OPEN, &open), 0);
	assert_int_equal(one.end.messages, 1 + ACCOUNT_APPEND_MAX);
}

static void several_messages_are_added_together_or_not_at_all(void **state)
{
	enum { COUNT = 9 };
	(void)state;
	deliver(1);
	for (int broken = 0; broken < 2; broken++) {
		struct mail_append m = {.mailbox = 1, .more = true};
		for (uint32_t i = 0; i < COUNT; i++)
			upload(&one, 20 + i, "Subject: x\r\n\r\n");
		for (uint32_t i = 0; i + 1 < COUNT; i++) {
			m.upload = broken && i == 4 ? 99 : 20 + i;
			send_question(&one, MAIL_APPEND, &m);
		}
		m.more = false;
		m.upload = 20 + COUNT - 1;
		assert_int_equal(ask(&one, MAIL_APPEND, &m), broken ? -EIO : 0);
		assert_string_equal(shown(&one.uids), broken ? "" : "2:10");
		struct mail_upload_abort abandoned = {.upload = 24};
		send_question(&one, MAIL_UPLOAD_ABORT, &abandoned);
	}
	assert_int_equal(ask(&one, MAIL_OPEN, &open_inbox), 0);
	assert_string_equal(shown(&one.uids), "1:10");
}

static void a_message_takes_the_place_of_another(void **state)
{
	(void)state;
	deliver(2);
	upload(&one, 1, "Subject: new\r\n\r\n");
	struct mail_append m = {.mailbox = 1, .upload = 1, .replace_mailbox = 1, .replace = 1};
	assert_int_equal(ask(&one, MAIL_APPEND, &m), 0);
	assert_string_equal(shown(&one.uids), "3");
	upload(&one, 1, "Subject: new\r\n\r\n");
	assert_int_equal(ask(&one, MAIL_APPEND, &m), -ESTALE);
	assert_int_equal(ask(&one, MAIL_OPEN, &open_inbox), 0);
	assert_string_equal(shown(&one.uids), "2:3");
}

static void watchers_learn_which_mailbox(void **state)
{
	(void)state;
	deliver(1);
	open_session(&two, 1);
	assert_int_equal(ask(&one, MAIL_OPEN, &open_inbox), 0);
	uint64_t known = one.end.modseq;
	forget(&one);
	forget(&two);
	send_question(&one, MAIL_WATCH, &(struct mail_watch){.modseq = known});
	uint32_t watch = last_request;
	send_question(&two, MAIL_WATCH, &(struct mail_watch){.mailbox = 2, .modseq = known});
	mail_world_settle();
	assert_int_equal(one.frames[MAIL_CHANGED], 0);
	deliver(1);
	mail_world_settle();
	assert_int_equal(one.frames[MAIL_CHANGED], 1);
	assert_int_equal(one.news.mailboxes.len, 4);
	assert_memory_equal(one.mailboxes, "\0\0\0\1", 4);
	assert_true(one.news.modseq > known);
	/* Whoever looks at another mailbox sleeps on. */
	assert_int_equal(two.frames[MAIL_CHANGED], 0);
	send_question(&one, MAIL_STOP, &(struct message_empty){0});
	forget(&one);
	account_client_ask(&one.session.client, watch, MAIL_STOP, &(struct message_empty){0});
	mail_world_settle();
	assert_true(one.done && one.request == watch);
	assert_int_equal(one.end.error, -ECANCELED);
	deliver(1);
	mail_world_settle();
	assert_int_equal(one.frames[MAIL_CHANGED], 0);
	close_session(&two);
}

/* Questions are answered in their order, and each sees what the one before has done. One that is stopped
 * before its turn is not carried out. */
static void questions_wait_for_each_other(void **state)
{
	(void)state;
	deliver(2);
	forget(&one);
	one.want = MAIL_WANT_FLAGS;
	struct mail_store m = {
	    .mailbox = 1, .flags = FLAG_SEEN, .unchanged_since = UINT64_MAX, .uids = UIDS(1, 2)};
	struct mail_fetch f = {.mailbox = 1, .want = MAIL_WANT_FLAGS, .flags_with = FLAG_SEEN};
	account_client_ask(&one.session.client, 1001, MAIL_STORE, &m);
	account_client_ask(&one.session.client, 1002, MAIL_FETCH, &f);
	account_client_ask(&one.session.client, 1003, MAIL_FETCH, &f);
	account_client_ask(&one.session.client, 1003, MAIL_STOP, &(struct message_empty){0});
	mail_world_settle();
	assert_int_equal(one.end_count, 3);
	assert_int_equal(one.ends[0], 1003);
	assert_int_equal(one.ends[1], 1001);
	assert_int_equal(one.ends[2], 1002);
	assert_int_equal(one.count, 2);
	assert_int_equal(one.end.error, 0);
}

/* What our own edges never ask ends the channel. */
static void what_makes_no_sense_ends_the_channel(void **state)
{
	static const struct {
		enum mail_type type;
		union {
			struct mail_fetch fetch;
			struct mail_store store;
			struct mail_read read;
			struct mail_append append;
		} m;
	} wrong[] = {
	    {MAIL_FETCH, {.fetch = {.mailbox = 1, .uids = {"\0\0\0\2\0\0\0\1", 8}}}},
	    {MAIL_FETCH, {.fetch = {.mailbox = 1, .uids = {"\0\0\0", 3}}}},
	    {MAIL_STORE, {.store = {.mailbox = 1, .uids = {"\0\0\0\0\0\0\0\1", 8}}}},
	    {MAIL_READ, {.read = {.mailbox = 1, .parts = {"\0\0\0", 3}}}},
	    {MAIL_APPEND, {.append = {.mailbox = 1, .uid = 9}}},
	};
	(void)state;
	deliver(1);
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		open_session(&two, 1);
		send_question(&two, wrong[i].type, &wrong[i].m);
		mail_world_settle();
		if (!two.lost)
			fail_msg("number %zu is still there", i);
		close_session(&two);
	}
	/* More at a time than a session ever has. */
	open_session(&two, 1);
	for (int i = 0; i < 2 * ACCOUNT_APPEND_MAX; i++)
		send_question(&two, MAIL_OPEN, &open_inbox);
	mail_world_settle();
	assert_true(two.lost);
	close_session(&two);
	assert_int_equal(ask(&one, MAIL_OPEN, &open_inbox), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_mailbox_opens_with_its_uids, begin, end),
	    cmocka_unit_test_setup_teardown(a_session_that_comes_again_learns_what_changed, begin, end),
	    cmocka_unit_test_setup_teardown(changes_say_what_is_new, begin, end),
	    cmocka_unit_test_setup_teardown(flags_are_fetched_with_their_names, begin, end),
	    cmocka_unit_test_setup_teardown(many_keywords_come_as_numbers, begin, end),
	    cmocka_unit_test_setup_teardown(all_that_is_known_is_fetched, begin, end),
	    cmocka_unit_test_setup_teardown(what_messages_are_sorted_by_is_fetched, begin, end),
	    cmocka_unit_test_setup_teardown(nothing_is_sent_to_who_takes_nothing, begin, end),
	    cmocka_unit_test_setup_teardown(parts_of_messages_are_read, begin, end),
	    cmocka_unit_test_setup_teardown(messages_are_copied_and_moved, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_deleted_is_expunged, begin, end),
	    cmocka_unit_test_setup_teardown(flags_change_only_as_they_were_known, begin, end),
	    cmocka_unit_test_setup_teardown(what_was_taken_is_credited, begin, end),
	    cmocka_unit_test_setup_teardown(messages_are_added, begin, end),
	    cmocka_unit_test_setup_teardown(several_messages_are_added_together_or_not_at_all, begin, end),
	    cmocka_unit_test_setup_teardown(many_messages_wait_for_a_question, begin, end),
	    cmocka_unit_test_setup_teardown(a_message_takes_the_place_of_another, begin, end),
	    cmocka_unit_test_setup_teardown(watchers_learn_which_mailbox, begin, end),
	    cmocka_unit_test_setup_teardown(questions_wait_for_each_other, begin, end),
	    cmocka_unit_test_setup_teardown(what_makes_no_sense_ends_the_channel, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
