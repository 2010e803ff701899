/* See send_convert.h. */
#include "cli/send_convert.h"

#include <errno.h>

#include "mime/downgrade.h"

const char *send_convert(struct view message, struct buf *out)
{
	bool needed = false;
	enum downgrade_obstacle obstacle = DOWNGRADE_STRUCTURE;
	struct mime_parser *parser = mime_parser_new();
	struct downgrade *d = downgrade_new(mime_parse(parser, message));
	int error = -EINVAL;
	buf_init(out, 3 * message.len + DOWNGRADE_HEADER_MAX);
	if (d) {
		downgrade_survey(d, message);
		error = downgrade_decide(d, &needed, &obstacle);
	}
	if (error == 0 && needed)
		error = downgrade_convert(d, message, out);
	if (error == 0 && needed)
		error = downgrade_end(d, out);
	downgrade_free(d);
	mime_parser_free(parser);
	if (error == -ENOBUFS || error == -ENOMEM)
		return "out of memory";
	return error ? downgrade_obstacle_text(obstacle) : NULL;
}
