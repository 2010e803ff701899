/*
 * MAIL_GRANTS, MAIL_GRANT_SET, MAIL_SHARES, MAIL_SHARE_SET: who may do what with a mailbox, and what others
 * share with the session. Names of users and groups become numbers here, and numbers names: store has the
 * directory at hand.
 */
#include <errno.h>
#include <string.h>

#include "account/mailboxes.h"
#include "account/grants.h"
#include "account/shares.h"
#include "base/container.h"
#include "base/mem.h"
#include "directory/groups.h"
#include "role/store/question.h"
#include "role/store/right_people.h"
#include "role/store/store_private.h"

enum { NAME_MAX_BYTES = ADDRESS_MAX + 8 /* "-group:" */ };

/* ---- names ---- */

struct grantee {
	struct account_grant grant;
	char name[NAME_MAX_BYTES];
	size_t len;
	bool known;
};

static void put(struct grantee *g, struct view text)
{
	text = view_take(text, sizeof g->name - g->len);
	if (text.len)
		memcpy(g->name + g->len, text.data, text.len);
	g->len += text.len;
}

/* The name of a grant's user or group; one that is gone has none. */
static int name_of(struct txn *t, struct grantee *g)
{
	struct view name = {0};
	int error = 0;
	g->len = 0;
	if (g->grant.kind == GRANT_USER)
		error = directory_account_address(t, g->grant.who, &name);
	else if (g->grant.kind == GRANT_GROUP)
		error = directory_group_name(t, g->grant.who, &name);
	else
		name = VIEW("anyone");
	g->known = error == 0;
	if (g->grant.negative)
		put(g, VIEW("-"));
	if (g->grant.kind == GRANT_GROUP)
		put(g, VIEW("group:"));
	put(g, name);
	return error == -ENOENT ? 0 : error;
}

/* And back. -ENXIO: nobody has this name. */
static int find_name(struct txn *t, struct view name, struct account_grant *grant)
{
	const struct view group = VIEW("group:");
	struct directory_account account;
	int error = 0;
	grant->negative = name.len > 1 && name.data[0] == '-';
	name = view_skip(name, grant->negative);
	grant->who = 0;
	grant->kind = GRANT_ANYONE;
	if (view_equal_nocase(name, VIEW("anyone")))
		return 0;
	if (view_equal_nocase(view_take(name, group.len), group)) {
		grant->kind = GRANT_GROUP;
		error = directory_group_number(t, view_skip(name, group.len), &grant->who);
	} else {
		grant->kind = GRANT_USER;
		error = directory_account_get(t, name, &account);
		grant->who = error == 0 ? account.shard : 0;
	}
	return error == -ENOENT || error == -EINVAL || error == -EMSGSIZE ? -ENXIO : error;
}

/* ---- MAIL_GRANTS ---- */

struct right_acl {
	struct question question;
	struct right_mailbox box;
	struct account_grants grants;
	struct right_viewer viewer; /* of whoever gives rights */
	struct grantee *names;
	struct store_read read;
	struct account_granting granting;
	struct account_grant_change change;
	char who[NAME_MAX_BYTES];
	size_t who_len;
	char owner[ADDRESS_MAX], by[ADDRESS_MAX];
	size_t owner_len, by_len;
};

static struct right_acl *acl_of(struct question *question)
{
	return container_of(question, struct right_acl, question);
}

static void release(struct question *question)
{
	mem_free(acl_of(question)->names);
}

static const struct question_kind kind = {.release = release};

static int run_names(struct txn *t, void *arg)
{
	struct right_acl *a = arg;
	int error = 0;
	for (size_t i = 0; i < a->grants.count && error == 0; i++)
		error = name_of(t, &a->names[i]);
	return error;
}

static void read_directory(struct right_acl *a, int (*run)(struct txn *t, void *arg),
    void (*done)(struct store_read *read, int result))
{
	a->read = (struct store_read){.shard = DIRECTORY_SHARD, .run = run, .arg = a, .done = done};
	question_call(&a->question);
	store_read(store_role.store, &a->read);
}

