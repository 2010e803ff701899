/*
 * What a session may do with another's mailbox: every question of mail/mail.h, as bob asks it of a mailbox of
 * alice's that he has no right to, that he has each right alone to, and that he has all rights but one to.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mail/annotation_wire.h"
#include "mail/mail_url.h"
#include "mail/sharing.h"
#include "account/grants.h"
#include "directory/groups.h"
#include "mail_seen.h"
#include "../../store/support.h"

static struct seen alice, bob;
static uint64_t place; /* a mailbox of alice's below which bob may always make others */

static int run_people(struct txn *t, void *arg)
{
	struct directory_domain d = {.disabled = false};
	(void)arg;
	int error = directory_domain_put(t, VIEW("example.test"), &d);
	static const char *const names[] = {"alice@example.test", "bob@example.test"};
	for (unsigned i = 0; i < 2 && error == 0; i++) {
		struct directory_account a = {.quota = 0};
		error = directory_account_add(t, view_from_string(names[i]), &a);
		assert_true(a.shard == store_shard(STORE_ACCOUNT, i + 1));
	}
	return error;
}

static uint64_t make(const char *path)
{
	assert_int_equal(ask(&alice, MAIL_CREATE, &(struct mail_create){.path = view_from_string(path)}), 0);
	return alice.end.number;
}

static void granted(struct account_granting *g, int result)
{
	assert_int_equal(result, 0);
	*(bool *)g->arg = true;
}

/* Not by alice's session: it may not give rights as often as this test does. */
static void grant(uint64_t mailbox, uint64_t rights)
{
	bool done = false;
	const struct account_grant_change change = {
	    .grant = {.kind = GRANT_USER, .who = store_shard(STORE_ACCOUNT, 2)},
	    .give = (uint32_t)rights,
	    .take = RIGHT_ALL};
	struct account_granting g = {.shard = store_shard(STORE_ACCOUNT, 1),
	    .mailbox = (uint32_t)mailbox,
	    .address = VIEW("alice@example.test"),
	    .by = store_shard(STORE_ACCOUNT, 1),
	    .by_address = VIEW("alice@example.test"),
	    .changes = &change,
	    .count = 1,
	    .done = granted,
	    .arg = &done};
	account_grant(&store_role.accounts, &g);
	while (!done)
		mail_world_settle();
}

static uint32_t put(uint64_t mailbox)
{
	return mail_world_put(1, (uint32_t)mailbox, FLAG_DELETED, 0, VIEW("Subject: x\r\n\r\ntext\r\n"));
}

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	assert_int_equal(test_commit(store_role.store, run_people, NULL), 0);
	mail_world_account(1);
	mail_world_account(2);
	open_session(&alice, 1);
	open_session(&bob, 2);
	place = make("Place");
	grant(place, RIGHT_LOOKUP | RIGHT_CREATE);
	return 0;
}

static int end(void **state)
{
	(void)state;
	close_session(&alice);
	close_session(&bob);
	mail_world_end();
	return 0;
}

/* ---- the questions ---- */

/* All of them begin with the account and the mailbox; those that do not have functions of their own. */
union question_asked {
	struct {
		uint64_t account, mailbox;
	} of;
	struct mail_mailboxes mailboxes;
	struct mail_rename rename;
	struct mail_remove remove;
	struct mail_set set;
	struct mail_open open;
	struct mail_changes changes;
	struct mail_fetch fetch;
	struct mail_read read;
	struct mail_store store;
	struct mail_copy copy;
	struct mail_expunge expunge;
	struct mail_append append;
	struct mail_find find;
	struct mail_quota quota;
	struct mail_grants grants;
	struct mail_grant grant;
	struct mail_share share;
	struct mail_metadata metadata;
	struct mail_metadata_entry entry;
	struct mail_watch watch;
	struct mail_create create;
	struct mail_annotations annotations;
	struct mail_annotate annotate;
};

static const char one_uid[] = "\0\0\0\1\0\0\0\1";
static const char one_part[] = "\0\0\0\1\0\0\0\0\0\0\0\0\377\377\377\377\377\377\377\377";
#define UID_1                                                                                                \
	{                                                                                                    \
		one_uid, 8                                                                                   \
	}

