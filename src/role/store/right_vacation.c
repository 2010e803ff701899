/*
 * VACATION_GET, VACATION_SET, VACATION_ANSWERED: out of office (mail/vacation.h). The setting is a script of
 * a place of its own, which rules compiles as any other.
 */
#include <errno.h>
#include <string.h>

#include "account/marks.h"
#include "account/scripts.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"
#include "base/random.h"
#include "mail/vacation.h"
#include "role/store/question.h"
#include "role/store/rules_state.h"
#include "role/store/store_private.h"
#include "role/store/store_rules.h"

struct right_vacation {
	struct question question;
	struct account_script_read read;
	struct account_marks marks;
	struct account_script_put put;
	struct rules_compilation *compiling;
	struct arena arena;
	struct buf script;
	struct vacation vacation;
	bool here, listed, all;
	size_t next;
	char handle[VACATION_HANDLE_SIZE + 1];
	void (*then)(struct right_vacation *x);
};

static struct right_vacation *vacation_of(struct question *question)
{
	return container_of(question, struct right_vacation, question);
}

static void release(struct question *question)
{
	struct right_vacation *x = vacation_of(question);
	store_rules_cancel(x->compiling);
	if (x->here)
		account_script_free(&x->read);
	if (x->listed)
		account_marks_free(&x->marks);
	arena_done(&x->arena);
	buf_done(&x->script);
}

static void tell_persons(struct right_vacation *x);

static void go_on(struct question *question)
{
	if (vacation_of(question)->listed)
		tell_persons(vacation_of(question));
}

static const struct question_kind kind = {.go_on = go_on, .release = release};

/* An account's; the server has none. */
static struct right_vacation *begin(struct right *r, uint32_t request)
{
	struct right_vacation *x = question_begin(r, request, sizeof *x, &kind);
	arena_init(&x->arena, 2 * VACATION_SCRIPT_MAX);
	buf_init(&x->script, VACATION_SCRIPT_MAX);
	return x;
}

static bool refuse_server(struct right_vacation *x)
{
	if (x->question.right->account != ACCOUNT_SERVER)
		return false;
	question_fail(&x->question, -EINVAL);
	return true;
}

/* ---- what is set ---- */

static void setting_read(struct account_script_read *read, int result)
{
	struct right_vacation *x = container_of(read, struct right_vacation, read);
	x->here = result == 0;
	if (!question_back(&x->question))
		return;
	if (result == 0)
		result = vacation_script_read(read->bytes, &x->arena, &x->vacation);
	if (result)
		question_fail(&x->question, result == -ENOENT ? 0 : result == -EINVAL ? -EBADMSG : result);
	else
		x->then(x);
}

static void read_setting(struct right_vacation *x, void (*then)(struct right_vacation *x))
{
	x->then = then;
	x->read = (struct account_script_read){.shard = x->question.right->account,
	    .which = {.place = SCRIPT_AWAY, .name = SCRIPT_AWAY_NAME},
	    .part = SCRIPT_PART_TEXT,
	    .done = setting_read};
	question_call(&x->question);
	account_script_read(&store_role.accounts, &x->read);
}

static void tell_setting(struct right_vacation *x)
{
	struct vacation_setting m = vacation_to_setting(&x->vacation);
	if (question_answer(&x->question, VACATION_SETTING, &m))
		question_fail(&x->question, 0);
}

void right_vacation_get(struct right *r, uint32_t request, const void *message)
{
	struct right_vacation *x = begin(r, request);
	(void)message;
	if (!refuse_server(x))
		read_setting(x, tell_setting);
}

/* ---- setting it ---- */

static void put_down(struct account_script_put *put, int result)
{
	struct right_vacation *x = container_of(put, struct right_vacation, put);
	rules_state_changed(put->shard);
	if (!question_back(&x->question))
		return;
	struct mail_done done = {.error = result, .modseq = result ? 0 : put->state};
	question_done(&x->question, &done);
}

static void compiled(void *arg, int error, struct view form, const struct rules_complaints *complaints)
{
	struct right_vacation *x = arg;
	(void)complaints; /* what we have written compiles */
	x->compiling = NULL;
	if (error) {
		question_fail(&x->question, error == -EINVAL ? -EIO : error == -E2BIG ? -EFBIG : error);
		return;
	}
	x->put = (struct account_script_put){.shard = x->question.right->account,
	    .which = {.place = SCRIPT_AWAY, .name = SCRIPT_AWAY_NAME},
	    .how = SCRIPT_ANY,
	    .activate = x->vacation.enabled,
	    .text = buf_view(&x->script),
	    .form = form,
	    .done = put_down};
	question_call(&x->question);
	account_script_put(&store_role.accounts, &x->put);
}

void right_vacation_set(struct right *r, uint32_t request, const void *message)
{
	struct right_vacation *x = begin(r, request);
	x->vacation = vacation_from_setting(message);
	if (refuse_server(x))
		return;
	if (x->vacation.begun == 0)
		x->vacation.begun = 1 + (random_u64() >> 12); /* JSON holds 53 bits */
	int error =
	    vacation_problem(&x->vacation) ? -EINVAL : vacation_script_write(&x->vacation, &x->script);
	/* The message's texts are gone when the script has been compiled. */
	x->vacation = (struct vacation){.enabled = x->vacation.enabled};
	if (error)
		question_fail(&x->question, error == -ENOBUFS ? -EFBIG : error);
	else
		x->compiling = store_rules_compile(buf_view(&x->script), compiled, x);
}

void right_vacation_stop(struct right *r)
{
	struct question *q = r->question;
	if (q == NULL || q->kind != &kind)
		return;
	store_rules_cancel(vacation_of(q)->compiling);
	vacation_of(q)->compiling = NULL;
}

/* ---- who was answered ---- */

static void tell_persons(struct right_vacation *x)
{
	while (x->next < x->marks.count && right_has_room(x->question.right)) {
		const struct account_mark *mark = &x->marks.marks[x->next++];
		struct vacation_person m = {.who = mark->who,
		    .handle = mark->handle,
		    .since = (uint64_t)mark->since,
		    .until = (uint64_t)mark->until,
		    .times = mark->times};
		if (!question_answer(&x->question, VACATION_PERSON, &m))
			return;
	}
	if (x->next == x->marks.count)
		question_fail(&x->question, 0);
}

static void listed(struct account_marks *marks, int result)
{
	struct right_vacation *x = container_of(marks, struct right_vacation, marks);
	x->listed = true;
	if (!question_back(&x->question))
		return;
	if (result)
		question_fail(&x->question, result);
	else
		tell_persons(x);
}

static void list(struct right_vacation *x)
{
	x->marks = (struct account_marks){.shard = x->question.right->account,
	    .kind = MARK_ANSWERED,
	    .now = clock_wall(),
	    .handle = view_from_string(x->handle),
	    .done = listed};
	question_call(&x->question);
	account_marks(&store_role.accounts, &x->marks);
}

static void list_of_setting(struct right_vacation *x)
{
	/* As the script's handle is told (sieve_outcome.h): a given one begins with "=". */
	x->handle[0] = '=';
	vacation_handle(&x->vacation, x->handle + 1);
	list(x);
}

void right_vacation_answered(struct right *r, uint32_t request, const void *message)
{
	const struct vacation_answered *m = message;
	struct right_vacation *x = begin(r, request);
	if (refuse_server(x))
		return;
	if (m->all)
		list(x);
	else
		read_setting(x, list_of_setting);
}
