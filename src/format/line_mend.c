/* Line ends mended: in runs as long as can be. The length grows by line_ends_growth (line_ends.h). */
#include "format/line_mend.h"

static void end_line(struct line_mend *l, struct buf *out)
{
	buf_append(out, VIEW("\r\n"));
	*l = (struct line_mend){0};
}

void line_mend(struct line_mend *l, struct view bytes, struct buf *out)
{
	if (l->after_cr && bytes.len > 0) {
		end_line(l, out);
		bytes = view_skip(bytes, bytes.data[0] == '\n');
	}
	while (bytes.len > 0) {
		size_t end = 0;
		while (end < bytes.len && bytes.data[end] != '\r' && bytes.data[end] != '\n')
			end++;
		buf_append(out, view_take(bytes, end));
		l->open = l->open || end > 0;
		if (end == bytes.len)
			return;
		bool cr = bytes.data[end] == '\r';
		bytes = view_skip(bytes, end + 1);
		if (cr && bytes.len == 0) {
			l->after_cr = true;
			return;
		}
		bytes = view_skip(bytes, cr && bytes.data[0] == '\n');
		end_line(l, out);
	}
}

void line_mend_end(struct line_mend *l, struct buf *out)
{
	if (l->after_cr || l->open)
		end_line(l, out);
}
