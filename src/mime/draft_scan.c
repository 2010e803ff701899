/* Which encoding a body needs: draft.h. */
#include <errno.h>

#include "format/limits.h"
#include "mime/draft.h"

static void end_line(struct draft_scan *s)
{
	s->column = s->from = 0;
}

static void take(struct draft_scan *s, char c)
{
	static const char from[] = "From ";
	if (c == '\n') {
		s->has_bare |= !s->after_cr;
		s->after_cr = false;
		end_line(s);
		return;
	}
	if (s->after_cr) { /* a CR alone ends a line for some, and is an octet for others */
		s->has_bare = true;
		end_line(s);
	}
	s->after_cr = c == '\r';
	if (s->after_cr)
		return;
	bool plain = ascii_is_print(c) || c == '\t';
	s->escaped += !plain || c == '=';
	s->has_nul |= c == '\0';
	s->has_8bit |= (unsigned char)c >= 0x80;
	s->has_control |= !plain && (unsigned char)c < 0x80;
	if (s->column == s->from && s->from < sizeof from - 1 && c == from[s->from])
		s->has_from |= ++s->from == sizeof from - 1;
	s->has_long_line |= ++s->column > LINE_MAX_OCTETS;
}

void draft_scan_feed(struct draft_scan *s, struct view bytes)
{
	s->octets += bytes.len;
	for (size_t i = 0; i < bytes.len; i++)
		take(s, bytes.data[i]);
}

/* What needs nothing stays as it is: it can be read in any program, and in a terminal. "From " at a line's
 * beginning is changed where mail is kept in mbox files. */
static bool is_plain(const struct draft_scan *s)
{
	return !s->has_8bit && !s->has_control && !s->has_long_line && !s->has_from;
}

/* An escape takes three octets, base64 a third more than all of them. */
static enum transfer_encoding shorter(const struct draft_scan *s)
{
	return s->escaped > s->octets / 6 ? TRANSFER_BASE64 : TRANSFER_QUOTED_PRINTABLE;
}

enum transfer_encoding draft_encoding_of_text(const struct draft_scan *s)
{
	return is_plain(s) ? TRANSFER_7BIT : shorter(s);
}

/* A line end that is not CRLF is an octet like others, and would become one. */
enum transfer_encoding draft_encoding_of_text_blob(const struct draft_scan *s)
{
	if (s->has_bare || s->after_cr)
		return TRANSFER_BASE64;
	return is_plain(s) ? TRANSFER_7BIT : shorter(s);
}

int draft_encoding_of_message(const struct draft_scan *s, enum transfer_encoding *encoding)
{
	if (s->has_bare || s->after_cr || s->has_nul || s->has_long_line)
		return -EINVAL;
	*encoding = s->has_8bit ? TRANSFER_8BIT : TRANSFER_7BIT;
	return 0;
}