static int64_t ask_plainly(enum mail_type type, const union question_asked *asked)
{
	return ask(&bob, type, asked);
}

/* unchanged_since: whether it is for all. */
static int64_t ask_annotate(enum mail_type type, const union question_asked *asked)
{
	union question_asked m = *asked;
	struct mail_annotation_set a = {
	    .entry = VIEW("/comment"), .shared = m.annotate.unchanged_since, .value = VIEW("x")};
	struct buf entries;
	buf_init(&entries, 100);
	assert_int_equal(mail_annotation_put(&entries, &a), 0);
	m.annotate.unchanged_since = UINT64_MAX;
	m.annotate.entries = buf_view(&entries);
	int64_t answer = ask(&bob, type, &m);
	buf_done(&entries);
	return answer;
}

/* In the other direction: into the mailbox. */
static int64_t ask_into(enum mail_type type, const union question_asked *asked)
{
	union question_asked m = *asked;
	m.copy.to_account = m.copy.account;
	m.copy.to_mailbox = m.copy.mailbox;
	m.copy.account = 0;
	m.copy.mailbox = MAILBOX_INBOX;
	return ask(&bob, type, &m);
}

static int64_t ask_below(enum mail_type type, const union question_asked *asked)
{
	struct mail_create m = {.account = asked->of.account, .path = VIEW("M/below")};
	return ask(&bob, type, &m);
}

static int64_t ask_append(enum mail_type type, const union question_asked *asked)
{
	union question_asked m = *asked;
	send_question(
	    &bob, MAIL_UPLOAD, &(struct mail_upload){.upload = 1, .bytes = VIEW("A: b\r\n\r\nc\r\n")});
	if (m.append.replace)
		m.append.replace_mailbox = m.append.mailbox;
	return ask(&bob, type, &m);
}

/* A watch that may be is not answered until something happens. */
static int64_t ask_watch(enum mail_type type, const union question_asked *asked)
{
	forget(&bob);
	send_question(&bob, type, asked);
	uint32_t request = last_request;
	mail_world_settle();
	if (bob.done)
		return bob.end.error;
	account_client_ask(&bob.session.client, request, MAIL_STOP, &(struct mail_stop){0});
	mail_world_settle();
	return 0;
}

enum { NEVER = RIGHT_ALL + 1 }; /* a right that is not shared */

