/* What a session may ask of an account beside its mailboxes: quota, metadata; and what the server writes to
 * it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "account/annotations.h"
#include "account/change.h"
#include "directory/groups.h"
#include "mail/annotation_wire.h"
#include "mail/uid_ranges.h"
#include "mail_seen.h"
#include "../../store/support.h"

static struct seen one, two;
static char values[4096];

static void note(struct seen *s, unsigned type, const void *answer)
{
	const struct mail_metadata_entry *m = answer;
	size_t at = strlen(values);
	(void)s;
	const struct mail_annotation *a = answer;
	if (type == MAIL_ANNOTATION)
		snprintf(values + at, sizeof values - at, "%s%.*s=%.*s", at ? " " : "", (int)a->name.len,
		    a->name.data, (int)a->value.len, a->value.data);
	if (type == MAIL_METADATA_ENTRY)
		snprintf(values + at, sizeof values - at, "%s%.*s=%.*s", at ? " " : "", (int)m->name.len,
		    m->name.data, (int)m->value.len, m->value.data);
}

static int run_people(struct txn *t, void *arg)
{
	struct directory_domain d = {.disabled = false};
	static const char *const names[] = {"alice@example.test", "bob@example.test"};
	(void)arg;
	int error = directory_domain_put(t, VIEW("example.test"), &d);
	for (size_t i = 0; i < 2 && error == 0; i++) {
		struct directory_account a = {.quota = 0};
		error = directory_account_add(t, view_from_string(names[i]), &a);
	}
	return error;
}

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	assert_int_equal(test_commit(store_role.store, run_people, NULL), 0);
	mail_world_account(1);
	mail_world_account(2);
	open_session(&one, 1);
	open_session(&two, 2);
	one.also = two.also = note;
	return 0;
}

static int end(void **state)
{
	(void)state;
	close_session(&one);
	close_session(&two);
	mail_world_end();
	return 0;
}

static int64_t put(struct seen *s, uint64_t account, uint64_t mailbox, const char *name, const char *value)
{
	struct mail_metadata_entry m = {.account = account,
	    .mailbox = mailbox,
	    .name = view_from_string(name),
	    .value = view_from_string(value ? value : ""),
	    .none = value == NULL};
	return ask(s, MAIL_METADATA_SET, &m);
}

static const char *get(struct seen *s, uint64_t account, uint64_t mailbox, const char *name, uint64_t depth)
{
	values[0] = '\0';
	int64_t error = ask(s, MAIL_METADATA,
	    &(struct mail_metadata){
	        .account = account, .mailbox = mailbox, .name = view_from_string(name), .depth = depth});
	if (error)
		snprintf(values, sizeof values, "%d", (int)error);
	return values;
}

static int64_t grant(uint64_t rights)
{
	return ask(&one, MAIL_GRANT_SET,
	    &(struct mail_grant){
	        .mailbox = MAILBOX_INBOX, .who = VIEW("bob@example.test"), .rights = rights});
}

static void metadata_is_shared_or_private(void **state)
{
	(void)state;
	assert_int_equal(put(&one, 0, MAILBOX_INBOX, "/shared/comment", "ours"), 0);
	assert_int_equal(put(&one, 0, MAILBOX_INBOX, "/private/comment", "mine"), 0);
	assert_int_equal(put(&one, 0, 0, "/private/comment", "account's"), 0);
	assert_int_equal(put(&one, 0, MAILBOX_INBOX, "comment", "x"), -EINVAL);
	assert_string_equal(get(&one, 0, MAILBOX_INBOX, "/private", 2), "/private/comment=mine");
	assert_string_equal(get(&one, 0, 0, "/private/comment", 0), "/private/comment=account's");
	/* Another sees it as far as it may, and has its own. */
	assert_string_equal(get(&two, 1, MAILBOX_INBOX, "/shared/comment", 0), "-2");
	assert_int_equal(grant(RIGHT_LOOKUP), 0);
	assert_string_equal(get(&two, 1, MAILBOX_INBOX, "/shared/comment", 0), "-13");
	assert_int_equal(grant(RIGHT_LOOKUP | RIGHT_READ), 0);
	assert_string_equal(get(&two, 1, MAILBOX_INBOX, "/shared/comment", 0), "/shared/comment=ours");
	assert_string_equal(get(&two, 1, MAILBOX_INBOX, "/private/comment", 0), "");
	assert_int_equal(put(&two, 1, MAILBOX_INBOX, "/shared/comment", "theirs"), -EACCES);
	assert_int_equal(put(&two, 1, MAILBOX_INBOX, "/private/comment", "bob's"), 0);
	assert_string_equal(get(&two, 1, MAILBOX_INBOX, "/private/comment", 0), "/private/comment=bob's");
	assert_string_equal(get(&one, 0, MAILBOX_INBOX, "/private/comment", 0), "/private/comment=mine");
	assert_int_equal(put(&one, 0, MAILBOX_INBOX, "/shared/comment", NULL), 0);
	assert_string_equal(get(&two, 1, MAILBOX_INBOX, "/shared/comment", 0), "");
	assert_string_equal(get(&two, 1, 0, "/private/comment", 0), "-2");
}

