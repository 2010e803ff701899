/*
 * Senders of forwarded mail, rewritten and back: see srs.h. The hash covers what it must protect, in lower
 * case, since hosts on the way may change the case of a local part; the first byte of its input tells SRS0's
 * from SRS1's.
 */
#include "trust/route/srs.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>
#include <string.h>

#include "format/limits.h"

enum { HASH_LEN = 6, STAMP_LEN = 2, PREFIX_LEN = 4, DAYS_ROUND = 1024 };

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/* ---- parts ---- */

/* atext of RFC 5322, with the UTF-8 of RFC 6531: what stands in a local part without quotes. */
static bool is_atext(char c)
{
	return ascii_is_alnum(c) || (unsigned char)c >= 0x80 ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_dot_string(struct view v)
{
	struct view atom;
	if (v.len == 0 || v.data[v.len - 1] == '.')
		return false;
	while (v.len && view_next(&v, '.', &atom)) {
		if (atom.len == 0)
			return false;
		for (size_t i = 0; i < atom.len; i++)
			if (!is_atext(atom.data[i]))
				return false;
	}
	return true;
}

/* A domain that can stand inside a local part. */
static bool is_domain(struct view v)
{
	return is_dot_string(v) && view_find(v, '=') < 0;
}

static bool begins_with_separator(struct view v)
{
	return v.len > 0 && (v.data[0] == '=' || v.data[0] == '+' || v.data[0] == '-');
}

static bool is_rewritten(struct view local, const char *prefix)
{
	return view_starts_nocase(local, view_of(prefix, PREFIX_LEN)) &&
	       begins_with_separator(view_skip(local, PREFIX_LEN));
}

bool srs_is(struct view local)
{
	return is_rewritten(local, "SRS0") || is_rewritten(local, "SRS1");
}

/* The text before the next "=", which is taken off too. */
static bool take_part(struct view *rest, struct view *part)
{
	ptrdiff_t end = view_find(*rest, '=');
	if (end <= 0)
		return false;
	*part = view_take(*rest, (size_t)end);
	*rest = view_skip(*rest, (size_t)end + 1);
	return true;
}

/* ---- hash and time stamp ---- */

static void digest_part(struct buf *text, struct view part)
{
	for (size_t i = 0; i < part.len; i++)
		buf_append_byte(text, ascii_lower(part.data[i]));
	buf_append_byte(text, '\0'); /* in no part: two divisions of one text differ */
}

/* kind: '0' or '1'. False without memory. */
static bool make_hash(char kind, struct view stamp, struct view domain, struct view local, struct view secret,
    char out[HASH_LEN])
{
	unsigned char mac[32];
	unsigned len = sizeof mac;
	struct buf text;
	buf_init(&text, 2048);
	buf_append_byte(&text, kind);
	digest_part(&text, stamp);
	digest_part(&text, domain);
	digest_part(&text, local);
	bool good = !buf_failed(&text) &&
	            HMAC(EVP_sha256(), secret.data, (int)secret.len,
	                (const unsigned char *)buf_view(&text).data, buf_view(&text).len, mac, &len) != NULL;
	buf_done(&text);
	uint32_t bits =
	    good ? (uint32_t)mac[0] << 24 | (uint32_t)mac[1] << 16 | (uint32_t)mac[2] << 8 | mac[3] : 0;
	for (int i = 0; i < HASH_LEN; i++)
		out[i] = alphabet[bits >> (27 - 5 * i) & 31];
	return good;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool same_hash(struct view given, const char expected[HASH_LEN])
{
	char text[HASH_LEN];
	if (given.len != HASH_LEN)
		return false;
	for (int i = 0; i < HASH_LEN; i++)
		text[i] = upper(given.data[i]);
	return sodium_memcmp(text, expected, HASH_LEN) == 0;
}

static unsigned day_of(int64_t day)
{
	return (unsigned)(((day % DAYS_ROUND) + DAYS_ROUND) % DAYS_ROUND);
}

static void make_stamp(int64_t day, char out[STAMP_LEN])
{
	out[0] = alphabet[day_of(day) >> 5];
	out[1] = alphabet[day_of(day) & 31];
}

static bool is_fresh(struct view stamp, int64_t today)
{
	unsigned then = 0;
	for (int i = 0; i < STAMP_LEN; i++) {
		const char *digit = strchr(alphabet, upper(stamp.data[i]));
		if (stamp.data[i] == '\0' || digit == NULL)
			return false;
		then = then << 5 | (unsigned)(digit - alphabet);
	}
	return (day_of(today) + DAYS_ROUND - then) % DAYS_ROUND <= SRS_DAYS;
}

/* ---- there ---- */

/* One at a time, so that nothing is appended of what does not fit. */
static int join(struct buf *out, const struct view *parts, size_t count, struct view forwarder)
{
	size_t len = 0, before = buf_view(out).len;
	for (size_t i = 0; i < count; i++)
		len += parts[i].len;
	if (len > LOCAL_PART_REWRITTEN_MAX || len + 1 + forwarder.len > SRS_ADDRESS_MAX)
		return -ENAMETOOLONG;
	int error = 0;
	for (size_t i = 0; i < count && error == 0; i++)
		error = buf_append(out, parts[i]);
	if (error == 0 && forwarder.len)
		error = buf_append_byte(out, '@');
	if (error == 0)
		error = buf_append(out, forwarder);
	if (error)
		buf_truncate(out, before);
	return error;
}

/* From SRS0 of another forwarder to SRS1, or from SRS1 to SRS1: `host` made the SRS0, `rest` is its own, from
 * the separator on. */
static int forward_again(
    struct view host, struct view rest, struct view forwarder, struct view secret, struct buf *out)
{
	char hash[HASH_LEN];
	if (!make_hash('1', (struct view){0}, host, rest, secret, hash))
		return -ENOMEM;
	const struct view parts[] = {
	    VIEW("SRS1="), view_of(hash, HASH_LEN), VIEW("="), host, VIEW("="), rest};
	return join(out, parts, sizeof parts / sizeof parts[0], forwarder);
}

int srs_forward(struct view local, struct view domain, struct view forwarder, int64_t day, struct view secret,
    struct buf *out)
{
	char hash[HASH_LEN], stamp[STAMP_LEN];
	if (secret.len < SRS_SECRET_MIN || secret.len > INT32_MAX || !is_dot_string(local) ||
	    !is_domain(domain) || forwarder.len == 0 || local.len + domain.len > SRS_ADDRESS_MAX)
		return local.len + domain.len > SRS_ADDRESS_MAX ? -ENAMETOOLONG : -EINVAL;
	if (view_equal_nocase(domain, forwarder))
		return -EALREADY;
	if (is_rewritten(local, "SRS0"))
		return forward_again(domain, view_skip(local, PREFIX_LEN), forwarder, secret, out);
	if (is_rewritten(local, "SRS1")) {
		struct view rest = view_skip(local, PREFIX_LEN + 1), their_hash, host;
		if (take_part(&rest, &their_hash) && take_part(&rest, &host) && begins_with_separator(rest) &&
		    is_domain(host))
			return forward_again(host, rest, forwarder, secret, out);
		/* It only looks like one. */
	}
	make_stamp(day, stamp);
	if (!make_hash('0', view_of(stamp, STAMP_LEN), domain, local, secret, hash))
		return -ENOMEM;
	const struct view parts[] = {VIEW("SRS0="), view_of(hash, HASH_LEN), VIEW("="),
	    view_of(stamp, STAMP_LEN), VIEW("="), domain, VIEW("="), local};
	return join(out, parts, sizeof parts / sizeof parts[0], forwarder);
}

/* ---- and back ---- */

static int reverse_first(struct view rest, int64_t today, struct view secret, struct buf *out)
{
	char expected[HASH_LEN];
	struct view hash, stamp, domain;
	if (!take_part(&rest, &hash) || !take_part(&rest, &stamp) || !take_part(&rest, &domain) ||
	    stamp.len != STAMP_LEN || !is_domain(domain) || !is_dot_string(rest))
		return -EINVAL;
	if (!make_hash('0', stamp, domain, rest, secret, expected))
		return -ENOMEM;
	if (!same_hash(hash, expected))
		return -EACCES;
	return is_fresh(stamp, today) ? join(out, &rest, 1, domain) : -ETIME;
}

/* The first forwarder looks at the time. */
static int reverse_again(struct view rest, struct view secret, struct buf *out)
{
	char expected[HASH_LEN];
	struct view hash, host;
	if (!take_part(&rest, &hash) || !take_part(&rest, &host) || !is_domain(host) || !is_dot_string(rest))
		return -EINVAL;
	if (!make_hash('1', (struct view){0}, host, rest, secret, expected))
		return -ENOMEM;
	if (!same_hash(hash, expected))
		return -EACCES;
	const struct view parts[] = {VIEW("SRS0"), rest};
	return join(out, parts, 2, host);
}

int srs_reverse(struct view local, int64_t today, struct view secret, struct buf *out)
{
	if (secret.len < SRS_SECRET_MIN || secret.len > INT32_MAX || local.len > LOCAL_PART_REWRITTEN_MAX)
		return -EINVAL;
	struct view rest = view_skip(local, PREFIX_LEN + 1);
	if (is_rewritten(local, "SRS0"))
		return reverse_first(rest, today, secret, out);
	if (is_rewritten(local, "SRS1"))
		return reverse_again(rest, secret, out);
	return -EINVAL;
}