static const struct {
	const char *name;
	enum mail_type type;
	unsigned needs; /* all of these, beside RIGHT_LOOKUP */
	int64_t (*ask)(enum mail_type type, const union question_asked *asked);
	int64_t answer; /* when it is permitted */
	union question_asked asked;
} questions[] = {
    {"mailboxes", MAIL_MAILBOXES, 0, ask_plainly, 0, {.of = {0}}},
    {"create", MAIL_CREATE, RIGHT_CREATE, ask_below, 0, {.of = {0}}},
    {"rename", MAIL_RENAME, RIGHT_REMOVE, ask_plainly, 0, {.rename = {.path = {"Place/moved", 11}}}},
    {"remove", MAIL_REMOVE, RIGHT_REMOVE, ask_plainly, 0, {.of = {0}}},
    {"subscribe", MAIL_SET, 0, ask_plainly, 0, {.set = {.set = MAIL_SET_SUBSCRIBED, .subscribed = 1}}},
    {"role", MAIL_SET, NEVER, ask_plainly, 0, {.set = {.set = MAIL_SET_ROLE}}},
    {"open", MAIL_OPEN, RIGHT_READ, ask_plainly, 0, {.of = {0}}},
    {"changes", MAIL_CHANGES, RIGHT_READ, ask_plainly, 0, {.changes = {.since = 1}}},
    {"fetch", MAIL_FETCH, RIGHT_READ, ask_plainly, 0, {.fetch = {.want = MAIL_WANT_FLAGS}}},
    {"read", MAIL_READ, RIGHT_READ, ask_plainly, 0, {.read = {.parts = {one_part, 20}}}},
    {"store seen", MAIL_STORE, RIGHT_SEEN, ask_plainly, 0,
        {.store = {.flags = FLAG_SEEN, .unchanged_since = UINT64_MAX, .uids = UID_1}}},
    {"store deleted", MAIL_STORE, RIGHT_DELETE, ask_plainly, 0,
        {.store = {.flags = FLAG_DELETED, .unchanged_since = UINT64_MAX, .uids = UID_1}}},
    {"store flagged", MAIL_STORE, RIGHT_WRITE, ask_plainly, 0,
        {.store = {.flags = FLAG_FLAGGED, .unchanged_since = UINT64_MAX, .uids = UID_1}}},
    {"store keyword", MAIL_STORE, RIGHT_WRITE, ask_plainly, 0,
        {.store = {.keywords = {"word", 4}, .unchanged_since = UINT64_MAX, .uids = UID_1}}},
    {"copy from", MAIL_COPY, RIGHT_READ, ask_plainly, 0,
        {.copy = {.to_mailbox = MAILBOX_INBOX, .uids = UID_1}}},
    {"copy into", MAIL_COPY, RIGHT_INSERT, ask_into, 0, {.copy = {.uids = UID_1}}},
    {"move from", MAIL_COPY, RIGHT_READ | RIGHT_DELETE | RIGHT_EXPUNGE, ask_plainly, 0,
        {.copy = {.to_mailbox = MAILBOX_INBOX, .move = 1, .uids = UID_1}}},
    {"expunge deleted", MAIL_EXPUNGE, RIGHT_EXPUNGE, ask_plainly, 0, {.expunge = {.deleted_only = 1}}},
    {"expunge named", MAIL_EXPUNGE, RIGHT_EXPUNGE | RIGHT_DELETE, ask_plainly, 0,
        {.expunge = {.uids = UID_1}}},
    {"expunge all", MAIL_EXPUNGE, RIGHT_EXPUNGE | RIGHT_DELETE, ask_plainly, 0, {.of = {0}}},
    {"append", MAIL_APPEND, RIGHT_INSERT, ask_append, 0, {.append = {.upload = 1}}},
    {"replace", MAIL_APPEND, RIGHT_INSERT | RIGHT_EXPUNGE | RIGHT_DELETE, ask_append, 0,
        {.append = {.upload = 1, .replace = 1}}},
    {"find", MAIL_FIND, RIGHT_READ, ask_plainly, 0, {.find = {.text = {"text", 4}}}},
    {"quota", MAIL_QUOTA, RIGHT_READ, ask_plainly, 0, {.of = {0}}},
    {"grants", MAIL_GRANTS, RIGHT_ADMIN, ask_plainly, 0, {.of = {0}}},
    {"grant", MAIL_GRANT_SET, RIGHT_ADMIN, ask_plainly, 0,
        {.grant = {.who = {"anyone", 6}, .rights = RIGHT_POST}}},
    {"share", MAIL_SHARE_SET, 0, ask_plainly, 0, {.share = {.state = MAIL_SHARE_LEFT}}},
    {"metadata", MAIL_METADATA, RIGHT_READ, ask_plainly, 0,
        {.metadata = {.name = {"/shared", 7}, .depth = 2}}},
    {"private metadata", MAIL_METADATA_SET, RIGHT_READ, ask_plainly, 0,
        {.entry = {.name = {"/private/a", 10}, .value = {"x", 1}}}},
    {"shared metadata", MAIL_METADATA_SET, RIGHT_WRITE, ask_plainly, 0,
        {.entry = {.name = {"/shared/a", 9}, .value = {"x", 1}}}},
    {"key of URLs", MAIL_METADATA, NEVER, ask_plainly, 0,
        {.metadata = {.name = {MAIL_URL_KEY_NAME, sizeof MAIL_URL_KEY_NAME - 1}}}},
    {"all metadata", MAIL_METADATA, NEVER, ask_plainly, 0, {.metadata = {.depth = 2}}},
    {"what begins like metadata", MAIL_METADATA, NEVER, ask_plainly, 0,
        {.metadata = {.name = {"/sharedx", 8}, .depth = 2}}},
    {"new key of URLs", MAIL_METADATA_SET, NEVER, ask_plainly, 0,
        {.entry = {.name = {MAIL_URL_KEY_NAME, sizeof MAIL_URL_KEY_NAME - 1}, .value = {"x", 1}}}},
    {"annotations", MAIL_ANNOTATIONS, RIGHT_READ, ask_plainly, 0, {.annotations = {.uids = UID_1}}},
    {"private annotation", MAIL_ANNOTATE, RIGHT_READ, ask_annotate, 0, {.annotate = {.uids = UID_1}}},
    {"shared annotation", MAIL_ANNOTATE, RIGHT_READ | RIGHT_ANNOTATE, ask_annotate, 0,
        {.annotate = {.unchanged_since = 1, .uids = UID_1}}},
    {"watch", MAIL_WATCH, 0, ask_watch, 0, {.of = {0}}},
};
enum { QUESTIONS = sizeof questions / sizeof questions[0] };