/* ---- annotations (RFC 5257) ---- */

/* Of the message with this UID; a value of NULL removes it. */
static int64_t annotate(
    struct seen *s, uint64_t account, uint32_t uid, const char *entry, bool shared, const char *value)
{
	struct mail_annotation_set a = {.entry = view_from_string(entry),
	    .shared = shared,
	    .none = value == NULL,
	    .value = view_from_string(value ? value : "")};
	struct buf uids, entries;
	buf_init(&uids, UID_RANGE_SIZE);
	uid_ranges_add(&uids, uid, uid);
	buf_init(&entries, 4096);
	mail_annotation_put(&entries, &a);
	struct mail_annotate m = {.account = account,
	    .mailbox = MAILBOX_INBOX,
	    .unchanged_since = UINT64_MAX,
	    .uids = buf_view(&uids),
	    .entries = buf_view(&entries)};
	int64_t answer = ask(s, MAIL_ANNOTATE, &m);
	buf_done(&uids);
	buf_done(&entries);
	return answer;
}

static const char *annotations(struct seen *s, uint64_t account, uint64_t mailbox)
{
	static const char all[] = "\0\0\0\1\377\377\377\377";
	values[0] = '\0';
	int64_t error = ask(s, MAIL_ANNOTATIONS,
	    &(struct mail_annotations){.account = account, .mailbox = mailbox, .uids = {all, 8}});
	if (error)
		snprintf(values, sizeof values, "%d", (int)error);
	return values;
}

static void annotations_are_shared_or_private(void **state)
{
	(void)state;
	mail_world_deliver(1, "Subject: x\n\n");
	assert_int_equal(annotate(&one, 0, 1, "/comment", true, "ours"), 0);
	assert_int_equal(annotate(&one, 0, 1, "/comment", false, "mine"), 0);
	assert_int_equal(annotate(&one, 0, 7, "/comment", false, "nobody's"), 0);
	assert_string_equal(annotations(&one, 0, MAILBOX_INBOX), "/comment.shared=ours /comment.priv=mine");
	assert_string_equal(annotations(&two, 1, MAILBOX_INBOX), "-2");
	assert_int_equal(grant(RIGHT_LOOKUP | RIGHT_READ), 0);
	assert_string_equal(annotations(&two, 1, MAILBOX_INBOX), "/comment.shared=ours");
	assert_int_equal(annotate(&two, 1, 1, "/comment", true, "theirs"), -EACCES);
	assert_int_equal(annotate(&two, 1, 1, "/comment", false, "bob's"), 0);
	assert_string_equal(annotations(&two, 1, MAILBOX_INBOX), "/comment.shared=ours /comment.priv=bob's");
	assert_string_equal(annotations(&one, 0, MAILBOX_INBOX), "/comment.shared=ours /comment.priv=mine");
	assert_int_equal(grant(RIGHT_LOOKUP | RIGHT_READ | RIGHT_ANNOTATE), 0);
	assert_int_equal(annotate(&two, 1, 1, "/comment", true, NULL), 0);
	assert_string_equal(annotations(&one, 0, MAILBOX_INBOX), "/comment.priv=mine");
}

