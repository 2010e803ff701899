/* What a delivery writes: threads, places with flags and keywords, texts that find no room beside each other.
 */
#include "support.h"

#include <stdio.h>

#include <errno.h>

#include "account/filed.h"
#include "account/message.h"
#include "base/log.h"
#include "mime/digest.h"

enum { ONE = 1, TWO = 2 };

static struct account_target target;

/* A message with these hashes: its own first, then what it refers to, up to a 0. */
static uint64_t deliver(const uint64_t *hashes)
{
	struct account_delivery d = {
	    .targets = &target, .target_count = 1, .message_id_hash = hashes[0], .references = hashes + 1};
	while (d.references[d.reference_count])
		d.reference_count++;
	target = (struct account_target){.shard = test_account(ONE)};
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0);
	return target.emailid;
}

static uint64_t thread_of(uint64_t emailid)
{
	struct entry e;
	struct account_email email;
	assert_int_equal(test_entry(test_account(ONE), key_email(emailid), &e), 0);
	assert_int_equal(email_decode(emailid, entry_view(&e), &email), 0);
	return email.thread;
}

/* Four messages of a conversation, each of which refers to all before it: whatever comes first, all are one
 * thread. */
static void a_thread_joins_in_any_order(void **state)
{
	static const uint64_t mails[4][5] = {{11, 0}, {12, 11, 0}, {13, 12, 11, 0}, {14, 13, 12, 11, 0}};
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	unsigned orders = 0;
	for (unsigned order = 0; order < 256; order++) {
		unsigned which[4] = {order & 3, order >> 2 & 3, order >> 4 & 3, order >> 6 & 3};
		uint64_t thread = 0;
		if (((1u << which[0]) | (1u << which[1]) | (1u << which[2]) | (1u << which[3])) != 15)
			continue;
		orders++;
		for (unsigned i = 0; i < 4; i++) {
			uint64_t hashes[5] = {0};
			for (unsigned k = 0; mails[which[i]][k]; k++)
				hashes[k] =
				    mails[which[i]][k] + 100 * (order + 1); /* a conversation of its own */
			uint64_t emailid = deliver(hashes);
			thread = thread ? thread : emailid;
			assert_int_equal(thread_of(emailid), thread);
		}
	}
	assert_int_equal(orders, 24);
	/* The way back: each thread has three emails beside the one that it is named by. */
	assert_int_equal(test_count(test_account(ONE), 'H'), 3 * 24);
	assert_int_equal(test_count(test_account(ONE), 'T'), 4 * 24);
}

static void strangers_have_threads_of_their_own(void **state)
{
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	uint64_t a = deliver((uint64_t[]){1, 0}), b = deliver((uint64_t[]){2, 0}),
	         c = deliver((uint64_t[]){0, 0}), d = deliver((uint64_t[]){0, 0});
	assert_int_equal(thread_of(a), a);
	assert_int_equal(thread_of(b), b);
	assert_int_equal(thread_of(c), c);
	assert_int_equal(thread_of(d), d);
	/* One that refers to both joins the nearest; without an id of its own it joins as well. */
	assert_int_equal(thread_of(deliver((uint64_t[]){3, 2, 1, 0})), b);
	struct account_delivery nameless = {
	    .targets = &target, .target_count = 1, .references = (uint64_t[]){1}, .reference_count = 1};
	assert_int_equal(test_delivery(&accounts, &nameless, 1, 10), 0);
	assert_int_equal(thread_of(target.emailid), a);
}

static void a_thread_goes_with_its_last_email(void **state)
{
	(void)state;
	uint64_t account = test_account(ONE);
	struct account_request r = {.shard = account};
	test_create(&accounts, account, 0);
	uint64_t first = deliver((uint64_t[]){1, 0});
	deliver((uint64_t[]){2, 1, 0});
	assert_int_equal(test_expunge(&accounts, account, (uint32_t[]){1}, 1), 0);
	/* The first one is gone; what answers it still joins those that do. */
	assert_int_equal(thread_of(deliver((uint64_t[]){3, 1, 0})), first);
	assert_int_equal(test_expunge(&accounts, account, (uint32_t[]){2, 3}, 2), 0);
	assert_int_equal(test_count(account, 'T'), 0);
	assert_int_equal(test_count(account, 'H'), 0);
	/* It comes back as a thread. */
	assert_int_equal(test_request(&accounts, account_undelete, &r), 0);
	assert_int_equal(r.count, 3);
	assert_int_equal(thread_of(4), 4);
	assert_int_equal(thread_of(5), 4);
	assert_int_equal(thread_of(6), 4);
	assert_int_equal(test_count(account, 'T'), 3);
	assert_int_equal(test_count(account, 'H'), 2);
}

