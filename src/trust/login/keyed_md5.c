/* CRAM-MD5's and APOP's digests: RFC 2195 section 2, RFC 2104, RFC 1939 section 7. */
#include "trust/login/keyed_md5.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/mem.h"

enum { MD5_SIZE = 16 };

static void to_hex(const unsigned char digest[MD5_SIZE], char out[MD5_HEX_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < MD5_SIZE; i++) {
		out[2 * i] = digits[digest[i] >> 4];
		out[2 * i + 1] = digits[digest[i] & 15];
	}
	out[2 * MD5_SIZE] = '\0';
}

void cram_md5_digest(struct view challenge, struct view secret, char out[MD5_HEX_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE] = {0};
	unsigned len = 0;
	HMAC(EVP_md5(), secret.data, (int)secret.len, (const unsigned char *)challenge.data, challenge.len,
	    digest, &len);
	to_hex(digest, out);
}

void apop_digest(struct view timestamp, struct view secret, char out[MD5_HEX_SIZE])
{
	unsigned char digest[EVP_MAX_MD_SIZE] = {0};
	unsigned len = 0;
	EVP_MD_CTX *md5 = EVP_MD_CTX_new();
	if (md5 == NULL || EVP_DigestInit_ex(md5, EVP_md5(), NULL) != 1 ||
	    EVP_DigestUpdate(md5, timestamp.data, timestamp.len) != 1 ||
	    EVP_DigestUpdate(md5, secret.data, secret.len) != 1 || EVP_DigestFinal_ex(md5, digest, &len) != 1)
		len = 0;
	EVP_MD_CTX_free(md5);
	to_hex(digest, out);
	/* Without a digest nothing may match: text that no client sends. */
	if (len != MD5_SIZE)
		out[0] = '!';
}

static bool same(const char expected[MD5_HEX_SIZE], struct view digest)
{
	char lower[MD5_HEX_SIZE];
	if (digest.len != MD5_HEX_SIZE - 1)
		return false;
	for (size_t i = 0; i < digest.len; i++)
		lower[i] = ascii_lower(digest.data[i]);
	return CRYPTO_memcmp(expected, lower, digest.len) == 0;
}

bool cram_md5_matches(struct view challenge, struct view secret, struct view digest)
{
	char expected[MD5_HEX_SIZE];
	cram_md5_digest(challenge, secret, expected);
	bool matches = same(expected, digest);
	mem_wipe(expected, sizeof expected);
	return matches;
}

bool apop_matches(struct view timestamp, struct view secret, struct view digest)
{
	char expected[MD5_HEX_SIZE];
	apop_digest(timestamp, secret, expected);
	bool matches = same(expected, digest);
	mem_wipe(expected, sizeof expected);
	return matches;
}