/* A copy has what is shared and what is the copier's own (RFC 5257 section 4.6); a message takes its own with
 * it. */
static void annotations_go_with_messages(void **state)
{
	static const char first[] = "\0\0\0\1\0\0\0\1";
	char name[32];
	(void)state;
	mail_world_deliver(1, "Subject: x\n\n");
	assert_int_equal(grant(RIGHT_LOOKUP | RIGHT_READ), 0);
	assert_int_equal(annotate(&one, 0, 1, "/a", true, "s"), 0);
	assert_int_equal(annotate(&one, 0, 1, "/b", false, "p"), 0);
	assert_int_equal(annotate(&two, 1, 1, "/c", false, "bob's"), 0);
	assert_int_equal(ask(&one, MAIL_CREATE, &(struct mail_create){.path = VIEW("Other")}), 0);
	uint64_t other = one.end.number;
	struct mail_copy copy = {.mailbox = MAILBOX_INBOX, .to_mailbox = other, .uids = {first, 8}};
	assert_int_equal(ask(&one, MAIL_COPY, &copy), 0);
	assert_string_equal(annotations(&one, 0, other), "/a.shared=s /b.priv=p");
	assert_string_equal(annotations(&two, 1, MAILBOX_INBOX), "/a.shared=s /c.priv=bob's");
	/* With the message they end: another one with so many fits. */
	for (int i = 0; i < MAIL_ANNOTATIONS_OF_MESSAGE - 3; i++) {
		snprintf(name, sizeof name, "/n%d", i);
		assert_int_equal(annotate(&one, 0, 1, name, true, "x"), 0);
	}
	assert_int_equal(annotate(&one, 0, 1, "/more", true, "x"), -EMLINK);
	assert_int_equal(annotate(&one, 0, 1, "/a", true, "again"), 0);
	assert_int_equal(annotate(&one, 0, 1, "/a", true, NULL), 0);
	assert_int_equal(annotate(&one, 0, 1, "/more", true, "x"), 0);
	struct mail_expunge expunge = {.mailbox = MAILBOX_INBOX, .uids = {first, 8}};
	assert_int_equal(ask(&one, MAIL_EXPUNGE, &expunge), 0);
	assert_string_equal(annotations(&one, 0, MAILBOX_INBOX), "");
	copy =
	    (struct mail_copy){.mailbox = other, .to_mailbox = MAILBOX_INBOX, .move = 1, .uids = {first, 8}};
	assert_int_equal(ask(&one, MAIL_COPY, &copy), 0);
	assert_string_equal(annotations(&one, 0, MAILBOX_INBOX), "/a.shared=s /b.priv=p");
	assert_string_equal(annotations(&one, 0, other), "");
}

static const char first_uid[] = "\0\0\0\1\0\0\0\1";

/* A mailbox of alice's, and what bob may do there. */
static uint64_t make(const char *path, uint64_t rights)
{
	assert_int_equal(ask(&one, MAIL_CREATE, &(struct mail_create){.path = view_from_string(path)}), 0);
	struct mail_grant m = {.mailbox = one.end.number, .who = VIEW("bob@example.test"), .rights = rights};
	assert_int_equal(ask(&one, MAIL_GRANT_SET, &m), 0);
	return m.mailbox;
}

