/* What a session may ask of mailboxes: its own, and those of others that are shared with it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "directory/groups.h"
#include "mail_seen.h"
#include "../../store/support.h"

static struct seen one, two;
static char listing[8192];
static struct mail_mailbox last;

/* "owner:path" of each, a space between them; "*" subscribed, "?" without a mailbox. */
static void note(struct seen *s, unsigned type, const void *answer)
{
	const struct mail_mailbox *m = answer;
	size_t at = strlen(listing);
	(void)s;
	if (type != MAIL_MAILBOX)
		return;
	last = *m;
	snprintf(listing + at, sizeof listing - at, "%s%.*s%s%.*s%s%s", at ? " " : "", (int)m->owner.len,
	    m->owner.data ? m->owner.data : "", m->owner.len ? ":" : "", (int)m->path.len, m->path.data,
	    m->marks & MAIL_MAILBOX_NO_MAILBOX ? "?" : "", m->subscribed ? "*" : "");
}

static int run_people(struct txn *t, void *arg)
{
	struct directory_domain d = {.disabled = false};
	(void)arg;
	int error = directory_domain_put(t, VIEW("example.test"), &d);
	static const char *const names[] = {"alice@example.test", "bob@example.test", "carol@example.test"};
	for (unsigned i = 0; i < 3 && error == 0; i++) {
		struct directory_account a = {.quota = 0};
		error = directory_account_add(t, view_from_string(names[i]), &a);
		assert_true(a.shard == store_shard(STORE_ACCOUNT, i + 1));
	}
	return error;
}

