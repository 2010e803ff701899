/* What has changed among an account's scripts since a state: see scripts.h. Those that are there say so
 * themselves; the log (L) has the numbers of those that are gone. */
#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "account/scripts.h"
#include "base/container.h"
#include "base/mem.h"

enum { AT_ONCE = STORE_READ_KEYS_MAX - 2 };

static int add_gone(void *arg, struct view key, struct view value)
{
	struct account_script_changes *c = arg;
	uint64_t modseq, id;
	enum account_kind kind;
	(void)value;
	if (!key_read_log(key, &modseq, &kind, &id))
		return -EBADMSG;
	/* The next slice begins right behind it. */
	memcpy(c->next.data, key.data, key.len);
	c->next.data[key.len] = '\0';
	c->next.len = key.len + 1;
	c->slice++;
	if (kind == KIND_SCRIPT)
		c->gone[c->gone_count++] = id;
	return 0;
}

static int run_log(struct txn *t, void *arg)
{
	struct account_script_changes *c = arg;
	struct account_head head;
	struct account_key to = key_behind_letter('L');
	struct txn_range range = {
	    .shard = c->shard, .from = key_view(&c->from), .to = key_view(&to), .limit = AT_ONCE};
	c->gone_count = c->kept;
	c->slice = 0;
	int error = head_get(t, c->shard, &head);
	if (error == 0 && (c->since < head.log_floor || c->since > head.modseq))
		error = -ESTALE;
	return error ? error : txn_range(t, &range, add_gone, c);
}

static void end(struct account_script_changes *c, int result)
{
	if (result)
		account_script_changes_free(c);
	c->done(c, result);
}

static void log_read(struct store_read *read, int result);

static void read_slice(struct account_script_changes *c)
{
	uint64_t *room = mem_try_resize(c->gone, (c->gone_count + AT_ONCE) * sizeof *c->gone);
	if (room == NULL) {
		end(c, -ENOMEM);
		return;
	}
	c->gone = room;
	c->kept = c->gone_count;
	c->read = (struct store_read){.shard = c->shard, .run = run_log, .arg = c, .done = log_read};
	store_read(c->accounts->store, &c->read);
}

static void log_read(struct store_read *read, int result)
{
	struct account_script_changes *c = container_of(read, struct account_script_changes, read);
	c->from = c->next;
	if (result == 0 && c->slice == AT_ONCE)
		read_slice(c);
	else
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
	if (result)
		end(c, result);
	else
		read_slice(c);
}

void account_script_changes(struct accounts *a, struct account_script_changes *c)
{
	c->accounts = a;
	c->gone = NULL;
	c->gone_count = c->kept = 0;
	c->from = c->next = key_log(c->since + 1, 0, 0);
	c->scripts = (struct account_scripts){.shard = c->shard, .done = listed};
	account_scripts(a, &c->scripts);
}

void account_script_changes_free(struct account_script_changes *c)
{
	account_scripts_free(&c->scripts);
	mem_free(c->gone);
	c->gone = NULL;
	c->gone_count = 0;
}
