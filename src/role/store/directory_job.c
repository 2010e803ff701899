/*
 * The directory's operations: see directory_job.h. Reading ones are one read, changing ones one commit; what
 * concerns an account's own shard as well comes in an order that a crash may cut anywhere: an account exists
 * for mail only once it is enabled, last.
 */
#include "role/store/directory_job.h"

#include <errno.h>

#include "account/push.h"
#include "base/clock.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "directory/groups.h"
#include "directory/masked.h"
#include "directory/signing.h"
#include "role/store/directory_job_private.h"

enum { OUT_MAX = 400 * 1024, ARENA_MAX = 256 * 1024 };

static void commit_done(struct store_commit *c, int result)
{
	directory_job_finish(c->arg, result);
}

static void read_done(struct store_read *r, int result)
{
	directory_job_finish(r->arg, result);
}

/* ---- reading ---- */

static int run_resolve(struct txn *t, struct directory_job *job)
{
	/* Half a megabyte, most of which is never touched. */
	struct directory_targets *targets = mem_resize(NULL, sizeof *targets);
	targets->count = 0;
	targets->masked = false;
	int error = directory_job_resolve(t, job->fields[0], targets);
	for (size_t i = 0; error == 0 && i < targets->count; i++) {
		directory_job_put_number(job, targets->items[i].remote ? 0 : targets->items[i].shard);
		directory_job_put(job, address_view(&targets->items[i].address));
		directory_job_put_number(job, targets->items[i].limited);
	}
	job->answer = targets->masked;
	mem_free(targets);
	return error;
}

static void put_explained(void *arg, struct view text)
{
	directory_job_put(arg, text);
}

static int run_kick(struct txn *t, struct directory_job *job)
{
	struct directory_account account;
	int error = directory_account_get(t, job->fields[0], &account);
	job->answer = error ? 0 : account.shard;
	return error;
}

/*
 * Credentials with many app passwords are larger than an entry: what does not fit the account's own goes into
 * further entries (the directory's app passwords), numbered from 00, always written together.
 */
enum { PARTS_MAX = 56 };
_Static_assert((int)PARTS_MAX + 1 + ACCOUNT_PUSH_WRITES <= (int)STORE_WRITE_KEYS_MAX,
    "new credentials and the end of subscriptions are one commit");

static struct view part_name(char name[3], unsigned number)
{
	name[0] = (char)('0' + number / 10);
	name[1] = (char)('0' + number % 10);
	return view_of(name, 2);
}

static int append_part(void *arg, struct view name, struct view record)
{
	(void)name; /* they come in order */
	return buf_append(arg, record);
}

static int read_credentials(
    struct txn *t, struct view address, const struct directory_account *a, struct buf *out)
{
	buf_append(out, a->credentials);
	return directory_app_password_each(t, address, append_part, out);
}

/* All refusals come before the first write: too large ones are told by their length. */
static int write_credentials(
    struct txn *t, struct view address, struct directory_account *a, struct view credentials)
{
	char name[3];
	unsigned number = 0;
	if (credentials.len > (size_t)DIRECTORY_OPAQUE_MAX * PARTS_MAX)
		return -EMSGSIZE;
	a->credentials = view_take(credentials, DIRECTORY_OPAQUE_MAX);
	struct view rest = view_skip(credentials, DIRECTORY_OPAQUE_MAX), before;
	int error = directory_account_put(t, address, a);
	for (; error == 0 && rest.len > 0; number++) {
		error = directory_app_password_put(
		    t, address, part_name(name, number), view_take(rest, DIRECTORY_OPAQUE_MAX));
		rest = view_skip(rest, DIRECTORY_OPAQUE_MAX);
	}
	while (error == 0 && directory_app_password_get(t, address, part_name(name, number), &before) == 0)
		error = directory_app_password_delete(t, address, part_name(name, number++));
	return error;
}

static int run_address(struct txn *t, struct directory_job *job)
{
	struct view address;
	uint64_t shard = job->number >> 56 ? job->number : store_shard(STORE_ACCOUNT, job->number);
	int error = directory_account_address(t, shard, &address);
	if (error == 0)
		directory_job_put(job, address);
	return error;
}