static void expect_summary(uint64_t emailid, char letter, size_t len)
{
	struct entry e;
	struct account_email email;
	struct view summary = {0};
	assert_int_equal(test_entry(test_account(ONE), key_email(emailid), &e), 0);
	assert_int_equal(email_decode(emailid, entry_view(&e), &email), 0);
	assert_int_equal(email.summary_apart, letter == 'Z');
	if (letter == 'Z') {
		assert_int_equal(test_entry(test_account(ONE), key_summary(emailid), &e), 0);
		assert_int_equal(summary_decode(entry_view(&e), &summary), 0);
	} else {
		summary = email.summary;
	}
	assert_int_equal(summary.len, len);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(summary.data[i], 's');
}

/* The structure stands behind the body in any case, so it makes way for the summary. */
static void a_short_structure_stands_in_the_index_where_it_fits(void **state)
{
	static char summary[SUMMARY_INLINE_MAX], structure[STRUCTURE_INLINE_MAX + 1];
	static const struct {
		size_t summary, structure, kept;
	} cases[] = {{500, 50, 50}, {1400, STRUCTURE_INLINE_MAX, STRUCTURE_INLINE_MAX},
	    {SUMMARY_INLINE_MAX, STRUCTURE_INLINE_MAX, 0}, {0, STRUCTURE_INLINE_MAX, STRUCTURE_INLINE_MAX}};
	struct entry e;
	struct account_email email;
	(void)state;
	memset(summary, 's', sizeof summary);
	test_create(&accounts, test_account(ONE), 0);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		target = (struct account_target){.shard = test_account(ONE)};
		struct account_delivery d = {.targets = &target,
		    .target_count = 1,
		    .summary = view_of(summary, cases[i].summary),
		    .structure = view_of(structure, cases[i].structure)};
		assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0);
		assert_int_equal(test_entry(test_account(ONE), key_email(target.emailid), &e), 0);
		assert_int_equal(email_decode(target.emailid, entry_view(&e), &email), 0);
		assert_int_equal(email.summary.len, cases[i].summary);
		assert_int_equal(email.structure.len, cases[i].kept);
		assert_false(email.summary_apart);
	}
	struct account_delivery d = {
	    .targets = &target, .target_count = 1, .structure = view_of(structure, sizeof structure)};
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), -EMSGSIZE);
}

/* A prefix with many verdicts and a long summary: neither costs the other its place. */
static void a_long_prefix_takes_no_summary_its_place(void **state)
{
	static char prefix[ACCOUNT_PREFIX_MAX + 1], summary[SUMMARY_INLINE_MAX];
	static const struct {
		size_t prefix, summary;
		char letter;
	} cases[] = {{70, 500, 'E'}, {900, 900, 'E'}, {ACCOUNT_PREFIX_MAX, SUMMARY_INLINE_MAX, 'Z'},
	    {0, SUMMARY_INLINE_MAX, 'E'}, {ACCOUNT_PREFIX_MAX, 0, 'E'}, {1000, 1000, 'Z'}};
	(void)state;
	memset(prefix, 'p', sizeof prefix);
	memset(summary, 's', sizeof summary);
	test_create(&accounts, test_account(ONE), 0);
	for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		target = (struct account_target){
		    .shard = test_account(ONE), .prefix = view_of(prefix, cases[i].prefix)};
		struct account_delivery d = {
		    .targets = &target, .target_count = 1, .summary = view_of(summary, cases[i].summary)};
		assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0);
		expect_summary(target.emailid, cases[i].letter, cases[i].summary);
		/* Deleted, and back again: whole. */
		assert_int_equal(test_expunge(&accounts, test_account(ONE), &target.uid, 1), 0);
		struct account_request r = {.shard = test_account(ONE)};
		assert_int_equal(test_request(&accounts, account_undelete, &r), 0);
		assert_int_equal(r.count, 1);
		expect_summary(target.emailid + 1, cases[i].letter, cases[i].summary);
	}
	target.prefix.len = ACCOUNT_PREFIX_MAX + 1;
	struct account_delivery d = {.targets = &target, .target_count = 1};
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), -EMSGSIZE);
	assert_int_equal(test_count(test_account(ONE), 'Z'), 2);
}

