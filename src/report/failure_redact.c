/* What may be told of a message's header, and in which form: failure.h. */
#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "format/header.h"
#include "format/transfer.h"
#include "report/failure.h"

enum {
	HASH_OCTETS = 12,     /* 16 letters in base64: no two local parts of a report will have the same */
	FIELD_MAX = 4 * 1024, /* of one field; RSA signatures with long lists of fields have 1.5 KB */
	FIELDS_LOOKED_AT = 300
};

/* ---- local parts ---- */

/* RFC 5322 atext, and what is not ASCII. */
static bool is_local(char c)
{
	return ascii_is_alnum(c) || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t back_over_blanks(struct view text, size_t at)
{
	while (at > 0 && is_blank(text.data[at - 1]))
		at--;
	return at;
}

/* One word, quoted or not, that ends at `at`; the same place if there is none. */
static size_t back_over_word(struct view text, size_t at)
{
	if (at > 1 && text.data[at - 1] == '"') {
		size_t quote = at - 1;
		while (quote > 0)
			if (text.data[--quote] == '"' && (quote == 0 || text.data[quote - 1] != '\\'))
				return quote;
		return 0; /* an unclosed quote: everything before may belong to it */
	}
	while (at > 0 && is_local(text.data[at - 1]))
		at--;
	return at;
}

/* What stands before an address without a blank, in signatures and results, and is made of the same letters.
 */
static size_t tag_length(struct view words)
{
	static const char *const tags[] = {"i=", "smtp.mailfrom=", "smtp.mail=", "smtp.rcptto=", "smtp.auth=",
	    "header.i=", "header.from=", "header.sender=", "envelope-from=", "auth="};
	for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
		if (view_starts_nocase(words, view_from_string(tags[i])))
			return strlen(tags[i]);
	return 0;
}

/* Where the local part begins that ends before the "@": words with dots between them, and blanks as the
 * obsolete syntax has them. */
static size_t local_part_begin(struct view text, size_t end)
{
	size_t at = back_over_blanks(text, end);
	for (;;) {
		size_t word = back_over_word(text, at), dot = back_over_blanks(text, word);
		if (dot == 0 || text.data[dot - 1] != '.')
			return word + tag_length(view_of(text.data + word, end - word));
		while (dot > 0 && text.data[dot - 1] == '.')
			dot--;
		at = back_over_blanks(text, dot);
	}
}

static void append_hash(struct view local, const struct failure_key *key, struct buf *out)
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	struct transfer_encoder e;
	struct buf letters;
	if (HMAC(EVP_sha256(), key->bytes, sizeof key->bytes, (const unsigned char *)local.data, local.len,
	        hash, &len) == NULL)
		len = 0; /* then nothing at all is told of it */
	buf_init(&letters, 100);
	transfer_encoder_init(&e, TRANSFER_BASE64, false);
	transfer_encode(&e, view_of(hash, len < HASH_OCTETS ? len : HASH_OCTETS), &letters);
	transfer_encode_end(&e, &letters);
	buf_append(out, view_trim(buf_view(&letters)));
	buf_done(&letters);
}

int failure_redact(struct view text, const struct failure_key *key, struct buf *out)
{
	size_t told = 0;
	for (size_t at = 0; at < text.len; at++) {
		if (text.data[at] != '@')
			continue;
		struct view rest = view_skip(text, told);
		size_t begin = told + local_part_begin(rest, at - told);
		size_t end = told + back_over_blanks(rest, at - told);
		buf_append(out, view_take(rest, begin - told));
		if (end > begin)
			append_hash(view_of(text.data + begin, end - begin), key, out);
		buf_append_byte(out, '@');
		told = at + 1;
	}
	return buf_append(out, view_skip(text, told));
}

/* ---- the header ---- */

enum treatment { LEFT_OUT, AS_IT_IS, REDACTED, ADDRESSES };

