/* What has changed among an account's scripts since a state: see scripts.h. Those that are there say so
 * themselves; the log (L) has the numbers of those that are gone. */
#include <errno.h>

#include "account/scripts.h"
#include "base/container.h"

static void end(struct account_script_changes *c, int result)
{
	if (result)
		account_script_changes_free(c);
	c->done(c, result);
}

static void gone_known(struct account_log_gone *gone, int result)
{
	struct account_script_changes *c = container_of(gone, struct account_script_changes, log);
	c->gone = gone->numbers;
	c->gone_count = gone->count;
	end(c, result);
}

/* The scripts come first: what goes while the log is read is told once more the next time. */
static void listed(struct account_scripts *list, int result)
{
	struct account_script_changes *c = container_of(list, struct account_script_changes, scripts);
	size_t kept = 0;
	for (size_t i = 0; i < list->count && result == 0; i++)
		if (list->scripts[i].modseq > c->since)
			list->scripts[kept++] = list->scripts[i];
	list->count = result ? 0 : kept;
	if (result) {
		end(c, result);
		return;
	}
	c->log = (struct account_log_gone){
	    .shard = c->shard, .since = c->since, .kind = KIND_SCRIPT, .done = gone_known};
	account_log_gone(c->accounts, &c->log);
}

void account_script_changes(struct accounts *a, struct account_script_changes *c)
{
	c->accounts = a;
	c->gone = NULL;
	c->gone_count = 0;
	c->log = (struct account_log_gone){.shard = c->shard};
	c->scripts = (struct account_scripts){.shard = c->shard, .done = listed};
	account_scripts(a, &c->scripts);
}

void account_script_changes_free(struct account_script_changes *c)
{
	account_scripts_free(&c->scripts);
	account_log_gone_free(&c->log);
	c->gone = NULL;
	c->gone_count = 0;
}