static struct account_keyword keyword_number(uint32_t number, struct entry *e)
{
	struct account_keyword k;
	assert_int_equal(test_entry(test_account(ONE), key_keyword(number), e), 0);
	assert_int_equal(keyword_decode(entry_view(e), &k), 0);
	return k;
}

/* Sieve's keep and fileinto with flags: one email, as often as mailboxes are named. */
static void a_message_has_flags_from_the_start(void **state)
{
	const struct view words[] = {VIEW("$Important"), VIEW("work"), VIEW("WORK"), VIEW("")};
	const struct account_wanted_place places[] = {
	    {.flags = FLAG_FLAGGED | FLAG_OWN_UIDL, .keywords = words, .keyword_count = 4},
	    {.mailbox = VIEW("Nowhere"), .flags = FLAG_SEEN}};
	struct entry e;
	struct account_listed m;
	struct account_list list = {.shard = test_account(ONE),
	    .mailbox = MAILBOX_INBOX,
	    .last = UINT32_MAX,
	    .messages = &m,
	    .room = 1};
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	target = (struct account_target){.shard = test_account(ONE), .places = places, .place_count = 2};
	struct account_delivery d = {.targets = &target, .target_count = 1, .internaldate = 1000};
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0);
	assert_int_equal(test_count(test_account(ONE), 'M'), 1);
	assert_int_equal(test_list(&list), 0);
	assert_int_equal(list.count, 1);
	assert_int_equal(m.uid, target.uid);
	assert_int_equal(m.internaldate, 1000);
	assert_true(m.savedate > 1000000); /* now */
	assert_true(m.flags == (FLAG_FLAGGED | FLAG_SEEN | FLAG_KEYWORD | FLAG_KEYWORD << 1));
	assert_int_equal(test_count(test_account(ONE), 'K'), 2);
	struct account_keyword k = keyword_number(1, &e);
	assert_view(k.name, "work");
	assert_int_equal(k.uses, 1);
	/* Names live as long as what has them, deleted mail included. */
	assert_int_equal(test_expunge(&accounts, test_account(ONE), &target.uid, 1), 0);
	assert_int_equal(test_count(test_account(ONE), 'K'), 2);
	struct account_request r = {.shard = test_account(ONE)};
	assert_int_equal(test_request(&accounts, account_undelete, &r), 0);
	assert_int_equal(keyword_number(0, &e).uses, 1);
	assert_int_equal(test_expunge(&accounts, test_account(ONE), (uint32_t[]){target.uid + 1}, 1), 0);
	assert_int_equal(test_request(&accounts, account_purge, &r), 0);
	assert_int_equal(test_count(test_account(ONE), 'K'), 0);
	assert_int_equal(test_count(test_account(ONE), 'N'), 0);
}

static uint32_t messages_in(const char *path)
{
	struct account_tree tree = {.shard = test_account(ONE)};
	uint32_t messages = UINT32_MAX;
	assert_int_equal(test_tree(&tree), 0);
	for (size_t i = 0; i < tree.count; i++)
		if (view_equal(tree.mailboxes[i].path, view_from_string(path)))
			messages = tree.mailboxes[i].messages;
	account_tree_free(&tree);
	return messages; /* UINT32_MAX: there is none */
}

/* Sieve's fileinto: by identifier, by use, by path, made where that is wanted, and INBOX where there is
 * nothing else. */
