/* Compiles a script and runs it over a message: what the tests of extensions begin with. */
#ifndef UNIT_SIEVE_PLAY_H
#define UNIT_SIEVE_PLAY_H

#include "../unit.h"

#include <stdio.h>

#include "base/buf.h"
#include "sieve/sieve_form.h"
#include "sieve/sieve_run.h"

struct play {
	struct arena compiled, arena;
	struct sieve_errors errors;
	struct sieve_program program;
	struct sieve_message message;
	struct sieve_outcome outcome;
	struct buf text;
};

static inline void play_begin(struct play *p, const char *mail)
{
	arena_init(&p->compiled, SIEVE_COMPILE_MEMORY_MAX);
	arena_init(&p->arena, SIEVE_RUN_MEMORY_MAX);
	sieve_errors_init(&p->errors);
	buf_init(&p->text, 1 << 20);
	sieve_message_init(&p->message, view_from_string(mail), &p->arena);
	p->message.sender = VIEW("ann@example.com");
	p->message.recipient = VIEW("joe@example.org");
}

static inline void play_done(struct play *p)
{
	sieve_message_done(&p->message);
	sieve_errors_done(&p->errors);
	arena_done(&p->arena);
	arena_done(&p->compiled);
	buf_done(&p->text);
}

/* The program that runs is read from its compiled form. */
static inline enum sieve_result play_run(struct play *p, const struct sieve_world *world, const char *script)
{
	static const struct sieve_language language;
	struct sieve_program written;
	struct view form;

	if (!sieve_compile(view_from_string(script), &language, &p->compiled, &p->errors, &written))
		fail_msg("%s: %.*s", script, VIEW_FMT(p->errors.items[0].text));
	buf_clear(&p->text);
	assert_int_equal(sieve_form_write(&written, &p->text), 0);
	assert_true(arena_copy(&p->compiled, buf_view(&p->text), &form));
	assert_int_equal(sieve_form_read(form, NULL, &p->compiled, &p->program), 0);
	return sieve_run(&p->program, &p->message, world, &p->arena, &p->outcome);
}

/* What the compiler says first: "2:5: ...". */
static inline const char *play_refused(struct play *p, const char *script)
{
	static const struct sieve_language language;
	const struct sieve_error *e = &p->errors.items[0];

	assert_false(
	    sieve_compile(view_from_string(script), &language, &p->compiled, &p->errors, &p->program));
	buf_clear(&p->text);
	buf_printf(&p->text, "%u:%u: %.*s", e->place.line, e->place.column, VIEW_FMT(e->text));
	return buf_string(&p->text);
}

/* The octets that go with an action. */
static inline const char *play_version(struct play *p, size_t action)
{
	const struct sieve_version *version = p->outcome.actions[action].version;

	buf_clear(&p->text);
	if (!version)
		buf_append(&p->text, p->message.bytes);
	for (size_t i = 0; version && i < version->count; i++)
		buf_append(&p->text, version->pieces[i]);
	if (version)
		assert_int_equal(version->size, buf_view(&p->text).len);
	return buf_string(&p->text);
}

#endif
