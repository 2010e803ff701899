/* Judging replies: dsn_reply.h. The words that are known stand in dsn_reply_words.c. */
#include "dsn/dsn_reply.h"

#include <string.h>

#include "base/cursor.h"

enum {
	WORDS_MAX = 2048 /* of a reply that is looked at: SMTP_CLIENT_TEXT_MAX is less, other servers' reports
	                    quote no more */
};

/* ---- codes ---- */

unsigned reply_code(struct view reply)
{
	uint64_t code;
	if (!view_to_u64(view_take(reply, 3), 599, &code) || code < 200)
		return 0;
	if (reply.len > 3 && reply.data[3] != ' ' && reply.data[3] != '-')
		return 0;
	return (unsigned)code;
}

/* status-code = ("2"/"4"/"5") "." 1*3digit "." 1*3digit (RFC 3463 section 2) */
struct view status_code(struct view text)
{
	struct cursor in = cursor_on(text);
	struct view class = cursor_bytes(&in, 1);
	bool good = class.len && memchr("245", class.data[0], 3) != NULL;
	for (int i = 0; i < 2 && good; i++) {
		good = cursor_accept(&in, '.');
		size_t digits = cursor_while(&in, ascii_is_digit).len;
		good = good && digits >= 1 && digits <= 3;
	}
	int next = cursor_peek(&in);
	if (!good || (next >= 0 && strchr(" \t\r\n(", next) == NULL))
		return (struct view){0};
	return view_take(text, text.len - in.rest.len);
}

struct view reply_status(struct view reply)
{
	return reply_code(reply) ? status_code(view_skip(reply, 4)) : (struct view){0};
}

/*
 * Codes of IANA's registry that servers use for what they mean: behind them words are not looked at. All
 * others are used for many things (5.7.1), or are a provider's own (5.7.606).
 */
static bool is_precise(struct view status)
{
	static const char *const codes[] = {"1.1", "1.2", "1.3", "1.4", "1.6", "1.7", "1.8", "5.2.1", "2.2",
	    "2.3", "2.4", "3.1", "3.4", "4.6", "5.3", "6.1", "6.2", "6.3", "6.5", "6.6", "6.7", "6.8", "6.9",
	    "7.10", "7.16", "7.20", "7.21", "7.22", "7.23", "7.24", "7.25", "7.26", "7.27", "7.28", "7.30"};
	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (view_equal(view_skip(status, 2), view_from_string(codes[i])) ||
		    view_equal(status, view_from_string(codes[i])))
			return true;
	return false;
}

/* ---- words ---- */

/* The words alone, in small letters, a blank before and between them. */
struct words {
	char data[WORDS_MAX + 1];
	size_t len;
};

static void add_byte(struct words *w, char c)
{
	if (c == ' ' && w->len > 0 && w->data[w->len - 1] == ' ')
		return;
	if (w->len < WORDS_MAX)
		w->data[w->len++] = c;
}

static void add_token(struct words *w, struct view token)
{
	add_byte(w, ' ');
	for (size_t i = 0; i < token.len; i++) {
		char c = token.data[i];
		if (c != '\'')
			add_byte(w, ascii_is_alnum(c) ? ascii_lower(c) : ' ');
	}
	add_byte(w, ' ');
}

/* "RESOLVER.ADR.RecipientNotFound": Exchange's own parts say what happened, in the form of a name. */
static bool is_component(struct view token)
{
	static const char *const parts[] = {"RESOLVER.", "STOREDRV.", "ROUTING.", "QUEUE.", "SMTPSEND."};
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
		if (view_starts(token, view_from_string(parts[i])))
			return true;
	return false;
}

static bool is_name(struct view token)
{
	if (view_find(token, '@') >= 0)
		return true;
	for (size_t i = 0; i + 1 < token.len; i++) {
		if (i > 0 && token.data[i] == '.' && ascii_is_alnum(token.data[i - 1]) &&
		    ascii_is_alnum(token.data[i + 1]))
			return !is_component(token);
		if (view_starts(view_skip(token, i), VIEW("://")))
			return true;
	}
	return false;
}

/* How much of the text from here on is an address with blanks in it: <"a b"@c.test>, or "a b"@c.test; 0: it
 * is none. */
static size_t address_length(struct view text)
{
	char end = text.data[0] == '<' ? '>' : text.data[0] == '"' ? '"' : '\0';
	ptrdiff_t close = end ? view_find(view_skip(text, 1), end) : -1;
	if (close < 0)
		return 0;
	size_t len = (size_t)close + 2;
	if (end == '>')
		return view_find(view_take(text, len), '@') >= 0 ? len : 0;
	return len < text.len && text.data[len] == '@' ? len : 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void read_words(struct words *w, struct view text)
{
	w->len = 0;
	add_byte(w, ' ');
	text = view_take(text, WORDS_MAX);
	while (text.len > 0) {
		if (is_blank(text.data[0])) {
			text = view_skip(text, 1);
			continue;
		}
		size_t len = address_length(text);
		if (len > 0) {
			text = view_skip(text, len);
			while (text.len > 0 && !is_blank(text.data[0]))
				text = view_skip(text, 1);
			continue;
		}
		do
			len++;
		while (len < text.len && !is_blank(text.data[len]) && text.data[len] != '[' &&
		       text.data[len] != '(');
		struct view token = view_take(text, len);
		if (!is_name(token))
			add_token(w, token);
		text = view_skip(text, len);
	}
	w->data[w->len] = '\0';
}

/* The phrase begins where a word begins. */
static bool has_phrase(const struct words *w, const char *phrase)
{
	size_t len = strlen(phrase);
	for (const char *at = w->data; (at = strstr(at, phrase)) != NULL; at += len)
		if (at > w->data && at[-1] == ' ')
			return true;
	return false;
}

enum reply_kind reply_kind_of(unsigned code, struct view status, struct view text)
{
	struct words words;
	char class = code / 100 == 4 ? '4' : '5';
	if (code < 400 || is_precise(status))
		return REPLY_OTHER;
	read_words(&words, text);
	for (size_t i = 0; i < reply_words_count; i++) {
		const struct reply_words *row = &reply_words[i];
		if ((row->class == 'x' || row->class == class) && has_phrase(&words, row->phrase))
			return row->kind;
	}
	return REPLY_OTHER;
}

enum reply_kind reply_kind(struct view reply)
{
	return reply_kind_of(reply_code(reply), reply_status(reply), view_skip(reply, 4));
}