static void a_message_goes_where_rules_want_it(void **state)
{
	char id[40], other[40], deep[2 * ACCOUNT_DEPTH_MAX + 3];
	struct account_mailbox_request made = {.shard = test_account(ONE), .path = VIEW("Old")};
	(void)state;
	test_create(&accounts, test_account(ONE), 0);
	assert_int_equal(test_mailbox(account_mailbox_create, &made), 0);
	snprintf(id, sizeof id, "M%llx-%x", (unsigned long long)test_account(ONE), made.mailbox);
	snprintf(other, sizeof other, "M%llx-%x", (unsigned long long)test_account(TWO), made.mailbox);
	for (size_t i = 0; i < sizeof deep; i++)
		deep[i] = i % 2 ? '/' : 'a';
	const struct {
		struct account_wanted_place place;
		const char *path;
		bool missed;
	} cases[] = {{{.path = VIEW("Old"), .else_inbox = true}, "Old", false},
	    {{.path = VIEW("None"), .else_inbox = true}, "INBOX", true},
	    {{.path = VIEW("New/er"), .else_inbox = true, .create = true}, "New/er", false},
	    {{.path = VIEW("New/er"), .else_inbox = true, .create = true}, "New/er", false},
	    {{.path = VIEW("a//b"), .else_inbox = true, .create = true}, "INBOX", true},
	    {{.path = view_of(deep, sizeof deep), .else_inbox = true, .create = true}, "INBOX", true},
	    {{.mailbox_id = view_from_string(id), .path = VIEW("None"), .else_inbox = true}, "Old", false},
	    {{.mailbox_id = view_from_string(other), .path = VIEW("Old"), .else_inbox = true}, "Old", false},
	    {{.mailbox_id = VIEW("M1-"), .path = VIEW("None"), .else_inbox = true}, "INBOX", true},
	    {{.special_use = VIEW("\\archive"), .path = VIEW("None"), .else_inbox = true}, "Archive", false},
	    {{.special_use = VIEW("\\None"), .path = VIEW("Old"), .else_inbox = true}, "Old", false}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint32_t before = messages_in(cases[i].path);
		target = (struct account_target){
		    .shard = test_account(ONE), .places = &cases[i].place, .place_count = 1};
		struct account_delivery d = {.targets = &target, .target_count = 1};
		assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0);
		assert_int_equal(target.missed, cases[i].missed);
		assert_int_equal(messages_in(cases[i].path), (before == UINT32_MAX ? 0 : before) + 1);
	}
	/* Without INBOX in its stead there is no such mailbox, and nothing is kept. */
	const struct account_wanted_place none = {.path = VIEW("None")};
	target = (struct account_target){.shard = test_account(ONE), .places = &none, .place_count = 1};
	struct account_delivery d = {.targets = &target, .target_count = 1};
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), -ENOENT);
}

static void give_keyword(uint32_t mailbox, uint32_t uid, const char *name, enum account_flags_how how)
{
	const struct view keyword = view_from_string(name);
	struct account_flags flags = {.shard = test_account(ONE),
	    .mailbox = mailbox,
	    .uids = &uid,
	    .uid_count = 1,
	    .how = how,
	    .keywords = &keyword,
	    .keyword_count = 1,
	    .unchanged_since = UINT64_MAX};
	assert_int_equal(test_flags(&flags), 0);
	assert_int_equal(flags.changed, 1);
}

static uint64_t uses_of(const char *name)
{
	for (uint32_t number = 0; number < 70; number++) {
		struct account_keyword k;
		struct entry e;
		if (test_entry(test_account(ONE), key_keyword(number), &e) != 0)
			continue;
		assert_int_equal(keyword_decode(entry_view(&e), &k), 0);
		if (view_equal(k.name, view_from_string(name)))
			return k.uses;
	}
	return 0;
}

/* An answer in the thread of the message 1; where is the mailbox of the only place, NULL: the default. */
static void answer_thread(uint64_t own, const struct account_wanted_place *places, size_t count)
{
	const uint64_t references[] = {1};
	target = (struct account_target){
	    .shard = test_account(ONE), .places = places, .place_count = places ? count : 0};
	struct account_delivery d = {.targets = &target,
	    .target_count = 1,
	    .message_id_hash = own,
	    .references = references,
	    .reference_count = 1};
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0);
}