/* Whoever copies sets what comes with it: for all with n, its own with r; within an account and across. */
static void rights_say_which_annotations_are_copied(void **state)
{
	static const struct {
		uint64_t rights;
		const char *copied;
	} cases[] = {{RIGHT_READ | RIGHT_ANNOTATE, "/s.shared=ours /b.priv=bob's"},
	    {RIGHT_READ, "/b.priv=bob's"}, {RIGHT_ANNOTATE, "/s.shared=ours"}, {0, ""}};
	(void)state;
	mail_world_deliver(1, "Subject: x\n\n");
	mail_world_deliver(2, "Subject: x\n\n");
	assert_int_equal(grant(RIGHT_LOOKUP | RIGHT_READ | RIGHT_ANNOTATE), 0);
	assert_int_equal(annotate(&one, 0, 1, "/a", false, "alice's"), 0);
	for (uint64_t account = 0; account < 2; account++) {
		assert_int_equal(annotate(&two, account, 1, "/s", true, "ours"), 0);
		assert_int_equal(annotate(&two, account, 1, "/b", false, "bob's"), 0);
		for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
			uint64_t rights = RIGHT_LOOKUP | RIGHT_INSERT | cases[i].rights;
			struct mail_copy copy = {.account = account,
			    .mailbox = MAILBOX_INBOX,
			    .to_account = 1,
			    .to_mailbox = make("Target", rights),
			    .uids = {first_uid, 8}};
			struct mail_grant readable = {.mailbox = copy.to_mailbox,
			    .who = VIEW("bob@example.test"),
			    .rights = RIGHT_LOOKUP | RIGHT_READ};
			assert_int_equal(ask(&two, MAIL_COPY, &copy), 0);
			assert_int_equal(ask(&one, MAIL_GRANT_SET, &readable), 0);
			assert_string_equal(annotations(&two, 1, copy.to_mailbox), cases[i].copied);
			struct mail_remove remove = {.mailbox = copy.to_mailbox};
			assert_int_equal(ask(&one, MAIL_REMOVE, &remove), 0);
		}
	}
}

/* How many annotations an account counts; given: it counts so many. */
static int run_count(struct txn *t, void *arg)
{
	struct account_head head;
	uint32_t *count = arg, before;
	int error = head_get(t, store_shard(STORE_ACCOUNT, 1), &head);
	before = head.annotations;
	if (error == 0 && *count) {
		head.annotations = *count;
		error = head_put(t, store_shard(STORE_ACCOUNT, 1), &head);
	}
	*count = before;
	return error;
}

static uint32_t counted(uint32_t instead)
{
	assert_int_equal(test_commit(store_role.store, run_count, &instead), 0);
	return instead;
}

