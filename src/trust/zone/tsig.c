/* The TSIG record, made and checked: tsig.h. */
#include "trust/zone/tsig.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"

enum {
	TYPE_TSIG = 250,
	COUNT_AT = 10, /* of additional records, in the header */
	/* Error codes of section 3. */
	BADSIG = 16,
	BADKEY = 17,
	BADTIME = 18
};

static const struct algorithm {
	const char *name;
	const EVP_MD *(*digest)(void);
} algorithms[] = {{"hmac-sha256", EVP_sha256}, {"hmac-sha384", EVP_sha384}, {"hmac-sha512", EVP_sha512}};

/* ---- keys ---- */

static const char *known_algorithm(struct view name)
{
	for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
		if (view_equal_nocase(name, view_from_string(algorithms[i].name)))
			return algorithms[i].name;
	return NULL;
}

static const EVP_MD *digest_of(const struct tsig_key *key)
{
	for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++)
		if (strcmp(key->algorithm, algorithms[i].name) == 0)
			return algorithms[i].digest();
	return NULL;
}

static int finish_key(
    struct view algorithm, struct view name, struct view secret, struct tsig_key *out, const char **problem)
{
	struct tsig_key key = {.algorithm = known_algorithm(algorithm)};
	struct buf octets;
	*problem = NULL;
	buf_init(&octets, TSIG_SECRET_MAX);
	if (dns_name_parse(name, key.name) != 0)
		*problem = "its name is none";
	else if (key.algorithm == NULL)
		*problem = "its algorithm is none of hmac-sha256, hmac-sha384, hmac-sha512";
	else if (base64_decode(&octets, secret) != 0 || buf_view(&octets).len < 16)
		*problem = "its secret is no base64 text of 16 octets or more";
	else
		memcpy(key.secret, octets.data + octets.start, key.secret_len = buf_view(&octets).len);
	if (octets.data)
		mem_wipe(octets.data, octets.cap);
	buf_done(&octets);
	if (*problem)
		return -EINVAL;
	*out = key;
	tsig_key_wipe(&key);
	return 0;
}

/* The next word of a key clause: quoted, or up to a blank or a sign. Comments are passed over. */
static bool next_word(struct cursor *in, struct view *out)
{
	for (;;) {
		while (cursor_peek(in) == ' ' || cursor_peek(in) == '\t' || cursor_peek(in) == '\n' ||
		       cursor_peek(in) == '\r')
			cursor_bytes(in, 1);
		if (cursor_peek(in) != '#' && !view_starts(in->rest, VIEW("//")))
			break;
		while (!cursor_at_end(in) && cursor_peek(in) != '\n')
			cursor_bytes(in, 1);
	}
	const char *start = in->rest.data;
	size_t len = 0;
	if (cursor_at_end(in))
		return false;
	if (cursor_accept(in, '"')) {
		ptrdiff_t end = view_find(in->rest, '"');
		*out = end < 0 ? (struct view){0} : cursor_bytes(in, (size_t)end);
		return end >= 0 && cursor_accept(in, '"');
	}
	while (!cursor_at_end(in) && !strchr(" \t\r\n;{}\"", cursor_peek(in))) {
		cursor_bytes(in, 1);
		len++;
	}
	*out = len ? view_of(start, len) : cursor_bytes(in, 1);
	return true;
}

static int parse_clause(struct view text, struct tsig_key *out, const char **problem)
{
	struct cursor in = cursor_on(text);
	struct view name = {0}, algorithm = {0}, secret = {0}, word;
	*problem = "this is no key \"NAME\" { algorithm ...; secret \"...\"; };";
	if (!next_word(&in, &word) || !view_equal_nocase(word, VIEW("key")) || !next_word(&in, &name) ||
	    !next_word(&in, &word) || !view_equal(word, VIEW("{")))
		return -EINVAL;
	while (next_word(&in, &word) && !view_equal(word, VIEW("}"))) {
		struct view *to = view_equal_nocase(word, VIEW("algorithm")) ? &algorithm
		                  : view_equal_nocase(word, VIEW("secret"))  ? &secret
		                                                             : NULL;
		if (to == NULL || !next_word(&in, to) || !next_word(&in, &word) ||
		    !view_equal(word, VIEW(";")))
			return -EINVAL;
	}
	if (!view_equal(word, VIEW("}")))
		return -EINVAL;
	return finish_key(algorithm, name, secret, out, problem);
}

