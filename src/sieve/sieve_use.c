/* What texts of a script are for, and whether they can be that. */
#include "sieve/sieve_words.h"

#include "base/utf8.h"
#include "format/address.h"
#include "format/domain.h"
#include "format/limits.h"
#include "format/path.h"
#include "sieve/sieve_dsn.h"
#include "sieve/sieve_text.h"

enum {
	MAILBOX_PATH_MAX = 1000,    /* octets: more than the names of any tree of mailboxes */
	SCRIPT_NAME_MAX = 128,      /* characters */
	ADDRESS_TEXT_MAX = 4 << 10, /* octets of an address with a name before it */
};

static bool is_among(struct view text, const char *const *names)
{
	for (; *names; names++)
		if (view_equal_nocase(text, view_from_string(*names)))
			return true;
	return false;
}

/* Fields that hold addresses and nothing else: RFC 5322 section 3.6, RFC 8098, RFC 4021, and what mail
 * programs write. */
static const char *address_header(struct view name)
{
	static const char *const names[] = {"From", "To", "Cc", "Bcc", "Sender", "Reply-To", "Resent-From",
	    "Resent-To", "Resent-Cc", "Resent-Bcc", "Resent-Sender", "Resent-Reply-To", "Mail-Reply-To",
	    "Mail-Followup-To", "Disposition-Notification-To", "Return-Receipt-To", "Errors-To",
	    "Return-Path", "Delivered-To", "X-Delivered-To", "X-Original-To", "X-Forwarded-To",
	    "X-Forwarded-For", "Envelope-To", "X-Envelope-To", "X-Envelope-From", "Envelope-From",
	    "Apparently-To", "X-Apparently-To", "X-Apparently-From", "Approved", "Abuse-Reports-To",
	    "X-Complaints-To", "X-Report-Abuse-To", "X-Sender", "X-Original-From", "Original-From",
	    "Original-Recipient", "For-Approval", "X-Admin", "X-Beenthere", "Author", "Resent-By", NULL};

	return is_among(name, names) ? NULL : "is no header field that holds addresses";
}

static const char *date_part(struct view part)
{
	static const char *const names[] = {"year", "month", "day", "date", "julian", "hour", "minute",
	    "second", "time", "iso8601", "std11", "zone", "weekday", NULL};

	return is_among(part, names)
	           ? NULL
	           : "is no part of a date; there are year, month, day, date, julian, hour, minute, second, "
	             "time, iso8601, std11, zone and weekday";
}

static const char *zone(struct view text)
{
	bool good = text.len == 5 && (text.data[0] == '+' || text.data[0] == '-');

	for (size_t i = 1; good && i < text.len; i++)
		good = ascii_is_digit(text.data[i]);
	return good && text.data[3] < '6' ? NULL
	                                  : "is no time zone; one is written as \"+0100\" or \"-0530\"";
}

static const char *mailbox(struct view path)
{
	if (view_empty(path))
		return "is no mailbox's name: it is empty";
	if (path.len > MAILBOX_PATH_MAX)
		return "is no mailbox's name: it is longer than 1,000 octets";
	if (!utf8_valid(path))
		return "is no mailbox's name: it is not UTF-8";
	for (size_t i = 0; i < path.len; i++)
		if ((unsigned char)path.data[i] < ' ' || path.data[i] == 0x7f)
			return "is no mailbox's name: it holds a control character";
	return NULL;
}

/* One mailbox of somebody, with or without a name before it. */
static const char *address(struct view text)
{
	const char *problem = NULL;
	struct address_list list;
	enum host_kind kind;
	struct arena arena;
	struct path path;

	if (text.len > ADDRESS_TEXT_MAX)
		return "is no address that mail can be sent to: it is too long";
	arena_init(&arena, 64 << 10);
	if (mailbox_parse(text, &arena, &path) ==
	    0) { /* as SMTP has it, which bears dots anywhere: format/path.h */
		arena_done(&arena);
		return NULL;
	}
	if (!utf8_valid(text) || address_list_parse(text, &arena, &list) != 0 || list.defective || list.cut)
		problem = "is no address that mail can be sent to; one is written as \"joe@example.com\"";
	else if (list.count != 1 || list.items[0].kind != ADDRESS_MAILBOX)
		problem = "is not one address; exactly one was expected, as \"joe@example.com\"";
	else if (view_empty(list.items[0].local_part) || list.items[0].local_part.len > LOCAL_PART_MAX ||
	         host_parse(list.items[0].domain, &kind) != 0)
		problem = "is no address that mail can be sent to: a name, '@' and a domain were expected";
	arena_done(&arena);
	return problem;
}

/* RFC 5804 section 1.6, RFC 6609 section 3.2: what could be no file's name is none. */
static const char *script(struct view name)
{
	if (view_empty(name) || utf8_length(name) > SCRIPT_NAME_MAX || !utf8_valid(name))
		return "is no script's name: one has 1 to 128 characters";
	while (name.len > 0) {
		int32_t c = utf8_next(&name);

		if (c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029 || c == '/')
			return "is no script's name: it holds a slash or a control character";
	}
	return NULL;
}

static const char *variable(struct view name)
{
	if (view_starts_nocase(name, VIEW("global.")))
		name = view_skip(name, 7); /* RFC 6609 section 3.4.2 */
	if (!sieve_variable_is_name(name))
		return "is no variable's name: one has letters, digits and underscores, and no digit in "
		       "front";
	if (ascii_is_digit(name.data[0]))
		return "cannot be set: the numbered variables hold what the last match found";
	if (view_find(name, '.') >= 0)
		return "cannot be set: there is no such namespace";
	return name.len > SIEVE_VARIABLE_NAME_MAX ? "is too long: a variable's name has at most 64 letters"
	                                          : NULL;
}

const char *sieve_use_problem(enum sieve_use use, struct view text)
{
	static const char *const parts[] = {"from", "to", "auth", NULL};

	switch (use) {
	case SIEVE_USE_ADDRESS_HEADER:
		return address_header(text);
	case SIEVE_USE_ENVELOPE:
		return is_among(text, parts) || sieve_dsn_part(text) < SIEVE_DSN_PARTS
		           ? NULL
		           : "is no part of the envelope; there are from, to and auth";
	case SIEVE_USE_ADDRESS:
		return address(text);
	case SIEVE_USE_MAILBOX:
		return mailbox(text);
	case SIEVE_USE_SPECIAL_USE:
		return text.len > 1 && text.data[0] == '\\'
		           ? NULL
		           : "is no special use; one is written as \"\\\\Junk\"";
	case SIEVE_USE_VARIABLE:
		return variable(text);
	case SIEVE_USE_SCRIPT:
		return script(text);
	case SIEVE_USE_DATE_PART:
		return date_part(text);
	case SIEVE_USE_NOTIFY:
	case SIEVE_USE_RET:
	case SIEVE_USE_BY_MODE:
	case SIEVE_USE_DATE_TIME:
		return sieve_dsn_problem(use, text);
	case SIEVE_USE_ZONE:
		return zone(text);
	default:
		return NULL;
	}
}
