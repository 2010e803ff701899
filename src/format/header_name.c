/*
 * Names of fields: as RFC 5322 has them, and as lenient readers find them. Two questions need the latter:
 * does a header go on behind a line that is no field, and is there a field (Bcc above all) in a line that
 * strict readers take for none? Both are answered from one table, since a name that nobody knows is as likely
 * the beginning of a sentence: "Note: ..."
 */
#include "format/header.h"

#include "format/lex.h"
#include "format/limits.h"

enum {
	/* Longer than the names in the table, and than the longest of the families in use. */
	KNOWN_NAME_MAX = 80,
	/* Two byte order marks, or one that was encoded twice. More is text in another language. */
	STRAY_OCTETS_MAX = 8,
};

/* ---- strict ---- */

bool header_is_ftext(char c)
{
	return c > ' ' && c < 0x7f && c != ':';
}

size_t header_field_name(struct view line, struct view *name)
{
	size_t n = 0;
	line = view_take(line, FIELD_NAME_MAX);
	while (n < line.len && header_is_ftext(line.data[n]))
		n++;
	size_t colon = n;
	while (colon < line.len && (line.data[colon] == ' ' || line.data[colon] == '\t'))
		colon++;
	if (n == 0 || colon == line.len || line.data[colon] != ':')
		return 0;
	*name = view_take(line, n);
	return colon + 1;
}

/* ---- lenient ---- */

static const char *const known_names[] = {"Apparently-To", "Authentication-Results", "Auto-Submitted", "Bcc",
    "Cc", "Date", "Delivered-To", "Disposition-Notification-To", "DKIM-Signature", "Errors-To", "From",
    "Importance", "In-Reply-To", "Message-ID", "MIME-Version", "Received", "Received-SPF", "References",
    "Reply-To", "Resent-Bcc", "Return-Path", "Return-Receipt-To", "Sender", "Subject", "Thread-Index",
    "Thread-Topic", "To", "User-Agent"};

/* Nothing that begins so is the name of a field in any language. */
static const char *const known_families[] = {"ARC-", "Content-", "List-", "Resent-", "X-"};

static const char *known_name(struct view name)
{
	for (size_t i = 0; i < sizeof known_names / sizeof known_names[0]; i++)
		if (view_equal_nocase(name, view_from_string(known_names[i])))
			return known_names[i];
	return NULL;
}

static bool is_of_known_family(struct view name)
{
	for (size_t i = 0; i < sizeof known_families / sizeof known_families[0]; i++) {
		struct view family = view_from_string(known_families[i]);
		if (name.len > family.len && view_starts_nocase(name, family))
			return true;
	}
	return false;
}

/* The name's octets, without what is between and around them. */
struct letters {
	char text[KNOWN_NAME_MAX];
	size_t len, first, last; /* first and last: where they stand in the line */
};

/* Up to the colon, whose place is the result; -1 if what stands there is no name in any reading. */
static ptrdiff_t gather_letters(struct view lines, struct letters *l)
{
	size_t stray = 0;
	bool after_blank = false;
	lines = view_take(lines, FIELD_NAME_MAX);
	for (size_t i = 0; i < lines.len; i++) {
		char c = lines.data[i];
		if (c == ':')
			return (ptrdiff_t)i;
		if (header_is_ftext(c)) {
			if (after_blank || l->len == sizeof l->text)
				return -1;
			l->first = l->len ? l->first : i;
			l->last = i;
			l->text[l->len++] = c;
		} else if ((unsigned char)c >= 0x80) {
			if (++stray > STRAY_OCTETS_MAX)
				return -1;
		} else if (l->len && lex_is_blank(c)) {
			after_blank = true;
		}
	}
	return -1;
}

size_t header_field_name_repaired(struct view lines, struct view *name)
{
	struct letters l = {.len = 0};
	ptrdiff_t colon = gather_letters(lines, &l);
	if (colon < 0 || l.len == 0)
		return 0;
	const char *known = known_name(view_of(l.text, l.len));
	if (known) {
		*name = view_from_string(known);
		return (size_t)colon + 1;
	}
	if (l.last - l.first + 1 != l.len || !is_of_known_family(view_of(l.text, l.len)))
		return 0;
	*name = view_of(lines.data + l.first, l.len);
	return (size_t)colon + 1;
}

size_t header_field_known(struct view lines, struct view *name)
{
	size_t colon = header_field_name(lines, name);
	if (colon)
		return known_name(*name) || is_of_known_family(*name) ? colon : 0;
	return header_field_name_repaired(lines, name);
}

size_t header_field_becomes_known(struct view lines, size_t at, struct view *name)
{
	if (view_find(view_skip(lines, at), ':') < 0 || view_find(view_take(lines, at), ':') >= 0)
		return 0;
	return header_field_known(lines, name);
}
