/* Where mail for an address goes: DIRECTORY_RESOLVE, and, step by step, DIRECTORY_EXPLAIN. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#include "base/mem.h"
#include "format/limits.h"
#include "role/store/directory_job.h"

enum { STEPS_MAX = 400 /* told of one address: more than anybody reads */ };

/* ---- where ---- */

enum { USERS_MAX = 64 << 10 /* octets of names: all that the setting can hold is a few hundred */ };

/* Lookups run in threads, and a reload may change this under way. */
static pthread_mutex_t here_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	char name[DOMAIN_MAX + 1]; /* of this host; "": not known */
	struct buf users;
} here;

bool directory_job_serves(struct view hostname, struct view users)
{
	struct buf fresh, before;
	buf_init(&fresh, USERS_MAX);
	buf_append_string(&fresh, "root\npostmaster\nabuse\n");
	buf_append(&fresh, users);
	pthread_mutex_lock(&here_lock);
	before = here.users;
	bool changed = !view_equal(buf_view(&before), buf_view(&fresh)) ||
	               !view_equal(view_from_string(here.name), hostname);
	here.users = fresh;
	snprintf(here.name, sizeof here.name, "%.*s", VIEW_FMT(hostname));
	pthread_mutex_unlock(&here_lock);
	buf_done(&before);
	return changed;
}

static bool is_listed(struct view address)
{
	struct view rest = buf_view(&here.users), user;
	ptrdiff_t at = view_find_last(address, '@');
	if (at < 1 || !view_equal_nocase(view_skip(address, (size_t)at + 1), view_from_string(here.name)))
		return false;
	while (rest.len && view_next(&rest, '\n', &user))
		if (view_equal_nocase(view_take(address, (size_t)at), user))
			return true;
	return false;
}

/* What programs of this host write as, and to, where its name is no mail domain. */
static bool is_user_here(struct view address)
{
	pthread_mutex_lock(&here_lock);
	bool listed = is_listed(address);
	pthread_mutex_unlock(&here_lock);
	return listed;
}

static int resolve_named(struct txn *t, struct view address, struct directory_targets *targets)
{
	struct address normal;
	struct directory_domain domain;
	/* The directory knows names alone: what is addressed to a host's number is some other host's. */
	if (address.len && address.data[address.len - 1] == ']')
		return -EXDEV;
	int error = directory_resolve(t, address, targets);
	ptrdiff_t at = view_find_last(address, '@');
	if ((error != -ENOENT && error != -EINVAL && error != -EMSGSIZE) || at < 1 ||
	    address_normalize_domain(view_skip(address, (size_t)at + 1), &normal) != 0)
		return error;
	/* A domain that is not ours is told apart from a user that is not there, or could not be: others have
	 * other limits. */
	return directory_domain_get(t, address_view(&normal), &domain) == -ENOENT ? -EXDEV : error;
}

/*
 * RFC 5321 section 4.5.1: mail for <Postmaster> without a domain goes to whoever answers for this server. So
 * does mail for this host's users that may send, where nobody has made such an address. *duty: it is such
 * mail.
 */
static int resolve(struct txn *t, struct view address, struct directory_targets *targets, bool *duty)
{
	*duty = view_equal_nocase(address, VIEW("postmaster"));
	if (!*duty) {
		int error = resolve_named(t, address, targets);
		*duty = (error == -EXDEV || error == -ENOENT) && is_user_here(address);
		if (!*duty)
			return error;
	}
	return directory_resolve_postmaster(t, targets);
}

int directory_job_resolve(struct txn *t, struct view address, struct directory_targets *targets)
{
	bool duty;
	return resolve(t, address, targets, &duty);
}

/* ---- step by step ---- */

struct explaining {
	void (*put)(void *arg, struct view text);
	void *arg;
	size_t steps;
};

static void put_step(void *arg, const char *step, struct view from, struct view to)
{
	struct explaining *e = arg;
	if (e->steps++ >= STEPS_MAX)
		return;
	e->put(e->arg, view_from_string(step));
	e->put(e->arg, from);
	e->put(e->arg, to);
}

int directory_job_explain(
    struct txn *t, struct view address, void (*put)(void *arg, struct view text), void *arg, uint64_t *number)
{
	struct explaining e = {.put = put, .arg = arg};
	struct directory_targets *targets = mem_resize(NULL, sizeof *targets);
	bool duty;
	int error = resolve(t, address, targets, &duty);
	*number = (uint64_t) - (int64_t)error;
	if (error == -EXDEV) {
		put_step(&e, "not-ours", address, (struct view){0});
	} else if (duty && error == 0) {
		struct view person = address_view(&targets->items[0].address);
		put_step(&e, "duty", address, person);
		put_step(&e, "account", person, (struct view){0});
	} else {
		(void)directory_explain(t, address, targets, put_step, &e);
	}
	mem_free(targets);
	/* How the way ends is a step as well, and not the error of the question. */
	return error == 0 || error == -EXDEV || e.steps > 0 ? 0 : error;
}