/* So many that a step takes a few messages only, and none is lost or counted twice. */
static void many_annotations_cross_accounts(void **state)
{
	enum { MESSAGES = 40, ENTRIES = MAIL_ANNOTATIONS_OF_MESSAGE };
	static const char all[] = "\0\0\0\1\0\0\0\50";
	struct buf entries;
	(void)state;
	buf_init(&entries, 4096);
	for (int i = 0; i < ENTRIES; i++) {
		char name[] = {'/', (char)('a' + i / 10), (char)('0' + i % 10)};
		mail_annotation_put(&entries,
		    &(struct mail_annotation_set){.entry = {name, 3}, .shared = true, .value = VIEW("v")});
	}
	for (int i = 0; i < MESSAGES; i++)
		mail_world_deliver(2, "Subject: x\n\n");
	struct mail_annotate m = {.mailbox = MAILBOX_INBOX,
	    .unchanged_since = UINT64_MAX,
	    .uids = {all, 8},
	    .entries = buf_view(&entries)};
	assert_int_equal(ask(&two, MAIL_ANNOTATE, &m), 0);
	buf_done(&entries);
	struct mail_copy copy = {.mailbox = MAILBOX_INBOX,
	    .to_account = 1,
	    .to_mailbox = make("Copied", RIGHT_ALL),
	    .uids = {all, 8}};
	assert_int_equal(ask(&two, MAIL_COPY, &copy), 0);
	assert_int_equal(counted(0), MESSAGES * ENTRIES);
	/* A copy for which there is no room is not there, with what it took along. */
	assert_int_equal(counted(ACCOUNT_ANNOTATIONS_MAX - 35 * ENTRIES), MESSAGES * ENTRIES);
	assert_int_equal(ask(&two, MAIL_COPY, &copy), -ETOOMANYREFS);
	assert_int_equal(counted(MESSAGES * ENTRIES), ACCOUNT_ANNOTATIONS_MAX - 35 * ENTRIES);
	copy.to_mailbox = make("Moved", RIGHT_ALL);
	copy.move = 1;
	assert_int_equal(ask(&two, MAIL_COPY, &copy), 0);
	assert_int_equal(counted(0), 2 * MESSAGES * ENTRIES);
	assert_int_equal(ask(&one, MAIL_ANNOTATIONS,
	                     &(struct mail_annotations){.mailbox = copy.to_mailbox, .uids = {all, 8}}),
	    0);
	assert_int_equal(one.frames[MAIL_ANNOTATION], MESSAGES * ENTRIES);
	assert_string_equal(annotations(&two, 0, MAILBOX_INBOX), "");
}

static int64_t append_to(const struct mail_append *append);

/* An account that has as many as it may: neither a new message nor a copy adds more. */
static void an_account_holds_so_many_annotations(void **state)
{
	struct mail_annotation_set a = {.entry = VIEW("/comment"), .shared = true, .value = VIEW("x")};
	struct buf entries;
	(void)state;
	mail_world_deliver(1, "Subject: x\n\n");
	assert_int_equal(annotate(&one, 0, 1, "/comment", true, "ours"), 0);
	buf_init(&entries, 100);
	mail_annotation_put(&entries, &a);
	struct mail_append append = {.mailbox = MAILBOX_INBOX, .annotations = buf_view(&entries)};
	struct mail_copy copy = {
	    .mailbox = MAILBOX_INBOX, .to_mailbox = make("Other", RIGHT_LOOKUP), .uids = {first_uid, 8}};
	assert_int_equal(counted(ACCOUNT_ANNOTATIONS_MAX), 1);
	assert_int_equal(append_to(&append), -ETOOMANYREFS);
	assert_int_equal(ask(&one, MAIL_COPY, &copy), -ETOOMANYREFS);
	assert_int_equal(annotate(&one, 0, 1, "/other", true, "x"), -EMLINK);
	assert_int_equal(counted(ACCOUNT_ANNOTATIONS_MAX - 2), ACCOUNT_ANNOTATIONS_MAX);
	assert_int_equal(append_to(&append), 0);
	assert_int_equal(ask(&one, MAIL_COPY, &copy), 0);
	assert_int_equal(ask(&one, MAIL_COPY, &copy), -ETOOMANYREFS);
	copy.move = 1;
	assert_int_equal(ask(&one, MAIL_COPY, &copy), 0);
	assert_int_equal(counted(0), ACCOUNT_ANNOTATIONS_MAX);
	buf_done(&entries);
}

/* As a session reads it. */
static void expect_mail(struct seen *s, size_t count, const char *subject, const char *text)
{
	struct mail_fetch fetch = {
	    .mailbox = MAILBOX_INBOX, .want = MAIL_WANT_FLAGS | MAIL_WANT_BODY, .body_max = 20000};
	assert_int_equal(ask(s, MAIL_FETCH, &fetch), 0);
	assert_int_equal(s->count, count);
	if (count == 0)
		return;
	struct view body = kept(s, s->messages[count - 1].body);
	char *whole = calloc(1, body.len + 1);
	memcpy(whole, body.data, body.len);
	assert_non_null(strstr(whole, "Auto-Submitted: auto-generated"));
	assert_non_null(strstr(whole, "<postmaster@example.test>"));
	assert_non_null(strstr(whole, subject));
	assert_non_null(strstr(whole, text));
	free(whole);
}

