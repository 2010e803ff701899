/* The tables of a process, and how one is asked for: jmap_table.h. */
#include "jmap/jmap_table.h"

#include <errno.h>

#include "base/mem.h"
#include "jmap/jmap_order.h"
#include "jmap/jmap_page.h"

/* All tables, so that they are bounded together: a process has one loop. */
static struct jmap_table *newest, *oldest;
static size_t all_bytes;

static void unlink_table(struct jmap_table *t)
{
	if (t->newer)
		t->newer->older = t->older;
	else
		newest = t->older;
	if (t->older)
		t->older->newer = t->newer;
	else
		oldest = t->newer;
	t->newer = t->older = NULL;
}

static void link_newest(struct jmap_table *t)
{
	t->older = newest;
	if (newest)
		newest->newer = t;
	else
		oldest = t;
	newest = t;
}

static size_t bytes_of(const struct jmap_table *t)
{
	return t->room * (sizeof *t->rows + sizeof *t->received + sizeof *t->texts) +
	       t->link_room * sizeof *t->links + t->group_room * sizeof *t->groups +
	       t->group_slots * sizeof *t->group_of + t->gone_room * sizeof *t->gone + t->text_bytes +
	       jmap_orders_bytes(t) + jmap_pages_bytes(t);
}

/* It was used: others make room for it. */
static void touch(struct jmap_table *t)
{
	unlink_table(t);
	link_newest(t);
	all_bytes -= t->bytes;
	t->bytes = bytes_of(t);
	all_bytes += t->bytes;
	for (struct jmap_table *old = oldest, *next; old && all_bytes > JMAP_TABLES_MAX; old = next) {
		next = old->newer;
		if (old->pins > 0 || old->bytes == 0)
			continue;
		jmap_table_clear(old);
		all_bytes -= old->bytes;
		old->bytes = 0;
	}
}

static void release_table(void *value)
{
	struct jmap_table *t = value;
	jmap_table_clear(t);
	all_bytes -= t->bytes;
	unlink_table(t);
	map_done(&t->counts);
	mem_free(t);
}

static struct jmap_table *table_of(struct jmap_call *c)
{
	struct jmap_session *s = jmap_session_of(c);
	uint64_t account = jmap_account(c)->ask;
	struct jmap_table *t = jmap_slot(s, JMAP_SLOT_EMAILS, account);
	if (t)
		return t;
	t = mem_alloc(sizeof *t);
	map_init(&t->counts);
	link_newest(t);
	return jmap_slot_set(s, JMAP_SLOT_EMAILS, account, t, release_table) ? t : NULL;
}

struct jmap_table *jmap_table_known(struct jmap_call *c)
{
	struct jmap_table *t = jmap_slot(jmap_session_of(c), JMAP_SLOT_EMAILS, jmap_account(c)->ask);
	return t && t->modseq ? t : NULL;
}

/* ---- asking ---- */

static void answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct jmap_table_use *use = jmap_data(c);
	struct jmap_table *t = use->table;
	if (type == EMAIL_FORGET)
		jmap_table_forget(t, use->serial, ((const struct email_forget *)answer)->ids);
	if (type == EMAIL_ROWS)
		jmap_table_rows(t, use->serial, ((const struct email_rows *)answer)->rows);
	if (type != MAIL_DONE)
		return;
	int64_t error = jmap_table_end(t, use->serial, answer);
	touch(t);
	if (error)
		jmap_error_of(c, error, "the emails");
	else
		use->ready(c, t);
}

void jmap_table_refresh(struct jmap_call *c, void (*ready)(struct jmap_call *c, struct jmap_table *table))
{
	struct jmap_table_use *use = jmap_data(c);
	if (use->table == NULL) {
		use->table = table_of(c);
		if (use->table == NULL) {
			jmap_error_of(c, -ENOMEM, "the emails");
			return;
		}
		use->table->pins++;
	}
	use->ready = ready;
	use->serial = ++use->table->serials;
	struct email_table_question question = {
	    .account = jmap_account(c)->ask, .since = use->table->modseq, .access = use->table->access};
	jmap_ask(c, EMAIL_TABLE, &question, answered);
}

void jmap_table_leave(struct jmap_table_use *use)
{
	if (use->table)
		use->table->pins--;
	use->table = NULL;
}
