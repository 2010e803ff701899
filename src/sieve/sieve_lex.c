/* Reads on behind whatever is wrong, so that all errors of a script are found in one go. */
#include "sieve/sieve_lex.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

void sieve_lex_init(
    struct sieve_lexer *lexer, struct view script, struct arena *arena, struct sieve_errors *errors)
{
	*lexer = (struct sieve_lexer){.rest = script, .place = {1, 1}, .arena = arena, .errors = errors};
	if (view_starts(script, VIEW("\xef\xbb\xbf"))) /* editors on Windows write a byte order mark */
		lexer->rest = view_skip(script, 3);
}

static void advance(struct sieve_lexer *l, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)l->rest.data[i];

		if (c == '\n') {
			l->place.line++;
			l->place.column = 1;
		} else if ((c & 0xc0) != 0x80) {
			l->place.column++;
		}
	}
	l->rest = view_skip(l->rest, len);
}

static size_t line_length(struct view v)
{
	const char *end = v.len ? memchr(v.data, '\n', v.len) : NULL;

	return end ? (size_t)(end - v.data) + 1 : v.len;
}

/* White space and comments. False: a comment is never closed, and the script is used up. */
static bool skip_blanks(struct sieve_lexer *l)
{
	for (;;) {
		size_t blanks = 0;

		while (
		    blanks < l->rest.len && strchr(" \t\r\n", l->rest.data[blanks]) && l->rest.data[blanks])
			blanks++;
		advance(l, blanks);
		if (l->rest.len && l->rest.data[0] == '#') {
			l->comment = view_trim(view_skip(view_take(l->rest, line_length(l->rest)), 1));
			advance(l, line_length(l->rest));
		} else if (view_starts(l->rest, VIEW("/*"))) {
			struct view inside = view_skip(l->rest, 2);
			const char *end = memmem(inside.data, inside.len, "*/", 2);

			if (!end) {
				sieve_error_add(l->errors, l->place,
				    "the comment that begins here is never closed; a comment ends with '*/'");
				advance(l, l->rest.len);
				return false;
			}
			advance(l, (size_t)(end - l->rest.data) + 2);
		} else {
			return true;
		}
	}
}

static bool is_word(char c)
{
	return ascii_is_alnum(c) || c == '_';
}

static size_t word_length(struct view v)
{
	size_t len = 0;

	while (len < v.len && is_word(v.data[len]))
		len++;
	return len;
}

static void broken(struct sieve_token *token)
{
	token->kind = SIEVE_TOKEN_BROKEN;
}

/* RFC 5228 section 2.4.1. K, M and G are of 1024; any number below 2^64 is taken, which is more than the 31
 * bits that it asks for. */
static void read_number(struct sieve_lexer *l, struct sieve_token *token)
{
	size_t len = 0, word;
	bool large = false;
	uint64_t n = 0;
	unsigned shift = 0;

	while (len < l->rest.len && ascii_is_digit(l->rest.data[len])) {
		large = large || __builtin_mul_overflow(n, (uint64_t)10, &n);
		large = large || __builtin_add_overflow(n, (uint64_t)(l->rest.data[len] - '0'), &n);
		len++;
	}
	word = len + word_length(view_skip(l->rest, len));
	if (word == len + 1) {
		char unit = ascii_lower(l->rest.data[len]);

		shift = unit == 'k' ? 10 : unit == 'm' ? 20 : unit == 'g' ? 30 : 0;
	}
	token->kind = SIEVE_TOKEN_NUMBER;
	token->text = view_take(l->rest, word);
	if (word > len && shift == 0) {
		sieve_error_add(l->errors, token->place,
		    "%s is no number: behind its digits a number may have K, M or G, and nothing else",
		    sieve_quote(token->text).text);
		broken(token);
	} else if (large || (shift && n >> (64 - shift))) {
		sieve_error_add(l->errors, token->place,
		    "the number %s is too large; the largest one is %llu", sieve_quote(token->text).text,
		    (unsigned long long)UINT64_MAX);
		broken(token);
	}
	token->number = n << shift;
	advance(l, word);
}

