/* Who may do what with a mailbox: see grants.h. */
#include "account/grants.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "account/mailbox.h"
#include "account/share_notes.h"
#include "account/shares.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"

/* ---- the list ---- */

static size_t find_grant(const struct account_mailbox *m, const struct account_grant *grant)
{
	size_t i = 0;
	while (i < m->grant_count && (m->grants[i].kind != grant->kind || m->grants[i].who != grant->who ||
	                                 m->grants[i].negative != grant->negative))
		i++;
	return i;
}

static int set_grant(struct account_mailbox *m, const struct account_grant *grant)
{
	size_t i = find_grant(m, grant);
	if (i == m->grant_count && grant->rights == 0)
		return 0;
	if (i == ACCOUNT_GRANTS_MAX)
		return -EMLINK;
	if (grant->rights) {
		m->grants[i] = *grant;
		m->grant_count += i == m->grant_count;
		return 0;
	}
	memmove(&m->grants[i], &m->grants[i + 1], (m->grant_count - i - 1) * sizeof *m->grants);
	m->grant_count--;
	return 0;
}

/* ---- what a change comes to ---- */

/* A change under way: large, and so not on a stack. */
struct granting {
	struct account_change own, other;
	struct account_mailbox m; /* with the grants that there are then */
	struct mailbox_path path;
	struct account_grant_told
	    affected[2 * ACCOUNT_GRANTS_MAX]; /* those who are named, and those who are not */
	size_t count;
};

static void note_affected(struct granting *w, struct account_granting *g, const struct account_grant *grant,
    uint32_t old_rights, uint32_t new_rights)
{
	const struct account_grant_told told = {grant->who, old_rights, new_rights};
	if (grant->negative || old_rights == new_rights || grant->who == g->shard)
		return;
	if (grant->kind == GRANT_USER)
		w->affected[w->count++] = told;
	else if (grant->kind == GRANT_GROUP)
		g->groups[g->group_count++] = told;
}

static int apply(struct granting *w, struct account_granting *g, struct account_mailbox *m,
    const struct account_grant_change *change)
{
	struct account_grant grant = change->grant;
	size_t i = find_grant(m, &grant);
	uint32_t old_rights = i < m->grant_count ? m->grants[i].rights : 0;
	grant.rights = (old_rights & ~change->take) | change->give;
	if (change->visible)
		grant.rights = grant.rights & ~(uint32_t)(RIGHT_LOOKUP | RIGHT_ANNOTATE)
		                   ? grant.rights | RIGHT_LOOKUP
		                   : 0;
	int error = set_grant(m, &grant);
	if (error == 0)
		note_affected(w, g, &grant, old_rights, grant.rights);
	return error;
}

static bool is_named(const struct account_granting *g, const struct account_grant *grant)
{
	for (size_t i = 0; i < g->count; i++)
		if (g->changes[i].grant.kind == grant->kind && g->changes[i].grant.who == grant->who)
			return true;
	return false;
}

static void drop_others(struct granting *w, struct account_granting *g, struct account_mailbox *m)
{
	for (size_t i = m->grant_count; i-- > 0;) {
		struct account_grant grant = m->grants[i];
		if (grant.negative || grant.kind == GRANT_ANYONE || is_named(g, &grant))
			continue;
		note_affected(w, g, &grant, grant.rights, 0);
		grant.rights = 0;
		(void)set_grant(m, &grant); /* nothing is added */
	}
}

/* Whoever is gone needs not be told that it has lost what it had. */
static int check_affected(struct txn *t, struct granting *w, struct account_granting *g)
{
	size_t kept = 0;
	for (size_t i = 0; i < w->count; i++) {
		struct account_head head;
		int error = head_get(t, w->affected[i].who, &head);
		if (error == -ENOENT && w->affected[i].new_rights) {
			g->failed = w->affected[i].who;
			return -ENXIO;
		}
		if (error == 0)
			w->affected[kept++] = w->affected[i];
		else if (error != -ENOENT)
			return error;
	}
	w->count = kept;
	return 0;
}

/* Those who get more at once than they knew of are invited; whoever may not look it up any more is not. */
static int tell(
    struct txn *t, struct granting *w, struct account_granting *g, const struct account_grant_told *a)
{
	struct account_share_note note = {.created = g->now,
	    .by = g->by,
	    .by_address = g->by_address,
	    .owner = g->shard,
	    .mailbox = g->mailbox,
	    .old_rights = a->old_rights,
	    .new_rights = a->new_rights,
	    .path = mailbox_path_view(&w->path, w->path.count)};
	bool invited = false;
	int error = change_begin(&w->other, t, a->who, g->now);
	if (error == 0 && a->new_rights & RIGHT_LOOKUP)
		error = share_invite(&w->other, g->shard, g->mailbox, g->address, &invited);
	else if (error == 0 && !share_is_granted(&w->m, a->who))
		error = share_withdraw(&w->other, g->shard, g->mailbox);
	if (error == 0 && a->who != g->by)
		error = share_note_add(&w->other, &note);
	if (error == 0)
		error = change_end(&w->other);
	if (error == 0 && invited && g->invited_count < ACCOUNT_GRANTS_MAX)
		g->invited[g->invited_count++] = a->who;
	return error;
}

