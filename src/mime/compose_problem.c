/* What cannot be said in a message, and how the user is told: see compose_private.h. */
#include "mime/compose_private.h"

#include <errno.h>

#include "base/show.h"
#include "base/utf8.h"

int compose_wrong(struct buf *problem, struct view what, const char *why)
{
	show_line(problem, what);
	buf_append_string(problem, why);
	return -EINVAL;
}

/* Text that may stand in a header field: UTF-8 on one line. */
bool compose_is_line(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (((unsigned char)text.data[i] < ' ' && text.data[i] != '\t') || text.data[i] == 0x7f)
			return false;
	return utf8_valid(text);
}
