/* What the session says: strings in the form that each of them can have, flags, dates, sets (RFC 9051 section
 * 9). */
#include "imap/imap_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "format/date.h"
#include "format/modified_utf7.h"
#include "mail/mail_id.h"

void imap_put(struct imap_session *s, struct view text)
{
	buf_append(s->out, text);
}

void imap_puts(struct imap_session *s, const char *text)
{
	buf_append_string(s->out, text);
}

void imap_putf(struct imap_session *s, const char *format, ...)
{
	char text[512]; /* our own words and numbers; what others wrote goes through imap_put_string */
	va_list args;
	va_start(args, format);
	int len = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (len > 0)
		buf_append(s->out, view_of(text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1));
}

static int append_number(struct buf *out, uint64_t n)
{
	char digits[20];
	size_t at = sizeof digits;
	do
		digits[--at] = (char)('0' + n % 10);
	while (n /= 10);
	return buf_append(out, view_of(digits + at, sizeof digits - at));
}

void imap_put_number(struct imap_session *s, uint64_t n)
{
	append_number(s->out, n);
}

void imap_put_line(struct imap_session *s)
{
	buf_append(s->out, VIEW("\r\n"));
}

/* ---- texts for people ---- */

void imap_write_text(const struct imap_session *s, struct buf *out, const char *how, const char *english)
{
	struct view text = view_from_string(english);
	ptrdiff_t end = text.len > 0 && text.data[0] == '[' ? view_find(text, ']') : -1;
	if (end >= 0) {
		buf_append(out, view_take(text, (size_t)end + 2));
		text = view_skip(text, (size_t)end + 2);
	}
	const char *said = s->tongue == IMAP_ENGLISH ? NULL : imap_text(s->tongue, text);
	if (said) {
		buf_append_string(out, said);
	} else if (s->tongue == IMAP_ENGLISH || strcmp(how, "BAD") != 0) {
		buf_append(out, text);
	} else {
		buf_append_string(out, imap_text(s->tongue, VIEW("the command is wrong")));
		buf_append(out, VIEW(" ("));
		buf_append(out, text);
		buf_append(out, VIEW(")"));
	}
}

void imap_put_text(struct imap_session *s, const char *english)
{
	imap_write_text(s, s->out, "OK", english);
}

void imap_put_note(struct imap_session *s, const char *how, const char *code, const char *english)
{
	imap_puts(s, "* ");
	imap_puts(s, how);
	if (code) {
		imap_puts(s, " [");
		imap_puts(s, code);
		imap_puts(s, "]");
	}
	imap_puts(s, " ");
	imap_put_text(s, english);
	imap_put_line(s);
}

/* ---- strings ---- */

enum {
	QUOTED_MAX = 1000 /* longer ones are literals: a line stays readable, and within what clients take */
};

/* RFC 9051 section 4.3: UTF-8 stands between quotes only for who has enabled it. */
static bool can_be_quoted(const struct imap_session *s, struct view text)
{
	bool utf8 = s->enabled & (IMAP_REV2 | IMAP_UTF8_ACCEPT);
	bool ascii = true;
	if (text.len > QUOTED_MAX)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];
		if (c == '\r' || c == '\n' || c == '\0')
			return false;
		ascii &= c < 0x80;
	}
	return ascii || (utf8 && utf8_valid(text));
}

static void put_quoted(struct imap_session *s, struct view text)
{
	buf_append_byte(s->out, '"');
	size_t from = 0;
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '"' || text.data[i] == '\\') {
			buf_append(s->out, view_of(text.data + from, i - from));
			buf_append_byte(s->out, '\\');
			from = i;
		}
	buf_append(s->out, view_skip(text, from));
	buf_append_byte(s->out, '"');
}

void imap_put_string(struct imap_session *s, struct view text)
{
	if (can_be_quoted(s, text)) {
		put_quoted(s, text);
		return;
	}
	/* NUL stands in a literal8 alone (RFC 9051 section 4.3.1). */
	imap_puts(s, view_find(text, '\0') >= 0 ? "~{" : "{");
	imap_put_number(s, text.len);
	imap_puts(s, "}\r\n");
	imap_put(s, text);
}

void imap_put_nstring(struct imap_session *s, struct view text, bool is_nil)
{
	if (is_nil)
		imap_puts(s, "NIL");
	else
		imap_put_string(s, text);
}

static bool is_atom(struct view text)
{
	if (text.len == 0 || text.len > QUOTED_MAX || view_equal_nocase(text, VIEW("NIL")))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!ascii_is_alnum(text.data[i]) &&
		    (text.data[i] == '\0' || !strchr("-_.:@/+=,&'!#$", text.data[i])))
			return false;
	return true;
}

void imap_put_astring(struct imap_session *s, struct view text)
{
	if (is_atom(text))
		imap_put(s, text);
	else
		imap_put_string(s, text);
}