/* The owner's own line comes first: it has all rights, whatever is given (RFC 4314 section 2). */
static void names_known(struct store_read *read, int result)
{
	struct right_acl *a = container_of(read, struct right_acl, read);
	struct mail_grant m = {
	    .account = a->box.account, .mailbox = a->box.mailbox, .who = VIEW("owner"), .rights = RIGHT_ALL};
	if (!question_back(&a->question))
		return;
	bool up = result || question_answer(&a->question, MAIL_GRANT, &m);
	for (size_t i = 0; i < a->grants.count && result == 0 && up; i++) {
		const struct grantee *g = &a->names[i];
		m.who = view_of(g->name, g->len);
		m.rights = g->grant.rights;
		m.number = g->grant.kind == GRANT_ANYONE ? 0 : g->grant.who % MAIL_ACCOUNT_END;
		if (g->known)
			up = question_answer(&a->question, MAIL_GRANT, &m);
	}
	if (up)
		question_fail(&a->question, result);
}

static void grants_read(struct account_grants *grants, int result)
{
	struct right_acl *a = container_of(grants, struct right_acl, grants);
	if (!question_back(&a->question))
		return;
	if (result) {
		question_fail(&a->question, result);
		return;
	}
	a->names = mem_array(grants->count + 1, sizeof *a->names);
	for (size_t i = 0; i < grants->count; i++)
		a->names[i].grant = grants->grants[i];
	read_directory(a, run_names, names_known);
}

static void may_look(struct question *question)
{
	struct right_acl *a = acl_of(question);
	a->grants =
	    (struct account_grants){.shard = a->box.shard, .mailbox = a->box.mailbox, .done = grants_read};
	question_call(question);
	account_grants(&store_role.accounts, &a->grants);
}

void right_grants(struct right *r, uint32_t request, const void *message)
{
	const struct mail_grants *m = message;
	struct right_acl *a = question_begin(r, request, sizeof *a, &kind);
	right_access(&a->question, m->account, m->mailbox, RIGHT_ADMIN, &a->box, may_look);
}

/* ---- MAIL_GRANT_SET ---- */

static void granted(struct account_granting *granting, int result)
{
	struct right_acl *a = container_of(granting, struct right_acl, granting);
	if (result == 0)
		right_tell_invited(granting);
	if (question_back(&a->question))
		question_fail(&a->question, result);
}

static bool is_administrator(const struct right_acl *a)
{
	return a->question.right->link.peer == ROLE_ADMIN;
}

/*
 * A group can be named by whoever sees it: others would learn that it is there, and could invite all its
 * members. One that has rights to the mailbox already can be named by whoever may change them.
 */
static int check_seen(struct txn *t, struct right_acl *a)
{
	const struct account_grant *wanted = &a->change.grant;
	struct directory_person person;
	if (wanted->kind != GRANT_GROUP || is_administrator(a))
		return 0;
	for (size_t i = 0; i < a->grants.count; i++)
		if (a->grants.grants[i].kind == GRANT_GROUP && a->grants.grants[i].who == wanted->who)
			return 0;
	int error = directory_viewer_begin(t, &a->viewer.viewer);
	if (error == 0)
		error = directory_sees(t, &a->viewer.viewer, wanted->who, &person);
	return error == -ENOENT ? -ENXIO : error;
}

static int run_find_name(struct txn *t, void *arg)
{
	struct right_acl *a = arg;
	int error = find_name(t, view_of(a->who, a->who_len), &a->change.grant);
	if (error == 0)
		error = check_seen(t, a);
	if (error == 0)
		error = right_copy_address(t, a->box.shard, a->owner, &a->owner_len);
	return error ? error : right_copy_address(t, a->question.right->account, a->by, &a->by_len);
}

static void name_found(struct store_read *read, int result)
{
	struct right_acl *a = container_of(read, struct right_acl, read);
	struct account_granting *g = &a->granting;
	if (!question_back(&a->question))
		return;
	/* The owner has all rights, and none can be taken from it. */
	if (result == 0 && a->change.grant.kind == GRANT_USER && a->change.grant.who == a->box.shard)
		result = -EINVAL;
	if (result == 0 && !right_may_share(a->question.right, &a->change, 1))
		result = -EUSERS;
	if (result) {
		question_fail(&a->question, result);
		return;
	}
	*g = (struct account_granting){.shard = a->box.shard,
	    .mailbox = a->box.mailbox,
	    .address = view_of(a->owner, a->owner_len),
	    .by = a->question.right->account,
	    .by_address = view_of(a->by, a->by_len),
	    .changes = &a->change,
	    .count = 1,
	    .done = granted};
	question_call(&a->question);
	account_grant(&store_role.accounts, g);
}

