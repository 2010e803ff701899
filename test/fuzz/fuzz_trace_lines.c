/*
 * Lines of the trace records as a file may hold them: they are told in words and as JSON without harm, what a
 * user is shown of them are lines again, and a subject's words fit themselves.
 */
#include "fuzz.h"

#include "trace/trace_share.h"
#include "trace/trace_subject.h"
#include "trace/trace_text.h"

enum { NOW = 1795332306, OUT_MAX = 1 << 20 };

static void check_user(struct view lines, struct view user)
{
	struct buf shown;
	struct arena arena;
	struct trace_line line;
	struct view rest, one;
	buf_init(&shown, OUT_MAX);
	arena_init(&arena, OUT_MAX);
	bool any = trace_for_user(lines, user, &shown);
	check(any == (buf_view(&shown).len > 0));
	rest = buf_view(&shown);
	while (rest.len > 0 && view_next(&rest, '\n', &one))
		check(trace_line_read(one, &arena, &line));
	arena_done(&arena);
	buf_done(&shown);
}

static void check_subject(struct view subject)
{
	struct buf words;
	buf_init(&words, TRACE_SUBJECT_MAX);
	trace_subject_words(subject, &words);
	check(!buf_failed(&words));
	check(trace_subject_fits(buf_view(&words), buf_view(&words)));
	buf_done(&words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view lines = view_of((const char *)data, size), one, rest = lines;
	struct buf out;
	buf_init(&out, OUT_MAX);
	trace_text(lines, NOW, (struct view){0}, &out);
	buf_clear(&out);
	trace_json(lines, NOW, (struct view){0}, &out);
	buf_done(&out);
	check_user(lines, VIEW("a@b.c"));
	while (rest.len > 0 && view_next(&rest, '\n', &one))
		check_subject(one);
	return 0;
}