static int run_look_up(struct txn *t, struct directory_job *job)
{
	struct directory_account a;
	struct address normal;
	int error = job->number ? directory_login_get(t, job->fields[0], &a, &normal)
	                        : directory_account_get(t, job->fields[0], &a);
	if (error == 0 && job->number == 0)
		error = address_normalize(job->fields[0], &normal);
	if (error)
		return error;
	job->answer = a.disabled ? 0 : a.shard;
	directory_job_put(job, address_view(&normal));
	struct buf credentials;
	buf_init(&credentials, (size_t)DIRECTORY_OPAQUE_MAX * (PARTS_MAX + 1));
	error = read_credentials(t, address_view(&normal), &a, &credentials);
	directory_job_put(job, buf_view(&credentials));
	directory_job_put(job, a.administrator ? VIEW("1") : VIEW(""));
	buf_done(&credentials);
	return error;
}

struct listing {
	struct directory_job *job;
	struct txn *txn;
	size_t count;
};

static int put_domain(void *arg, struct view name, const struct directory_domain *d)
{
	struct listing *l = arg;
	directory_job_put(l->job, name);
	directory_job_put(l->job, d->alias_of);
	directory_job_put(l->job, d->catch_all);
	directory_job_put(l->job, view_of(&d->separator, d->separator != 0));
	directory_job_put(l->job, d->disabled ? VIEW("1") : VIEW(""));
	return ++l->count == DIRECTORY_LIST_PART;
}

static int put_account(void *arg, struct view address, const struct directory_account *a)
{
	struct listing *l = arg;
	directory_job_put(l->job, address);
	directory_job_put_number(l->job, a->shard);
	directory_job_put_number(l->job, a->quota);
	directory_job_put(l->job, a->disabled ? VIEW("1") : VIEW(""));
	directory_job_put(l->job, a->administrator ? VIEW("1") : VIEW(""));
	return ++l->count == DIRECTORY_LIST_PART;
}

static int put_alias(void *arg, struct view address, struct view targets)
{
	struct listing *l = arg;
	directory_job_put(l->job, address);
	directory_job_put(l->job, targets);
	return ++l->count == DIRECTORY_LIST_PART;
}

static int put_masked(void *arg, struct view address, const struct directory_masked *m)
{
	struct listing *l = arg;
	struct view owner = {0};
	directory_job_put(l->job, address);
	int error = directory_account_address(l->txn, m->owner, &owner);
	if (error && error != -ENOENT)
		return error;
	directory_job_put(l->job, owner);
	directory_job_put(l->job, m->on ? VIEW("1") : VIEW(""));
	return ++l->count == DIRECTORY_LIST_PART;
}

static int put_member(void *arg, struct view member)
{
	struct listing *l = arg;
	directory_job_put(l->job, member);
	return ++l->count == DIRECTORY_LIST_PART;
}

static int put_group(void *arg, struct view group, uint64_t members)
{
	(void)members;
	return put_member(arg, group);
}

static int put_signing(void *arg, const struct signing_key *key, struct view sealed)
{
	struct listing *l = arg;
	char numbers[DIRECTORY_SIGNING_NUMBERS];
	struct view fields[DIRECTORY_SIGNING_FIELDS];
	struct directory_domain domain;
	/* Those of a domain that was removed wait for it to come back, and sign nothing. */
	if (directory_domain_get(l->txn, key->domain, &domain) == -ENOENT)
		return 0;
	if (l->job->number != DIRECTORY_SIGNING_SEALED)
		sealed = (struct view){0};
	directory_signing_write(key, sealed, numbers, fields);
	for (size_t i = 0; i < DIRECTORY_SIGNING_FIELDS; i++)
		directory_job_put(l->job, fields[i]);
	return ++l->count == DIRECTORY_SIGNING_PART;
}

static int run_groups_of(struct txn *t, struct directory_job *job)
{
	struct directory_account account;
	uint64_t numbers[DIRECTORY_GROUPS_OF_ACCOUNT_MAX];
	struct view name;
	size_t count = 0;
	int error = directory_account_get(t, job->fields[0], &account);
	if (error == 0)
		error = directory_groups_of(t, account.shard, numbers, &count);
	for (size_t i = 0; error == 0 && i < count; i++) {
		error = directory_group_name(t, numbers[i], &name);
		if (error == 0)
			directory_job_put(job, name);
	}
	return error;
}

static int run_admin(struct txn *t, struct directory_job *job)
{
	struct view address;
	int error = directory_admin_get(t, &address);
	if (error == 0)
		directory_job_put(job, address);
	return error;
}