/* Refusals come first: of the mailbox, then of the users; then all accounts are written. */
static int run(struct txn *t, struct granting *w, struct account_granting *g)
{
	struct change_mailbox *box;
	w->count = g->invited_count = g->group_count = 0;
	int error = change_begin(&w->own, t, g->shard, g->now);
	if (error == 0)
		error = change_mailbox(&w->own, g->mailbox, &box);
	if (error == 0 && g->replace)
		drop_others(w, g, &box->m);
	for (size_t i = 0; i < g->count && error == 0; i++)
		error = apply(w, g, &box->m, &g->changes[i]);
	if (error == 0)
		error = mailbox_path_of(t, g->shard, g->mailbox, &w->path);
	if (error == 0)
		error = check_affected(t, w, g);
	if (error == 0)
		w->m = box->m;
	for (size_t i = 0; i < w->count && error == 0; i++)
		error = tell(t, w, g, &w->affected[i]);
	if (error)
		return error;
	change_mark_mailbox(&w->own, box);
	return change_end(&w->own);
}

static int run_grant(struct txn *t, void *arg)
{
	struct granting *w = mem_alloc(sizeof *w);
	int error = run(t, w, arg);
	mem_free(w);
	return error;
}

static void granted(struct store_commit *commit, int result)
{
	struct account_granting *g = container_of(commit, struct account_granting, commit);
	g->done(g, result);
}

void account_grant(struct accounts *a, struct account_granting *g)
{
	g->now = clock_wall();
	g->commit = (struct store_commit){.run = run_grant, .arg = g, .done = granted};
	store_commit(a->store, &g->commit);
}

/* ---- people of a group ---- */

static int tell_each(
    struct txn *t, struct granting *w, struct account_granting *g, const struct account_telling *x)
{
	struct account_head head;
	int error = mailbox_path_of(t, x->shard, x->mailbox, &w->path);
	if (error == 0)
		error = mailbox_get(t, x->shard, x->mailbox, &w->m);
	for (size_t i = 0; i < x->count && error == 0; i++) {
		const struct account_grant_told told = {x->people[i], x->old_rights, x->new_rights};
		error = x->people[i] == x->shard ? -ENOENT : head_get(t, x->people[i], &head);
		if (error == 0)
			error = tell(t, w, g, &told);
		else if (error == -ENOENT)
			error = 0;
	}
	return error;
}

static int run_tell(struct txn *t, void *arg)
{
	struct account_telling *x = arg;
	struct granting *w = mem_alloc(sizeof *w);
	struct account_granting *g = mem_alloc(sizeof *g);
	*g = (struct account_granting){.shard = x->shard,
	    .mailbox = x->mailbox,
	    .address = x->address,
	    .by = x->by,
	    .by_address = x->by_address,
	    .now = x->now};
	int error = tell_each(t, w, g, x);
	x->invited_count = g->invited_count;
	memcpy(x->invited, g->invited, sizeof x->invited);
	mem_free(g);
	mem_free(w);
	return error;
}

static void people_told(struct store_commit *commit, int result)
{
	struct account_telling *x = container_of(commit, struct account_telling, commit);
	x->done(x, result);
}

void account_tell_people(struct accounts *a, struct account_telling *x)
{
	x->now = clock_wall();
	x->commit = (struct store_commit){.run = run_tell, .arg = x, .done = people_told};
	store_commit(a->store, &x->commit);
}

/* ---- a look at it ---- */

static int run_grants(struct txn *t, void *arg)
{
	struct account_grants *g = arg;
	struct account_mailbox m;
	int error = mailbox_get(t, g->shard, g->mailbox, &m);
	if (error)
		return error;
	g->count = m.grant_count;
	if (g->count)
		memcpy(g->grants, m.grants, g->count * sizeof *g->grants);
	return 0;
}

static void grants_read(struct store_read *read, int result)
{
	struct account_grants *g = container_of(read, struct account_grants, read);
	g->done(g, result);
}

void account_grants(struct accounts *a, struct account_grants *g)
{
	g->read = (struct store_read){.shard = g->shard, .run = run_grants, .arg = g, .done = grants_read};
	store_read(a->store, &g->read);
}
