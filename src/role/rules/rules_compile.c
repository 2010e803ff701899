/*
 * A script in, its compiled form out, or all that is wrong with it. The pieces of a script stand together, so
 * one is gathered at a time.
 */
#include "role/rules/rules_private.h"

#include <errno.h>

#include "base/mem.h"
#include "process/own_limits.h"
#include "sieve/sieve_form.h"

static struct {
	struct buf script;
	uint32_t request; /* whose script is being gathered */
	bool too_large;
} gathered;

void rules_compile_begin(void)
{
	buf_done(&gathered.script);
	buf_init(&gathered.script, SIEVE_SCRIPT_MAX);
	gathered.request = 0;
	gathered.too_large = false;
}

static void complain(struct link *link, uint32_t request, const struct sieve_errors *errors, bool warning)
{
	for (size_t i = 0; i < errors->count; i++) {
		const struct sieve_error *e = &errors->items[i];
		struct message_rules_complaint m = {.line = e->place.line,
		    .column = e->place.column,
		    .warning = warning,
		    .more = i + 1 == errors->count ? errors->more : 0,
		    .text = e->text};
		ipc_send(&link->channel, MESSAGE_RULES_COMPLAINT, request, &m, -1);
	}
}

static void answer(struct link *link, uint32_t request, int error, struct view form)
{
	struct message_rules_compiled m = {.error = error};
	do {
		m.bytes = view_take(form, RULES_PIECE);
		form = view_skip(form, m.bytes.len);
		m.last = form.len == 0;
		ipc_send(&link->channel, MESSAGE_RULES_COMPILED, request, &m, -1);
	} while (!m.last);
}

static int compile(
    struct arena *arena, struct sieve_errors *errors, struct sieve_errors *warnings, struct buf *form)
{
	static const struct sieve_language language = {.imap_events = true};
	struct sieve_program program;
	if (gathered.too_large)
		return -E2BIG;
	if (buf_failed(&gathered.script))
		return -ENOMEM;
	if (!sieve_compile_warned(buf_view(&gathered.script), &language, arena, errors, warnings, &program))
		return -EINVAL;
	int error = sieve_form_write(&program, form);
	return error == -ENOBUFS ? -E2BIG : error;
}

static void compile_script(struct link *link, uint32_t request)
{
	struct sieve_errors *errors = mem_alloc(sizeof *errors), *warnings = mem_alloc(sizeof *warnings);
	struct arena arena;
	struct buf form;
	arena_init(&arena, SIEVE_COMPILE_MEMORY_MAX);
	buf_init(&form, RULES_FORM_MAX);
	sieve_errors_init(errors);
	sieve_errors_init(warnings);
	own_limits_time(RULES_SECONDS_MAX);
	int error = compile(&arena, errors, warnings, &form);
	own_limits_time(0);
	complain(link, request, errors, false);
	if (error == 0)
		complain(link, request, warnings, true);
	answer(link, request, error, error ? (struct view){0} : buf_view(&form));
	sieve_errors_done(errors);
	sieve_errors_done(warnings);
	mem_free(errors);
	mem_free(warnings);
	buf_done(&form);
	arena_done(&arena);
}

void rules_compile_piece(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_rules_compile *m = message;
	if (frame->request != gathered.request) {
		rules_compile_begin();
		gathered.request = frame->request;
	}
	if (!gathered.too_large && buf_append(&gathered.script, m->bytes) == -ENOBUFS)
		gathered.too_large = true;
	if (!m->last)
		return;
	compile_script(link, frame->request);
	rules_compile_begin();
	mem_give_back();
}