static void grants_known(struct account_grants *grants, int result)
{
	struct right_acl *a = container_of(grants, struct right_acl, grants);
	if (!question_back(&a->question))
		return;
	if (result)
		question_fail(&a->question, result);
	else
		read_directory(a, run_find_name, name_found);
}

static void viewer_known(struct question *question)
{
	struct right_acl *a = acl_of(question);
	a->grants =
	    (struct account_grants){.shard = a->box.shard, .mailbox = a->box.mailbox, .done = grants_known};
	question_call(question);
	account_grants(&store_role.accounts, &a->grants);
}

static void may_grant(struct question *question)
{
	struct right_acl *a = acl_of(question);
	if (is_administrator(a))
		read_directory(a, run_find_name, name_found);
	else
		right_viewer(question, &a->viewer, viewer_known);
}

void right_grant_set(struct right *r, uint32_t request, const void *message)
{
	const struct mail_grant *m = message;
	struct right_acl *a = question_begin(r, request, sizeof *a, &kind);
	struct view who = view_take(m->who, sizeof a->who);
	a->change = (struct account_grant_change){
	    .give = (uint32_t)m->rights, .take = RIGHT_ALL & ~(uint32_t)m->keep};
	a->who_len = who.len;
	if (who.len)
		memcpy(a->who, who.data, who.len);
	if (view_equal_nocase(who, VIEW("owner")) || view_equal_nocase(who, VIEW("-owner")))
		question_fail(&a->question, -EINVAL);
	else
		right_access(&a->question, m->account, m->mailbox, RIGHT_ADMIN, &a->box, may_grant);
}

/* ---- MAIL_SHARES ---- */

struct right_sharing {
	struct question question;
	struct account_shares shares;
	struct account_tree
	    tree; /* the mailbox of the share under way: its path, and what it may be used for */
	size_t at;
	struct right_mailbox box;
	struct account_sharing call;
	struct store_read read;
	char owner[ADDRESS_MAX];
	size_t owner_len;
	char *path; /* of one that is named by its owner and path */
};

static struct right_sharing *sharing_of(struct question *question)
{
	return container_of(question, struct right_sharing, question);
}

static void release_shares(struct question *question)
{
	struct right_sharing *s = sharing_of(question);
	account_shares_free(&s->shares);
	account_tree_free(&s->tree);
	mem_free(s->path);
}

static const struct question_kind shares_kind = {.release = release_shares};

static void next_share(struct right_sharing *s);

static void share_seen(struct account_tree *tree, int result)
{
	struct right_sharing *s = container_of(tree, struct right_sharing, tree);
	if (!question_back(&s->question))
		return;
	if (result == 0) {
		const struct account_share *share = &s->shares.shares[s->at];
		const struct account_tree_mailbox *box = &tree->mailboxes[0];
		struct mail_share m = {.account = share->owner % MAIL_ACCOUNT_END,
		    .mailbox = share->mailbox,
		    .state = share->state,
		    .rights = box->rights,
		    .owner = share->address,
		    .path = box->path};
		if (!question_answer(&s->question, MAIL_SHARE, &m))
			return;
	}
	if (result && result != -ENOENT && result != -EBADMSG) {
		question_fail(&s->question, result);
		return;
	}
	s->at++;
	next_share(s);
}

static void next_share(struct right_sharing *s)
{
	if (s->at == s->shares.count) {
		question_fail(&s->question, 0);
		return;
	}
	const struct account_share *share = &s->shares.shares[s->at];
	account_tree_free(&s->tree);
	s->tree = (struct account_tree){.shard = share->owner,
	    .only = share->mailbox,
	    .who = right_is_who(s->question.right),
	    .done = share_seen};
	question_call(&s->question);
	account_tree(&store_role.accounts, &s->tree);
}

static void shares_read(struct account_shares *shares, int result)
{
	struct right_sharing *s = container_of(shares, struct right_sharing, shares);
	if (!question_back(&s->question))
		return;
	if (result)
		question_fail(&s->question, result);
	else
		next_share(s);
}

static void who_known(struct question *question)
{
	struct right_sharing *s = sharing_of(question);
	s->shares = (struct account_shares){.shard = question->right->account, .done = shares_read};
	question_call(question);
	account_shares(&store_role.accounts, &s->shares);
}

void right_shares(struct right *r, uint32_t request, const void *message)
{
	(void)message;
	struct right_sharing *s = question_begin(r, request, sizeof *s, &shares_kind);
	right_who(&s->question, who_known);
}