/* Asks it of a mailbox with one message, to which bob has these rights. */
static int64_t asked_with(size_t i, uint64_t rights)
{
	union question_asked asked = questions[i].asked;
	uint64_t mailbox = make("M");
	assert_int_equal(put(mailbox), 1);
	if (rights)
		grant(mailbox, rights);
	asked.of.account = 1;
	asked.of.mailbox = mailbox;
	int64_t answer = questions[i].ask(questions[i].type, &asked);
	static const char *const made[] = {"Place/moved", "M/below", "M"};
	for (size_t k = 0; k < 3; k++) {
		/* What is there of it goes; its number is told when it cannot be made anew. */
		int64_t error =
		    ask(&alice, MAIL_CREATE, &(struct mail_create){.path = view_from_string(made[k])});
		assert_true(error == 0 || error == -EEXIST);
		struct mail_remove gone = {.mailbox = alice.end.number};
		assert_int_equal(ask(&alice, MAIL_REMOVE, &gone), 0);
	}
	return answer;
}

static void check(size_t i, uint64_t rights)
{
	unsigned needs = questions[i].needs;
	int64_t expected = (rights & needs) == needs ? questions[i].answer : -EACCES;
	/* What cannot be seen is not there; a new place has no name that could be. */
	if (!(rights & RIGHT_LOOKUP))
		expected = questions[i].type == MAIL_CREATE ? -EACCES : -ENOENT;
	int64_t answer = asked_with(i, rights);
	if (answer != expected)
		fail_msg("%s with the rights %llx: %lld instead of %lld", questions[i].name,
		    (unsigned long long)rights, (long long)answer, (long long)expected);
}

static void nothing_is_permitted_without_a_right(void **state)
{
	(void)state;
	for (size_t i = 0; i < QUESTIONS; i++)
		check(i, 0);
}

static void each_right_alone_permits_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < QUESTIONS; i++)
		for (unsigned right = 1; right < RIGHT_ALL; right <<= 1) {
			check(i, right);
			check(i, right | RIGHT_LOOKUP);
		}
}

static void each_right_that_is_missing_is_missed(void **state)
{
	(void)state;
	for (size_t i = 0; i < QUESTIONS; i++)
		for (unsigned right = 1; right < RIGHT_ALL; right <<= 1)
			check(i, RIGHT_ALL & ~right);
}

/* The account itself is no mailbox, and there are numbers that nobody has. */
static void an_account_of_anothers_is_no_mailbox(void **state)
{
	static const struct {
		uint64_t account, mailbox;
	} nowhere[] = {{1, 0}, {1, UINT32_MAX}, {77, 0}, {77, 1}, {MAIL_ACCOUNT_END - 1, 1}};
	(void)state;
	for (size_t i = 0; i < QUESTIONS; i++)
		for (size_t k = 0; k < sizeof nowhere / sizeof nowhere[0]; k++) {
			union question_asked asked = questions[i].asked;
			asked.of.account = nowhere[k].account;
			asked.of.mailbox = nowhere[k].mailbox;
			if (questions[i].type == MAIL_CREATE ||
			    (questions[i].type == MAIL_MAILBOXES && nowhere[k].mailbox == 0))
				continue;
			int64_t answer = questions[i].ask(questions[i].type, &asked);
			if (answer != -ENOENT)
				fail_msg("%s of %llu/%llu: %lld", questions[i].name,
				    (unsigned long long)nowhere[k].account,
				    (unsigned long long)nowhere[k].mailbox, (long long)answer);
		}
}

