/* The one place that decides what a session may do with a mailbox: with its own everything, with another's
 * what that one's access list says (RFC 4314). */
#include <errno.h>

#include "account/mailboxes.h"
#include "base/container.h"
#include "base/mem.h"
#include "directory/groups.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

bool right_is_own(const struct right *r, uint64_t account)
{
	return account == 0 || store_shard(STORE_ACCOUNT, account) == r->account;
}

/* ---- who the session is ---- */

/* One question at a time is under way, so one of these is enough for a right. */
struct right_who {
	struct account_who who;
	uint64_t groups[DIRECTORY_GROUPS_OF_ACCOUNT_MAX];
	struct question *question;
	struct store_read read;
	void (*then)(struct question *q);

	/* What is looked at: right_access. */
	struct account_access access;
	struct right_mailbox *found;
	unsigned needs;
	void (*granted)(struct question *q);
	struct right_account *account;
};

static int run_who(struct txn *t, void *arg)
{
	struct right_who *w = arg;
	return directory_groups_of(t, w->who.user, w->groups, &w->who.group_count);
}

static void who_read(struct store_read *read, int result)
{
	struct right_who *w = container_of(read, struct right_who, read);
	if (!question_back(w->question))
		return;
	if (result)
		question_fail(w->question, result);
	else
		w->then(w->question);
}

void right_who(struct question *q, void (*then)(struct question *q))
{
	struct right *r = q->right;
	if (r->who == NULL)
		r->who = mem_alloc(sizeof *r->who);
	struct right_who *w = r->who;
	w->question = q;
	w->then = then;
	w->who = (struct account_who){.user = r->account, .groups = w->groups};
	w->read = (struct store_read){.shard = DIRECTORY_SHARD, .run = run_who, .arg = w, .done = who_read};
	question_call(q);
	store_read(store_role.store, &w->read);
}

void right_who_for(struct question *q, struct right_account *found, void (*then)(struct question *q))
{
	if (q->right->who == NULL)
		q->right->who = mem_alloc(sizeof *q->right->who);
	q->right->who->account = found;
	right_who(q, then);
}

struct right_account *right_is_looked_for(const struct right *r)
{
	return r->who->account;
}

const struct account_who *right_is_who(const struct right *r)
{
	return &r->who->who;
}

void right_who_forget(struct right *r)
{
	mem_free(r->who);
	r->who = NULL;
}

/* ---- what it may do ---- */

/* Without RIGHT_LOOKUP nobody learns that there is such a mailbox (RFC 4314 section 6). */
static void access_known(struct account_access *access, int result)
{
	struct right_who *w = container_of(access, struct right_who, access);
	struct question *q = w->question;
	if (!question_back(q))
		return;
	w->found->rights = access->rights;
	if (result || !(access->rights & RIGHT_LOOKUP))
		question_fail(q, result ? result : -ENOENT);
	else if (w->needs && !(access->rights & w->needs))
		question_fail(q, -EACCES);
	else
		w->granted(q);
}

static void look(struct question *q)
{
	struct right_who *w = q->right->who;
	w->access = (struct account_access){
	    .shard = w->found->shard, .mailbox = w->found->mailbox, .who = &w->who, .done = access_known};
	question_call(q);
	account_access(&store_role.accounts, &w->access);
}

void right_access(struct question *q, uint64_t account, uint64_t mailbox, unsigned needs,
    struct right_mailbox *found, void (*then)(struct question *q))
{
	struct right *r = q->right;
	bool own = right_is_own(r, account);
	*found = (struct right_mailbox){.account = own ? 0 : account,
	    .shard = own ? r->account : store_shard(STORE_ACCOUNT, account),
	    .mailbox = (uint32_t)mailbox,
	    .user = own ? 0 : r->account,
	    .rights = RIGHT_ALL};
	if (own) {
		then(q);
		return;
	}
	if (r->who == NULL)
		r->who = mem_alloc(sizeof *r->who);
	r->who->found = found;
	r->who->needs = needs;
	r->who->granted = then;
	right_who(q, look);
}

void right_leave_out_flags(const struct right_mailbox *box, struct account_wanted_place *place)
{
	uint64_t denied = mail_flags_denied(box->rights);
	place->flags &= ~(denied | (box->user ? FLAG_SEEN : 0));
	if (denied & FLAG_KEYWORD)
		place->keyword_count = 0;
}
