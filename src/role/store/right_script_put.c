/*
 * SCRIPT_PIECE, SCRIPT_PUT, SCRIPT_CHECK: a text is gathered, the rules role compiles it, and what compiles
 * is put down with its form. Store reads neither.
 */
#include <errno.h>

#include "account/scripts.h"
#include "base/container.h"
#include "base/mem.h"
#include "role/store/question.h"
#include "role/store/rules_state.h"
#include "role/store/store_private.h"
#include "role/store/store_rules.h"

/* Octets of texts that all sessions are sending at a time: some tens of the largest scripts. Beyond it they
 * are asked to try again. */
enum { TEXTS_MAX = 32 << 20 };
static size_t texts;

struct right_text {
	struct buf text;
	int error; /* it is not whole: -EFBIG, -EAGAIN, -ENOMEM */
};

struct right_put {
	struct question question;
	struct right_text *text;
	char *name;
	struct rules_compilation *compiling;
	struct account_script_put put;
	bool check_only;
};

static struct right_put *put_of(struct question *question)
{
	return container_of(question, struct right_put, question);
}

/* ---- the text ---- */

static void free_text(struct right_text *t)
{
	if (t == NULL)
		return;
	texts -= buf_view(&t->text).len;
	buf_done(&t->text);
	mem_free(t);
}

static struct right_text *text_of(struct right *r)
{
	if (r->text == NULL) {
		r->text = mem_alloc(sizeof *r->text);
		buf_init(&r->text->text, SCRIPT_SIZE_MAX);
	}
	return r->text;
}

/* What is not whole is dropped, up to the question that it was for. */
void right_script_piece(struct right *r, uint32_t request, const void *message)
{
	const struct script_piece *m = message;
	struct right_text *t = text_of(r);
	(void)request;
	if (t->error)
		return;
	if (texts + m->bytes.len > TEXTS_MAX) {
		t->error = -EAGAIN;
		return;
	}
	int error = buf_append(&t->text, m->bytes);
	if (error)
		t->error = error == -ENOBUFS ? -EFBIG : error;
	else
		texts += m->bytes.len;
}

int right_script_take_text(struct right *r, struct buf *text)
{
	struct right_text *t = text_of(r);
	int error = t->error;
	r->text = NULL;
	texts -= buf_view(&t->text).len;
	*text = t->text;
	mem_free(t);
	return error;
}

void right_script_close(struct right *r)
{
	free_text(r->text);
	r->text = NULL;
}

/* ---- putting it down ---- */

static void release(struct question *question)
{
	struct right_put *x = put_of(question);
	store_rules_cancel(x->compiling);
	free_text(x->text);
	mem_free(x->name);
}

static const struct question_kind kind = {.release = release};

static void put_down(struct account_script_put *put, int result)
{
	struct right_put *x = container_of(put, struct right_put, put);
	put->which.number = put->number;
	if (result == 0)
		right_script_log(x->question.right, put->activate ? "script-put-active" : "script-put",
		    &put->which, (struct view){0});
	rules_state_changed(put->shard);
	if (!question_back(&x->question))
		return;
	struct mail_done done = {
	    .error = result, .modseq = result ? 0 : put->state, .number = result ? 0 : put->number};
	question_done(&x->question, &done);
}

static void put_it(struct right_put *x, struct view form)
{
	x->put.text = buf_view(&x->text->text);
	x->put.form = form;
	x->put.done = put_down;
	question_call(&x->question);
	account_script_put(&store_role.accounts, &x->put);
}

static void complain(struct right_put *x, const struct rules_complaints *complaints)
{
	for (size_t i = 0; i < complaints->count; i++) {
		const struct message_rules_complaint *c = &complaints->items[i];
		struct script_complaint m = {
		    .line = c->line, .column = c->column, .warning = c->warning, .text = c->text};
		x->put.warnings += c->warning != 0;
		if (!question_answer(&x->question, SCRIPT_COMPLAINT, &m))
			return;
	}
	if (complaints->more > 0)
		question_answer(&x->question, SCRIPT_COMPLAINT,
		    &(struct script_complaint){.line = 1,
		        .column = 1,
		        .warning = 1,
		        .text = VIEW("There are more errors than these.")});
}

static int64_t error_of(struct right_put *x, int error)
{
	struct script_complaint fatal = {.line = 1,
	    .column = 1,
	    .text = VIEW("The script cannot be compiled: the process that read it ended over it. "
	                 "The server's log says more.")};
	switch (error) {
	case -EINVAL:
		return -ENOEXEC;
	case -E2BIG:
		return -EFBIG;
	case -EIO:
		question_answer(&x->question, SCRIPT_COMPLAINT, &fatal);
		return -ENOEXEC;
	default:
		return error;
	}
}

static void compiled(void *arg, int error, struct view form, const struct rules_complaints *complaints)
{
	struct right_put *x = arg;
	x->compiling = NULL;
	complain(x, complaints);
	if (error || x->check_only)
		question_fail(&x->question, error_of(x, error));
	else
		put_it(x, form);
}

/* Nobody waits for it any more; and when the process ends, the compiler goes first. */
void right_script_stop(struct right *r)
{
	struct question *q = r->question;
	if (q == NULL || q->kind != &kind)
		return;
	store_rules_cancel(put_of(q)->compiling);
	put_of(q)->compiling = NULL;
}

static struct right_put *begin(struct right *r, uint32_t request)
{
	struct right_put *x = question_begin(r, request, sizeof *x, &kind);
	x->text = text_of(r);
	r->text = NULL;
	return x;
}

static void compile(struct right_put *x, int error)
{
	if (error == 0)
		error = x->text->error;
	if (error)
		question_fail(&x->question, error);
	else
		x->compiling = store_rules_compile(buf_view(&x->text->text), compiled, x);
}

void right_script_check(struct right *r, uint32_t request, const void *message)
{
	struct right_put *x = begin(r, request);
	(void)message;
	x->check_only = true;
	compile(x, 0);
}

/* What could not be put down in any case is not compiled first. */
void right_script_put(struct right *r, uint32_t request, const void *message)
{
	const struct script_put *m = message;
	struct right_put *x = begin(r, request);
	bool server = r->account == ACCOUNT_SERVER;
	bool named = m->number || (script_name_valid(m->name) && script_place_is_account(m->place) != server);
	x->name = mem_string(m->name);
	x->put.shard = r->account;
	x->put.which = (struct account_script_name){
	    .number = m->number, .place = (uint8_t)m->place, .name = view_of(x->name, m->name.len)};
	x->put.how = (uint8_t)m->how;
	x->put.activate = m->activate != 0;
	x->put.version = m->version;
	compile(x, named && !(m->activate && server) ? 0 : -EINVAL);
}