/* ---- what is told, and where something may be made ---- */

/* Whoever sees a mailbox does not see by that how much is in it. */
static void counts_are_for_readers(void **state)
{
	struct mail_mailboxes m = {.account = 1, .mailbox = MAILBOX_INBOX};
	(void)state;
	assert_int_equal(put(MAILBOX_INBOX), 1);
	grant(MAILBOX_INBOX, RIGHT_LOOKUP);
	assert_int_equal(ask(&bob, MAIL_MAILBOXES, &m), 0);
	assert_int_equal(bob.frames[MAIL_MAILBOX], 1);
	assert_int_equal(bob.mailbox.messages + bob.mailbox.unseen + bob.mailbox.bytes, 0);
	assert_int_equal(bob.mailbox.uidnext, 0);
	grant(MAILBOX_INBOX, RIGHT_LOOKUP | RIGHT_READ);
	assert_int_equal(ask(&bob, MAIL_MAILBOXES, &m), 0);
	assert_int_equal(bob.mailbox.messages, 1);
	assert_int_equal(bob.mailbox.uidnext, 2);
}

/* A mailbox that bob does not see ends what he may do above it. */
static void nothing_is_made_below_what_is_hidden(void **state)
{
	struct mail_create m = {.account = 1, .path = VIEW("Place/Caf\303\251/x")};
	(void)state;
	uint64_t hidden = make("Place/Caf\303\251");
	grant(hidden, 0);
	assert_int_equal(ask(&bob, MAIL_CREATE, &m), -EACCES);
	m.path = VIEW("Place/Cafe\314\201/x"); /* the same name, in another form */
	assert_int_equal(ask(&bob, MAIL_CREATE, &m), -EACCES);
	uint64_t movable = make("M");
	grant(movable, RIGHT_LOOKUP | RIGHT_REMOVE);
	struct mail_rename rename = {.account = 1, .mailbox = movable, .path = m.path};
	assert_int_equal(ask(&bob, MAIL_RENAME, &rename), -EACCES);
	m.path = VIEW("Place/open/x");
	assert_int_equal(ask(&bob, MAIL_CREATE, &m), 0);
}

/* Flags of a new message are those that bob may set; what he has seen alice has not. */
static void an_append_sets_no_more_flags_than_a_store(void **state)
{
	union question_asked m = {.append = {.account = 1,
	                              .mailbox = MAILBOX_INBOX,
	                              .upload = 1,
	                              .flags = FLAG_SEEN | FLAG_DELETED | FLAG_FLAGGED,
	                              .keywords = VIEW("word")}};
	struct mail_fetch fetch = {.mailbox = MAILBOX_INBOX, .want = MAIL_WANT_FLAGS};
	(void)state;
	grant(MAILBOX_INBOX, RIGHT_LOOKUP | RIGHT_INSERT);
	assert_int_equal(ask_append(MAIL_APPEND, &m), 0);
	grant(MAILBOX_INBOX, RIGHT_LOOKUP | RIGHT_INSERT | RIGHT_DELETE | RIGHT_SEEN);
	assert_int_equal(ask_append(MAIL_APPEND, &m), 0);
	grant(MAILBOX_INBOX, RIGHT_LOOKUP | RIGHT_INSERT | RIGHT_WRITE);
	assert_int_equal(ask_append(MAIL_APPEND, &m), 0);
	assert_int_equal(ask(&alice, MAIL_FETCH, &fetch), 0);
	assert_int_equal(alice.count, 3);
	assert_int_equal(alice.messages[0].flags, 0);
	assert_int_equal(alice.messages[1].flags, FLAG_DELETED);
	assert_int_equal(alice.messages[2].flags & FLAGS_SYSTEM, FLAG_FLAGGED);
	assert_true(alice.messages[2].flags >= FLAG_KEYWORD);
}

