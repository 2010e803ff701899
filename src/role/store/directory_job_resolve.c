/* Where mail for an address goes: DIRECTORY_RESOLVE, and, step by step, DIRECTORY_EXPLAIN. */
#include <errno.h>

#include "base/mem.h"
#include "role/store/directory_job.h"

enum { STEPS_MAX = 400 /* told of one address: more than anybody reads */ };

/* ---- where ---- */

/* RFC 5321 section 4.5.1: mail for <Postmaster> without a domain goes to whoever answers for this server. */
int directory_job_resolve(struct txn *t, struct view address, struct directory_targets *targets)
{
	struct address normal;
	struct directory_domain domain;
	if (view_equal_nocase(address, VIEW("postmaster")))
		return directory_resolve_postmaster(t, targets);
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
	int error = directory_job_resolve(t, address, targets);
	*number = (uint64_t) - (int64_t)error;
	if (error == -EXDEV) {
		put_step(&e, "not-ours", address, (struct view){0});
	} else if (view_equal_nocase(address, VIEW("postmaster")) && error == 0) {
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
