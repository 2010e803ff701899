/* Line by line: what stands before an LF, and whether a CR ends it. */
#include "format/line_ends.h"

static uint64_t count_crs(struct view v)
{
	uint64_t count = 0;
	for (ptrdiff_t at; (at = view_find(v, '\r')) >= 0; v = view_skip(v, (size_t)at + 1))
		count++;
	return count;
}

void line_ends_feed(struct line_ends *l, struct view bytes)
{
	if (bytes.len == 0)
		return;
	char last = bytes.data[bytes.len - 1];
	l->open = last != '\r' && last != '\n';
	if (l->after_cr && bytes.data[0] == '\n')
		bytes = view_skip(bytes, 1);
	else
		l->bare += l->after_cr;
	l->after_cr = false;
	while (bytes.len > 0) {
		ptrdiff_t lf = view_find(bytes, '\n');
		struct view line = lf < 0 ? bytes : view_take(bytes, (size_t)lf);
		bool cr = line.len > 0 && line.data[line.len - 1] == '\r';
		l->bare += count_crs(view_take(line, line.len - cr));
		if (lf < 0) {
			l->after_cr = cr;
			return;
		}
		l->bare += !cr;
		bytes = view_skip(bytes, (size_t)lf + 1);
	}
}