/* Whoever watches one mailbox is told of this one alone, also when others change in the same step. */
static void a_watch_tells_of_its_mailbox_alone(void **state)
{
	struct mail_watch m = {.account = 1, .mailbox = MAILBOX_INBOX, .modseq = UINT32_MAX};
	(void)state;
	assert_int_equal(put(MAILBOX_INBOX), 1);
	grant(MAILBOX_INBOX, RIGHT_LOOKUP);
	assert_int_equal(ask(&alice, MAIL_OPEN, &(struct mail_open){.mailbox = MAILBOX_INBOX}), 0);
	m.modseq = alice.end.modseq + 1;
	forget(&bob);
	send_question(&bob, MAIL_WATCH, &m);
	mail_world_settle();
	forget(&bob);
	struct mail_copy move = {.mailbox = MAILBOX_INBOX, .to_mailbox = place, .move = 1, .uids = UID_1};
	assert_int_equal(ask(&alice, MAIL_COPY, &move), 0);
	assert_int_equal(bob.frames[MAIL_CHANGED], 1);
	assert_int_equal(bob.news.mailboxes.len, 4);
	assert_int_equal(bob.mailboxes[3], MAILBOX_INBOX);
}

static void set_entry(struct seen *who, uint64_t account, uint64_t mailbox, const char *name)
{
	struct mail_metadata_entry entry = {
	    .account = account, .mailbox = mailbox, .name = view_from_string(name), .value = VIEW("x")};
	assert_int_equal(ask(who, MAIL_METADATA_SET, &entry), 0);
}

/* Of an entry that was set hears who may read it when it is set, and not who set it. */
static void notes_are_told_to_who_may_read(void **state)
{
	struct mail_watch m = {.account = 1, .mailbox = MAILBOX_INBOX, .modseq = UINT32_MAX, .notes = 1};
	(void)state;
	grant(MAILBOX_INBOX, RIGHT_LOOKUP);
	send_question(&bob, MAIL_WATCH, &m);
	mail_world_settle();
	forget(&bob);
	set_entry(&alice, 0, MAILBOX_INBOX, "/shared/colour");
	assert_int_equal(bob.frames[MAIL_NOTED], 0);
	grant(MAILBOX_INBOX, RIGHT_LOOKUP | RIGHT_READ | RIGHT_WRITE);
	set_entry(&alice, 0, MAILBOX_INBOX, "/shared/colour");
	assert_int_equal(bob.frames[MAIL_NOTED], 1);
	/* The owner's own, what the server keeps for itself, and other mailboxes are not his business. */
	set_entry(&alice, 0, MAILBOX_INBOX, "/private/colour");
	set_entry(&alice, 0, MAILBOX_INBOX, MAIL_URL_KEY_NAME);
	set_entry(&alice, 0, place, "/shared/colour");
	set_entry(&alice, 0, 0, "/shared/colour");
	assert_int_equal(bob.frames[MAIL_NOTED], 1);
	forget(&bob);
	set_entry(&bob, 1, MAILBOX_INBOX, "/shared/colour");
	assert_int_equal(bob.frames[MAIL_NOTED], 0);
	grant(MAILBOX_INBOX, 0);
	set_entry(&alice, 0, MAILBOX_INBOX, "/shared/colour");
	assert_int_equal(bob.frames[MAIL_NOTED], 0);
}

/* Who may see a mailbox as anyone has no share of it before it accepts: nothing else can make one, since the
 * owner's address stands with it. */
static void a_subscription_makes_no_share(void **state)
{
	struct mail_grant anyone = {.mailbox = MAILBOX_INBOX, .who = VIEW("anyone"), .rights = RIGHT_LOOKUP};
	struct mail_set set = {
	    .account = 1, .mailbox = MAILBOX_INBOX, .set = MAIL_SET_SUBSCRIBED, .subscribed = 1};
	struct mail_share accept = {.account = 1, .mailbox = MAILBOX_INBOX, .state = MAIL_SHARE_ACCEPTED};
	(void)state;
	assert_int_equal(ask(&alice, MAIL_GRANT_SET, &anyone), 0);
	assert_int_equal(ask(&bob, MAIL_SET, &set), -ENOENT);
	assert_int_equal(ask(&bob, MAIL_SHARE_SET, &accept), 0);
	assert_int_equal(ask(&bob, MAIL_SET, &set), 0);
}