int tsig_key_parse(struct view text, struct tsig_key *out, const char **problem)
{
	struct view line = view_trim(text), algorithm, name;
	if (line.len > TSIG_FILE_MAX) {
		*problem = "it is too long for a key";
		return -EINVAL;
	}
	/* keymgr writes the one-line form as a comment in front of its YAML. */
	if (view_starts(line, VIEW("#")))
		line = view_trim(view_skip(line, 1));
	ptrdiff_t end = view_find(line, '\n');
	struct view first = view_trim(end >= 0 ? view_take(line, (size_t)end) : line);
	if (view_starts_nocase(first, VIEW("hmac-")) && view_next(&first, ':', &algorithm) &&
	    view_next(&first, ':', &name))
		return finish_key(algorithm, name, first, out, problem);
	return parse_clause(text, out, problem);
}

void tsig_key_wipe(struct tsig_key *key)
{
	mem_wipe(key->secret, sizeof key->secret);
	key->secret_len = 0;
}

/* ---- signing ---- */

struct variables {
	uint64_t time;
	uint16_t fudge, error;
	struct view other;
};

static void append_time(struct buf *out, uint64_t time)
{
	buf_append_u16(out, (uint16_t)(time >> 32));
	buf_append_u32(out, (uint32_t)time);
}

/* Section 4.3.3. */
static void append_variables(struct buf *out, const struct tsig_key *key, const struct variables *v)
{
	dns_name_write(out, key->name);
	buf_append_u16(out, DNS_CLASS_ANY);
	buf_append_u32(out, 0);
	dns_name_write(out, key->algorithm);
	append_time(out, v->time);
	buf_append_u16(out, v->fudge);
	buf_append_u16(out, v->error);
	buf_append_u16(out, (uint16_t)v->other.len);
	buf_append(out, v->other);
}

static bool make_mac(const struct tsig_key *key, struct view signed_octets, struct tsig_mac *out)
{
	unsigned len = 0;
	const EVP_MD *digest = digest_of(key);
	if (digest == NULL ||
	    HMAC(digest, key->secret, (int)key->secret_len, (const unsigned char *)signed_octets.data,
	        signed_octets.len, out->octets, &len) == NULL)
		return false;
	out->len = len;
	return true;
}

int tsig_sign(struct buf *message, const struct tsig_key *key, uint64_t now, struct tsig_mac *mac)
{
	struct buf covered;
	struct cursor in = cursor_on(buf_view(message));
	uint16_t id = cursor_u16(&in);
	const struct variables v = {.time = now, .fudge = TSIG_FUDGE};
	buf_init(&covered, 2 * DNS_MESSAGE_MAX);
	buf_append(&covered, buf_view(message));
	append_variables(&covered, key, &v);
	bool good = !buf_failed(&covered) && make_mac(key, buf_view(&covered), mac);
	buf_done(&covered);
	if (!good)
		return -EIO;
	dns_name_write(message, key->name);
	buf_append_u16(message, TYPE_TSIG);
	buf_append_u16(message, DNS_CLASS_ANY);
	buf_append_u32(message, 0);
	size_t algorithm = strlen(key->algorithm) + 2;
	buf_append_u16(message, (uint16_t)(algorithm + 16 + mac->len));
	dns_name_write(message, key->algorithm);
	append_time(message, now);
	buf_append_u16(message, TSIG_FUDGE);
	buf_append_u16(message, (uint16_t)mac->len);
	buf_append(message, view_of(mac->octets, mac->len));
	buf_append_u16(message, id);
	buf_append_u16(message, 0);
	int error = buf_append_u16(message, 0);
	if (buf_failed(message))
		return error ? error : -ENOBUFS;
	char *count = message->data + message->start + COUNT_AT;
	unsigned n = ((unsigned)(unsigned char)count[0] << 8 | (unsigned char)count[1]) + 1;
	count[0] = (char)(n >> 8);
	count[1] = (char)n;
	return 0;
}

/* ---- checking ---- */

