/* MAIL_MAILBOXES: the session's own mailboxes with their counts, and those of others that it has accepted. */
#include <errno.h>

#include "account/mailboxes.h"
#include "account/shares.h"
#include "base/container.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/store_private.h"

struct right_listing {
	struct question question;
	struct mail_mailboxes asked;
	char *path, *owner; /* asked for; views of `asked` */
	struct right_mailbox box;
	struct account_tree tree;     /* of the account under way */
	struct account_shares shares; /* others' mailboxes, one after the other */
	size_t share, next;
	bool listed; /* the tree's mailboxes can be told */
	bool others; /* its own are told */
	struct mail_done done;
};

static struct right_listing *listing_of(struct question *question)
{
	return container_of(question, struct right_listing, question);
}

static void release(struct question *question)
{
	struct right_listing *l = listing_of(question);
	account_tree_free(&l->tree);
	account_shares_free(&l->shares);
	mem_free(l->path);
	mem_free(l->owner);
}

static void read_next(struct right_listing *l);

static const struct account_share *share_of(const struct right_listing *l)
{
	return l->others && l->share < l->shares.count ? &l->shares.shares[l->share] : NULL;
}

static bool answer(struct right_listing *l, const struct account_tree_mailbox *m)
{
	const struct account_share *share = share_of(l);
	uint64_t marks = (m->shared ? MAIL_MAILBOX_SHARED : 0) | (m->number ? 0 : MAIL_MAILBOX_NO_MAILBOX);
	struct mail_mailbox out = {.account = l->box.account,
	    .mailbox = m->number,
	    .owner_number = l->tree.shard % MAIL_ACCOUNT_END,
	    .parent = m->parent,
	    .path = m->path,
	    .role = m->role,
	    .subscribed = m->subscribed,
	    .order = m->order,
	    .marks = marks,
	    .rights = m->rights,
	    .uidvalidity = m->uidvalidity,
	    .uidnext = m->uidnext,
	    .recent = m->recent,
	    .messages = m->messages,
	    .unseen = m->unseen,
	    .deleted = m->deleted,
	    .bytes = m->bytes,
	    .deleted_bytes = m->deleted_bytes,
	    .modseq = m->messages_modseq,
	    .names_modseq = m->modseq};
	if (l->box.user) {
		out.subscribed = 0;
		out.role = MAILBOX_ROLE_NONE;
	}
	if (share) {
		out.account = share->owner % MAIL_ACCOUNT_END;
		out.owner = share->address;
		out.subscribed = share->subscribed;
		out.role = MAILBOX_ROLE_NONE;
	}
	/* What is in it is for those who may read it (RFC 4314 section 4: STATUS). */
	if (!(m->rights & RIGHT_READ) && m->number)
		out.uidnext = out.recent = out.messages = out.unseen = out.deleted = out.bytes =
		    out.deleted_bytes = out.modseq = 0;
	return question_answer(&l->question, MAIL_MAILBOX, &out);
}

static bool is_asked(const struct right_listing *l, const struct account_tree_mailbox *m)
{
	return (m->changed > l->asked.changed_since || m->number == 0) &&
	       (l->asked.path.len == 0 || view_equal(m->path, l->asked.path));
}

/* What is known of the account under way, as far as the channel takes it; then the next one. */
static void answer_tree(struct right_listing *l)
{
	for (; l->next < l->tree.count; l->next++) {
		const struct account_tree_mailbox *m = &l->tree.mailboxes[l->next];
		if (!right_has_room(l->question.right))
			return;
		if (is_asked(l, m) && !answer(l, m))
			return;
	}
	l->listed = false;
	l->share += share_of(l) != NULL;
	l->others = true;
	read_next(l);
}

static void go_on(struct question *question)
{
	struct right_listing *l = listing_of(question);
	if (l->listed)
		answer_tree(l);
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

static void tree_read(struct account_tree *tree, int result)
{
	struct right_listing *l = container_of(tree, struct right_listing, tree);
	bool of_another = share_of(l) != NULL;
	if (!question_back(&l->question))
		return;
	/* A share whose mailbox or right is gone is shown to nobody. */
	if (result && !(of_another && (result == -ENOENT || result == -EBADMSG))) {
		question_fail(&l->question, result);
		return;
	}
	if (!of_another)
		l->done.modseq = tree->modseq;
	l->listed = true;
	l->next = 0;
	answer_tree(l);
}

static void read_tree(struct right_listing *l, uint64_t shard, uint32_t only, const struct account_who *who)
{
	account_tree_free(&l->tree);
	l->tree = (struct account_tree){.shard = shard, .only = only, .who = who, .done = tree_read};
	question_call(&l->question);
	account_tree(&store_role.accounts, &l->tree);
}

/* Is this share's mailbox asked for? */
static bool is_wanted(const struct right_listing *l, const struct account_share *share)
{
	if (l->asked.mailbox) /* accepted or not, it may be used */
		return l->box.user && share->owner == l->box.shard && share->mailbox == l->box.mailbox;
	return (share->state == SHARE_ACCEPTED || l->asked.offered) &&
	       (l->asked.path.len == 0 || view_equal_nocase(share->address, l->asked.owner)) &&
	       (l->asked.account == 0 || l->asked.account == share->owner % MAIL_ACCOUNT_END);
}

static void read_next(struct right_listing *l)
{
	const struct account_share *share = share_of(l);
	while (share && !is_wanted(l, share)) {
		l->share++;
		share = share_of(l);
	}
	if (share)
		read_tree(l, share->owner, share->mailbox, right_is_who(l->question.right));
	else
		question_done(&l->question, &l->done);
}

/* Another's mailbox alone: with its share, which has the owner's address, if there is one. */
static void find_one(struct right_listing *l)
{
	l->others = true;
	while (share_of(l) && !is_wanted(l, share_of(l)))
		l->share++;
	read_tree(l, l->box.shard, l->box.mailbox, right_is_who(l->question.right));
}

static void shares_read(struct account_shares *shares, int result)
{
	struct right_listing *l = container_of(shares, struct right_listing, shares);
	if (!question_back(&l->question))
		return;
	if (result)
		question_fail(&l->question, result);
	else if (l->asked.mailbox)
		find_one(l);
	else if (l->asked.owner.len > 0 || !right_is_own(l->question.right, l->asked.account))
		answer_tree(l);
	else
		read_tree(l, l->question.right->account, 0, NULL);
}

static void who_known(struct question *question)
{
	struct right_listing *l = listing_of(question);
	l->shares = (struct account_shares){.shard = question->right->account, .done = shares_read};
	question_call(question);
	account_shares(&store_role.accounts, &l->shares);
}

/* One mailbox alone. */
static void granted(struct question *question)
{
	struct right_listing *l = listing_of(question);
	if (l->box.user)
		who_known(question);
	else
		read_tree(l, l->box.shard, l->box.mailbox, NULL);
}

void right_mailboxes(struct right *r, uint32_t request, const void *message)
{
	const struct mail_mailboxes *m = message;
	struct right_listing *l = question_begin(r, request, sizeof *l, &kind);
	l->asked = *m;
	l->path = mem_string(m->path);
	l->owner = mem_string(m->owner);
	l->asked.path = view_of(l->path, m->path.len);
	l->asked.owner = view_of(l->owner, m->owner.len);
	if (m->mailbox)
		right_access(&l->question, m->account, m->mailbox, RIGHT_LOOKUP, &l->box, granted);
	else if (m->own_only || (m->path.len > 0 && m->owner.len == 0))
		read_tree(l, r->account, 0, NULL);
	else
		right_who(&l->question, who_known);
}
