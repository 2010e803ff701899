/*
 * SCRAM-SHA-1 and -256, plain and -PLUS: RFC 5802 sections 5 to 7, RFC 7677, RFC 9266.
 *
 *	client-first-message = gs2-header client-first-message-bare
 *	gs2-header           = gs2-cbind-flag "," [ "a=" saslname ] ","
 *	gs2-cbind-flag       = ("p=" cb-name) / "n" / "y"
 *	client-first-message-bare = [reserved-mext ","] "n=" saslname "," "r=" c-nonce ["," extensions]
 *	server-first-message = [reserved-mext ","] "r=" nonce "," "s=" base64 "," "i=" posit-number [","
 *extensions] client-final-message = "c=" base64 "," "r=" nonce ["," extensions] "," "p=" base64
 *	server-final-message = "v=" base64
 */
#include <openssl/crypto.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "format/domain.h"
#include "trust/login/sasl_private.h"

enum { CLIENT_FIRST = 1, CLIENT_FINAL = 2, ACKNOWLEDGED = 3 };

/* The data of a channel binding by its registered name; empty if this channel has none of that kind. */
static struct view binding_by_name(const struct sasl_setup *setup, struct view name)
{
	if (view_equal(name, VIEW("tls-exporter")))
		return setup->tls_exporter;
	if (view_equal(name, VIEW("tls-unique")))
		return setup->tls_unique;
	if (view_equal(name, VIEW("tls-server-end-point")))
		return setup->tls_server_end_point;
	return (struct view){0};
}

/*
 * Section 6: "y" says that the client could bind but was not offered it. Where we did offer it somebody has
 * taken it out of the list, and the exchange must fail.
 */
static bool accept_binding_flag(struct sasl_server *s, struct view flag)
{
	bool offered =
	    s->setup.tls_exporter.len || s->setup.tls_unique.len || s->setup.tls_server_end_point.len;
	bool plus = s->mechanism->flags & SASL_BINDS;
	if (view_starts(flag, VIEW("p="))) {
		s->binding = binding_by_name(&s->setup, view_skip(flag, 2));
		return plus && s->binding.len;
	}
	if (plus)
		return false;
	return view_equal(flag, VIEW("n")) || (view_equal(flag, VIEW("y")) && !offered);
}

/* nonce = printable without "," */
static bool is_nonce(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (v.data[i] <= ' ' || v.data[i] > '~' || v.data[i] == ',')
			return false;
	return v.len > 0 && v.len <= SASL_NONCE_MAX;
}

static enum sasl_step client_first(struct sasl_server *s, struct view message)
{
	struct view rest = message, flag, authzid = {0}, name, nonce;
	if (!view_next(&rest, ',', &flag) || rest.data == NULL)
		return sasl_fail(s, SASL_MALFORMED);
	bool known_flag =
	    view_equal(flag, VIEW("n")) || view_equal(flag, VIEW("y")) || view_starts(flag, VIEW("p="));
	if (!known_flag)
		return sasl_fail(s, SASL_MALFORMED);
	if (!accept_binding_flag(s, flag))
		return sasl_fail(s, SASL_BINDING);
	if (rest.len && rest.data[0] == ',')
		rest = view_skip(rest, 1);
	else if (!scram_attribute(&rest, 'a', &authzid) || scram_name_decode(authzid, &s->authorization))
		return sasl_fail(s, SASL_MALFORMED);
	if (rest.data == NULL)
		return sasl_fail(s, SASL_MALFORMED);
	struct view bare = rest;
	buf_append(&s->gs2_header, view_take(message, message.len - bare.len));
	buf_append(&s->client_first_bare, bare);
	/* An "m=" here would be an extension that must be understood (section 5.1), and there is none. */
	struct buf decoded;
	buf_init(&decoded, SASL_IDENTITY_MAX);
	bool read = scram_attribute(&rest, 'n', &name) && scram_name_decode(name, &decoded) == 0 &&
	            scram_attribute(&rest, 'r', &nonce) && is_nonce(nonce);
	if (read) {
		sasl_take_identity(s, buf_view(&decoded));
		buf_printf(&s->server_first, "r=%.*s%.*s", VIEW_FMT(nonce), VIEW_FMT(s->setup.nonce));
	}
	buf_done(&decoded);
	if (!read || buf_failed(&s->server_first))
		return sasl_fail(s, SASL_MALFORMED);
	s->want = (struct sasl_want){
	    .kind = SASL_WANT_SCRAM, .identity = buf_view(&s->identity), .hash = s->mechanism->hash};
	return SASL_WAIT;
}

/*
 * The salt of an identity that doesn't exist: always the same for the same name, and nobody without the
 * secret can tell it from a real one. Like an account's it follows the name that the directory would compare,
 * not what was typed: a salt that changes with the case of a letter would tell that nobody is there.
 */
static void fake_salt(const struct sasl_server *s, unsigned char salt[SCRAM_KEY_MAX])
{
	struct view identity = buf_view(&s->identity);
	ptrdiff_t at = view_find_last(identity, '@');
	struct buf name;
	buf_init(&name, 2 * SASL_IDENTITY_MAX);
	/* A name that is not an address belongs to nobody, however it is written. */
	if (at < 1 ||
	    address_key(view_take(identity, (size_t)at), view_skip(identity, (size_t)at + 1), &name) != 0)
		for (size_t i = 0; i < identity.len; i++)
			buf_append_byte(&name, ascii_lower(identity.data[i]));
	scram_hmac(SCRAM_SHA_256, s->setup.server_secret, buf_view(&name), salt);
	buf_done(&name);
}

