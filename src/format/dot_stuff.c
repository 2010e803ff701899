/* Dots doubled, lines ended: in runs as long as can be, since most messages need nothing done. */
#include "format/dot_stuff.h"

static void end_line(struct dot_stuff *stuff, struct buf *out)
{
	buf_append(out, VIEW("\r\n"));
	*stuff = (struct dot_stuff){0};
}

/* Where a byte comes next, or the end. */
static size_t find_from(struct view bytes, size_t from, char c)
{
	ptrdiff_t at = view_find(view_skip(bytes, from), c);
	return at < 0 ? bytes.len : from + (size_t)at;
}

static struct view part(struct view bytes, size_t from, size_t to)
{
	return view_take(view_skip(bytes, from), to - from);
}

void dot_stuff(struct dot_stuff *stuff, struct view bytes, struct buf *out)
{
	size_t written = 0, at = 0;
	if (stuff->after_cr && bytes.len > 0) {
		end_line(stuff, out);
		if (bytes.data[0] == '\n')
			written = at = 1;
	}
	/* Each is looked for once, however the other one abounds. */
	size_t lf = find_from(bytes, at, '\n'), cr = find_from(bytes, at, '\r');
	while (at < bytes.len) {
		if (!stuff->within_line && bytes.data[at] == '.') {
			buf_append(out, part(bytes, written, at));
			buf_append_byte(out, '.');
			written = at;
		}
		size_t end = cr < lf ? cr : lf;
		stuff->within_line = stuff->within_line || end > at;
		if (end == bytes.len)
			break;
		if (lf < bytes.len && cr + 1 == lf) {
			at = lf + 1;
			stuff->within_line = false;
		} else {
			buf_append(out, part(bytes, written, end));
			written = at = end + 1;
			if (at == bytes.len && end == cr) {
				stuff->after_cr = true;
				return;
			}
			end_line(stuff, out);
		}
		if (lf < at)
			lf = find_from(bytes, at, '\n');
		if (cr < at)
			cr = find_from(bytes, at, '\r');
	}
	buf_append(out, part(bytes, written, bytes.len));
}

void dot_stuff_end(struct dot_stuff *stuff, struct buf *out)
{
	if (stuff->within_line || stuff->after_cr)
		end_line(stuff, out);
	buf_append(out, VIEW(".\r\n"));
}
