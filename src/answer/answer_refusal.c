/* The words of reject and ereject: RFC 5429. */
#include "answer/answer_private.h"
#include "base/show.h"
#include "base/utf8.h"

/* Lines of a reply, none longer than one may be: longer ones go on in the next. */
static void append_line(struct buf *out, struct view line, unsigned *lines)
{
	line = view_trim(line);
	while (line.len > 0 && *lines < ANSWER_REFUSAL_LINES) {
		size_t len = line.len;
		if (len > ANSWER_REFUSAL_LINE) {
			len = ANSWER_REFUSAL_LINE;
			while (len > 1 && ((unsigned char)line.data[len] & 0xc0) == 0x80)
				len--;
		}
		if (buf_view(out).len + len + 1 > ANSWER_REFUSAL_MAX)
			break;
		if (*lines > 0)
			buf_append_byte(out, '\n');
		buf_append(out, view_take(line, len));
		line = view_trim(view_skip(line, len));
		(*lines)++;
	}
}

bool answer_refusal(struct view reason, bool utf8, struct buf *out)
{
	struct buf clean;
	struct view rest, line;
	unsigned lines = 0;
	size_t start = buf_view(out).len;
	buf_init(&clean, 3 * ANSWER_TEXT_MAX + 64);
	show_text(&clean, view_take(reason, ANSWER_TEXT_MAX));
	rest = buf_view(&clean);
	bool said = utf8 || utf8_is_ascii(rest);
	while (said && view_next(&rest, '\n', &line))
		append_line(out, line, &lines);
	buf_done(&clean);
	if (buf_view(out).len == start)
		buf_append(out, VIEW("The recipient's rules refuse this message"));
	return said;
}