/* ---- URLs with tokens ---- */

static void note_shown(struct seen *s, unsigned type, const void *answer)
{
	const struct mail_shown *shown = answer;
	(void)s;
	if (type == MAIL_SHOWN)
		assert_int_equal(shown->size, sizeof "Subject: x\r\n\r\ntext\r\n" - 1);
}

/* What bob is shown by a URL of the mailbox M, whose token is made with this key. */
static int64_t shown_by(const char *key, const char *access)
{
	struct buf url;
	buf_init(&url, MAIL_URL_MAX);
	buf_append_string(&url, "imap://alice@example.test/M/;uid=1;urlauth=");
	buf_append_string(&url, access);
	size_t rump = buf_view(&url).len;
	buf_append_string(&url, ":internal:");
	assert_int_equal(mail_url_token(view_from_string(key), view_take(buf_view(&url), rump), &url), 0);
	bob.also = note_shown;
	int64_t answer = ask(&bob, MAIL_SHOW, &(struct mail_show){.url = buf_view(&url)});
	bob.also = NULL;
	assert_int_equal(bob.frames[MAIL_SHOWN], answer == 0);
	buf_done(&url);
	return answer;
}

/* Its token is the right to what it names: no other right gives that, and none is needed. */
static void a_token_is_right_enough_and_nothing_else_is(void **state)
{
	struct mail_metadata_entry key = {.name = VIEW(MAIL_URL_KEY_NAME), .value = VIEW("key")};
	(void)state;
	key.mailbox = make("M");
	assert_int_equal(put(key.mailbox), 1);
	for (uint64_t rights = 0; rights <= RIGHT_ALL; rights = 2 * rights + 1) {
		grant(key.mailbox, rights);
		key.none = 1;
		assert_int_equal(ask(&alice, MAIL_METADATA_SET, &key), 0);
		assert_int_equal(shown_by("key", "authuser"), -EACCES);
		assert_int_equal(shown_by("", "authuser"), -EACCES);
		key.none = 0;
		assert_int_equal(ask(&alice, MAIL_METADATA_SET, &key), 0);
		assert_int_equal(shown_by("key", "authuser"), 0);
		assert_int_equal(shown_by("key", "user+bob"), 0);
		assert_int_equal(shown_by("key", "user+alice"), -EACCES);
		assert_int_equal(shown_by("key", "submit+bob"), -EACCES);
		assert_int_equal(shown_by("other", "authuser"), -EACCES);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

/* Each tells somebody something: nobody is told without end. */
static void rights_are_given_so_often_in_an_hour(void **state)
{
	(void)state;
	struct mail_grant m = {.mailbox = place, .who = VIEW("bob@example.test")};
	int64_t error = 0;
	unsigned given = 0;
	/* Some of this hour were given before. */
	for (; error == 0 && given <= SHARING_HOUR_MAX; given++) {
		m.rights = RIGHT_LOOKUP | (given % 2 ? RIGHT_READ : 0);
		error = ask(&alice, MAIL_GRANT_SET, &m);
	}
	assert_int_equal(error, -EUSERS);
	assert_true(given > SHARING_HOUR_MAX / 2);
}

/* What bob has of the access list of `place`. */
static uint64_t bobs_rights;

static void note_grant(struct seen *s, unsigned type, const void *answer)
{
	const struct mail_grant *m = answer;
	(void)s;
	if (type == MAIL_GRANT && view_equal(m->who, VIEW("bob@example.test")))
		bobs_rights = m->rights;
}

static uint64_t listed_rights(void)
{
	bobs_rights = 0;
	alice.also = note_grant;
	assert_int_equal(ask(&alice, MAIL_GRANTS, &(struct mail_grants){.mailbox = place}), 0);
	alice.also = NULL;
	return bobs_rights;
}

/* Two who change one grant at the same time both get what they were told: none brings back what the other
 * took. */
static void rights_are_added_to_those_of_the_moment(void **state)
{
	struct mail_grant m = {.mailbox = place,
	    .who = VIEW("bob@example.test"),
	    .rights = RIGHT_LOOKUP | RIGHT_READ | RIGHT_WRITE};
	(void)state;
	assert_int_equal(ask(&alice, MAIL_GRANT_SET, &m), 0);
	struct mail_grant take = {.mailbox = place, .who = m.who, .keep = RIGHT_ALL & ~(unsigned)RIGHT_WRITE};
	struct mail_grant add = {
	    .mailbox = place, .who = VIEW("BOB@EXAMPLE.TEST"), .rights = RIGHT_SEEN, .keep = RIGHT_ALL};
	send_question(&alice, MAIL_GRANT_SET, &take);
	send_question(&alice, MAIL_GRANT_SET, &add);
	mail_world_settle();
	assert_int_equal(listed_rights(), RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN);
	take.keep = 0;
	assert_int_equal(ask(&alice, MAIL_GRANT_SET, &take), 0);
	assert_int_equal(listed_rights(), 0);
	take.keep = RIGHT_LOOKUP; /* there is nothing to take from */
	assert_int_equal(ask(&alice, MAIL_GRANT_SET, &take), 0);
	assert_int_equal(listed_rights(), 0);
}

static int run_groups(struct txn *t, void *arg)
{
	struct directory_domain d = {.disabled = false};
	struct directory_account carl = {.quota = 0};
	(void)arg;
	int error = directory_domain_put(t, VIEW("other.test"), &d);
	if (error == 0)
		error = directory_account_add(t, VIEW("carl@other.test"), &carl);
	if (error == 0)
		error = directory_group_add(t, VIEW("team@other.test"), VIEW("carl@other.test"));
	return error ? error : directory_group_add(t, VIEW("team@example.test"), VIEW("bob@example.test"));
}

static int64_t give(const char *who, uint64_t rights)
{
	return ask(&alice, MAIL_GRANT_SET,
	    &(struct mail_grant){.mailbox = place, .who = view_from_string(who), .rights = rights});
}

/* Whoever does not see a group neither learns that it is there, nor reaches its members. What was given
 * before it was hidden can be taken. */
static void only_a_group_that_is_seen_gets_rights(void **state)
{
	struct view *people_seen = &store_role.process->settings.people_seen, before = *people_seen;
	(void)state;
	assert_int_equal(test_commit(store_role.store, run_groups, NULL), 0);
	assert_int_equal(give("group:none@other.test", RIGHT_LOOKUP), -ENXIO);
	assert_int_equal(give("group:team@other.test", RIGHT_LOOKUP), -ENXIO);
	assert_int_equal(give("-group:team@other.test", RIGHT_LOOKUP), -ENXIO);
	assert_int_equal(give("group:team@other.test", 0), -ENXIO);
	assert_int_equal(give("carl@other.test", 0), 0); /* people are known by their addresses */
	assert_int_equal(give("group:team@example.test", RIGHT_LOOKUP), 0);
	*people_seen = VIEW("nobody");
	assert_int_equal(give("group:team@example.test", RIGHT_LOOKUP | RIGHT_READ), 0);
	assert_int_equal(give("group:team@example.test", 0), 0);
	assert_int_equal(give("group:team@example.test", RIGHT_LOOKUP), -ENXIO);
	*people_seen = before;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(nothing_is_permitted_without_a_right),
	    TEST(each_right_alone_permits_its_own),
	    TEST(each_right_that_is_missing_is_missed),
	    TEST(an_account_of_anothers_is_no_mailbox),
	    TEST(counts_are_for_readers),
	    TEST(nothing_is_made_below_what_is_hidden),
	    TEST(an_append_sets_no_more_flags_than_a_store),
	    TEST(a_watch_tells_of_its_mailbox_alone),
	    TEST(notes_are_told_to_who_may_read),
	    TEST(a_subscription_makes_no_share),
	    TEST(rights_are_added_to_those_of_the_moment),
	    TEST(only_a_group_that_is_seen_gets_rights),
	    TEST(a_token_is_right_enough_and_nothing_else_is),
	    TEST(rights_are_given_so_often_in_an_hour),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