static int run_reading(struct txn *t, void *arg)
{
	struct directory_job *job = arg;
	struct listing listing = {.job = job, .txn = t};
	int result = -EINVAL;
	buf_clear(&job->out);
	switch ((enum directory_operation)job->operation) {
	case DIRECTORY_RESOLVE:
		return run_resolve(t, job);
	case DIRECTORY_LOOK_UP:
		return run_look_up(t, job);
	case DIRECTORY_EXPLAIN:
		return directory_job_explain(t, job->fields[0], put_explained, job, &job->answer);
	case DIRECTORY_KICK:
		return run_kick(t, job);
	case DIRECTORY_ADDRESS:
		return run_address(t, job);
	case DIRECTORY_REMOVED_LIST:
		result = directory_run_removed_list(t, job);
		break;
	case DIRECTORY_GROUPS_OF:
		return run_groups_of(t, job);
	case DIRECTORY_ADMIN_GET:
		return run_admin(t, job);
	case DIRECTORY_DOMAIN_LIST:
		result = directory_domain_each(t, job->fields[0], put_domain, &listing);
		break;
	case DIRECTORY_ACCOUNT_LIST:
		result = directory_account_each(t, job->fields[0], job->fields[1], put_account, &listing);
		break;
	case DIRECTORY_GROUP_LIST:
		result = directory_group_each(t, job->fields[0], job->fields[1], put_group, &listing);
		break;
	case DIRECTORY_GROUP_MEMBERS:
		result = directory_member_each(t, job->fields[0], job->fields[1], put_member, &listing);
		break;
	case DIRECTORY_SIGNING_LIST:
		result = directory_signing_each(
		    t, job->fields[0], job->fields[1], job->fields[2], put_signing, &listing);
		break;
	case DIRECTORY_ALIAS_LIST:
		result = directory_alias_each(t, job->fields[0], job->fields[1], put_alias, &listing);
		break;
	case DIRECTORY_MASKED_LIST:
		result = directory_masked_each(t, job->fields[0], job->fields[1], put_masked, &listing);
		break;
	default:
		break;
	}
	return result > 0 ? 0 : result;
}

/* ---- changing ---- */

static int set_account(struct txn *t, struct directory_job *job)
{
	struct directory_account a;
	int error = directory_account_get(t, job->fields[0], &a);
	if (error)
		return error;
	job->answer = a.shard;
	/* The credentials' view ends with the first write: it is copied. */
	if (!arena_copy(&job->arena, a.credentials, &a.credentials))
		return -ENOMEM;
	if (view_equal(job->fields[1], VIEW("quota")))
		a.quota = directory_number(job->fields[2]);
	else if (view_equal(job->fields[1], VIEW("messages")))
		a.quota_messages = directory_number(job->fields[2]);
	else if (view_equal(job->fields[1], VIEW("disabled")))
		a.disabled = job->fields[2].len > 0, job->number = a.quota;
	else if (view_equal(job->fields[1], VIEW("administrator")))
		a.administrator = job->fields[2].len > 0;
	else
		return -EINVAL;
	return directory_account_put(t, job->fields[0], &a);
}

/*
 * Auth says what was revoked to a store that serves (store_push.h). Where none does, nobody would ever say
 * it: subscriptions go with the credentials that they were made with, in the same commit. Those that cannot
 * be read keep nobody from a new password.
 */
static int end_pushes(struct txn *t, uint64_t shard)
{
	size_t left;
	int error = account_push_sweep(t, shard, clock_wall(), ACCOUNT_PUSH_ANY, true, &left);
	return error == -ENOENT || error == -EBADMSG ? 0 : error;
}

static int put_credentials(struct txn *t, struct directory_job *job)
{
	struct directory_account a;
	struct buf before;
	int error = directory_account_get(t, job->fields[0], &a);
	if (error)
		return error;
	job->answer = a.shard;
	buf_init(&before, (size_t)DIRECTORY_OPAQUE_MAX * (PARTS_MAX + 1));
	error = read_credentials(t, job->fields[0], &a, &before);
	if (error == 0 && job->fields[2].len > 0 && !view_equal(buf_view(&before), job->fields[2]))
		error = -ESTALE;
	buf_done(&before);
	if (error == 0)
		error = write_credentials(t, job->fields[0], &a, job->fields[1]);
	return error || job->number != DIRECTORY_CREDENTIALS_REPLACED ? error : end_pushes(t, a.shard);
}

