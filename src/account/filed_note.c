/* account_filed_note: see filed_list.h. */
#include <errno.h>

#include "account/change.h"
#include "account/filed_list.h"
#include "base/clock.h"
#include "base/container.h"

static int run(struct txn *t, void *arg)
{
	struct account_filed_note *n = arg;
	struct account_change c;
	struct entry value;
	struct view email;
	int error = change_begin(&c, t, n->shard, n->now);
	if (error == 0)
		error = change_get(&c, key_email(n->emailid), &email);
	if (error)
		return error;
	filed_encode(n->now, n->places, n->place_count, buf_view(&n->reasons), &value);
	error = change_put(&c, key_filed(n->emailid), &value);
	return error ? error : change_end(&c);
}

static void committed(struct store_commit *commit, int result)
{
	struct account_filed_note *n = container_of(commit, struct account_filed_note, commit);
	buf_done(&n->reasons);
	n->done(n, result);
}

void account_filed_note(struct accounts *a, struct account_filed_note *n)
{
	n->now = clock_wall();
	buf_init(&n->reasons, ACCOUNT_FILED_MAX);
	(void)account_filed_add(&n->reasons, &n->reason); /* rather without a reason than not at all */
	n->commit = (struct store_commit){.run = run, .arg = n, .done = committed};
	store_commit(a->store, &n->commit);
}