static void whoever_is_invited_is_told(void **state)
{
	(void)state;
	assert_int_equal(ask(&one, MAIL_CREATE, &(struct mail_create){.path = VIEW("Team/Plans")}), 0);
	struct mail_grant m = {
	    .mailbox = one.end.number, .who = VIEW("bob@example.test"), .rights = RIGHT_LOOKUP | RIGHT_READ};
	assert_int_equal(ask(&one, MAIL_GRANT_SET, &m), 0);
	expect_mail(&two, 1, "Subject: alice@example.test shares a mailbox with you",
	    "Users/alice@example.test/Team/Plans");
	/* Once. */
	m.rights = RIGHT_ALL;
	assert_int_equal(ask(&one, MAIL_GRANT_SET, &m), 0);
	m.rights = 0;
	assert_int_equal(ask(&one, MAIL_GRANT_SET, &m), 0);
	m.who = VIEW("anyone");
	m.rights = RIGHT_LOOKUP;
	assert_int_equal(ask(&one, MAIL_GRANT_SET, &m), 0);
	expect_mail(&two, 1, "alice@example.test", "Team/Plans");
	expect_mail(&one, 0, "", "");
}

/* A name is another's words, and the message the server's: it stands there in part. */
static void a_long_name_is_not_told_whole(void **state)
{
	char path[140], text[160];
	(void)state;
	memset(path, 'n', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	make(path, RIGHT_LOOKUP);
	snprintf(text, sizeof text, "the mailbox \"%.80s...\" with you, and has chosen its name", path);
	expect_mail(&two, 1, "Subject: alice@example.test shares a mailbox with you", text);
	expect_mail(&two, 1, "", "below\r\n\r\n    Users/alice@example.test\r\n");
}

/* What others tell it finds no room in a full account. */
static void an_invitation_keeps_to_the_quota(void **state)
{
	uint64_t *most = &store_role.process->settings.quota_messages_default;
	(void)state;
	*most = 1;
	make("First", RIGHT_LOOKUP);
	make("Second", RIGHT_LOOKUP);
	expect_mail(&two, 1, "", "First");
	*most = 0;
	make("Third", RIGHT_LOOKUP);
	expect_mail(&two, 2, "", "Third");
}

static int run_quota(struct txn *t, void *arg)
{
	struct account_head head;
	(void)arg;
	struct account_key key = key_head();
	struct view value;
	struct entry e;
	int error = txn_get(t, store_shard(STORE_ACCOUNT, 1), key_view(&key), &value);
	if (error == 0)
		error = head_decode(value, &head);
	if (error)
		return error;
	head.quota = 4000;
	head.quota_messages = 100;
	head_encode(&head, &e);
	return entry_put(t, store_shard(STORE_ACCOUNT, 1), key_view(&key), &e);
}

/* A mailbox that is nearly full says so, and says what it holds. */
static void a_full_mailbox_says_so(void **state)
{
	static char body[3700];
	(void)state;
	memset(body, 'b', sizeof body);
	assert_int_equal(test_commit(store_role.store, run_quota, NULL), 0);
	struct mail_upload piece = {.upload = 1, .bytes = view_of(body, sizeof body)};
	struct mail_append append = {.mailbox = MAILBOX_INBOX, .upload = 1};
	send_question(&one, MAIL_UPLOAD, &piece);
	assert_int_equal(ask(&one, MAIL_APPEND, &append), 0);
	expect_mail(&one, 2, "Subject: Your mailbox is 92 % full", "Delete what you no longer need");
	assert_int_equal(ask(&one, MAIL_QUOTA, &(struct mail_quota){.mailbox = MAILBOX_INBOX}), 0);
	assert_int_equal(one.end.modseq, 4000);
	assert_int_equal(one.end.uidnext, 100);
	assert_int_equal(one.end.messages, 2);
	assert_true(one.end.number > 3700 && one.end.number < 6000);
	piece.upload = append.upload = 2;
	send_question(&one, MAIL_UPLOAD, &piece);
	assert_int_equal(ask(&one, MAIL_APPEND, &append), -EDQUOT);
	assert_int_equal(
	    ask(&two, MAIL_QUOTA, &(struct mail_quota){.account = 1, .mailbox = MAILBOX_INBOX}), -ENOENT);
	assert_int_equal(grant(RIGHT_LOOKUP | RIGHT_READ), 0);
	assert_int_equal(
	    ask(&two, MAIL_QUOTA, &(struct mail_quota){.account = 1, .mailbox = MAILBOX_INBOX}), 0);
	assert_int_equal(two.end.modseq, 4000);
}

static int64_t append_to(const struct mail_append *append)
{
	struct mail_append m = *append;
	static uint64_t last = 100;
	m.upload = ++last;
	send_question(
	    &one, MAIL_UPLOAD, &(struct mail_upload){.upload = last, .bytes = VIEW("a: b\r\n\r\nc")});
	return ask(&one, MAIL_APPEND, &m);
}

/* A mailbox can be named by its path: one of the session's own, that is there. */
static void a_path_leads_to_its_mailbox(void **state)
{
	(void)state;
	assert_int_equal(ask(&one, MAIL_CREATE, &(struct mail_create){.path = VIEW("Plans/2024")}), 0);
	uint64_t number = one.end.number;
	assert_int_equal(append_to(&(struct mail_append){.path = VIEW("inbox")}), 0);
	assert_int_equal(append_to(&(struct mail_append){.path = VIEW("Plans/2024")}), 0);
	assert_int_equal(append_to(&(struct mail_append){.path = VIEW("Plans/2024")}), 0);
	assert_int_equal(one.end.uidnext, 3);
	assert_int_equal(
	    ask(&one, MAIL_RENAME, &(struct mail_rename){.mailbox = number, .path = VIEW("Done")}), 0);
	static const char *const none[] = {"Plans/2024", "Plans/2024/x", "None", "/", "Done//x"};
	for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
		assert_int_equal(
		    append_to(&(struct mail_append){.path = view_from_string(none[i])}), -ENOENT);
	assert_int_equal(append_to(&(struct mail_append){.path = VIEW("Done")}), 0);
	assert_int_equal(one.end.uidnext, 4);
	/* Not two mailboxes at once, and none of another's. */
	assert_int_equal(
	    append_to(&(struct mail_append){.path = VIEW("Done"), .mailbox = MAILBOX_INBOX}), -EINVAL);
	assert_int_equal(append_to(&(struct mail_append){.path = VIEW("Done"), .account = 2}), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(metadata_is_shared_or_private, begin, end),
	    cmocka_unit_test_setup_teardown(annotations_are_shared_or_private, begin, end),
	    cmocka_unit_test_setup_teardown(annotations_go_with_messages, begin, end),
	    cmocka_unit_test_setup_teardown(rights_say_which_annotations_are_copied, begin, end),
	    cmocka_unit_test_setup_teardown(many_annotations_cross_accounts, begin, end),
	    cmocka_unit_test_setup_teardown(an_account_holds_so_many_annotations, begin, end),
	    cmocka_unit_test_setup_teardown(whoever_is_invited_is_told, begin, end),
	    cmocka_unit_test_setup_teardown(a_long_name_is_not_told_whole, begin, end),
	    cmocka_unit_test_setup_teardown(an_invitation_keeps_to_the_quota, begin, end),
	    cmocka_unit_test_setup_teardown(a_full_mailbox_says_so, begin, end),
	    cmocka_unit_test_setup_teardown(a_path_leads_to_its_mailbox, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