/* The server's own secret, from which auth makes the salts of accounts that do not exist: made once, the same
 * for years. */
static int keep_secret(struct txn *t, struct directory_job *job)
{
	static const struct view key = {"!secret", 7};
	struct view before;
	int error = txn_get(t, DIRECTORY_SHARD, key, &before);
	buf_clear(&job->out);
	if (error == 0)
		directory_job_put(job, before);
	if (error != -ENOENT)
		return error;
	directory_job_put(job, job->fields[0]);
	return txn_put(t, DIRECTORY_SHARD, key, job->fields[0]);
}

static int put_signing_key(struct txn *t, struct directory_job *job)
{
	struct signing_key key;
	struct view sealed;
	if (!directory_signing_read(job->fields, &key, &sealed))
		return -EINVAL;
	if (job->number == DIRECTORY_SIGNING_UNWISH)
		return directory_signing_unwish(t, key.domain, key.selector, key.wish);
	return directory_signing_put(t, &key, sealed, job->number != DIRECTORY_SIGNING_SEALED);
}

static int rename_account(struct txn *t, struct directory_job *job)
{
	struct directory_renamed renamed = {.led = 0};
	int error = directory_account_rename(t, job->fields[0], job->fields[1], job->number == 0, &renamed);
	buf_clear(&job->out);
	job->answer = renamed.shard;
	directory_job_put_number(job, renamed.led);
	return error;
}

static int put_alias_targets(struct txn *t, struct directory_job *job)
{
	const struct view *f = job->fields;
	int error = job->number == 1 ? directory_alias_exists(t, f[0]) : -ENOENT;
	if (error != -ENOENT)
		return error ? error : -EEXIST;
	error = directory_alias_check(t, f[0], f[1]);
	return error ? error : directory_alias_put(t, f[0], f[1]);
}

static int run_changing(struct txn *t, void *arg)
{
	struct directory_job *job = arg;
	const struct view *f = job->fields;
	struct directory_domain domain = {.alias_of = f[1],
	    .catch_all = f[2],
	    .separator = f[3].len ? f[3].data[0] : '\0',
	    .disabled = job->number != 0};
	struct directory_account account = {.quota = job->number, .disabled = true, .credentials = f[1]};
	int error;
	switch ((enum directory_operation)job->operation) {
	case DIRECTORY_DOMAIN_PUT:
		return directory_domain_put(t, f[0], &domain);
	case DIRECTORY_ACCOUNT_ADD:
		error = directory_account_add(t, f[0], &account);
		job->answer = account.shard;
		return error;
	case DIRECTORY_ACCOUNT_SET:
		return set_account(t, job);
	case DIRECTORY_ACCOUNT_RENAME:
		return rename_account(t, job);
	case DIRECTORY_ALIAS_PUT:
		return put_alias_targets(t, job);
	case DIRECTORY_ALIAS_DELETE:
		return directory_alias_delete(t, f[0]);
	case DIRECTORY_CREDENTIALS_PUT:
		return put_credentials(t, job);
	case DIRECTORY_SECRET:
		return keep_secret(t, job);
	case DIRECTORY_GROUP_ADD:
		return directory_group_add(t, f[0], f[1]);
	case DIRECTORY_GROUP_REMOVE:
		return directory_group_remove(t, f[0], f[1]);
	case DIRECTORY_ADMIN_PUT:
		return directory_admin_put(t, f[0]);
	case DIRECTORY_SIGNING_PUT:
		return put_signing_key(t, job);
	case DIRECTORY_SIGNING_DELETE:
		return directory_signing_delete(t, f[0], f[1]);
	case DIRECTORY_SIGNING_ROTATE:
		return job->number == 0 || job->number > SIGNING_ROTATE_NOW
		           ? -EINVAL
		           : directory_signing_wish(t, f[0], (enum signing_wish)job->number);
	default:
		return -EINVAL;
	}
}

static void start_read(
    struct directory_job *job, int (*run)(struct txn *, void *), void (*done)(struct store_read *, int))
{
	job->read = (struct store_read){.shard = DIRECTORY_SHARD, .run = run, .arg = job, .done = done};
	store_read(job->accounts->store, &job->read);
}

/* ---- operations that reach into an account's own shard ---- */

static int run_enable(struct txn *t, void *arg)
{
	struct directory_job *job = arg;
	struct directory_account a;
	int error = directory_account_get(t, job->fields[0], &a);
	if (error)
		return error;
	if (!arena_copy(&job->arena, a.credentials, &a.credentials))
		return -ENOMEM;
	a.disabled = false;
	return directory_account_put(t, job->fields[0], &a);
}

