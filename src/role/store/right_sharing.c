/* SHARING_SET: a mailbox's access list, by the numbers of people and groups (mail/sharing.h). */
#include <errno.h>
#include <string.h>

#include "account/mailboxes.h"
#include "base/clock.h"
#include "base/container.h"
#include "mail/sharing.h"
#include "role/store/right_people.h"
#include "role/store/store_hourly.h"
#include "role/store/store_private.h"
#include "role/store/store_share_groups.h"

struct right_sharing_set {
	struct question question;
	struct right_mailbox box;
	struct right_viewer viewer;
	struct account_grants grants; /* as they are: whoever has some may be named, seen or not */
	struct store_read read;
	struct account_granting granting;
	struct account_grant_change changes[SHARING_CHANGES_MAX];
	size_t count;
	uint64_t failed;
	bool replace;
	char owner[ADDRESS_MAX], by[ADDRESS_MAX];
	size_t owner_len, by_len;
};

static struct right_sharing_set *set_of(struct question *question)
{
	return container_of(question, struct right_sharing_set, question);
}

static const struct question_kind kind = {.go_on = NULL};

static void fail(struct right_sharing_set *s, int error)
{
	question_done(&s->question, &(struct mail_done){.error = error,
	                                .number = error == -ENXIO ? s->failed % MAIL_ACCOUNT_END : 0});
}

/* ---- for whoever gives rights ---- */

int right_copy_address(struct txn *t, uint64_t shard, char out[static ADDRESS_MAX], size_t *len)
{
	struct view address;
	int error = directory_account_address(t, shard, &address);
	*len = 0;
	if (error == 0 && address.len > 0 && address.len <= ADDRESS_MAX) {
		memcpy(out, address.data, address.len);
		*len = address.len;
	}
	return error == -ENOENT ? 0 : error;
}

void right_tell_invited(const struct account_granting *granted)
{
	for (size_t i = 0; i < granted->invited_count; i++)
		store_notice_share(granted->invited[i], granted->shard, granted->mailbox);
	store_share_groups(granted);
}

static struct hourly shared;

bool right_may_share(const struct right *r, const struct account_grant_change *changes, size_t count)
{
	unsigned people = 0;
	for (size_t i = 0; i < count; i++)
		people += changes[i].grant.kind == GRANT_GROUP ? SHARING_GROUP_COUNTS : 1;
	return r->link.peer == ROLE_ADMIN ||
	       hourly_take(&shared, r->account, clock_wall(), people, SHARING_HOUR_MAX);
}

/* ---- it is done ---- */

static void granted(struct account_granting *granting, int result)
{
	struct right_sharing_set *s = container_of(granting, struct right_sharing_set, granting);
	if (result == 0)
		right_tell_invited(granting);
	if (!question_back(&s->question))
		return;
	s->failed = granting->failed;
	fail(s, result);
}

/* ---- who they are ---- */

static bool has_grant(const struct right_sharing_set *s, uint64_t number, struct account_grant *grant)
{
	for (size_t i = 0; i < s->grants.count; i++) {
		const struct account_grant *g = &s->grants.grants[i];
		if (g->kind != GRANT_ANYONE && !g->negative && g->who == number) {
			*grant = *g;
			return true;
		}
	}
	return false;
}

static int find_one(struct txn *t, struct right_sharing_set *s, struct account_grant *grant)
{
	struct directory_person person;
	if (has_grant(s, grant->who, grant))
		return 0;
	int error = directory_sees(t, &s->viewer.viewer, grant->who, &person);
	if (error == 0)
		grant->kind = person.group ? GRANT_GROUP : GRANT_USER;
	return error == -ENOENT ? -ENXIO : error;
}

static int run_find(struct txn *t, void *arg)
{
	struct right_sharing_set *s = arg;
	int error = directory_viewer_begin(t, &s->viewer.viewer);
	for (size_t i = 0; i < s->count && error == 0; i++) {
		s->failed = s->changes[i].grant.who;
		error = s->failed == s->box.shard ? -EINVAL : find_one(t, s, &s->changes[i].grant);
	}
	if (error == 0)
		error = right_copy_address(t, s->box.shard, s->owner, &s->owner_len);
	return error ? error : right_copy_address(t, s->question.right->account, s->by, &s->by_len);
}

static void found(struct store_read *read, int result)
{
	struct right_sharing_set *s = container_of(read, struct right_sharing_set, read);
	if (!question_back(&s->question))
		return;
	if (result == 0 && !right_may_share(s->question.right, s->changes, s->count))
		result = -EUSERS;
	if (result) {
		fail(s, result);
		return;
	}
	s->granting = (struct account_granting){.shard = s->box.shard,
	    .mailbox = s->box.mailbox,
	    .address = view_of(s->owner, s->owner_len),
	    .by = s->question.right->account,
	    .by_address = view_of(s->by, s->by_len),
	    .changes = s->changes,
	    .count = s->count,
	    .replace = s->replace,
	    .done = granted};
	question_call(&s->question);
	account_grant(&store_role.accounts, &s->granting);
}

static void grants_known(struct account_grants *grants, int result)
{
	struct right_sharing_set *s = container_of(grants, struct right_sharing_set, grants);
	if (!question_back(&s->question))
		return;
	if (result) {
		fail(s, result);
		return;
	}
	s->read = (struct store_read){.shard = DIRECTORY_SHARD, .run = run_find, .arg = s, .done = found};
	question_call(&s->question);
	store_read(store_role.store, &s->read);
}

static void viewer_known(struct question *question)
{
	struct right_sharing_set *s = set_of(question);
	s->grants =
	    (struct account_grants){.shard = s->box.shard, .mailbox = s->box.mailbox, .done = grants_known};
	question_call(question);
	account_grants(&store_role.accounts, &s->grants);
}

static void may_share(struct question *question)
{
	struct right_sharing_set *s = set_of(question);
	right_viewer(question, &s->viewer, viewer_known);
}

static bool take_changes(struct right_sharing_set *s, struct view changes)
{
	struct cursor in = cursor_on(changes);
	for (; !cursor_at_end(&in) && s->count < SHARING_CHANGES_MAX; s->count++) {
		struct account_grant_change *c = &s->changes[s->count];
		c->grant.who = store_shard(STORE_ACCOUNT, cursor_u64(&in) % MAIL_ACCOUNT_END);
		c->give = cursor_u32(&in) & RIGHT_ALL;
		c->take = cursor_u32(&in) & RIGHT_ALL;
		c->visible = true;
	}
	return cursor_ok(&in) && cursor_at_end(&in);
}

void right_sharing_set(struct right *r, uint32_t request, const void *message)
{
	const struct sharing_set *m = message;
	struct right_sharing_set *s = question_begin(r, request, sizeof *s, &kind);
	s->replace = m->replace != 0;
	if (take_changes(s, m->changes))
		right_access(&s->question, m->account, m->mailbox, RIGHT_ADMIN, &s->box, may_share);
	else
		question_fail(&s->question, -EINVAL);
}