/* The last record, which must be the TSIG record (section 5.2). */
static bool find(struct view reply, struct dns_message *m, struct dns_resource *out)
{
	struct dns_resource r;
	bool found = false;
	int more;
	if (dns_message_open(reply, m) != 0)
		return false;
	while ((more = dns_message_next(m, &r)) == 1) {
		found = r.section == DNS_ADDITIONAL && r.type == TYPE_TSIG && r.class == DNS_CLASS_ANY;
		*out = r;
	}
	return more == 0 && found;
}

/* The data of the record. */
struct signature {
	struct variables v;
	struct view mac;
	uint16_t id;
};

static bool parse(const struct dns_resource *r, const struct tsig_key *key, struct signature *out)
{
	struct cursor in = cursor_on(r->data);
	struct buf algorithm;
	bool same = strcmp(r->owner, key->name) == 0 && r->ttl == 0;
	buf_init(&algorithm, DNS_NAME_SIZE);
	dns_name_write(&algorithm, key->algorithm);
	struct view written = cursor_bytes(&in, buf_view(&algorithm).len);
	same = same && view_equal_nocase(written, buf_view(&algorithm));
	buf_done(&algorithm);
	out->v.time = (uint64_t)cursor_u16(&in) << 32;
	out->v.time |= cursor_u32(&in);
	out->v.fudge = cursor_u16(&in);
	out->mac = cursor_bytes(&in, cursor_u16(&in));
	out->id = cursor_u16(&in);
	out->v.error = cursor_u16(&in);
	out->v.other = cursor_bytes(&in, cursor_u16(&in));
	return same && cursor_ok(&in) && cursor_at_end(&in);
}

/* What the server signed: section 5.3.1. */
static bool mac_of(struct view reply, const struct dns_resource *r, const struct signature *s,
    const struct tsig_key *key, const struct tsig_mac *request, struct tsig_mac *out)
{
	struct buf covered;
	struct cursor header = cursor_on(reply);
	buf_init(&covered, 2 * DNS_MESSAGE_MAX);
	buf_append_u16(&covered, (uint16_t)request->len);
	buf_append(&covered, view_of(request->octets, request->len));
	buf_append_u16(&covered, s->id);
	cursor_u16(&header);
	buf_append(&covered, cursor_bytes(&header, COUNT_AT - 2));
	buf_append_u16(&covered, (uint16_t)(cursor_u16(&header) - 1));
	buf_append(&covered, view_take(header.rest, r->start - DNS_HEADER_SIZE));
	append_variables(&covered, key, &s->v);
	bool good = !buf_failed(&covered) && make_mac(key, buf_view(&covered), out);
	buf_done(&covered);
	return good;
}

enum tsig_verdict tsig_verify(struct view reply, const struct tsig_key *key, const struct tsig_mac *request,
    uint64_t now, uint64_t *server_time)
{
	struct dns_message m;
	struct dns_resource r;
	struct signature s;
	struct tsig_mac mac;
	if (dns_message_open(reply, &m) != 0)
		return TSIG_FORGED;
	if (!find(reply, &m, &r))
		return TSIG_UNSIGNED;
	if (!parse(&r, key, &s))
		return TSIG_FORGED;
	/* Without the key, or with a wrong signature, the server cannot sign. What it says then is not
	 * believed further than that nothing was done. */
	if (s.v.error == BADKEY)
		return TSIG_BAD_KEY;
	if (s.v.error == BADSIG)
		return TSIG_BAD_SIGNATURE;
	if (!mac_of(reply, &r, &s, key, request, &mac) || s.mac.len != mac.len ||
	    CRYPTO_memcmp(s.mac.data, mac.octets, mac.len) != 0)
		return TSIG_FORGED;
	struct cursor other = cursor_on(s.v.other);
	if (s.v.error == BADTIME) {
		*server_time = (uint64_t)cursor_u16(&other) << 32;
		*server_time |= cursor_u32(&other);
		return cursor_ok(&other) ? TSIG_BAD_TIME : TSIG_FORGED;
	}
	uint64_t difference = s.v.time > now ? s.v.time - now : now - s.v.time;
	return s.v.error || difference > s.v.fudge ? TSIG_FORGED : TSIG_GOOD;
}