static void account_created(struct account_request *r, int result)
{
	struct directory_job *job = r->arg;
	if (result && result != -EEXIST)
		directory_job_finish(job, result);
	else
		directory_job_commit(job, run_enable, commit_done);
}

static void account_added(struct store_commit *c, int result)
{
	struct directory_job *job = c->arg;
	if (result) {
		directory_job_finish(job, result);
		return;
	}
	job->request = (struct account_request){
	    .shard = job->answer, .quota = job->number, .done = account_created, .arg = job};
	account_create(job->accounts, &job->request);
}

static void request_ended(struct account_request *r, int result)
{
	directory_job_finish(r->arg, result);
}

/* An account whose making was cut has an entry and no mailbox; whoever enables it ends that. */
static void account_made(struct account_request *r, int result)
{
	directory_job_finish(r->arg, result == -EEXIST ? 0 : result);
}

static void account_set(struct store_commit *c, int result)
{
	struct directory_job *job = c->arg;
	bool quota = view_equal(job->fields[1], VIEW("quota"));
	uint64_t number = directory_number(job->fields[2]);
	if (result == 0 && view_equal(job->fields[1], VIEW("disabled")) && job->fields[2].len == 0) {
		job->request = (struct account_request){
		    .shard = job->answer, .quota = job->number, .done = account_made, .arg = job};
		account_create(job->accounts, &job->request);
		return;
	}
	if (result || (!quota && !view_equal(job->fields[1], VIEW("messages")))) {
		directory_job_finish(job, result);
		return;
	}
	job->request = (struct account_request){.shard = job->answer,
	    .quota = number,
	    .quota_messages = number,
	    .done = request_ended,
	    .arg = job};
	if (quota)
		account_set_quota(job->accounts, &job->request);
	else
		account_set_quota_messages(job->accounts, &job->request);
}

static void request_done(struct account_request *r, int result)
{
	struct directory_job *job = r->arg;
	if (job->operation == DIRECTORY_ACCOUNT_STAT) {
		directory_job_put_number(job, r->messages);
		directory_job_put_number(job, r->bytes);
		directory_job_put_number(job, r->deleted_bytes);
		directory_job_put_number(job, r->quota);
		directory_job_put_number(job, r->quota_messages);
		directory_job_put_number(job, r->mailboxes);
		directory_job_put_number(job, r->file_links);
		directory_job_put_number(job, r->file_link_bytes);
		/* It has an entry: one whose making was cut has no mailbox, and can be shown, removed and
		 * enabled. */
		result = result == -ENOENT ? 0 : result;
	} else {
		job->answer = r->count;
	}
	directory_job_finish(job, result);
}

static int run_find(struct txn *t, void *arg)
{
	struct directory_job *job = arg;
	struct directory_account a;
	int error = directory_account_get(t, job->fields[0], &a);
	if (error == 0)
		job->answer = a.shard;
	return error;
}

static void account_found(struct store_read *r, int result)
{
	struct directory_job *job = r->arg;
	if (result) {
		directory_job_finish(job, result);
		return;
	}
	job->request = (struct account_request){
	    .shard = job->answer, .since = (int64_t)job->number, .done = request_done, .arg = job};
	if (job->operation == DIRECTORY_ACCOUNT_STAT)
		account_stat_links(job->accounts, &job->request);
	else if (job->operation == DIRECTORY_UNDELETE)
		account_undelete(job->accounts, &job->request);
	else
		account_purge(job->accounts, &job->request);
}

/* ---- start and end ---- */

