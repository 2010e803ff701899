/* Password hashes, RFC 9106. */
#include "trust/login/password.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "trust/login/foreign_hash.h"
#include "trust/login/limits.h"
#include "trust/login/saslprep.h"

/* The hash of a password that nobody has, with today's costs: what unknown accounts are checked against. */
static const char nobody[] = "$argon2id$v=19$m=19456,t=2,p=1$"
                             "bm9ib2R5bm9ib2R5bm9ibw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

static void wipe(struct buf *b)
{
	if (b->data)
		sodium_memzero(b->data, b->cap);
	buf_done(b);
}

int password_hash(struct view password, struct buf *hash)
{
	char encoded[crypto_pwhash_STRBYTES];
	struct buf prepared;
	buf_init(&prepared, 16 * PASSWORD_MAX);
	int error = sodium_init() < 0 ? -ENOMEM : saslprep(password, &prepared);
	if (error == 0 && crypto_pwhash_str(encoded, buf_view(&prepared).data, prepared.len, ARGON2_PASSES,
	                      ARGON2_MEMORY) != 0)
		error = -ENOMEM;
	wipe(&prepared);
	return error ? error : buf_append_string(hash, encoded);
}

/* libsodium tells a wrong password from a lack of memory by errno alone. */
static int verify(const char *hash, struct view password)
{
	errno = 0;
	if (crypto_pwhash_str_verify(hash, password.data, password.len) == 0)
		return 0;
	return errno == ENOMEM ? -ENOMEM : -EACCES;
}

static bool copy_hash(struct view hash, char out[crypto_pwhash_STRBYTES])
{
	if (hash.len >= crypto_pwhash_STRBYTES || !view_starts(hash, VIEW("$argon2id$")))
		return false;
	memset(out, 0, crypto_pwhash_STRBYTES);
	memcpy(out, hash.data, hash.len);
	return strlen(out) == hash.len;
}

/* A wrong password takes no less time than one for an account that is not there: most of these hashes are
 * fast. */
static int verify_foreign(struct view hash, struct view password)
{
	int verdict = foreign_hash_verify(hash, password);
	return verdict == -EACCES && password_verify_nobody(password) == -ENOMEM ? -ENOMEM : verdict;
}

int password_verify(struct view hash, struct view password)
{
	if (foreign_hash_is(hash))
		return verify_foreign(hash, password);
	char encoded[crypto_pwhash_STRBYTES];
	struct buf prepared;
	if (sodium_init() < 0)
		return -ENOMEM;
	if (!copy_hash(hash, encoded))
		return -EINVAL;
	/* A hash that libsodium can't read would be answered at once, as a wrong password. */
	if (crypto_pwhash_str_needs_rehash(encoded, ARGON2_PASSES, ARGON2_MEMORY) < 0)
		return -EINVAL;
	buf_init(&prepared, 16 * PASSWORD_MAX);
	int error = saslprep(password, &prepared);
	bool usable = error == 0;
	int verdict = verify(encoded, usable ? buf_view(&prepared) : VIEW("?"));
	wipe(&prepared);
	return usable || verdict == -ENOMEM ? verdict : -EACCES;
}

int password_verify_nobody(struct view password)
{
	int verdict = password_verify(VIEW(nobody), password);
	return verdict == -ENOMEM ? verdict : -EACCES;
}

bool password_hash_is_outdated(struct view hash)
{
	char encoded[crypto_pwhash_STRBYTES];
	return !copy_hash(hash, encoded) ||
	       crypto_pwhash_str_needs_rehash(encoded, ARGON2_PASSES, ARGON2_MEMORY) != 0;
}