/* Copies a string's text: CRLF for each line end. `out` has room for twice the text. */
static size_t put(char *out, size_t len, char c)
{
	if (c == '\n' && (len == 0 || out[len - 1] != '\r'))
		out[len++] = '\r';
	out[len++] = c;
	return len;
}

static char *room(struct sieve_lexer *l, struct sieve_token *token, size_t len)
{
	char *out = arena_alloc(l->arena, len ? len : 1);

	if (!out) {
		sieve_error_add(l->errors, token->place,
		    "the script is too large to be compiled: its strings take more memory than a script may "
		    "have");
		l->failed = true;
		broken(token);
	}
	return out;
}

static void judge_text(struct sieve_lexer *l, struct sieve_token *token)
{
	if (token->kind != SIEVE_TOKEN_STRING)
		return;
	if (!utf8_valid(token->text)) {
		sieve_error_add(l->errors, token->place,
		    "the string that begins here is not UTF-8; save the script in UTF-8");
		broken(token);
	} else if (memchr(token->text.data, 0, token->text.len)) {
		sieve_error_add(l->errors, token->place, "the string that begins here holds a NUL octet");
		broken(token);
	}
}

/* RFC 5228 section 2.4.2: a backslash is taken away, whatever stands behind it. */
static void read_quoted(struct sieve_lexer *l, struct sieve_token *token)
{
	size_t end = 1, lines = 0, len = 0;
	bool plain = true;
	struct view raw;
	char *out;

	while (end < l->rest.len && l->rest.data[end] != '"') {
		if (l->rest.data[end] == '\\') {
			plain = false;
			end++;
		}
		if (end < l->rest.len && l->rest.data[end] == '\n')
			lines++;
		end++;
	}
	token->kind = SIEVE_TOKEN_STRING;
	if (end >= l->rest.len) {
		sieve_error_add(l->errors, token->place,
		    "the string that begins here is never closed; a string ends with '\"'");
		advance(l, l->rest.len);
		broken(token);
		return;
	}
	raw = view_take(view_skip(l->rest, 1), end - 1);
	token->text = raw;
	if ((lines || !plain) && (out = room(l, token, raw.len + lines)) != NULL) {
		for (size_t i = 0; i < raw.len; i++) {
			if (raw.data[i] == '\\' && i + 1 < raw.len)
				i++;
			len = put(out, len, raw.data[i]);
		}
		token->text = view_of(out, len);
	}
	advance(l, end + 1);
	judge_text(l, token);
}