static enum treatment treatment_of(struct view name)
{
	static const struct {
		const char *name;
		enum treatment treatment;
	} fields[] = {{"received", REDACTED}, {"dkim-signature", REDACTED}, {"arc-seal", REDACTED},
	    {"arc-message-signature", REDACTED}, {"arc-authentication-results", REDACTED},
	    {"authentication-results", REDACTED}, {"received-spf", REDACTED}, {"list-id", REDACTED},
	    {"date", AS_IT_IS}, {"message-id", AS_IT_IS}, {"precedence", AS_IT_IS},
	    {"auto-submitted", AS_IT_IS}, {"mime-version", AS_IT_IS}, {"user-agent", AS_IT_IS},
	    {"x-mailer", AS_IT_IS}, {"from", ADDRESSES}, {"sender", ADDRESSES}, {"reply-to", ADDRESSES},
	    {"resent-from", ADDRESSES}, {"return-path", ADDRESSES}};
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (view_equal_nocase(name, view_from_string(fields[i].name)))
			return fields[i].treatment;
	return LEFT_OUT;
}

static bool is_domain_char(char c)
{
	return ascii_is_alnum(c) || c == '-' || c == '.' || c == '_' || (unsigned char)c >= 0x80;
}

/* Of a list of addresses the addresses alone: names are people's. False: there is none in it. */
static bool append_addresses(struct view body, const struct failure_key *key, struct buf *out)
{
	bool any = false;
	for (size_t at = 0; at < body.len; at++) {
		if (body.data[at] != '@')
			continue;
		size_t begin = local_part_begin(body, at), end = at + 1;
		size_t local_end = back_over_blanks(body, at);
		while (end < body.len && is_domain_char(body.data[end]))
			end++;
		if (local_end == begin || end == at + 1)
			continue;
		buf_append_string(out, any ? ",\r\n <" : " <");
		append_hash(view_of(body.data + begin, local_end - begin), key, out);
		buf_append(out, view_of(body.data + at, end - at));
		buf_append_byte(out, '>');
		any = true;
	}
	return any;
}

/* As ASCII in whole lines: a lone CR or LF, or what is no character of a header, can't break out of its
 * field. */
static void append_plain(struct view text, struct buf *out)
{
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i], next = i + 1 < text.len ? text.data[i + 1] : '\0';
		bool fold = c == '\n' && (next == ' ' || next == '\t');
		if (fold)
			buf_append_string(out, "\r\n");
		else if (c != '\r')
			buf_append_byte(out, ascii_is_print(c) || c == '\t' ? c : '?');
	}
}

static void append_field(
    const struct header_field *f, enum treatment how, const struct failure_key *key, struct buf *out)
{
	struct buf body;
	bool any = true;
	buf_init(&body, 3 * FIELD_MAX);
	if (how == ADDRESSES)
		any = append_addresses(f->body, key, &body);
	else if (how == REDACTED)
		failure_redact(f->body, key, &body);
	else
		buf_append(&body, f->body);
	struct view text = buf_view(&body);
	if (any && !buf_failed(&body) && f->name.len + text.len <= FIELD_MAX) {
		append_plain(f->name, out);
		buf_append_byte(out, ':');
		append_plain(text, out);
		buf_append_string(out, "\r\n");
	}
	buf_done(&body);
}

int failure_header(struct view header, const struct failure_key *key, struct buf *out)
{
	struct header_reader reader = header_read(header);
	struct header_field f;
	struct buf field;
	size_t before = buf_view(out).len;
	buf_init(&field, 4 * FIELD_MAX);
	for (unsigned i = 0; i < FIELDS_LOOKED_AT && header_next(&reader, &f); i++) {
		enum treatment how = treatment_of(f.name);
		if (how == LEFT_OUT || f.body.len > FIELD_MAX)
			continue;
		buf_clear(&field);
		append_field(&f, how, key, &field);
		if (buf_view(out).len - before + buf_view(&field).len <= FAILURE_HEADER_MAX)
			buf_append(out, buf_view(&field));
	}
	bool failed = buf_failed(&field);
	buf_done(&field);
	return failed ? -ENOMEM : buf_append(out, (struct view){0});
}
