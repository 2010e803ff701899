/* Texts that the formats share: line ends, flags and keywords, dates, names of mailboxes as names of files.
 */
#include <errno.h>
#include <string.h>

#include "base/utf8.h"
#include "folder/folder_private.h"
#include "format/charset.h"
#include "format/date.h"
#include "format/header.h"
#include "format/limits.h"
#include "format/modified_utf7.h"

const struct folder_flag folder_flags[5] = {
    {FLAG_SEEN, "\\Seen", 'S'},
    {FLAG_ANSWERED, "\\Answered", 'R'},
    {FLAG_FLAGGED, "\\Flagged", 'F'},
    {FLAG_DELETED, "\\Deleted", 'T'},
    {FLAG_DRAFT, "\\Draft", 'D'},
};

enum folder_format folder_format_by_name(struct view name)
{
	static const struct {
		const char *name;
		enum folder_format format;
	} rows[] = {{"maildir", FOLDER_MAILDIR}, {"mbox", FOLDER_MBOX}, {"mboxrd", FOLDER_MBOX},
	    {"mboxo", FOLDER_MBOXO}, {"eml", FOLDER_EML}};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (view_equal_nocase(name, view_from_string(rows[i].name)))
			return rows[i].format;
	return FOLDER_UNKNOWN;
}

/* ---- line ends ---- */

void folder_take_text(struct buf *out, struct view text)
{
	while (text.len) {
		ptrdiff_t at = view_find(text, '\n');
		size_t line = at < 0 ? text.len : (size_t)at;
		bool has_cr = line ? text.data[line - 1] == '\r'
		                   : out->len > 0 && buf_view(out).data[out->len - 1] == '\r';
		buf_append(out, view_take(text, line));
		if (at >= 0)
			buf_append(out, has_cr ? VIEW("\n") : VIEW("\r\n"));
		text = view_skip(text, line + (at >= 0));
	}
}

void folder_give_text(struct buf *out, struct view text)
{
	while (text.len) {
		ptrdiff_t at = view_find(text, '\n');
		size_t line = at < 0 ? text.len : (size_t)at, kept = line;
		if (at > 0 && text.data[at - 1] == '\r')
			kept--;
		buf_append(out, view_take(text, kept));
		if (at >= 0)
			buf_append_byte(out, '\n');
		text = view_skip(text, line + (at >= 0));
	}
}

/* ---- flags, keywords, UIDLs ---- */

bool folder_is_keyword(struct view name)
{
	if (name.len == 0 || name.len > MAIL_KEYWORD_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i];
		if (c <= ' ' || c >= 0x7f || strchr("(){%*\"\\]", c))
			return false;
	}
	return true;
}

void folder_add_keyword(struct buf *keywords, struct view name)
{
	struct view rest = buf_view(keywords), one;
	size_t count = 0;
	if (!folder_is_keyword(name))
		return;
	while (rest.len && view_next(&rest, ' ', &one)) {
		if (view_equal_nocase(one, name))
			return;
		count++;
	}
	if (count >= FOLDER_KEYWORDS_MAX)
		return;
	if (count)
		buf_append_byte(keywords, ' ');
	buf_append(keywords, name);
}

bool folder_is_uidl(struct view text)
{
	if (text.len == 0 || text.len > FOLDER_UIDL_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] < 0x21 || text.data[i] > 0x7e)
			return false;
	return true;
}

/* ---- dates ---- */

int64_t folder_message_date(struct view body)
{
	struct header_reader reader = header_read(view_take(body, MIME_HEADER_MAX));
	struct header_field field;
	struct date date;
	int64_t written = 0;
	while (header_next(&reader, &field)) {
		ptrdiff_t semicolon = view_find_last(field.body, ';');
		if (view_equal_nocase(field.name, VIEW("Received")) && semicolon >= 0 &&
		    date_parse(view_trim(view_skip(field.body, (size_t)semicolon + 1)), &date) == 0)
			return date.seconds;
		if (written == 0 && view_equal_nocase(field.name, VIEW("Date")) &&
		    date_parse(view_trim(field.body), &date) == 0)
			written = date.seconds;
	}
	return written;
}

/* ---- names ---- */

/* No modified UTF-7, since a dot stands for itself; it is what Courier writes, and so one form more. */
static const struct view dot = {"&AC4-", 5};

/* Modified UTF-7 if it can be that, else UTF-8, else what such octets usually are. */
static int decode_name(struct buf *out, struct view name)
{
	bool defective;
	if (modified_utf7_decode(out, name) == 0)
		return 0;
	if (utf8_valid(name))
		return buf_append(out, name);
	return charset_to_utf8(VIEW("windows-1252"), name, out, &defective);
}

/* The same, with dots. */
static int decode_with_dots(struct buf *out, struct view name)
{
	int error = 0;
	while (error == 0 && name.len) {
		size_t len = 0;
		while (len < name.len && !view_starts(view_skip(name, len), dot))
			len++;
		error = decode_name(out, view_take(name, len));
		name = view_skip(name, len);
		if (error == 0 && name.len) {
			error = buf_append_byte(out, '.');
			name = view_skip(name, dot.len);
		}
	}
	return error;
}

int folder_level_from_file(struct buf *out, struct view name)
{
	return decode_with_dots(out, name);
}

/* As it is, where it is read so again; else in the form that everything has. */
int folder_level_to_file(struct buf *out, struct view level)
{
	struct buf again;
	int error;
	if (level.len && level.data[0] == '.') {
		buf_append(out, dot);
		level = view_skip(level, 1);
	}
	buf_init(&again, FOLDER_PATH_MAX);
	if (decode_with_dots(&again, level) == 0 && view_equal(buf_view(&again), level))
		error = buf_append(out, level);
	else
		error = modified_utf7_encode(out, level);
	buf_done(&again);
	return error;
}

int maildir_name_encode(struct buf *out, struct view path)
{
	struct view level, part;
	int error = 0;
	while (error == 0 && view_next(&path, '/', &level)) {
		bool first = true;
		buf_append_byte(out, '.');
		while (error == 0 && view_next(&level, '.', &part)) {
			if (!first)
				buf_append(out, dot);
			first = false;
			error = modified_utf7_encode(out, part);
		}
	}
	return error ? error : buf_failed(out) ? -ENOBUFS : 0;
}

int maildir_name_decode(struct buf *out, struct view name)
{
	struct view level;
	bool first = true;
	int error = 0;
	if (name.len && name.data[0] == '.')
		name = view_skip(name, 1);
	while (error == 0 && view_next(&name, '.', &level)) {
		if (!first)
			buf_append_byte(out, '/');
		first = false;
		error = decode_with_dots(out, level);
	}
	return error;
}
