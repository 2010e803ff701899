/* SCRIPT_FILED: what rules did with mail when it came, as it was kept with each email. */
#include <errno.h>

#include "account/filed_list.h"
#include "base/container.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/rules_state.h"
#include "role/store/store_private.h"

enum { PLACE_SIZE = 8 };

struct right_filed {
	struct question question;
	struct script_filed asked;
	struct account_filed_list list;
	uint64_t *ids; /* of those that were named; NULL: none were */
	size_t count, taken;
	bool listed; /* it has entries, of which this is the next */
	size_t next;
};

static struct right_filed *filed_of(struct question *question)
{
	return container_of(question, struct right_filed, question);
}

static void release(struct question *question)
{
	struct right_filed *x = filed_of(question);
	if (x->listed)
		account_filed_list_free(&x->list);
	mem_free(x->ids);
}

static void proceed(struct right_filed *x);

static void go_on(struct question *question)
{
	proceed(filed_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

static bool tell(struct right_filed *x, const struct account_filed_entry *e)
{
	const struct account_filed *f = &e->filed;
	struct buf places;
	bool goes_on = true;
	buf_init(&places, ACCOUNT_TARGET_PLACES_MAX * PLACE_SIZE);
	for (size_t i = 0; i < f->place_count; i++) {
		buf_append_u32(&places, f->places[i].mailbox);
		buf_append_u32(&places, f->places[i].uid);
	}
	for (size_t i = 0; i < f->count && goes_on; i++) {
		const struct account_filed_reason *r = &f->reasons[i];
		struct script_deed m = {.email = e->emailid,
		    .at = (uint64_t)(f->at > 0 ? f->at : 0),
		    .last = i + 1 == f->count,
		    .kind = r->kind,
		    .line = r->line,
		    .why_line = r->why_line,
		    .rule = r->rule,
		    .server = (r->program & RULES_PROGRAM_SERVER) != 0,
		    .action = r->program == RULES_PROGRAM_TRIED ? r->version : 0,
		    .script = r->script,
		    .rule_name = r->rule_name,
		    .why = r->why,
		    .target = r->target,
		    .flags = r->flags,
		    .places = buf_view(&places)};
		goes_on = m.kind >= SCRIPT_DEED_KINDS || question_answer(&x->question, SCRIPT_DEED, &m);
	}
	buf_done(&places);
	return goes_on;
}

static void listed(struct account_filed_list *list, int result)
{
	struct right_filed *x = container_of(list, struct right_filed, list);
	x->listed = true;
	x->next = 0;
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else
		proceed(x);
}

static void list(struct right_filed *x, uint64_t from)
{
	uint64_t to = x->asked.email ? x->asked.email : INT64_MAX;
	x->list = (struct account_filed_list){
	    .shard = x->question.right->account, .from = from, .to = to, .done = listed};
	if (x->ids) {
		size_t left = x->count - x->taken;
		x->list.ids = x->ids + x->taken;
		x->list.id_count = left < ACCOUNT_FILED_LIST_MAX ? left : ACCOUNT_FILED_LIST_MAX;
		x->taken += x->list.id_count;
	}
	question_call(&x->question);
	account_filed_list(&store_role.accounts, &x->list);
}

static void proceed(struct right_filed *x)
{
	for (; x->next < x->list.count; x->next++) {
		const struct account_filed_entry *e = &x->list.entries[x->next];
		if (!right_has_room(x->question.right))
			return;
		if ((uint64_t)(e->filed.at > 0 ? e->filed.at : 0) >= x->asked.since && !tell(x, e))
			return;
	}
	bool more = x->ids ? x->taken < x->count : x->list.more;
	uint64_t next = x->list.next;
	account_filed_list_free(&x->list);
	x->listed = false;
	if (more)
		list(x, next);
	else
		question_fail(&x->question, 0);
}

void right_script_filed(struct right *r, uint32_t request, const void *message)
{
	struct right_filed *x = question_begin(r, request, sizeof *x, &kind);
	x->asked = *(const struct script_filed *)message;
	int error = x->asked.emails.len ? question_ids(x->asked.emails, &x->ids, &x->count) : 0;
	x->asked.emails = (struct view){0}; /* it lasts as long as the message */
	if (error)
		question_fail(&x->question, error);
	else
		list(x, x->asked.email);
}
