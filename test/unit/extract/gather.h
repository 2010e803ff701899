/* What the tests of extractors share: all the text of a file, and checks of what extract.h promises of it. */
#ifndef TEST_UNIT_EXTRACT_GATHER_H
#define TEST_UNIT_EXTRACT_GATHER_H

#include "../unit.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "extract/extract.h"

struct gathered {
	struct buf text;
	size_t stop_after; /* pieces; 0: never */
	size_t pieces;
	enum extract_verdict verdict;
};

static bool gather_piece(void *arg, struct view utf8)
{
	struct gathered *g = arg;
	assert_true(utf8.len > 0 && utf8.len <= EXTRACT_PIECE_MAX && utf8_valid(utf8));
	for (size_t i = 0; i < utf8.len; i++)
		assert_true(
		    (unsigned char)utf8.data[i] >= ' ' || utf8.data[i] == '\t' || utf8.data[i] == '\n');
	assert_true(g->stop_after == 0 || g->pieces < g->stop_after);
	assert_int_equal(buf_append(&g->text, utf8), 0);
	return ++g->pieces != g->stop_after;
}

static inline void gather_file(struct gathered *g, const struct extract_file *file)
{
	g->pieces = 0;
	buf_init(&g->text, EXTRACT_TEXT_MAX);
	g->verdict = extract_text(file, gather_piece, g);
}

static inline void assert_text(
    const struct extract_file *file, enum extract_verdict verdict, const char *expected)
{
	struct gathered g = {0};
	gather_file(&g, file);
	assert_string_equal(extract_verdict_name(g.verdict), extract_verdict_name(verdict));
	assert_string_equal(buf_string(&g.text), expected);
	buf_done(&g.text);
}

#endif
