/*
 * Boundary lines. Other readers (Dovecot, and mail programs) take a line that only begins with a boundary for
 * one, as RFC 2046 says that they may. A part that they see and we don't would be one that nobody looks
 * through.
 */
#include "mime/mime_boundary.h"

static bool is_padding(struct view v)
{
	return view_trim(v).len == 0;
}

/* How the text behind "--" fits one boundary: exactly, as a beginning, or not (level -1). */
static struct boundary_match match(const struct open_part *o, int level, struct view text)
{
	if (o->boundary.data == NULL || o->closed || !view_starts(text, o->boundary))
		return (struct boundary_match){.level = -1};
	struct view rest = view_skip(text, o->boundary.len);
	bool closing = view_starts(rest, VIEW("--"));
	return (struct boundary_match){
	    .level = level, .closing = closing, .trailed = !is_padding(closing ? view_skip(rest, 2) : rest)};
}

struct boundary_match boundary_find(const struct open_part *open, size_t count, struct view line)
{
	struct boundary_match best = {.level = -1};
	struct view text = view_skip(line, 2);
	if (!view_starts(line, VIEW("--")))
		return best;
	for (size_t i = count; i > 0; i--) {
		struct boundary_match m = match(&open[i - 1], (int)i - 1, text);
		if (m.level < 0)
			continue;
		if (!m.trailed)
			return m;
		if (best.level < 0 || open[m.level].boundary.len > open[best.level].boundary.len)
			best = m;
	}
	return best;
}