void imap_put_mailbox(struct imap_session *s, struct view path)
{
	if (s->enabled & (IMAP_REV2 | IMAP_UTF8_ACCEPT)) {
		imap_put_astring(s, path);
		return;
	}
	struct buf name;
	buf_init(&name, 4 * MAIL_PATH_MAX);
	modified_utf7_encode(&name, path);
	imap_put_astring(s, buf_view(&name));
	buf_done(&name);
}

bool imap_mailbox_name(struct arena *arena, const struct mail_mailbox *mailbox, struct view *name)
{
	struct buf text;
	buf_init(&text, MAIL_PATH_MAX + 600);
	if (mailbox->owner.len) {
		buf_append(&text, VIEW(IMAP_OTHERS));
		buf_append(&text, mailbox->owner);
		buf_append_byte(&text, '/');
	}
	buf_append(&text, mailbox->path);
	bool ok = !buf_failed(&text) && arena_copy(arena, buf_view(&text), name);
	buf_done(&text);
	return ok;
}

void imap_put_mailbox_name(struct imap_session *s, const struct mail_mailbox *mailbox)
{
	struct arena arena;
	struct view name = mailbox->path;
	arena_init(&arena, 64 * 1024);
	if (mailbox->owner.len == 0 || imap_mailbox_name(&arena, mailbox, &name))
		imap_put_mailbox(s, name);
	arena_done(&arena);
}

void imap_put_mailbox_id(struct imap_session *s, const struct mail_mailbox *mailbox)
{
	char text[MAIL_ID_MAX];

	imap_put(
	    s, view_of(text, mail_id_write(text, MAIL_ID_MAILBOX, mailbox->owner_number, mailbox->mailbox)));
}

/* ---- dates ---- */

void imap_put_date_time(struct imap_session *s, int64_t time)
{
	static const char months[12][4] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	int64_t days = time / 86400 - (time % 86400 < 0), year;
	unsigned month, day, second = (unsigned)(time - days * 86400);
	civil_from_days(days, &year, &month, &day);
	year = year < 0 ? 0 : year > 9999 ? 9999 : year; /* the grammar has four digits */
	/* By hand: a mailbox has 100,000 of these. */
	char t[] = "\"00-Jan-0000 00:00:00 +0000\"";
	t[1] = day < 10 ? ' ' : (char)('0' + day / 10);
	t[2] = (char)('0' + day % 10);
	memcpy(t + 4, months[month - 1], 3);
	for (int i = 3, y = (int)year; i >= 0; i--, y /= 10)
		t[8 + i] = (char)('0' + y % 10);
	const unsigned parts[] = {second / 3600, second / 60 % 60, second % 60};
	for (int i = 0; i < 3; i++) {
		t[13 + 3 * i] = (char)('0' + parts[i] / 10);
		t[14 + 3 * i] = (char)('0' + parts[i] % 10);
	}
	buf_append(s->out, view_of(t, sizeof t - 1));
}

/* ---- sets and flags ---- */

void imap_write_uid_set(struct buf *out, struct view ranges)
{
	struct cursor in = cursor_on(ranges);
	uint32_t first, last;
	bool begun = false;
	while (uid_ranges_next(&in, &first, &last)) {
		if (begun)
			buf_append_byte(out, ',');
		begun = true;
		append_number(out, first);
		if (last != first) {
			buf_append_byte(out, ':');
			append_number(out, last);
		}
	}
}

void imap_put_uid_set(struct imap_session *s, struct view ranges)
{
	imap_write_uid_set(s->out, ranges);
}

static void put_flag(struct imap_session *s, bool *begun, struct view name)
{
	if (*begun)
		buf_append_byte(s->out, ' ');
	*begun = true;
	buf_append(s->out, name);
}

static void put_keyword(struct imap_session *s, bool *begun, uint32_t number)
{
	struct view name = mail_names_get(&s->names, s->selected->account, number);
	if (name.len)
		put_flag(s, begun, name);
}

void imap_put_flags(struct imap_session *s, const struct mail_message *m)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} names[] = {{FLAG_ANSWERED, "\\Answered"}, {FLAG_FLAGGED, "\\Flagged"}, {FLAG_DELETED, "\\Deleted"},
	    {FLAG_SEEN, "\\Seen"}, {FLAG_DRAFT, "\\Draft"}};
	bool begun = false;
	buf_append_byte(s->out, '(');
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (m->flags & names[i].flag)
			put_flag(s, &begun, view_from_string(names[i].name));
	/* RFC 9051 section 2.3.2 has no \Recent any more. */
	if (!(s->enabled & IMAP_REV2) && s->selected && m->uid >= s->selected->recent)
		put_flag(s, &begun, VIEW("\\Recent"));
	uint64_t keywords = m->flags / FLAG_KEYWORD;
	for (uint32_t i = 0; keywords && s->selected; i++, keywords >>= 1)
		if (keywords & 1)
			put_keyword(s, &begun, i);
	struct cursor more = cursor_on(m->more_keywords);
	while (s->selected && m->flags & FLAG_MORE && more.rest.len >= 2)
		put_keyword(s, &begun, cursor_u16(&more));
	buf_append_byte(s->out, ')');
}
