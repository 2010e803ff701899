/*
 * SCRIPT_TRY: a script over messages that are there. It is compiled, and then runs over one message after the
 * other, as it would if the message came now, but for the time; nothing is done of what it wants. There is
 * one run of a session in line for the rules role at a time, so mail that arrives waits for one of them at
 * most.
 */
#include <errno.h>

#include "account/messages.h"
#include "base/container.h"
#include "base/mem.h"
#include "base/random.h"
#include "base/utf8.h"
#include "mail/uid_ranges.h"
#include "role/store/question.h"
#include "role/store/store_filter.h"
#include "role/store/store_private.h"
#include "role/store/store_rules.h"

enum {
	LIST_ROOM = 256, /* messages that are listed, or emails looked at, at a time */
	GAP = 64,        /* UIDs between two ranges that are listed as one: a block of flags */
	BATCH_BYTES = 1 << 20
};
_Static_assert((int)LIST_ROOM <= (int)ACCOUNT_EMAILS_MAX, "a call of the store looks at as many");

struct right_try {
	struct question question;
	struct right_mailbox box;
	struct script_try asked; /* uids: of the copy below */
	struct buf uids, text, form;
	uint64_t version; /* names the form */
	struct rules_compilation *compiling;

	uint64_t *ids; /* of emails that were named; NULL: UIDs were */
	size_t id_count, id_next;
	struct account_emails looked;

	struct cursor left;   /* ranges that were not begun */
	uint32_t first, last; /* the UIDs to be listed next; first > last: none */
	struct account_list list;
	struct account_listed listed[LIST_ROOM];
	size_t count, next; /* those that are asked for; next: the first that was not fetched */

	struct account_fetch fetch;
	uint64_t emails[LIST_ROOM];
	bool fetched;
	size_t base, at; /* of the listed, what fetch.messages[0] is; the message whose turn it is */

	struct filter *filter;
	struct filter_mail mail;
};

static struct right_try *try_of(struct question *question)
{
	return container_of(question, struct right_try, question);
}

static void proceed(struct right_try *x);

static void stop(struct right_try *x)
{
	store_rules_cancel(x->compiling);
	x->compiling = NULL;
	filter_free(x->filter);
	x->filter = NULL;
}

static void release(struct question *question)
{
	struct right_try *x = try_of(question);
	stop(x);
	account_fetch_free(&x->fetch);
	account_emails_free(&x->looked);
	mem_free(x->ids);
	buf_done(&x->uids);
	buf_done(&x->text);
	buf_done(&x->form);
}

