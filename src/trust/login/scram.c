/*
 * SCRAM, RFC 5802 section 3:
 *
 *	SaltedPassword  := Hi(Normalize(password), salt, i)
 *	ClientKey       := HMAC(SaltedPassword, "Client Key")
 *	StoredKey       := H(ClientKey)
 *	ServerKey       := HMAC(SaltedPassword, "Server Key")
 *	ClientSignature := HMAC(StoredKey, AuthMessage)
 *	ClientProof     := ClientKey XOR ClientSignature
 */
#include "trust/login/scram.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/buf.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "trust/login/limits.h"
#include "trust/login/saslprep.h"

static const EVP_MD *digest(enum scram_hash hash)
{
	return hash == SCRAM_SHA_1 ? EVP_sha1() : EVP_sha256();
}

size_t scram_key_size(enum scram_hash hash)
{
	return hash == SCRAM_SHA_1 ? 20 : 32;
}

void scram_hmac(enum scram_hash hash, struct view key, struct view text, unsigned char out[SCRAM_KEY_MAX])
{
	unsigned len = 0;
	HMAC(digest(hash), key.data, (int)key.len, (const unsigned char *)text.data, text.len, out, &len);
}

static void hash_key(enum scram_hash hash, const unsigned char *key, unsigned char out[SCRAM_KEY_MAX])
{
	unsigned len = 0;
	EVP_Digest(key, scram_key_size(hash), out, &len, digest(hash), NULL);
}

int scram_keys(enum scram_hash hash, struct view password, struct view salt, uint32_t iterations,
    struct scram_verifier *verifier, unsigned char client_key[SCRAM_KEY_MAX])
{
	unsigned char salted[SCRAM_KEY_MAX], client[SCRAM_KEY_MAX] = {0};
	size_t size = scram_key_size(hash);
	struct buf prepared;
	if (iterations == 0 || iterations > SCRAM_ITERATIONS_MAX)
		return -EINVAL;
	buf_init(&prepared, 16 * PASSWORD_MAX);
	int error = saslprep(password, &prepared);
	if (error == 0 &&
	    PKCS5_PBKDF2_HMAC(buf_view(&prepared).data, (int)prepared.len, (const unsigned char *)salt.data,
	        (int)salt.len, (int)iterations, digest(hash), (int)size, salted) != 1)
		error = -ENOMEM;
	if (prepared.data)
		mem_wipe(prepared.data, prepared.cap);
	buf_done(&prepared);
	if (error)
		return error;
	scram_hmac(hash, view_of(salted, size), VIEW("Client Key"), client);
	scram_hmac(hash, view_of(salted, size), VIEW("Server Key"), verifier->server_key);
	hash_key(hash, client, verifier->stored_key);
	for (size_t i = 0; client_key && i < size; i++)
		client_key[i] = client[i];
	mem_wipe(salted, sizeof salted);
	mem_wipe(client, sizeof client);
	return 0;
}

void scram_proof(enum scram_hash hash, const unsigned char client_key[SCRAM_KEY_MAX],
    const struct scram_verifier *verifier, struct view auth_message, unsigned char proof[SCRAM_KEY_MAX])
{
	size_t size = scram_key_size(hash);
	scram_hmac(hash, view_of(verifier->stored_key, size), auth_message, proof);
	for (size_t i = 0; i < size; i++)
		proof[i] ^= client_key[i];
}

/* The proof gives the client's key back; its hash must be the stored key. */
bool scram_proof_matches(
    enum scram_hash hash, const struct scram_verifier *verifier, struct view auth_message, struct view proof)
{
	unsigned char key[SCRAM_KEY_MAX] = {0}, hashed[SCRAM_KEY_MAX] = {0};
	size_t size = scram_key_size(hash);
	if (proof.len != size)
		return false;
	scram_hmac(hash, view_of(verifier->stored_key, size), auth_message, key);
	for (size_t i = 0; i < size; i++)
		key[i] ^= (unsigned char)proof.data[i];
	hash_key(hash, key, hashed);
	bool matches = CRYPTO_memcmp(hashed, verifier->stored_key, size) == 0;
	mem_wipe(key, sizeof key);
	return matches;
}

int scram_name_encode(struct view name, struct buf *out)
{
	int error = 0;
	for (size_t i = 0; i < name.len && error == 0; i++) {
		if (name.data[i] == '=')
			error = buf_append(out, VIEW("=3D"));
		else if (name.data[i] == ',')
			error = buf_append(out, VIEW("=2C"));
		else
			error = buf_append_byte(out, name.data[i]);
	}
	return error;
}

/* saslname = 1*(value-safe-char / "=2C" / "=3D") */
int scram_name_decode(struct view text, struct buf *out)
{
	struct cursor in = cursor_on(text);
	int error = text.len ? 0 : -EINVAL;
	while (!cursor_at_end(&in) && error == 0) {
		if (cursor_accept_nocase(&in, VIEW("=2C")))
			error = buf_append_byte(out, ',');
		else if (cursor_accept_nocase(&in, VIEW("=3D")))
			error = buf_append_byte(out, '=');
		else if (cursor_peek(&in) == '=' || cursor_peek(&in) == ',' || cursor_peek(&in) == '\0')
			error = -EINVAL;
		else
			error = buf_append(out, cursor_bytes(&in, 1));
	}
	return error;
}

bool scram_attribute(struct view *rest, char name, struct view *value)
{
	if (rest->data == NULL || rest->len < 2 || rest->data[0] != name || rest->data[1] != '=')
		return false;
	struct view part;
	view_next(rest, ',', &part);
	*value = view_skip(part, 2);
	return true;
}