static int begin(void **state)
{
	(void)state;
	mail_world_begin();
	assert_int_equal(test_commit(store_role.store, run_people, NULL), 0);
	for (unsigned i = 1; i <= 3; i++)
		mail_world_account(i);
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

static const char *list(struct seen *s, struct mail_mailboxes m)
{
	listing[0] = '\0';
	assert_int_equal(ask(s, MAIL_MAILBOXES, &m), 0);
	return listing;
}

static int64_t create(struct seen *s, uint64_t account, const char *path, uint64_t role)
{
	return ask(s, MAIL_CREATE,
	    &(struct mail_create){.account = account, .path = view_from_string(path), .role = role});
}

#define BEGINNING "Archive* Drafts* INBOX* Junk* Sent* Trash*"

static void a_session_arranges_its_mailboxes(void **state)
{
	struct mail_mailboxes all = {.own_only = 1};
	(void)state;
	assert_string_equal(list(&one, all), BEGINNING);
	assert_int_equal(create(&one, 0, "Projects/2026/May", 0), 0);
	uint64_t may = one.end.number;
	assert_int_not_equal(one.end.uidvalidity, 0);
	assert_int_equal(create(&one, 0, "Projects/2026", 0), -EEXIST);
	assert_int_equal(create(&one, 0, "a//b", 0), -EINVAL);
	assert_int_equal(create(&one, 0, "", 0), -EINVAL);
	assert_int_equal(create(&one, 0, "Second", MAILBOX_ROLE_SENT), -EINVAL);
	assert_string_equal(list(&one, all),
	    "Archive* Drafts* INBOX* Junk* Projects Projects/2026 Projects/2026/May Sent* Trash*");
	uint64_t modseq = one.end.modseq;
	assert_int_equal(
	    ask(&one, MAIL_RENAME, &(struct mail_rename){.mailbox = may, .path = VIEW("May")}), 0);
	assert_int_equal(
	    ask(&one, MAIL_SET,
	        &(struct mail_set){.set = MAIL_SET_SUBSCRIBED, .subscribed = 1, .path = VIEW("gone")}),
	    0);
	assert_string_equal(
	    list(&one, all), "Archive* Drafts* INBOX* Junk* May Projects Projects/2026 Sent* Trash* gone?*");
	/* What has changed since then: what was renamed, and what isn't there. */
	all.changed_since = modseq;
	assert_string_equal(list(&one, all), "May gone?*");
	all.changed_since = one.end.modseq;
	mail_world_deliver(1, "Subject: x\n\nx\n");
	assert_string_equal(list(&one, all), "INBOX* gone?*");
	/* One alone. */
	assert_string_equal(list(&one, (struct mail_mailboxes){.mailbox = MAILBOX_INBOX}), "INBOX*");
	assert_int_equal(last.messages, 1);
	assert_int_equal(last.unseen, 1);
	assert_int_equal(last.rights, RIGHT_ALL);
	assert_int_equal(last.role, MAILBOX_ROLE_INBOX);
	assert_int_equal(ask(&one, MAIL_MAILBOXES, &(struct mail_mailboxes){.mailbox = 99}), -ENOENT);
	assert_int_equal(ask(&one, MAIL_REMOVE, &(struct mail_remove){.mailbox = may}), 0);
	assert_int_equal(ask(&one, MAIL_REMOVE, &(struct mail_remove){.mailbox = may}), -ENOENT);
	assert_int_equal(ask(&one, MAIL_REMOVE, &(struct mail_remove){.mailbox = MAILBOX_INBOX}), -EPERM);
	/* Its own account has its number, too. */
	assert_int_equal(create(&one, 1, "mine", 0), 0);
	assert_int_equal(create(&one, 2, "not mine", 0), -EACCES);
}

/* ---- sharing ---- */

static int64_t grant(struct seen *s, uint64_t account, uint64_t mailbox, const char *who, uint64_t rights)
{
	return ask(s, MAIL_GRANT_SET,
	    &(struct mail_grant){
	        .account = account, .mailbox = mailbox, .who = view_from_string(who), .rights = rights});
}

static int64_t take_share(struct seen *s, uint64_t mailbox, enum mail_share_state state)
{
	return ask(s, MAIL_SHARE_SET, &(struct mail_share){.account = 1, .mailbox = mailbox, .state = state});
}

static void what_is_shared_shows_up(void **state)
{
	struct mail_mailboxes others = {.account = 1};
	(void)state;
	assert_int_equal(create(&one, 0, "Team/Plans", 0), 0);
	uint64_t plans = one.end.number;
	assert_int_equal(
	    grant(&one, 0, plans, "bob@example.test", RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN | RIGHT_INSERT),
	    0);
	/* Invited, and not yet there; then accepted. */
	assert_string_equal(list(&two, (struct mail_mailboxes){0}), BEGINNING);
	assert_int_equal(take_share(&two, plans, MAIL_SHARE_ACCEPTED), 0);
	assert_string_equal(
	    list(&two, (struct mail_mailboxes){0}), BEGINNING " alice@example.test:Team/Plans*");
	assert_int_equal(last.account, 1);
	assert_int_equal(last.rights, RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN | RIGHT_INSERT);
	assert_string_equal(list(&two, (struct mail_mailboxes){.own_only = 1}), BEGINNING);
	assert_string_equal(list(&two, others), "alice@example.test:Team/Plans*");
	assert_int_equal(
	    ask(&two, MAIL_SET,
	        &(struct mail_set){
	            .account = 1, .mailbox = plans, .set = MAIL_SET_SUBSCRIBED, .subscribed = 1}),
	    0);
	assert_string_equal(list(&two, others), "alice@example.test:Team/Plans*");
	assert_string_equal(list(&two, (struct mail_mailboxes){.account = 1, .mailbox = plans}),
	    "alice@example.test:Team/Plans*");
	/* No more than was given. */
	assert_int_equal(
	    ask(&two, MAIL_RENAME, &(struct mail_rename){.account = 1, .mailbox = plans, .path = VIEW("x")}),
	    -EACCES);
	assert_int_equal(
	    ask(&two, MAIL_REMOVE, &(struct mail_remove){.account = 1, .mailbox = plans}), -EACCES);
	assert_int_equal(create(&two, 1, "Team/Plans/below", 0), -EACCES);
	assert_int_equal(grant(&two, 1, plans, "carol@example.test", RIGHT_LOOKUP), -EACCES);
	assert_int_equal(
	    ask(&two, MAIL_OPEN, &(struct mail_open){.account = 1, .mailbox = MAILBOX_INBOX}), -ENOENT);
	assert_int_equal(ask(&two, MAIL_OPEN, &(struct mail_open){.account = 1, .mailbox = plans}), 0);
	/* With the right to make some below. */
	assert_int_equal(grant(&one, 0, plans, "bob@example.test", RIGHT_ALL & ~RIGHT_ADMIN), 0);
	assert_int_equal(create(&two, 1, "Team/Plans/below", 0), 0);
	uint64_t below = two.end.number;
	assert_int_equal(create(&two, 1, "Team/other", 0), -EACCES);
	assert_int_equal(
	    ask(&two, MAIL_RENAME,
	        &(struct mail_rename){.account = 1, .mailbox = below, .path = VIEW("Team/Plans/new")}),
	    0);
	assert_int_equal(ask(&two, MAIL_REMOVE, &(struct mail_remove){.account = 1, .mailbox = below}), 0);
	/* The owner takes it back: it is gone, whatever was accepted. */
	assert_int_equal(grant(&one, 0, plans, "bob@example.test", 0), 0);
	assert_string_equal(list(&two, (struct mail_mailboxes){0}), BEGINNING);
	assert_int_equal(ask(&two, MAIL_OPEN, &(struct mail_open){.account = 1, .mailbox = plans}), -ENOENT);
	/* And comes back with the right. */
	assert_int_equal(grant(&one, 0, plans, "anyone", RIGHT_LOOKUP), 0);
	assert_string_equal(list(&two, others), "alice@example.test:Team/Plans*");
	assert_int_equal(take_share(&two, plans, MAIL_SHARE_LEFT), 0);
	assert_string_equal(list(&two, others), "");
	assert_int_equal(take_share(&two, MAILBOX_INBOX, MAIL_SHARE_ACCEPTED), -ENOENT);
	/* By its name, as users know it. */
	struct mail_share named = {
	    .owner = VIEW("Alice@example.test"), .path = VIEW("Team/Plans"), .state = MAIL_SHARE_ACCEPTED};
	assert_int_equal(ask(&two, MAIL_SHARE_SET, &named), 0);
	assert_string_equal(list(&two, others), "alice@example.test:Team/Plans*");
	named.path = VIEW("INBOX");
	assert_int_equal(ask(&two, MAIL_SHARE_SET, &named), -ENOENT);
	named.owner = VIEW("nobody@example.test");
	assert_int_equal(ask(&two, MAIL_SHARE_SET, &named), -ENOENT);
}

/* From a shared mailbox into one's own, and back: with flags, keywords and body, and then it is the other
 * account's. */
static void messages_cross_accounts(void **state)
{
	static const char text[] = "Message-ID: <1@example.test>\r\nSubject: plans\r\n\r\nOurs.\r\n";
	(void)state;
	assert_int_equal(create(&one, 0, "Plans", 0), 0);
	uint32_t plans = (uint32_t)one.end.number;
	assert_int_equal(grant(&one, 0, plans, "bob@example.test", RIGHT_ALL & ~RIGHT_ADMIN), 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(mail_world_put(1, plans, FLAG_FLAGGED, 1600000000, VIEW(text)), i + 1);
	struct mail_store m = {
	    .mailbox = plans, .keywords = VIEW("work"), .unchanged_since = UINT64_MAX, .uids = UIDS(2, 2)};
	assert_int_equal(ask(&one, MAIL_STORE, &m), 0);
	struct mail_copy copy = {
	    .account = 1, .mailbox = plans, .to_mailbox = MAILBOX_INBOX, .uids = UIDS(1, 2, 7, 9)};
	assert_int_equal(ask(&two, MAIL_COPY, &copy), 0);
	assert_string_equal(shown(&two.from), "1:2");
	/* The first message of INBOX is the invitation. */
	assert_string_equal(shown(&two.to), "2:3");
	struct mail_fetch f = {.mailbox = MAILBOX_INBOX,
	    .want = MAIL_WANT_FLAGS | MAIL_WANT_BODY | MAIL_WANT_DATES | MAIL_WANT_SUMMARY,
	    .body_max = 1000,
	    .uids = UIDS(2, 3)};
	assert_int_equal(ask(&two, MAIL_FETCH, &f), 0);
	assert_int_equal(two.count, 2);
	assert_true(two.messages[0].flags == FLAG_FLAGGED);
	assert_true(two.messages[1].flags == (FLAG_FLAGGED | FLAG_KEYWORD));
	assert_int_equal(two.messages[1].internaldate, 1600000000);
	assert_true(two.messages[1].summary.len > 0);
	assert_true(view_equal(kept(&two, two.messages[1].body), VIEW(text)));
	/* Moved: it is there no more. */
	copy.move = 1;
	copy.uids = UIDS(3, 3);
	assert_int_equal(ask(&two, MAIL_COPY, &copy), 0);
	assert_string_equal(shown(&two.to), "4");
	assert_true(two.end.modseq > 0);
	assert_int_equal(ask(&one, MAIL_OPEN, &(struct mail_open){.mailbox = plans}), 0);
	assert_string_equal(shown(&one.uids), "1:2");
	/* The other way, and what cannot be. */
	struct mail_copy back = {
	    .mailbox = MAILBOX_INBOX, .to_account = 1, .to_mailbox = plans, .uids = UIDS(2, 2)};
	assert_int_equal(ask(&two, MAIL_COPY, &back), 0);
	assert_string_equal(shown(&two.to), "4");
	back.to_mailbox = MAILBOX_INBOX;
	assert_int_equal(ask(&two, MAIL_COPY, &back), -ENOENT);
	copy.uids = UIDS(2, 2);
	copy.to_mailbox = 999;
	assert_int_equal(ask(&two, MAIL_COPY, &copy), -ENODEV);
}

/* How many messages the mailbox of a session's own has, or of one that it shares. */
static uint64_t messages_of(struct seen *s, uint64_t account, uint32_t mailbox)
{
	assert_int_equal(ask(s, MAIL_OPEN, &(struct mail_open){.account = account, .mailbox = mailbox}), 0);
	return s->end.messages;
}

/* More than one commit takes: a copy is whole or not there, and a moved message is in one place. */
static void many_messages_cross_accounts(void **state)
{
	enum { MANY = 250, ROOM = 220 };
	uint64_t *limit = &store_role.process->settings.quota_messages_default;
	(void)state;
	assert_int_equal(create(&one, 0, "Plans", 0), 0);
	uint32_t plans = (uint32_t)one.end.number;
	assert_int_equal(grant(&one, 0, plans, "bob@example.test", RIGHT_ALL & ~RIGHT_ADMIN), 0);
	for (int i = 0; i < MANY; i++)
		assert_int_not_equal(mail_world_put(1, plans, 0, 0, VIEW("Subject: x\r\n\r\nx\r\n")), 0);
	uint64_t before = messages_of(&two, 0, MAILBOX_INBOX);
	struct mail_copy copy = {
	    .account = 1, .mailbox = plans, .to_mailbox = MAILBOX_INBOX, .uids = UIDS(1, MANY)};
	/* Not all of them fit: of a copy nothing is left, */
	store_role.process->settings.quota_warning = 0;
	*limit = before + ROOM;
	assert_int_equal(ask(&two, MAIL_COPY, &copy), -EDQUOT);
	assert_string_equal(shown(&two.to), "");
	assert_int_equal(messages_of(&two, 0, MAILBOX_INBOX), before);
	assert_int_equal(messages_of(&one, 0, plans), MANY);
	/* and of a move what was moved is told. */
	copy.move = 1;
	assert_int_equal(ask(&two, MAIL_COPY, &copy), -EDQUOT);
	uint64_t moved = messages_of(&two, 0, MAILBOX_INBOX) - before;
	assert_true(moved > 0 && moved <= ROOM);
	assert_int_equal(messages_of(&one, 0, plans), MANY - moved);
	*limit = 0;
	assert_int_equal(ask(&two, MAIL_COPY, &copy), 0);
	assert_int_equal(messages_of(&two, 0, MAILBOX_INBOX), before + MANY);
	assert_int_equal(messages_of(&one, 0, plans), 0);
	/* And back, as a copy of several steps. */
	struct mail_copy back = {
	    .mailbox = MAILBOX_INBOX, .to_account = 1, .to_mailbox = plans, .uids = UIDS(1, 2000)};
	assert_int_equal(ask(&two, MAIL_COPY, &back), 0);
	assert_int_equal(messages_of(&one, 0, plans), before + MANY);
	assert_int_equal(messages_of(&two, 0, MAILBOX_INBOX), before + MANY);
}

/* RFC 4314 section 4: what the session may not set doesn't come with a copy. */
static void copies_leave_out_flags(void **state)
{
	(void)state;
	assert_int_equal(create(&one, 0, "Plans", 0), 0);
	uint32_t plans = (uint32_t)one.end.number;
	assert_int_equal(create(&one, 0, "Done", 0), 0);
	uint32_t finished = (uint32_t)one.end.number;
	assert_int_equal(grant(&one, 0, plans, "bob@example.test", RIGHT_ALL & ~RIGHT_ADMIN), 0);
	assert_int_equal(
	    grant(&one, 0, finished, "bob@example.test", RIGHT_LOOKUP | RIGHT_READ | RIGHT_INSERT), 0);
	assert_int_equal(mail_world_put(1, plans, FLAG_FLAGGED | FLAG_SEEN, 0, VIEW("\r\nx\r\n")), 1);
	assert_int_equal(mail_world_put(1, plans, FLAG_FLAGGED | FLAG_SEEN, 0, VIEW("\r\nx\r\n")), 2);
	struct mail_store m = {
	    .mailbox = plans, .keywords = VIEW("work"), .unchanged_since = UINT64_MAX, .uids = UIDS(1, 2)};
	assert_int_equal(ask(&one, MAIL_STORE, &m), 0);
	struct mail_copy within = {
	    .account = 1, .mailbox = plans, .to_account = 1, .to_mailbox = finished, .uids = UIDS(1, 1)};
	assert_int_equal(ask(&two, MAIL_COPY, &within), 0);
	within.move = 1;
	within.uids = UIDS(2, 2);
	assert_int_equal(ask(&two, MAIL_COPY, &within), 0);
	struct mail_fetch f = {.mailbox = finished, .want = MAIL_WANT_FLAGS, .uids = UIDS(1, 2)};
	assert_int_equal(ask(&one, MAIL_FETCH, &f), 0);
	assert_int_equal(one.count, 2);
	/* What the owner has seen stays so. */
	assert_true(one.messages[0].flags == FLAG_SEEN && one.messages[1].flags == FLAG_SEEN);
	/* From the sharer's own: what the sharer has seen is new to the owner. */
	uint32_t own = mail_world_put(2, MAILBOX_INBOX, FLAG_FLAGGED | FLAG_SEEN, 0, VIEW("\r\nx\r\n"));
	struct mail_copy across = {
	    .mailbox = MAILBOX_INBOX, .to_account = 1, .to_mailbox = finished, .uids = UIDS(own, own)};
	assert_int_equal(ask(&two, MAIL_COPY, &across), 0);
	across.to_mailbox = plans;
	assert_int_equal(ask(&two, MAIL_COPY, &across), 0);
	f.uids = UIDS(3, 3);
	assert_int_equal(ask(&one, MAIL_FETCH, &f), 0);
	assert_true(one.count == 1 && one.messages[0].flags == 0);
	f.mailbox = plans;
	assert_int_equal(ask(&one, MAIL_FETCH, &f), 0);
	assert_true(one.count == 1 && one.messages[0].flags == FLAG_FLAGGED);
}

static char grants[1024];

static void note_grants(struct seen *s, unsigned type, const void *answer)
{
	const struct mail_grant *m = answer;
	const struct mail_share *share = answer;
	size_t at = strlen(grants);
	(void)s;
	if (type == MAIL_GRANT)
		snprintf(grants + at, sizeof grants - at, "%s%.*s=%llx", at ? " " : "", (int)m->who.len,
		    m->who.data, (unsigned long long)m->rights);
	if (type == MAIL_SHARE)
		snprintf(grants + at, sizeof grants - at, "%s%.*s:%.*s=%llu/%llx", at ? " " : "",
		    (int)share->owner.len, share->owner.data, (int)share->path.len, share->path.data,
		    (unsigned long long)share->state, (unsigned long long)share->rights);
}

static int run_group(struct txn *t, void *arg)
{
	(void)arg;
	return directory_group_add(t, VIEW("team@example.test"), VIEW("Bob@example.test"));
}

static int run_ungroup(struct txn *t, void *arg)
{
	(void)arg;
	return directory_group_remove(t, VIEW("team@example.test"), VIEW("bob@example.test"));
}

static const char *shown_grants(struct seen *s, enum mail_type type, const void *question)
{
	grants[0] = '\0';
	s->also = note_grants;
	assert_int_equal(ask(s, type, question), 0);
	s->also = note;
	return grants;
}

static void rights_are_given_by_name(void **state)
{
	struct mail_grants inbox = {.mailbox = MAILBOX_INBOX};
	(void)state;
	assert_int_equal(test_commit(store_role.store, run_group, NULL), 0);
	assert_int_equal(grant(&one, 0, MAILBOX_INBOX, "carol@example.test", RIGHT_LOOKUP), 0);
	assert_int_equal(
	    grant(&one, 0, MAILBOX_INBOX, "group:team@example.test", RIGHT_LOOKUP | RIGHT_READ), 0);
	assert_int_equal(grant(&one, 0, MAILBOX_INBOX, "-bob@example.test", RIGHT_READ), 0);
	assert_int_equal(grant(&one, 0, MAILBOX_INBOX, "anyone", RIGHT_POST), 0);
	assert_int_equal(grant(&one, 0, MAILBOX_INBOX, "nobody@example.test", RIGHT_READ), -ENXIO);
	assert_int_equal(grant(&one, 0, MAILBOX_INBOX, "group:none@example.test", RIGHT_READ), -ENXIO);
	assert_int_equal(grant(&one, 0, MAILBOX_INBOX, "what is this", RIGHT_READ), -ENXIO);
	assert_int_equal(grant(&one, 0, MAILBOX_INBOX, "owner", RIGHT_READ), -EINVAL);
	assert_int_equal(grant(&one, 0, MAILBOX_INBOX, "alice@example.test", RIGHT_READ), -EINVAL);
	assert_string_equal(shown_grants(&one, MAIL_GRANTS, &inbox),
	    "owner=fff carol@example.test=1 group:team@example.test=3 -bob@example.test=2 anyone=20");
	/* Its members are invited soon afterwards. */
	mail_world_settle();
	assert_string_equal(
	    shown_grants(&two, MAIL_SHARES, &(struct mail_shares){0}), "alice@example.test:INBOX=0/21");
	assert_int_equal(take_share(&two, MAILBOX_INBOX, MAIL_SHARE_ACCEPTED), 0);
	assert_string_equal(
	    shown_grants(&two, MAIL_SHARES, &(struct mail_shares){0}), "alice@example.test:INBOX=1/21");
	assert_int_equal(
	    ask(&two, MAIL_GRANTS, &(struct mail_grants){.account = 1, .mailbox = MAILBOX_INBOX}), -EACCES);
	/* Whoever leaves the group has its rights no more. */
	assert_int_equal(test_commit(store_role.store, run_ungroup, NULL), 0);
	assert_string_equal(list(&two, (struct mail_mailboxes){.account = 1}), "");
	assert_string_equal(shown_grants(&two, MAIL_SHARES, &(struct mail_shares){0}), "");
	/* A group that has gone is not shown, and one of its name is another. */
	assert_int_equal(test_commit(store_role.store, run_group, NULL), 0);
	assert_string_equal(shown_grants(&one, MAIL_GRANTS, &inbox),
	    "owner=fff carol@example.test=1 -bob@example.test=2 anyone=20");
	assert_string_equal(list(&two, (struct mail_mailboxes){.account = 1}), "");
}

/* Each has seen what it has seen. */
static void sharers_have_their_own_seen(void **state)
{
	struct mail_store seen = {.account = 1,
	    .mailbox = MAILBOX_INBOX,
	    .how = MAIL_ADD,
	    .flags = FLAG_SEEN,
	    .unchanged_since = UINT64_MAX,
	    .uids = UIDS(1, 1)};
	struct mail_fetch fetch = {.account = 1, .mailbox = MAILBOX_INBOX, .want = MAIL_WANT_FLAGS};
	(void)state;
	mail_world_deliver(1, "Subject: x\n\nx\n");
	mail_world_deliver(1, "Subject: y\n\ny\n");
	assert_int_equal(
	    grant(&one, 0, MAILBOX_INBOX, "bob@example.test", RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN), 0);
	assert_int_equal(ask(&two, MAIL_STORE, &seen), 0);
	assert_int_equal(ask(&two, MAIL_FETCH, &fetch), 0);
	assert_int_equal(two.count, 2);
	assert_int_equal(two.messages[0].flags, FLAG_SEEN);
	assert_int_equal(two.messages[1].flags, 0);
	fetch.account = 0;
	assert_int_equal(ask(&one, MAIL_FETCH, &fetch), 0);
	assert_int_equal(one.messages[0].flags, 0);
	assert_int_equal(
	    ask(&two, MAIL_OPEN, &(struct mail_open){.account = 1, .mailbox = MAILBOX_INBOX}), 0);
	assert_int_equal(two.mailbox.unseen, 1);
	assert_int_equal(ask(&one, MAIL_OPEN, &(struct mail_open){.mailbox = MAILBOX_INBOX}), 0);
	assert_int_equal(one.mailbox.unseen, 2);
	/* Other flags are everybody's, for those who may. */
	seen.flags = FLAG_FLAGGED;
	assert_int_equal(ask(&two, MAIL_STORE, &seen), -EACCES);
	seen.how = MAIL_REPLACE;
	seen.flags = FLAG_FLAGGED | FLAG_SEEN;
	assert_int_equal(ask(&two, MAIL_STORE, &seen), 0);
	fetch.account = 1;
	assert_int_equal(ask(&two, MAIL_FETCH, &fetch), 0);
	assert_int_equal(two.messages[0].flags, FLAG_SEEN);
}

/* The first session that may write is told of recent messages, and no other. */
static void recent_messages_go_to_one_session(void **state)
{
	struct seen again = {0};
	struct mail_open look = {.mailbox = MAILBOX_INBOX},
	                 take = {.mailbox = MAILBOX_INBOX, .take_recent = 1};
	(void)state;
	mail_world_deliver(1, "Subject: x\n\nx\n");
	open_session(&again, 1);
	assert_int_equal(ask(&again, MAIL_OPEN, &look), 0);
	assert_int_equal(again.mailbox.recent, 1);
	assert_int_equal(ask(&one, MAIL_OPEN, &take), 0);
	assert_int_equal(one.mailbox.recent, 1);
	assert_int_equal(ask(&again, MAIL_OPEN, &take), 0);
	assert_int_equal(again.mailbox.recent, 2);
	/* A sharer's as well, if it may note what was seen. */
	mail_world_deliver(1, "Subject: x\n\nx\n");
	take.account = 1;
	assert_int_equal(
	    grant(&one, 0, MAILBOX_INBOX, "bob@example.test", RIGHT_LOOKUP | RIGHT_READ | RIGHT_INSERT), 0);
	assert_int_equal(ask(&two, MAIL_OPEN, &take), 0);
	assert_int_equal(two.mailbox.recent, 2);
	assert_int_equal(ask(&again, MAIL_OPEN, &look), 0);
	assert_int_equal(again.mailbox.recent, 2);
	assert_int_equal(
	    grant(&one, 0, MAILBOX_INBOX, "bob@example.test", RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN), 0);
	assert_int_equal(ask(&two, MAIL_OPEN, &take), 0);
	assert_int_equal(two.mailbox.recent, 2);
	assert_int_equal(ask(&again, MAIL_OPEN, &look), 0);
	assert_int_equal(again.mailbox.recent, 3);
	close_session(&again);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(a_session_arranges_its_mailboxes, begin, end),
	    cmocka_unit_test_setup_teardown(what_is_shared_shows_up, begin, end),
	    cmocka_unit_test_setup_teardown(messages_cross_accounts, begin, end),
	    cmocka_unit_test_setup_teardown(many_messages_cross_accounts, begin, end),
	    cmocka_unit_test_setup_teardown(copies_leave_out_flags, begin, end),
	    cmocka_unit_test_setup_teardown(rights_are_given_by_name, begin, end),
	    cmocka_unit_test_setup_teardown(sharers_have_their_own_seen, begin, end),
	    cmocka_unit_test_setup_teardown(recent_messages_go_to_one_session, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
