/* The list of errors of one script: bounded, whatever the script is. */
#include "sieve/sieve_error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/show.h"
#include "base/utf8.h"

enum {
	ERROR_TEXT_MAX = 1000, /* a sentence with two quotes and a hint */
	QUOTED_MAX = 60,       /* octets quoted of the script: enough to recognise it */
};

void sieve_errors_init(struct sieve_errors *errors)
{
	arena_init(&errors->arena, (size_t)SIEVE_ERRORS_MAX * (ERROR_TEXT_MAX + 16));
	errors->count = 0;
	errors->more = 0;
}

void sieve_errors_done(struct sieve_errors *errors)
{
	arena_done(&errors->arena);
	errors->count = 0;
}

void sieve_error_add(struct sieve_errors *errors, struct sieve_place place, const char *format, ...)
{
	char text[ERROR_TEXT_MAX];
	struct sieve_error *e = &errors->items[errors->count];
	va_list args;
	int len;

	if (errors->count == SIEVE_ERRORS_MAX) {
		errors->more++;
		return;
	}
	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len >= (int)sizeof(text))
		len = (int)sizeof(text) - 1;
	e->place = place;
	if (len < 0 || !arena_copy(&errors->arena, view_of(text, (size_t)len), &e->text))
		e->text = VIEW("this is wrong, and there is no memory to say why");
	errors->count++;
}

struct sieve_quoted sieve_quote(struct view text)
{
	struct sieve_quoted quoted;
	size_t len = utf8_cut(text, QUOTED_MAX).len;
	struct view shown;
	struct buf out;

	buf_init(&out, SIEVE_QUOTE_SIZE - 8);
	if (show_line(&out, view_take(text, len)) != 0)
		buf_clear(&out);
	shown = buf_view(&out);
	snprintf(quoted.text, sizeof(quoted.text), "'%.*s%s'", VIEW_FMT(shown), len < text.len ? "..." : "");
	buf_done(&out);
	return quoted;
}

static int by_place(const void *a, const void *b)
{
	const struct sieve_error *x = a, *y = b;

	if (x->place.line != y->place.line)
		return x->place.line < y->place.line ? -1 : 1;
	if (x->place.column != y->place.column)
		return x->place.column < y->place.column ? -1 : 1;
	return 0;
}

void sieve_errors_sort(struct sieve_errors *errors)
{
	/* Stable enough: errors at one place are told in any order. */
	qsort(errors->items, errors->count, sizeof(errors->items[0]), by_place);
}