enum sasl_step sasl_scram_answer(struct sasl_server *s, const struct sasl_scram_record *record)
{
	unsigned char fake[SCRAM_KEY_MAX] = {0};
	struct view salt = record->salt;
	uint32_t iterations = record->iterations;
	/* An account has its salt whether or not it has an app password that counts here. */
	bool known = s->identity.len && salt.len;
	if (known && record->count) {
		s->key_count = record->count < SASL_SCRAM_KEYS_MAX ? record->count : SASL_SCRAM_KEYS_MAX;
		s->keys = mem_array(s->key_count, sizeof *s->keys);
		memcpy(s->keys, record->keys, s->key_count * sizeof *s->keys);
	}
	if (!known) {
		fake_salt(s, fake);
		salt = view_of(fake, SCRAM_SALT_SIZE);
		iterations = SCRAM_ITERATIONS;
	}
	buf_append(&s->server_first, VIEW(",s="));
	base64_encode(&s->server_first, salt);
	buf_printf(&s->server_first, ",i=%u", (unsigned)iterations);
	buf_clear(&s->output);
	if (buf_failed(&s->server_first) || buf_append(&s->output, buf_view(&s->server_first)))
		return sasl_fail(s, SASL_MALFORMED);
	return SASL_CHALLENGE;
}

/* c= must hold the very header of the first message, and the data of the channel that was bound to. */
static bool binding_matches(const struct sasl_server *s, struct view encoded)
{
	struct buf sent, expected;
	buf_init(&sent, SASL_MESSAGE_MAX);
	buf_init(&expected, 2 * SASL_MESSAGE_MAX);
	buf_append(&expected, buf_view(&s->gs2_header));
	buf_append(&expected, s->binding);
	bool same = base64_decode(&sent, encoded) == 0 && sent.len == expected.len &&
	            CRYPTO_memcmp(buf_view(&sent).data, buf_view(&expected).data, sent.len) == 0;
	buf_done(&sent);
	buf_done(&expected);
	return same;
}

/* Our nonce as sent: what stands between "r=" and the next comma of the server's first message. */
static bool nonce_matches(const struct sasl_server *s, struct view nonce)
{
	struct view first = buf_view(&s->server_first), sent = {0};
	return scram_attribute(&first, 'r', &sent) && view_equal(sent, nonce);
}

static void server_signature(
    struct sasl_server *s, const struct sasl_scram_key *key, struct view auth_message)
{
	unsigned char signature[SCRAM_KEY_MAX] = {0};
	size_t size = scram_key_size(s->mechanism->hash);
	scram_hmac(s->mechanism->hash, view_of(key->verifier.server_key, size), auth_message, signature);
	buf_append(&s->output, VIEW("v="));
	base64_encode(&s->output, view_of(signature, size));
}

/* All keys are tried, so that the time doesn't tell which; for nobody's name one that matches nothing. */
static enum sasl_step check_proof(struct sasl_server *s, struct view auth_message, struct view proof)
{
	static const struct scram_verifier nobody;
	const struct sasl_scram_key *found = NULL;
	enum scram_hash hash = s->mechanism->hash;
	if (s->key_count == 0)
		scram_proof_matches(hash, &nobody, auth_message, proof);
	for (size_t i = 0; i < s->key_count; i++)
		if (scram_proof_matches(hash, &s->keys[i].verifier, auth_message, proof))
			found = &s->keys[i];
	if (found == NULL)
		return sasl_fail(s, SASL_WRONG);
	s->credential = found->credential;
	server_signature(s, found, auth_message);
	return buf_failed(&s->output) ? sasl_fail(s, SASL_MALFORMED) : SASL_CHALLENGE;
}

static enum sasl_step client_final(struct sasl_server *s, struct view message)
{
	struct view rest = message, binding, nonce, encoded_proof;
	if (!scram_attribute(&rest, 'c', &binding) || !scram_attribute(&rest, 'r', &nonce))
		return sasl_fail(s, SASL_MALFORMED);
	if (!binding_matches(s, binding))
		return sasl_fail(s, SASL_BINDING);
	if (!nonce_matches(s, nonce))
		return sasl_fail(s, SASL_WRONG);
	/* The proof is the last attribute; extensions before it are not for us. */
	ptrdiff_t comma = view_find_last(message, ',');
	struct view last = view_skip(message, (size_t)(comma + 1));
	if (comma < 0 || !scram_attribute(&last, 'p', &encoded_proof))
		return sasl_fail(s, SASL_MALFORMED);
	struct buf auth_message, proof;
	buf_init(&auth_message, 3 * SASL_MESSAGE_MAX);
	buf_init(&proof, SASL_MESSAGE_MAX);
	buf_append(&auth_message, buf_view(&s->client_first_bare));
	buf_append_byte(&auth_message, ',');
	buf_append(&auth_message, buf_view(&s->server_first));
	buf_append_byte(&auth_message, ',');
	buf_append(&auth_message, view_take(message, (size_t)comma));
	bool read = base64_decode(&proof, encoded_proof) == 0 && !buf_failed(&auth_message);
	enum sasl_step step =
	    read ? check_proof(s, buf_view(&auth_message), buf_view(&proof)) : sasl_fail(s, SASL_MALFORMED);
	buf_done(&auth_message);
	buf_done(&proof);
	return step;
}

enum sasl_step sasl_scram_feed(struct sasl_server *s, struct view message)
{
	switch (s->round) {
	case CLIENT_FIRST:
		return client_first(s, message);
	case CLIENT_FINAL:
		return client_final(s, message);
	case ACKNOWLEDGED:
		/* The client answers our signature with nothing (RFC 4422 section 3.7). */
		return message.len ? sasl_fail(s, SASL_MALFORMED) : SASL_DONE;
	default:
		return sasl_fail(s, SASL_MALFORMED);
	}
}
