/* See log_gone.h. The log is read in slices, from behind the state. */
#include "account/log_gone.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "base/container.h"
#include "base/mem.h"

enum { AT_ONCE = STORE_READ_KEYS_MAX - 2 };

static int add_gone(void *arg, struct view key, struct view value)
{
	struct account_log_gone *g = arg;
	uint64_t modseq, id;
	enum account_kind kind;
	(void)value;
	if (!key_read_log(key, &modseq, &kind, &id))
		return -EBADMSG;
	/* The next slice begins right behind it. */
	memcpy(g->next.data, key.data, key.len);
	g->next.data[key.len] = '\0';
	g->next.len = key.len + 1;
	g->slice++;
	if (kind == g->kind)
		g->numbers[g->count++] = id;
	return 0;
}

static int run_log(struct txn *t, void *arg)
{
	struct account_log_gone *g = arg;
	struct account_head head;
	struct account_key to = key_behind_letter('L');
	struct txn_range range = {
	    .shard = g->shard, .from = key_view(&g->from), .to = key_view(&to), .limit = AT_ONCE};
	g->count = g->kept;
	g->slice = 0;
	int error = head_get(t, g->shard, &head);
	if (error == 0 && (g->since < head.log_floor || g->since > head.modseq))
		error = -ESTALE;
	return error ? error : txn_range(t, &range, add_gone, g);
}

static void end(struct account_log_gone *g, int result)
{
	if (result)
		account_log_gone_free(g);
	g->done(g, result);
}

static void log_read(struct store_read *read, int result);

static void read_slice(struct account_log_gone *g)
{
	uint64_t *room = mem_try_resize(g->numbers, (g->count + AT_ONCE) * sizeof *g->numbers);
	if (room == NULL) {
		end(g, -ENOMEM);
		return;
	}
	g->numbers = room;
	g->kept = g->count;
	g->read = (struct store_read){.shard = g->shard, .run = run_log, .arg = g, .done = log_read};
	store_read(g->accounts->store, &g->read);
}

static void log_read(struct store_read *read, int result)
{
	struct account_log_gone *g = container_of(read, struct account_log_gone, read);
	g->from = g->next;
	if (result == 0 && g->slice == AT_ONCE)
		read_slice(g);
	else
		end(g, result);
}

void account_log_gone(struct accounts *a, struct account_log_gone *g)
{
	g->accounts = a;
	g->numbers = NULL;
	g->count = g->kept = 0;
	g->from = g->next = key_log(g->since + 1, 0, 0);
	read_slice(g);
}

void account_log_gone_free(struct account_log_gone *g)
{
	mem_free(g->numbers);
	g->numbers = NULL;
	g->count = 0;
}
