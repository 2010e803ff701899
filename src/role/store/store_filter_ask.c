/*
 * What a script's run asks about the account that it runs for, and about no other: its mailboxes, their
 * metadata, what it remembers, and its scripts and those of the server. A question may outlive its run, when
 * a read of the store is still to come back.
 */
#include <errno.h>

#include "account/marks.h"
#include "account/metadata.h"
#include "account/wanted.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "role/store/store_filter_private.h"
#include "role/store/store_private.h"
#include "role/store/store_rules.h"

enum {
	PIECE = 128 * 1024,
	QUESTION_MEMORY = 256 * 1024,
	VALUE_MAX = 64 << 10 /* octets of an answer that is no form */
};

struct filter_question {
	struct filter *filter; /* NULL: nobody waits */
	struct message_rules_asks asks;
	struct arena arena;
	uint64_t account;
	bool reading;
	struct store_read read;
	uint32_t mailbox; /* that the metadata is of; 0: the account's own */
	struct account_metadata metadata;
	struct account_script_read script;
	struct rules_compilation *compilation;
	struct account_script_edit edit;
	struct buf value; /* or the form */
};

static void free_question(struct filter_question *q)
{
	store_rules_cancel(q->compilation);
	buf_done(&q->value);
	arena_done(&q->arena);
	mem_free(q);
}

void filter_question_drop(struct filter *f)
{
	struct filter_question *q = f->question;
	f->question = NULL;
	if (q == NULL)
		return;
	q->filter = NULL;
	if (!q->reading)
		free_question(q);
}

static void say(struct filter_question *q, bool yes, struct view bytes)
{
	struct filter *f = q->filter;
	struct message_rules_answer m = {.yes = yes};
	f->answered(f);
	do {
		m.bytes = view_take(bytes, PIECE);
		bytes = view_skip(bytes, m.bytes.len);
		m.last = bytes.len == 0;
		calls_say_more(store_rules_calls(), f->request, MESSAGE_RULES_ANSWER, &m);
	} while (!m.last);
	filter_question_drop(f);
}

/* The callback of a read: false when nobody waits any more. */
static bool is_back(struct filter_question *q)
{
	q->reading = false;
	if (q->filter)
		return true;
	free_question(q);
	return false;
}

/* ---- the account's entries ---- */

static int look_for_mailbox(struct txn *t, struct filter_question *q)
{
	struct account_wanted_place wanted = {.path = q->asks.mailbox};
	uint32_t mailbox, other;
	switch (q->asks.what) {
	case RULES_ASK_MAILBOX:
		return account_mailbox_wanted(
		    t, q->account, &(struct account_wanted_place){.path = q->asks.name}, &mailbox);
	case RULES_ASK_MAILBOX_ID:
		return account_mailbox_wanted(
		    t, q->account, &(struct account_wanted_place){.mailbox_id = q->asks.name}, &mailbox);
	default:
		break;
	}
	/* Special use: of any mailbox, or of this one. */
	int error = account_mailbox_wanted(
	    t, q->account, &(struct account_wanted_place){.special_use = q->asks.name}, &mailbox);
	if (error || wanted.path.len == 0)
		return error;
	error = account_mailbox_wanted(t, q->account, &wanted, &other);
	return error == 0 && other != mailbox ? -ENOENT : error;
}

/* RFC 7352: the account has seen it. */
static int look_for_mark(struct txn *t, const struct filter_question *q)
{
	const struct account_mark mark = {.kind = MARK_SEEN, .handle = q->asks.detail, .who = q->asks.name};
	bool found;
	int error = marks_find(t, q->account, &mark, clock_wall(), &found);
	return error ? error : found ? 0 : -ENOENT;
}

static int run_look(struct txn *t, void *arg)
{
	struct filter_question *q = arg;
	if (q->asks.what == RULES_ASK_DUPLICATE)
		return look_for_mark(t, q);
	q->mailbox = 0;
	if (q->asks.what != RULES_ASK_METADATA)
		return look_for_mailbox(t, q);
	return q->asks.mailbox.len == 0
	           ? 0
	           : account_mailbox_wanted(
	                 t, q->account, &(struct account_wanted_place){.path = q->asks.mailbox}, &q->mailbox);
}

static void metadata_read(struct account_metadata *m, int result)
{
	struct filter_question *q = container_of(m, struct filter_question, metadata);
	bool known = result == 0 && m->count > 0;
	if (known)
		buf_append(&q->value, m->values[0].value);
	if (result == 0)
		account_metadata_free(m);
	if (!is_back(q))
		return;
	if (result && result != -ENOENT)
		q->filter->fail(q->filter, "What the script asks for could not be read.");
	else
		say(q, known, buf_view(&q->value));
}