/* ---- MAIL_SHARE_SET ---- */

static void share_set(struct account_sharing *call, int result)
{
	struct right_sharing *s = container_of(call, struct right_sharing, call);
	if (question_back(&s->question))
		question_fail(&s->question, result);
}

static int run_owner(struct txn *t, void *arg)
{
	struct right_sharing *s = arg;
	struct view owner;
	int error = directory_account_address(t, s->box.shard, &owner);
	if (error == 0 && owner.len > sizeof s->owner)
		error = -EBADMSG;
	if (error)
		return error;
	memcpy(s->owner, owner.data, owner.len);
	s->owner_len = owner.len;
	return 0;
}

static void owner_known(struct store_read *read, int result)
{
	struct right_sharing *s = container_of(read, struct right_sharing, read);
	if (!question_back(&s->question))
		return;
	if (result) {
		question_fail(&s->question, result);
		return;
	}
	s->call.share.address = view_of(s->owner, s->owner_len);
	s->call.done = share_set;
	question_call(&s->question);
	account_share_set(&store_role.accounts, &s->call);
}

/* Whoever has the right through a group, or as anyone, makes the share by accepting. */
static void may_share(struct question *question)
{
	struct right_sharing *s = sharing_of(question);
	if (s->box.user == 0) {
		question_fail(question, -EINVAL);
		return;
	}
	s->call.shard = question->right->account;
	s->call.share.owner = s->box.shard;
	s->call.share.mailbox = s->box.mailbox;
	s->read =
	    (struct store_read){.shard = DIRECTORY_SHARD, .run = run_owner, .arg = s, .done = owner_known};
	question_call(question);
	store_read(store_role.store, &s->read);
}

/* ---- one that is named by its owner and path ---- */

static void path_found(struct account_tree *tree, int result)
{
	struct right_sharing *s = container_of(tree, struct right_sharing, tree);
	struct view path = view_from_string(s->path);
	size_t i = 0;
	if (!question_back(&s->question))
		return;
	while (result == 0 && i < tree->count && !view_equal(tree->mailboxes[i].path, path))
		i++;
	if (result || i == tree->count)
		question_fail(&s->question, result ? result : -ENOENT);
	else
		right_access(&s->question, tree->shard % MAIL_ACCOUNT_END, tree->mailboxes[i].number,
		    RIGHT_LOOKUP, &s->box, may_share);
}

static int run_find_owner(struct txn *t, void *arg)
{
	struct right_sharing *s = arg;
	struct directory_account account;
	int error = directory_account_get(t, view_of(s->owner, s->owner_len), &account);
	if (error == 0)
		s->box.shard = account.shard;
	return error == -EINVAL || error == -EMSGSIZE ? -ENOENT : error;
}

static void owner_found(struct store_read *read, int result)
{
	struct right_sharing *s = container_of(read, struct right_sharing, read);
	if (!question_back(&s->question))
		return;
	if (result) {
		question_fail(&s->question, result);
		return;
	}
	s->tree = (struct account_tree){
	    .shard = s->box.shard, .who = right_is_who(s->question.right), .done = path_found};
	question_call(&s->question);
	account_tree(&store_role.accounts, &s->tree);
}

static void find_owner(struct question *question)
{
	struct right_sharing *s = sharing_of(question);
	s->read = (struct store_read){
	    .shard = DIRECTORY_SHARD, .run = run_find_owner, .arg = s, .done = owner_found};
	question_call(question);
	store_read(store_role.store, &s->read);
}

/* Whoever accepts wants to see it in programs that show what is subscribed; whoever leaves does not. */
void right_share_set(struct right *r, uint32_t request, const void *message)
{
	const struct mail_share *m = message;
	struct right_sharing *s = question_begin(r, request, sizeof *s, &shares_kind);
	s->call.set = SHARE_SET_STATE | SHARE_SET_SUBSCRIBED;
	s->call.share.state = (uint8_t)m->state;
	s->call.share.subscribed = m->state == MAIL_SHARE_ACCEPTED;
	if (m->account == 0 && m->owner.len > 0 && m->owner.len <= sizeof s->owner) {
		s->path = mem_string(m->path);
		memcpy(s->owner, m->owner.data, m->owner.len);
		s->owner_len = m->owner.len;
		right_who(&s->question, find_owner);
		return;
	}
	right_access(&s->question, m->account, m->mailbox, RIGHT_LOOKUP, &s->box, may_share);
}
