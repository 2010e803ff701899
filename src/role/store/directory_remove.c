/*
 * Removing accounts and domains, bringing them back, and erasing those whose time is over. The first two are
 * one commit for an account, and one for each slice of a domain's accounts. Erasing is cut into steps, each
 * of one account: what is being erased is marked before, so that nobody brings back half of it, and a crash
 * leaves it to the next upkeep.
 */
#include <errno.h>

#include "directory/removed.h"
#include "directory/directory_entries.h"
#include "role/store/directory_job_private.h"

/* ---- removing, and back ---- */

static int remove_domain(struct txn *t, struct directory_job *job)
{
	struct directory_slice slice;
	bool all = job->number != DIRECTORY_REMOVE_EMPTY;
	int64_t when = job->number == DIRECTORY_REMOVE_NOW ? DIRECTORY_ERASING : job->now;
	int error = job->operation == DIRECTORY_DOMAIN_RESTORE
	                ? directory_domain_restore(t, job->fields[0], &slice)
	                : directory_domain_hide(t, job->fields[0], all, when, &slice);
	if (error)
		return error;
	for (size_t i = 0; i < slice.count; i++)
		directory_job_put_number(job, slice.shards[i]);
	job->answer = slice.more;
	return 0;
}

int directory_run_remove(struct txn *t, void *arg)
{
	struct directory_job *job = arg;
	int64_t when = job->number == DIRECTORY_REMOVE_NOW ? DIRECTORY_ERASING : job->now;
	buf_clear(&job->out);
	job->answer = 0;
	switch ((enum directory_operation)job->operation) {
	case DIRECTORY_ACCOUNT_DELETE:
		return directory_account_hide(t, job->fields[0], when, &job->answer);
	case DIRECTORY_ACCOUNT_RESTORE:
		return directory_account_restore(t, job->fields[0], &job->answer);
	default:
		return remove_domain(t, job);
	}
}

void directory_removed_done(struct store_commit *c, int result)
{
	directory_job_finish(c->arg, result);
}

/* ---- the list ---- */

struct removed_listing {
	struct directory_job *job;
	size_t count;
};

static int put_removed(void *arg, const struct directory_removed *r)
{
	struct removed_listing *l = arg;
	directory_job_put(l->job, r->place);
	directory_job_put_number(l->job, (uint64_t)r->when);
	directory_job_put(l->job, r->kind == DIRECTORY_REMOVED_ACCOUNT ? VIEW("account") : VIEW("domain"));
	directory_job_put(l->job, r->name);
	return ++l->count == DIRECTORY_LIST_PART;
}

int directory_run_removed_list(struct txn *t, struct directory_job *job)
{
	struct removed_listing l = {.job = job};
	return directory_removed_each(t, job->fields[0], put_removed, &l);
}

/* ---- erasing: a step ---- */

struct oldest {
	struct directory_job *job;
	int64_t until, when;
	enum directory_removed_kind kind;
	struct address name;
	bool found;
};

static int take_oldest(void *arg, const struct directory_removed *r)
{
	struct oldest *o = arg;
	if (r->when > o->until)
		return 1;
	o->kind = r->kind;
	o->when = r->when;
	o->job->place.len = 0;
	directory_key_add(&o->job->place, r->place);
	int error = r->kind == DIRECTORY_REMOVED_ACCOUNT ? address_normalize(r->name, &o->name)
	                                                 : address_normalize_domain(r->name, &o->name);
	o->found = error == 0;
	return error ? error : 1;
}

static int erase_account(struct txn *t, struct directory_job *job, const struct address *address)
{
	int error = directory_account_hide(t, address_view(address), DIRECTORY_ERASING, &job->answer);
	if (error)
		return error;
	/* From now on it stands among those that are being erased. */
	job->erasing = *address;
	directory_removed_place(
	    DIRECTORY_ERASING, DIRECTORY_REMOVED_ACCOUNT, address_view(address), &job->place);
	return 0;
}

struct view directory_job_place(const struct directory_job *job)
{
	return directory_key_view(&job->place);
}

static int erase_domain(struct txn *t, struct directory_job *job, const struct oldest *o)
{
	struct directory_slice slice = {.more = false};
	struct address account;
	bool more;
	int error = o->when == DIRECTORY_ERASING
	                ? 0
	                : directory_domain_hide(t, address_view(&o->name), true, DIRECTORY_ERASING, &slice);
	if (error || slice.more)
		return error;
	error = directory_domain_erase(t, address_view(&o->name), &account, &more);
	if (error || account.len == 0)
		return error;
	/* If it cannot be erased, it is passed over alone: the domain names another one next. */
	return erase_account(t, job, &account);
}

int directory_run_erase(struct txn *t, void *arg)
{
	struct directory_job *job = arg;
	struct oldest o = {.job = job, .until = (int64_t)job->number};
	job->answer = 0;
	job->existing = false;
	job->place.len = 0;
	int error = directory_removed_each(t, job->fields[0], take_oldest, &o);
	if (error < 0 || !o.found)
		return error < 0 ? error : 0;
	job->existing = true;
	return o.kind == DIRECTORY_REMOVED_ACCOUNT ? erase_account(t, job, &o.name)
	                                           : erase_domain(t, job, &o);
}

static void step_ends(struct directory_job *job, int result)
{
	job->answer = job->existing;
	directory_job_finish(job, result);
}

/* Two may erase at once, upkeep and a command: the other has been faster, and the address may be a new
 * account's by now. */
static int run_delete(struct txn *t, void *arg)
{
	struct directory_job *job = arg;
	struct directory_account a;
	int error = directory_account_entry(t, &job->erasing, &a);
	if (error == -ENOENT || (error == 0 && (a.shard != job->answer || a.removed != DIRECTORY_ERASING)))
		return 0;
	return error ? error : directory_account_delete(t, address_view(&job->erasing));
}

static void account_deleted(struct store_commit *c, int result)
{
	step_ends(c->arg, result);
}

static void account_erased(struct account_request *r, int result)
{
	struct directory_job *job = r->arg;
	if (result)
		step_ends(job, result);
	else
		directory_job_commit(job, run_delete, account_deleted);
}

void directory_erase_done(struct store_commit *c, int result)
{
	struct directory_job *job = c->arg;
	if (result || job->answer == 0) {
		step_ends(job, result);
		return;
	}
	job->request = (struct account_request){.shard = job->answer, .done = account_erased, .arg = job};
	account_remove(job->accounts, &job->request);
}