/* Its mailbox is known; names are kept in lower case. */
static void read_metadata(struct filter_question *q)
{
	char *name = (char *)q->asks.name.data; /* a copy of ours */
	for (size_t i = 0; i < q->asks.name.len; i++)
		name[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
	q->metadata = (struct account_metadata){.shard = q->account,
	    .mailbox = q->mailbox,
	    .user = q->account,
	    .name = q->asks.name,
	    .done = metadata_read};
	q->reading = true;
	account_metadata(&store_role.accounts, &q->metadata);
}

static void looked(struct store_read *read, int result)
{
	struct filter_question *q = container_of(read, struct filter_question, read);
	if (!is_back(q))
		return;
	if (result == 0 && q->asks.what == RULES_ASK_METADATA)
		read_metadata(q);
	else if (result == 0 || result == -ENOENT || result == -EINVAL)
		say(q, result == 0, buf_view(&q->value));
	else
		q->filter->fail(q->filter, "What the script asks for could not be read.");
}

static void look(struct filter_question *q)
{
	q->reading = true;
	q->read = (struct store_read){.shard = q->account, .run = run_look, .arg = q, .done = looked};
	store_read(store_role.store, &q->read);
}

/* ---- forms ---- */

static void form_kept(struct account_script_edit *edit, int result)
{
	struct filter_question *q = container_of(edit, struct filter_question, edit);
	(void)result; /* it is compiled anew again, the next time */
	if (is_back(q))
		say(q, true, buf_view(&q->value));
}

static void compiled(void *arg, int error, struct view form, const struct rules_complaints *complaints)
{
	struct filter_question *q = arg;
	(void)complaints;
	q->compilation = NULL;
	if (error) {
		say(q, false, (struct view){0});
		return;
	}
	buf_append(&q->value, form);
	q->edit = (struct account_script_edit){.shard = q->script.shard,
	    .what = SCRIPT_CHANGE_FORM,
	    .which = q->script.which,
	    .form = buf_view(&q->value),
	    .version = q->script.script.version,
	    .done = form_kept};
	q->reading = true;
	account_script_edit(&store_role.accounts, &q->edit);
}

static void script_read(struct account_script_read *script, int result)
{
	struct filter_question *q = container_of(script, struct filter_question, script);
	bool waits = q->filter != NULL;
	bool text = script->part == SCRIPT_PART_TEXT;
	if (waits && result == 0 && text)
		q->compilation = store_rules_compile(script->bytes, compiled, q);
	else if (waits && result == 0)
		buf_append(&q->value, script->bytes);
	if (result == 0)
		account_script_free(script);
	if (!is_back(q) || (result == 0 && text))
		return;
	if (result == 0)
		say(q, true, buf_view(&q->value));
	else if (result == -ENOENT)
		say(q, false, (struct view){0});
	else
		q->filter->fail(q->filter, "The script could not be read.");
}

static void read_script(struct filter_question *q, uint64_t shard, struct account_script_name which,
    enum account_script_part part)
{
	q->script = (struct account_script_read){
	    .shard = shard, .which = which, .part = (uint8_t)part, .done = script_read};
	q->reading = true;
	account_script_read(&store_role.accounts, &q->script);
}

static void read_program(struct filter_question *q)
{
	const struct message_rules_program *p = &q->filter->programs[q->asks.program];
	if (p->kind == RULES_TRIED) {
		say(q, true, q->filter->tried);
		return;
	}
	bool anew = q->asks.detail.len > 0;
	read_script(q, rules_program_shard(q->account, p->id),
	    (struct account_script_name){.number = rules_program_number(p->id)},
	    anew ? SCRIPT_PART_TEXT : SCRIPT_PART_FORM);
}

/* RFC 6609: an included script, by its name. */
static void read_included(struct filter_question *q)
{
	bool anew = q->asks.mailbox.len > 0;
	bool global = view_equal(q->asks.detail, VIEW("global"));
	read_script(q, global ? ACCOUNT_SERVER : q->account,
	    (struct account_script_name){.place = global ? SCRIPT_GLOBAL : SCRIPT_OWN, .name = q->asks.name},
	    anew ? SCRIPT_PART_TEXT : SCRIPT_PART_FORM);
}

/* ---- the question ---- */

void filter_answer(struct filter *f, const struct message_rules_asks *asks)
{
	struct filter_question *q = mem_alloc(sizeof *q);
	filter_question_drop(f);
	f->question = q;
	q->filter = f;
	q->account = f->account;
	q->asks = *asks;
	arena_init(&q->arena, QUESTION_MEMORY);
	bool form = asks->what == RULES_ASK_PROGRAM || asks->what == RULES_ASK_SCRIPT;
	buf_init(&q->value, form ? ACCOUNT_SCRIPT_FORM_MAX : VALUE_MAX);
	if (!arena_copy(&q->arena, asks->name, &q->asks.name) ||
	    !arena_copy(&q->arena, asks->mailbox, &q->asks.mailbox) ||
	    !arena_copy(&q->arena, asks->detail, &q->asks.detail)) {
		f->fail(f, "There was not enough memory for what the script asks for.");
		return;
	}
	switch (asks->what) {
	case RULES_ASK_PROGRAM:
		if (asks->program < f->program_count)
			read_program(q);
		else
			say(q, false, (struct view){0});
		break;
	case RULES_ASK_SCRIPT:
		read_included(q);
		break;
	case RULES_ASK_MAILBOX:
	case RULES_ASK_MAILBOX_ID:
	case RULES_ASK_SPECIAL_USE:
	case RULES_ASK_METADATA:
	case RULES_ASK_DUPLICATE:
		look(q);
		break;
	default:
		/* There are no lists, and no environment but what the role knows itself. */
		say(q, false, (struct view){0});
	}
}