/* The keyword has a bit, or none: after FLAG_KEYWORDS others. */
static void expect_mute(bool many_keywords)
{
	char name[16];
	const struct account_wanted_place elsewhere[] = {{.path = VIEW("Drafts")}},
	                                  both[] = {{.special_use = VIEW("\\Archive"), .flags = FLAG_SEEN},
	                                      {.flags = FLAG_FLAGGED}};
	test_create(&accounts, test_account(ONE), 0);
	deliver((uint64_t[]){1, 0});
	uint32_t first = target.uid;
	for (unsigned i = 0; many_keywords && i < FLAG_KEYWORDS; i++) {
		snprintf(name, sizeof name, "word%u", i);
		give_keyword(MAILBOX_INBOX, first, name, FLAGS_ADD);
	}
	answer_thread(2, NULL, 0);
	assert_false(target.muted);
	assert_int_equal(messages_in("INBOX"), 2);
	give_keyword(MAILBOX_INBOX, first, "$Muted", FLAGS_ADD);
	answer_thread(3, NULL, 0);
	assert_true(target.muted);
	assert_int_equal(messages_in("Archive"), 1);
	assert_int_equal(uses_of("$Muted"), 2);
	/* What rules filed stays there, and one email is in one mailbox once. */
	answer_thread(4, elsewhere, 1);
	assert_false(target.muted);
	assert_int_equal(messages_in("Drafts"), 1);
	answer_thread(5, both, 2);
	assert_true(target.muted);
	assert_int_equal(messages_in("Archive"), 2);
	assert_int_equal(messages_in("INBOX"), 2);
	assert_int_equal(uses_of("$Muted"), 4);
	/* Nor does what is imported go elsewhere. */
	answer_thread(8, &(struct account_wanted_place){.number = MAILBOX_INBOX}, 1);
	assert_false(target.muted);
	/* Another thread is none of it. */
	deliver((uint64_t[]){77, 0});
	assert_false(target.muted);
	/* The answers are muted without the first one. */
	assert_int_equal(test_expunge(&accounts, test_account(ONE), &first, 1), 0);
	answer_thread(6, NULL, 0);
	assert_true(target.muted);
	/* Whoever follows a thread hears of it. */
	uint32_t second = first + 1;
	give_keyword(MAILBOX_INBOX, second, "$followed", FLAGS_ADD);
	answer_thread(7, NULL, 0);
	assert_false(target.muted);
}

/* RFC 9979: answers in a thread that its owner does not want to hear of pass INBOX by. */
static void a_muted_thread_goes_into_the_archive(void **state)
{
	(void)state;
	expect_mute(false);
}

static void a_mute_whose_keyword_has_no_bit_is_heeded(void **state)
{
	(void)state;
	expect_mute(true);
}

/* What asks for a meeting has a keyword from the start; what a session puts there has its own. */
static void an_invitation_has_its_keyword(void **state)
{
	static const char text[] =
	    "From: a@b.example\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nx\r\n";
	struct mime_digest *digest = mime_digest_new();
	struct message_digest known;
	(void)state;
	mime_digest_feed(digest, view_of(text, sizeof text - 1));
	mime_digest_end(digest, &known);
	test_create(&accounts, test_account(ONE), 0);
	for (unsigned i = 0; i < 2; i++) {
		target = (struct account_target){.shard = test_account(ONE)};
		struct account_delivery d = {
		    .targets = &target, .target_count = 1, .summary = known.summary, .appended = i == 1};
		assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0);
		assert_int_equal(uses_of("$hasinvitation"), 1);
	}
	mime_digest_free(digest);
}

static int run_filed(struct txn *t, void *arg)
{
	(void)arg;
	struct account_filed f;
	int error = account_filed_get(t, test_account(ONE), target.emailid, &f);
	if (error)
		return error;
	assert_int_equal(f.place_count, 1);
	assert_true(f.places[0].mailbox == MAILBOX_INBOX && f.places[0].uid == target.uid);
	assert_int_equal(f.count, 2);
	assert_int_equal(f.reasons[1].line, 12);
	assert_int_equal(f.reasons[1].rule, 3);
	assert_int_equal(f.reasons[1].version, 77);
	assert_view(f.reasons[1].rule_name, "Invoices");
	assert_view(f.reasons[1].why, "subject contains 'invoice'");
	assert_view(f.reasons[1].target, "Work");
	return 0;
}

static int read_filed(void)
{
	return test_read(accounts.store, test_account(ONE), run_filed, NULL);
}