static void go_on(struct question *question)
{
	struct right_try *x = try_of(question);
	if (x->compiling == NULL && x->filter == NULL)
		proceed(x);
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

void right_script_try_stop(struct right *r)
{
	if (r->question && r->question->kind == &kind)
		stop(try_of(r->question));
}

/* ---- what would be done ---- */

static bool tell_deeds(struct right_try *x, const struct account_listed *message, const struct filter *f)
{
	for (size_t i = 0; i < f->action_count; i++) {
		const struct message_rules_action *a = &f->actions[i];
		struct script_deed m = {.uid = message->uid,
		    .email = message->emailid,
		    .last = i + 1 == f->action_count,
		    .kind = a->kind,
		    .line = a->line,
		    .rule = a->rule,
		    .why_line = a->why_line,
		    .create = a->create,
		    .copy = a->copy,
		    .edited = a->version != 0,
		    .rule_name = a->rule_name,
		    .why = a->why,
		    .script = a->script,
		    .target = utf8_cut(a->target, SCRIPT_TARGET_MAX),
		    .mailbox_id = a->mailbox_id,
		    .special_use = a->special_use,
		    .flags = a->flags};
		if (!question_answer(&x->question, SCRIPT_DEED, &m))
			return false;
	}
	return true;
}

static void ran(struct filter *f)
{
	struct right_try *x = f->arg;
	const struct account_listed *message = &x->listed[x->base + x->at];
	struct script_deed failed = {.uid = message->uid,
	    .email = message->emailid,
	    .last = 1,
	    .line = f->line,
	    .failed = view_from_string(f->failed)};
	bool told = f->failed || f->action_count == 0 ? question_answer(&x->question, SCRIPT_DEED, &failed)
	                                              : tell_deeds(x, message, f);
	filter_free(f);
	x->filter = NULL;
	x->at++;
	if (told)
		proceed(x);
}

static void run(struct right_try *x, const struct account_fetched *message)
{
	struct filter *f = filter_new();
	x->mail = (struct filter_mail){.bytes = view_take(message->body, FILTER_MESSAGE_MAX),
	    .size = message->body_len,
	    .now = x->listed[x->base + x->at].internaldate};
	f->mail = &x->mail;
	f->account = x->box.shard;
	f->prefix = message->prefix;
	f->tried = buf_view(&x->form);
	f->tried_version = x->version;
	f->done = ran;
	f->arg = x;
	x->filter = f;
	filter_begin(f);
}

/* ---- the messages ---- */

static void fetched(struct account_fetch *call, int result)
{
	struct right_try *x = container_of(call, struct right_try, fetch);
	x->fetched = result == 0;
	if (!question_back(&x->question))
		return;
	if (result) {
		question_fail(&x->question, result);
		return;
	}
	x->base = x->next;
	x->next += call->count;
	x->at = 0;
	proceed(x);
}

static void fetch(struct right_try *x)
{
	size_t count = 0;
	for (size_t i = x->next; i < x->count; i++)
		x->emails[count++] = x->listed[i].emailid;
	x->fetch = (struct account_fetch){.shard = x->box.shard,
	    .emailids = x->emails,
	    .emailid_count = count,
	    .budget = BATCH_BYTES,
	    .longest = FILTER_MESSAGE_MAX,
	    .head = FILTER_MESSAGE_MAX,
	    .done = fetched};
	question_call(&x->question);
	account_fetch(&store_role.accounts, &x->fetch);
}

static void listed(struct account_list *list, int result)
{
	struct right_try *x = container_of(list, struct right_try, list);
	if (!question_back(&x->question))
		return;
	if (result) {
		question_fail(&x->question, result);
		return;
	}
	x->count = x->next = 0;
	for (size_t i = 0; i < list->count; i++)
		if (uid_ranges_have(x->asked.uids, x->listed[i].uid))
			x->listed[x->count++] = x->listed[i];
	if (list->more)
		x->first = list->next;
	else
		x->first = UINT32_MAX, x->last = 0;
	proceed(x);
}

/* The next UIDs to be listed: a range, and those behind it that are near. False: there are no more. */
static bool next_range(struct right_try *x)
{
	uint32_t first, last;
	if (x->first <= x->last)
		return true;
	if (!uid_ranges_next(&x->left, &x->first, &x->last))
		return false;
	for (struct cursor ahead = x->left; uid_ranges_next(&ahead, &first, &last); x->left = ahead) {
		if (first - x->last > GAP)
			break;
		x->last = last;
	}
	return true;
}

static void list(struct right_try *x)
{
	x->list = (struct account_list){.shard = x->box.shard,
	    .mailbox = x->box.mailbox,
	    .first = x->first,
	    .last = x->last,
	    .messages = x->listed,
	    .room = LIST_ROOM,
	    .done = listed};
	question_call(&x->question);
	account_list(&store_role.accounts, &x->list);
}

static void looked(struct account_emails *emails, int result)
{
	struct right_try *x = container_of(emails, struct right_try, looked);
	if (!question_back(&x->question))
		return;
	if (result) {
		question_fail(&x->question, result);
		return;
	}
	x->count = x->next = 0;
	for (size_t i = 0; i < emails->found; i++) {
		const struct account_email_info *e = &emails->emails[i];
		if (e->mailbox_count > 0)
			x->listed[x->count++] =
			    (struct account_listed){.emailid = e->id, .internaldate = e->internaldate};
	}
	x->id_next += emails->found;
	account_emails_free(emails);
	proceed(x);
}

static void look(struct right_try *x)
{
	size_t left = x->id_count - x->id_next;
	x->looked = (struct account_emails){.shard = x->box.shard,
	    .ids = x->ids + x->id_next,
	    .count = left < LIST_ROOM ? left : LIST_ROOM,
	    .done = looked};
	question_call(&x->question);
	account_emails(&store_role.accounts, &x->looked);
}

/* A message that went meanwhile, or cannot be read, is passed over: it is no fault of the script's. */
static bool next_message(struct right_try *x)
{
	while (x->fetched && x->at < x->fetch.count && x->fetch.messages[x->at].result)
		x->at++;
	if (x->fetched && x->at < x->fetch.count)
		return true;
	account_fetch_free(&x->fetch);
	x->fetched = false;
	return false;
}

static void proceed(struct right_try *x)
{
	if (!right_has_room(x->question.right))
		return;
	if (next_message(x))
		run(x, &x->fetch.messages[x->at]);
	else if (x->next < x->count)
		fetch(x);
	else if (x->ids && x->id_next < x->id_count)
		look(x);
	else if (!x->ids && next_range(x))
		list(x);
	else
		question_fail(&x->question, 0);
}

/* ---- the question ---- */

static void granted(struct question *question)
{
	proceed(try_of(question));
}

static void compiled(void *arg, int error, struct view form, const struct rules_complaints *complaints)
{
	struct right_try *x = arg;
	x->compiling = NULL;
	for (size_t i = 0; i < complaints->count; i++) {
		const struct message_rules_complaint *c = &complaints->items[i];
		struct script_complaint m = {
		    .line = c->line, .column = c->column, .warning = c->warning, .text = c->text};
		if (!question_answer(&x->question, SCRIPT_COMPLAINT, &m))
			return;
	}
	if (error == 0)
		error = buf_append(&x->form, form);
	if (error)
		question_fail(&x->question, error == -EINVAL || error == -EIO ? -ENOEXEC
		                            : error == -E2BIG                 ? -EFBIG
		                                                              : error);
	else if (x->ids)
		proceed(x);
	else
		right_access(&x->question, 0, x->asked.mailbox, RIGHT_READ, &x->box, granted);
}

void right_script_try(struct right *r, uint32_t request, const void *message)
{
	const struct script_try *m = message;
	struct right_try *x = question_begin(r, request, sizeof *x, &kind);
	int error = right_script_take_text(r, &x->text);
	x->asked = *m;
	x->asked.emails = (struct view){0}; /* it lasts as long as the message */
	x->box.shard = r->account;
	x->first = UINT32_MAX;
	x->version = random_u64() & RULES_TRIED_VERSIONS;
	buf_init(&x->form, ACCOUNT_SCRIPT_FORM_MAX);
	buf_init(&x->uids, MAIL_RANGES_MAX);
	if (m->uids.len == 0)
		uid_ranges_add(&x->uids, 1, UINT32_MAX);
	else
		buf_append(&x->uids, m->uids);
	x->asked.uids = buf_view(&x->uids);
	x->left = cursor_on(x->asked.uids);
	if (buf_failed(&x->uids))
		error = -ENOMEM;
	if (error == 0 && m->emails.len > 0)
		error = question_ids(m->emails, &x->ids, &x->id_count);
	if (!uid_ranges_valid(x->asked.uids, false))
		right_break(r, "bad-ranges");
	else if (error)
		question_fail(&x->question, error);
	else
		x->compiling = store_rules_compile(buf_view(&x->text), compiled, x);
}
