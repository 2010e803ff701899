/* SASL clients: RFC 4616; RFC 5802 sections 3, 5 and 7. */
#include "trust/login/sasl_client.h"

#include <errno.h>
#include <openssl/crypto.h>

#include "base/base64.h"
#include "base/mem.h"
#include "trust/login/limits.h"
#include "trust/login/saslprep.h"

enum { ITERATIONS_MIN = 4096 /* RFC 7677 section 4: fewer help somebody who pretends to be the server */ };

int sasl_plain_message(struct view authzid, struct view authcid, struct view password, struct buf *out)
{
	if (view_find(authzid, '\0') >= 0 || view_find(authcid, '\0') >= 0 || view_find(password, '\0') >= 0)
		return -EINVAL;
	buf_append(out, authzid);
	buf_append_byte(out, '\0');
	buf_append(out, authcid);
	buf_append_byte(out, '\0');
	int error = buf_append(out, password);
	return buf_failed(out) ? -ENOBUFS : error;
}

struct scram_client {
	struct scram_client_setup setup;
	struct buf gs2_header, first_bare, auth_message;
	struct scram_verifier keys;
	unsigned char client_key[SCRAM_KEY_MAX];
};

struct scram_client *scram_client_new(const struct scram_client_setup *setup)
{
	struct scram_client *c = mem_alloc(sizeof *c);
	c->setup = *setup;
	buf_init(&c->gs2_header, SASL_MESSAGE_MAX);
	buf_init(&c->first_bare, SASL_MESSAGE_MAX);
	buf_init(&c->auth_message, 3 * SASL_MESSAGE_MAX);
	return c;
}

void scram_client_free(struct scram_client *c)
{
	if (c == NULL)
		return;
	buf_done(&c->gs2_header);
	buf_done(&c->first_bare);
	buf_done(&c->auth_message);
	mem_wipe(c, sizeof *c);
	mem_free(c);
}

int scram_client_first(struct scram_client *c, struct buf *out)
{
	const struct scram_client_setup *s = &c->setup;
	struct buf name;
	if (s->binding_name.len)
		buf_printf(&c->gs2_header, "p=%.*s,", VIEW_FMT(s->binding_name));
	else
		buf_append_string(&c->gs2_header, s->binding_possible ? "y," : "n,");
	if (s->authzid.len) {
		buf_append(&c->gs2_header, VIEW("a="));
		scram_name_encode(s->authzid, &c->gs2_header);
	}
	buf_append_byte(&c->gs2_header, ',');
	buf_init(&name, 16 * PASSWORD_MAX);
	int error = saslprep(s->authcid, &name);
	buf_append(&c->first_bare, VIEW("n="));
	scram_name_encode(buf_view(&name), &c->first_bare);
	buf_printf(&c->first_bare, ",r=%.*s", VIEW_FMT(s->nonce));
	buf_done(&name);
	if (error)
		return error;
	if (buf_failed(&c->first_bare) || buf_failed(&c->gs2_header))
		return -ENOBUFS;
	buf_append(out, buf_view(&c->gs2_header));
	buf_append(out, buf_view(&c->first_bare));
	return buf_failed(out) ? -ENOBUFS : 0;
}

/* client-final-message-without-proof */
static void append_final(const struct scram_client *c, struct view nonce, struct buf *out)
{
	struct buf binding;
	buf_init(&binding, 2 * SASL_MESSAGE_MAX);
	buf_append(&binding, buf_view(&c->gs2_header));
	if (c->setup.binding_name.len)
		buf_append(&binding, c->setup.binding_data);
	buf_append(out, VIEW("c="));
	base64_encode(out, buf_view(&binding));
	buf_printf(out, ",r=%.*s", VIEW_FMT(nonce));
	buf_done(&binding);
}

int scram_client_final(struct scram_client *c, struct view server_first, struct buf *out)
{
	struct view rest = server_first, nonce, encoded_salt, digits;
	uint64_t iterations;
	if (!scram_attribute(&rest, 'r', &nonce) || !scram_attribute(&rest, 's', &encoded_salt) ||
	    !scram_attribute(&rest, 'i', &digits) || !view_to_u64(digits, SCRAM_ITERATIONS_MAX, &iterations))
		return -EBADMSG;
	if (!view_starts(nonce, c->setup.nonce) || nonce.len == c->setup.nonce.len ||
	    iterations < ITERATIONS_MIN)
		return -EBADMSG;
	struct buf salt;
	buf_init(&salt, SASL_MESSAGE_MAX);
	int error = base64_decode(&salt, encoded_salt) || salt.len == 0 ? -EBADMSG : 0;
	if (error == 0)
		error = scram_keys(c->setup.hash, c->setup.password, buf_view(&salt), (uint32_t)iterations,
		    &c->keys, c->client_key);
	buf_done(&salt);
	if (error)
		return error;
	buf_append(&c->auth_message, buf_view(&c->first_bare));
	buf_append_byte(&c->auth_message, ',');
	buf_append(&c->auth_message, server_first);
	buf_append_byte(&c->auth_message, ',');
	append_final(c, nonce, &c->auth_message);
	if (buf_failed(&c->auth_message))
		return -ENOBUFS;
	unsigned char proof[SCRAM_KEY_MAX] = {0};
	scram_proof(c->setup.hash, c->client_key, &c->keys, buf_view(&c->auth_message), proof);
	append_final(c, nonce, out);
	buf_append(out, VIEW(",p="));
	base64_encode(out, view_of(proof, scram_key_size(c->setup.hash)));
	return buf_failed(out) ? -ENOBUFS : 0;
}

int scram_client_verify(const struct scram_client *c, struct view server_final)
{
	unsigned char expected[SCRAM_KEY_MAX] = {0};
	size_t size = scram_key_size(c->setup.hash);
	struct view rest = server_final, encoded;
	struct buf signature;
	if (c->auth_message.len == 0 || !scram_attribute(&rest, 'v', &encoded))
		return -EACCES;
	scram_hmac(c->setup.hash, view_of(c->keys.server_key, size), buf_view(&c->auth_message), expected);
	buf_init(&signature, SASL_MESSAGE_MAX);
	bool right = base64_decode(&signature, encoded) == 0 && signature.len == size &&
	             CRYPTO_memcmp(buf_view(&signature).data, expected, size) == 0;
	buf_done(&signature);
	return right ? 0 : -EACCES;
}