/* What rules did with a message is known until its end. */
static void why_a_message_was_filed_is_kept_with_it(void **state)
{
	static char much[5000];
	struct account_filed_reason reason = {.kind = 1,
	    .program = 4,
	    .version = 77,
	    .line = 12,
	    .why_line = 11,
	    .rule = 3,
	    .script = VIEW("mine"),
	    .rule_name = VIEW("Invoices"),
	    .why = VIEW("subject contains 'invoice'"),
	    .target = VIEW("Work")};
	struct buf reasons;
	(void)state;
	memset(much, 'x', sizeof much);
	test_create(&accounts, test_account(ONE), 0);
	buf_init(&reasons, ACCOUNT_FILED_MAX - 100);
	assert_int_equal(account_filed_add(&reasons, &reason), 0);
	assert_int_equal(account_filed_add(&reasons, &reason), 0);
	target = (struct account_target){.shard = test_account(ONE), .filed = buf_view(&reasons)};
	struct account_delivery d = {.targets = &target, .target_count = 1};
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0);
	assert_int_equal(read_filed(), 0);
	assert_int_equal(test_expunge(&accounts, test_account(ONE), &target.uid, 1), 0);
	assert_int_equal(read_filed(), 0);
	struct account_request r = {.shard = test_account(ONE)};
	assert_int_equal(test_request(&accounts, account_purge, &r), 0);
	assert_int_equal(read_filed(), -ENOENT);
	assert_int_equal(test_count(test_account(ONE), 'f'), 0);
	/* As many as there is room for, however long they are. */
	reason.why = reason.rule_name = reason.script = reason.target = reason.flags =
	    view_of(much, sizeof much);
	buf_clear(&reasons);
	while (account_filed_add(&reasons, &reason) == 0)
		;
	assert_true(buf_view(&reasons).len > 0);
	target = (struct account_target){.shard = test_account(ONE), .filed = buf_view(&reasons)};
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0);
	assert_int_equal(test_count(test_account(ONE), 'f'), 1);
	buf_done(&reasons);
}

/* What rules discard is delivered nowhere, and so is the same delivery when it comes again. */
static void a_message_goes_nowhere_once_and_for_all(void **state)
{
	(void)state;
	test_create(&accounts, test_account(ONE), 5);
	for (unsigned i = 0; i < 2; i++) {
		target = (struct account_target){.shard = test_account(ONE),
		    .has_delivery_id = true,
		    .delivery_id = {7},
		    .enforce_quota = true,
		    .nowhere = i == 0};
		struct account_delivery d = {.targets = &target, .target_count = 1};
		assert_true(account_delivery_writes(&d) > 0);
		assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0); /* more than its quota */
		assert_int_equal(target.emailid, 0);
		assert_int_equal(test_stat(&accounts, target.shard).messages, 0);
	}
}

/* What a delivery says it writes at most is true, and fits a transaction, for as many recipients as there may
 * be. */
static void many_recipients_fit_one_step(void **state)
{
	enum { MANY = ACCOUNT_TARGETS_MAX };
	static struct account_target targets[MANY];
	static const uint64_t references[] = {1, 2, 3, 4, 5, 6, 7, 8};
	(void)state;
	for (unsigned i = 0; i < MANY; i++) {
		targets[i] = (struct account_target){
		    .shard = test_account(i + 1), .has_delivery_id = true, .delivery_id = {7}};
		assert_int_equal(test_create(&accounts, targets[i].shard, 0), 0);
	}
	struct account_delivery d = {.targets = targets,
	    .target_count = MANY,
	    .message_id_hash = 9,
	    .references = references,
	    .reference_count = 8};
	assert_true(account_delivery_writes(&d) < STORE_WRITE_KEYS_MAX - 600);
	assert_int_equal(test_delivery(&accounts, &d, 1, 10), 0);
	for (unsigned i = 0; i < MANY; i++)
		assert_int_equal(test_stat(&accounts, targets[i].shard).messages, 1);
}

int main(void)
{
	log_open(-1, "test", LOG_ERROR);
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_thread_joins_in_any_order),
	    cmocka_unit_test(strangers_have_threads_of_their_own),
	    cmocka_unit_test(a_thread_goes_with_its_last_email),
	    cmocka_unit_test(a_long_prefix_takes_no_summary_its_place),
	    cmocka_unit_test(a_short_structure_stands_in_the_index_where_it_fits),
	    cmocka_unit_test(a_message_has_flags_from_the_start),
	    cmocka_unit_test(a_message_goes_where_rules_want_it),
	    cmocka_unit_test(a_muted_thread_goes_into_the_archive),
	    cmocka_unit_test(a_mute_whose_keyword_has_no_bit_is_heeded),
	    cmocka_unit_test(an_invitation_has_its_keyword),
	    cmocka_unit_test(why_a_message_was_filed_is_kept_with_it),
	    cmocka_unit_test(a_message_goes_nowhere_once_and_for_all),
	    cmocka_unit_test(many_recipients_fit_one_step),
	};
	return test_on_both_engines("deliver", tests, sizeof tests / sizeof *tests);
}