static const struct {
	int (*run)(struct txn *, void *);
	void (*read)(struct store_read *, int);     /* reading operations */
	void (*commit)(struct store_commit *, int); /* changing ones */
} operations[DIRECTORY_OPERATIONS] = {
    [DIRECTORY_RESOLVE] = {run_reading, read_done, NULL},
    [DIRECTORY_LOOK_UP] = {run_reading, read_done, NULL},
    [DIRECTORY_ADDRESS] = {run_reading, read_done, NULL},
    [DIRECTORY_EXPLAIN] = {run_reading, read_done, NULL},
    [DIRECTORY_KICK] = {run_reading, read_done, NULL},
    [DIRECTORY_DOMAIN_PUT] = {run_changing, NULL, commit_done},
    [DIRECTORY_DOMAIN_DELETE] = {directory_run_remove, NULL, directory_removed_done},
    [DIRECTORY_DOMAIN_RESTORE] = {directory_run_remove, NULL, directory_removed_done},
    [DIRECTORY_ACCOUNT_RESTORE] = {directory_run_remove, NULL, directory_removed_done},
    [DIRECTORY_REMOVED_LIST] = {run_reading, read_done, NULL},
    [DIRECTORY_ERASE] = {directory_run_erase, NULL, directory_erase_done},
    [DIRECTORY_GROUPS_OF] = {run_reading, read_done, NULL},
    [DIRECTORY_ACCOUNT_RENAME] = {run_changing, NULL, commit_done},
    [DIRECTORY_ADMIN_GET] = {run_reading, read_done, NULL},
    [DIRECTORY_DOMAIN_LIST] = {run_reading, read_done, NULL},
    [DIRECTORY_ACCOUNT_ADD] = {run_changing, NULL, account_added},
    [DIRECTORY_ACCOUNT_SET] = {run_changing, NULL, account_set},
    [DIRECTORY_ACCOUNT_DELETE] = {directory_run_remove, NULL, directory_removed_done},
    [DIRECTORY_ACCOUNT_LIST] = {run_reading, read_done, NULL},
    [DIRECTORY_ACCOUNT_STAT] = {run_find, account_found, NULL},
    [DIRECTORY_ALIAS_PUT] = {run_changing, NULL, commit_done},
    [DIRECTORY_ALIAS_DELETE] = {run_changing, NULL, commit_done},
    [DIRECTORY_ALIAS_LIST] = {run_reading, read_done, NULL},
    [DIRECTORY_MASKED_LIST] = {run_reading, read_done, NULL},
    [DIRECTORY_CREDENTIALS_PUT] = {run_changing, NULL, commit_done},
    [DIRECTORY_SECRET] = {run_changing, NULL, commit_done},
    [DIRECTORY_ADMIN_PUT] = {run_changing, NULL, commit_done},
    [DIRECTORY_UNDELETE] = {run_find, account_found, NULL},
    [DIRECTORY_PURGE] = {run_find, account_found, NULL},
    [DIRECTORY_GROUP_ADD] = {run_changing, NULL, commit_done},
    [DIRECTORY_GROUP_REMOVE] = {run_changing, NULL, commit_done},
    [DIRECTORY_GROUP_LIST] = {run_reading, read_done, NULL},
    [DIRECTORY_GROUP_MEMBERS] = {run_reading, read_done, NULL},
    [DIRECTORY_SIGNING_LIST] = {run_reading, read_done, NULL},
    [DIRECTORY_SIGNING_PUT] = {run_changing, NULL, commit_done},
    [DIRECTORY_SIGNING_DELETE] = {run_changing, NULL, commit_done},
    [DIRECTORY_SIGNING_ROTATE] = {run_changing, NULL, commit_done},
};

static bool copy_fields(struct directory_job *job, const struct message_directory *m)
{
	const struct message_field *fields = m->fields.items;
	if (directory_operation_fields(m->operation) < 0 ||
	    m->fields.count != (size_t)directory_operation_fields(m->operation))
		return false;
	for (size_t i = 0; i < m->fields.count; i++)
		if (!arena_copy(&job->arena, fields[i].value, &job->fields[i]))
			return false;
	job->field_count = m->fields.count;
	return true;
}

struct directory_job *directory_job_start(struct accounts *accounts, const struct message_directory *m,
    void (*done)(struct directory_job *job), void *arg)
{
	struct directory_job *job = mem_alloc(sizeof *job);
	*job = (struct directory_job){.accounts = accounts,
	    .operation = m->operation,
	    .number = m->number,
	    .now = clock_wall(),
	    .done = done,
	    .arg = arg};
	arena_init(&job->arena, ARENA_MAX);
	buf_init(&job->out, OUT_MAX);
	if (!copy_fields(job, m))
		directory_job_finish(job, -EINVAL);
	else if (operations[job->operation].read)
		start_read(job, operations[job->operation].run, operations[job->operation].read);
	else
		directory_job_commit(job, operations[job->operation].run, operations[job->operation].commit);
	return job;
}

void directory_job_free(struct directory_job *job)
{
	arena_done(&job->arena);
	buf_done(&job->out);
	mem_free(job);
}
