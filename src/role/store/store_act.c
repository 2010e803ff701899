/* See store_act.h. */
#include "role/store/store_act.h"

#include <errno.h>

#include "account/acts.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/store_private.h"

enum {
	/* Accounts that are worked on at a time: each has one commit under way. Others come when their alarms
	   ring again. */
	AT_ONCE = 32
};

struct runner {
	struct runner *next;
	struct account_act_step step;
	bool again; /* woken meanwhile */
};

static struct {
	struct runner *first;
	size_t count;
	bool stopping;
} acts;

static void go_on(struct runner *r);

static void end(struct runner *r)
{
	struct runner **at = &acts.first;
	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	acts.count--;
	mem_free(r);
}

static void stepped(struct account_act_step *step, int result)
{
	struct runner *r = container_of(step, struct runner, step);
	/* What is done with thousands at once is no doing of a session's that scripts follow one by one. */
	mem_free(step->set.events);
	if (result && result != -ENOENT)
		log_event(LOG_WARNING, "-", "act-waits", log_u64("account", step->shard), log_errno(result));
	if (step->passed_over)
		log_event(LOG_WARNING, "-", "act-passes-over", log_u64("account", step->shard),
		    log_u64("act", step->act.number),
		    log_string("do", "an email is damaged: stop the server and run 'postrider store check'"));
	bool again = r->again || (result == 0 && step->working);
	if (again && !acts.stopping)
		go_on(r);
	else
		end(r); /* after an error its alarm rings again */
}

static void go_on(struct runner *r)
{
	r->again = false;
	r->step.done = stepped;
	r->step.quota_default = store_role.process->settings.quota_default;
	account_act_step(&store_role.accounts, &r->step);
}

void store_act_wake(uint64_t shard)
{
	for (struct runner *r = acts.first; r; r = r->next)
		if (r->step.shard == shard) {
			r->again = true;
			return;
		}
	if (acts.stopping || acts.count == AT_ONCE)
		return;
	struct runner *r = mem_alloc(sizeof *r);
	r->step.shard = shard;
	r->next = acts.first;
	acts.first = r;
	acts.count++;
	go_on(r);
}

void store_act_stop(void)
{
	acts.stopping = true;
}