static struct view without_line_end(struct view line)
{
	if (line.len && line.data[line.len - 1] == '\n')
		line.len--;
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* RFC 5228 section 2.4.2: text: ... a line with a dot alone. */
static void read_multiline(struct sieve_lexer *l, struct sieve_token *token)
{
	struct view first, line, all;
	size_t size = 0, len = 0, line_len;
	char *out;

	token->kind = SIEVE_TOKEN_STRING;
	token->multiline = true;
	advance(l, sizeof("text:") - 1);
	line_len = line_length(l->rest);
	first = view_trim(view_take(l->rest, line_len));
	if (!view_empty(first) && first.data[0] != '#') {
		sieve_error_add(l->errors, l->place,
		    "behind 'text:' the line must end; %s stands there. The text begins on the next line",
		    sieve_quote(first).text);
		broken(token);
	}
	advance(l, line_len);
	all = l->rest;
	for (struct view rest = all;; rest = view_skip(rest, line_len)) {
		line_len = line_length(rest);
		line = without_line_end(view_take(rest, line_len));
		if (line_len == 0) {
			sieve_error_add(l->errors, token->place,
			    "the text that begins here is never closed; it ends with a line that holds a "
			    "dot and nothing else");
			advance(l, l->rest.len);
			broken(token);
			return;
		}
		if (view_equal(line, VIEW(".")))
			break;
		size += line.len + 2;
	}
	out = room(l, token, size);
	while (out) {
		line_len = line_length(all);
		line = without_line_end(view_take(all, line_len));
		all = view_skip(all, line_len);
		if (view_equal(line, VIEW(".")))
			break;
		if (view_starts(
		        line, VIEW(".."))) /* one that nobody has doubled stays (RFC 5228 section 2.4.2) */
			line = view_skip(line, 1);
		if (line.len)
			memcpy(out + len, line.data, line.len);
		memcpy(out + len + line.len, "\r\n", 2);
		len += line.len + 2;
	}
	if (!out)
		return;
	advance(l, (size_t)(all.data - l->rest.data));
	token->text = view_of(out, len);
	judge_text(l, token);
}

static void read_word(struct sieve_lexer *l, struct sieve_token *token, size_t colon)
{
	size_t len = word_length(view_skip(l->rest, colon));

	token->kind = colon ? SIEVE_TOKEN_TAG : SIEVE_TOKEN_IDENTIFIER;
	token->text = view_take(view_skip(l->rest, colon), len);
	if (len > SIEVE_IDENTIFIER_MAX) {
		sieve_error_add(l->errors, token->place,
		    "the name %s is too long: no name has more than %d characters",
		    sieve_quote(token->text).text, SIEVE_IDENTIFIER_MAX);
		broken(token);
	}
	advance(l, colon + len);
}

static void read_other(struct sieve_lexer *l, struct sieve_token *token)
{
	size_t len = 1;

	while (len < l->rest.len && !is_word(l->rest.data[len]) &&
	       !strchr(" \t\r\n\"[](){},;:#/", l->rest.data[len]))
		len++;
	while (len < l->rest.len && ((unsigned char)l->rest.data[len] & 0xc0) == 0x80)
		len++;
	token->text = view_take(l->rest, len);
	sieve_error_add(l->errors, token->place, "%s has no meaning here; a text must stand between '\"'",
	    sieve_quote(token->text).text);
	broken(token);
	advance(l, len);
}

void sieve_lex_next(struct sieve_lexer *l, struct sieve_token *token)
{
	bool more;
	char c;

	l->comment = (struct view){0};
	more = !l->failed && skip_blanks(l);
	*token = (struct sieve_token){.place = l->place, .comment = l->comment};
	if (!more || view_empty(l->rest))
		return;
	c = l->rest.data[0];
	if (ascii_is_digit(c)) {
		read_number(l, token);
	} else if (c == '"') {
		read_quoted(l, token);
	} else if (view_starts_nocase(l->rest, VIEW("text:"))) {
		read_multiline(l, token);
	} else if (is_word(c)) {
		read_word(l, token, 0);
	} else if (c == ':' && l->rest.len > 1 && is_word(l->rest.data[1]) &&
	           !ascii_is_digit(l->rest.data[1])) {
		read_word(l, token, 1);
	} else if (c && strchr("[](){},;", c)) {
		token->kind = SIEVE_TOKEN_MARK;
		token->mark = c;
		token->text = view_take(l->rest, 1);
		advance(l, 1);
	} else {
		read_other(l, token);
	}
}

struct sieve_quoted sieve_token_describe(const struct sieve_token *token)
{
	struct sieve_quoted quoted = sieve_quote(token->text), told;
	const char *what = token->kind == SIEVE_TOKEN_TAG      ? "the tag :"
	                   : token->kind == SIEVE_TOKEN_NUMBER ? "the number "
	                   : token->kind == SIEVE_TOKEN_STRING ? "the string "
	                                                       : "";

	if (token->kind == SIEVE_TOKEN_END)
		snprintf(told.text, sizeof(told.text), "the end of the script");
	else
		snprintf(
		    told.text, sizeof(told.text), "%s%.*s", what, (int)(sizeof(told.text) - 16), quoted.text);
	return told;
}
