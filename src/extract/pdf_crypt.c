/* The standard handler with the empty password: pdf_crypt.h. Hashes and AES are OpenSSL's. */
#include "extract/pdf_crypt.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

#include "base/mem.h"

enum {
	HASH_MAX = 64,
	AES_BLOCK = 16,
	STRING_MAX = 128, /* the longest of O, U, OE, UE: 48 octets, and some write zeros behind */
	ID_MAX = 256,
	ROUNDS = 64, /* of the newest hash, at least */
	/* Each goes on with a chance of one in eight, so none comes near this. */
	ROUNDS_MAX = 1024,
};

/* What fills a password up, and so stands for the empty one (algorithm 2). */
static const unsigned char padding[32] = {0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a, 0x41, 0x64, 0x00, 0x4e,
    0x56, 0xff, 0xfa, 0x01, 0x08, 0x2e, 0x2e, 0x00, 0xb6, 0xd0, 0x68, 0x3e, 0x80, 0x2f, 0x0c, 0xa9, 0xfe,
    0x64, 0x53, 0x69, 0x7a};

static bool hash(const EVP_MD *type, struct view bytes, unsigned char out[HASH_MAX])
{
	return EVP_Digest(bytes.data, bytes.len, out, NULL, type, NULL) == 1;
}

static void rc4(const unsigned char *key, size_t len, struct view in, unsigned char *out)
{
	unsigned char s[256];
	for (unsigned i = 0; i < 256; i++)
		s[i] = (unsigned char)i;
	for (unsigned i = 0, j = 0; i < 256; i++) {
		j = (j + s[i] + key[i % len]) & 255;
		unsigned char swap = s[i];
		s[i] = s[j];
		s[j] = swap;
	}
	unsigned i = 0, j = 0;
	for (size_t n = 0; n < in.len; n++) {
		i = (i + 1) & 255;
		j = (j + s[i]) & 255;
		unsigned char swap = s[i];
		s[i] = s[j];
		s[j] = swap;
		out[n] = (unsigned char)in.data[n] ^ s[(s[i] + s[j]) & 255];
	}
}

/* CBC without padding; `in` is a whole number of blocks. */
static bool aes(const EVP_CIPHER *type, bool encrypt, const unsigned char *key, const unsigned char *iv,
    struct view in, unsigned char *out)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int len = 0;
	bool done = c != NULL && in.len <= INT_MAX &&
	            EVP_CipherInit_ex(c, type, NULL, key, iv, encrypt) == 1 &&
	            EVP_CIPHER_CTX_set_padding(c, 0) == 1 &&
	            EVP_CipherUpdate(c, out, &len, (const unsigned char *)in.data, (int)in.len) == 1;
	EVP_CIPHER_CTX_free(c);
	return done && (size_t)len == in.len;
}

/* ---- The key ---- */

static struct view string_of(struct pdf_value dict, struct view key, struct buf *out)
{
	buf_clear(out);
	pdf_string(pdf_key(dict, key), out);
	return buf_view(out);
}

/* Whether the key is right: what the empty password makes of it is the dictionary's U (algorithms 4 and 5).
 */
static bool opens(const struct pdf_crypt *c, int64_t revision, struct view u, struct view id)
{
	unsigned char made[HASH_MAX], key[32];
	struct buf text;
	if (revision < 3) {
		rc4(c->key, c->key_len, view_of(padding, 32), made);
		return u.len >= 32 && memcmp(made, u.data, 32) == 0;
	}
	buf_init(&text, 32 + ID_MAX);
	buf_append(&text, view_of(padding, 32));
	bool done = buf_append(&text, id) == 0 && hash(EVP_md5(), buf_view(&text), made);
	buf_done(&text);
	for (unsigned round = 0; round < 20; round++) {
		unsigned char in[16];
		for (size_t i = 0; i < c->key_len; i++)
			key[i] = (unsigned char)(c->key[i] ^ round);
		memcpy(in, made, 16);
		rc4(key, c->key_len, view_of(in, 16), made);
	}
	return done && u.len >= 16 && memcmp(made, u.data, 16) == 0;
}

/* Revisions 2 to 4 (algorithm 2). */
static bool old_key(struct pdf_crypt *c, struct pdf_value dict, int64_t revision, struct view id)
{
	struct buf text, value;
	unsigned char made[HASH_MAX];
	buf_init(&text, 256 + ID_MAX);
	buf_init(&value, STRING_MAX);
	int64_t bits = pdf_integer(pdf_key(dict, VIEW("Length")));
	c->key_len = revision == 2 || bits < 40 ? 5 : bits > 128 ? 16 : (size_t)bits / 8;
	if (c->cipher == PDF_AES_128)
		c->key_len = 16;
	buf_append(&text, view_of(padding, 32));
	buf_append(&text, view_take(string_of(dict, VIEW("O"), &value), 32));
	/* Permissions: 32 bits, written with a sign, the least significant octet first. */
	uint32_t permissions = (uint32_t)(int64_t)pdf_number(pdf_key(dict, VIEW("P")));
	for (unsigned i = 0; i < 4; i++)
		buf_append_u8(&text, (uint8_t)(permissions >> 8 * i));
	buf_append(&text, id);
	struct pdf_value metadata = pdf_key(dict, VIEW("EncryptMetadata"));
	if (revision >= 4 && metadata.kind == PDF_WORD && view_equal(metadata.text, VIEW("false")))
		buf_append_u32(&text, UINT32_MAX);
	bool done = !buf_failed(&text) && hash(EVP_md5(), buf_view(&text), made);
	for (unsigned i = 0; done && revision >= 3 && i < 50; i++)
		done = hash(EVP_md5(), view_of(made, c->key_len), made);
	memcpy(c->key, made, c->key_len);
	done = done && opens(c, revision, string_of(dict, VIEW("U"), &value), id);
	buf_done(&text);
	buf_done(&value);
	return done;
}

/* The hash of revision 6 (ISO 32000-2 algorithm 2.B), of the empty password: only the salt goes in. */
static bool new_hash(struct view salt, bool simple, unsigned char k[HASH_MAX])
{
	unsigned char block[64 * HASH_MAX], packed[64 * HASH_MAX];
	size_t len = 32;
	bool done = hash(EVP_sha256(), salt, k);
	for (unsigned round = 0; done && !simple && round < ROUNDS_MAX; round++) {
		for (size_t i = 0; i < 64; i++)
			memcpy(block + i * len, k, len);
		done = aes(EVP_aes_128_cbc(), true, k, k + 16, view_of(block, 64 * len), packed);
		unsigned sum = 0;
		for (size_t i = 0; i < 16; i++)
			sum += packed[i];
		const EVP_MD *type = sum % 3 == 0 ? EVP_sha256() : sum % 3 == 1 ? EVP_sha384() : EVP_sha512();
		done = done && hash(type, view_of(packed, 64 * len), k);
		if (round + 1 >= ROUNDS && packed[64 * len - 1] <= round - 31)
			break;
		len = sum % 3 == 0 ? 32 : sum % 3 == 1 ? 48 : 64;
	}
	return done;
}

/* Revisions 5 and 6 (ISO 32000-2 algorithm 2.A). */
static bool new_key(struct pdf_crypt *c, struct pdf_value dict, int64_t revision)
{
	static const unsigned char zeros[AES_BLOCK];
	unsigned char made[HASH_MAX];
	struct buf u, packed;
	buf_init(&u, STRING_MAX);
	buf_init(&packed, STRING_MAX);
	struct view user = string_of(dict, VIEW("U"), &u), key = string_of(dict, VIEW("UE"), &packed);
	bool done = user.len >= 48 && key.len >= 32 &&
	            new_hash(view_take(view_skip(user, 32), 8), revision == 5, made) &&
	            memcmp(made, user.data, 32) == 0 &&
	            new_hash(view_take(view_skip(user, 40), 8), revision == 5, made) &&
	            aes(EVP_aes_256_cbc(), false, made, zeros, view_take(key, 32), c->key);
	c->key_len = 32;
	buf_done(&u);
	buf_done(&packed);
	return done;
}

/* The method of streams, by its name among the filters (section 7.6.5). */
static bool find_cipher(struct pdf_crypt *c, struct pdf_value dict, int64_t version)
{
	c->cipher = PDF_RC4;
	if (version < 4)
		return version == 1 || version == 2;
	struct pdf_value name = pdf_key(dict, VIEW("StmF"));
	if (name.kind != PDF_NAME || pdf_is_name(name, "Identity")) {
		c->cipher = PDF_PLAIN;
		return true;
	}
	struct pdf_value method = pdf_key(pdf_key(pdf_key(dict, VIEW("CF")), name.text), VIEW("CFM"));
	if (pdf_is_name(method, "AESV2"))
		c->cipher = PDF_AES_128;
	else if (pdf_is_name(method, "AESV3"))
		c->cipher = PDF_AES_256;
	return c->cipher != PDF_RC4 || pdf_is_name(method, "V2");
}

bool pdf_crypt_open(struct pdf_crypt *c, struct pdf_value dict, struct pdf_value id)
{
	int64_t version = pdf_integer(pdf_key(dict, VIEW("V"))),
	        revision = pdf_integer(pdf_key(dict, VIEW("R")));
	struct buf first;
	*c = (struct pdf_crypt){0};
	if (!pdf_is_name(pdf_key(dict, VIEW("Filter")), "Standard") || !find_cipher(c, dict, version))
		return false;
	if (c->cipher == PDF_AES_256)
		return new_key(c, dict, revision);
	buf_init(&first, ID_MAX);
	pdf_string(id, &first);
	bool done = revision >= 2 && revision <= 4 && old_key(c, dict, revision, buf_view(&first));
	buf_done(&first);
	return done;
}

/* ---- Objects ---- */

/* Algorithm 1: the document's key, the object's number and generation. */
static bool object_key(
    const struct pdf_crypt *c, uint32_t number, uint32_t generation, unsigned char key[HASH_MAX])
{
	unsigned char text[32 + 5 + 4];
	size_t len = c->key_len;
	memcpy(text, c->key, len);
	for (unsigned i = 0; i < 3; i++)
		text[len++] = (unsigned char)(number >> 8 * i);
	for (unsigned i = 0; i < 2; i++)
		text[len++] = (unsigned char)(generation >> 8 * i);
	if (c->cipher == PDF_AES_128) {
		memcpy(text + len, "sAlT", 4);
		len += 4;
	}
	return hash(EVP_md5(), view_of(text, len), key);
}

static bool decrypt_aes(
    const struct pdf_crypt *c, const unsigned char *key, struct view bytes, struct buf *out)
{
	/* The vector stands before the blocks; half a block at the end is damage, and left out. */
	if (bytes.len < AES_BLOCK)
		return bytes.len == 0;
	struct view blocks = view_skip(bytes, AES_BLOCK);
	blocks = view_take(blocks, blocks.len - blocks.len % AES_BLOCK);
	const EVP_CIPHER *type = c->cipher == PDF_AES_128 ? EVP_aes_128_cbc() : EVP_aes_256_cbc();
	unsigned char *to = (unsigned char *)buf_reserve(out, blocks.len + 1);
	if (to == NULL || !aes(type, false, key, (const unsigned char *)bytes.data, blocks, to))
		return false;
	/* The last octet says how many of them fill up the last block. */
	size_t filling = blocks.len ? to[blocks.len - 1] : 0;
	buf_commit(out, blocks.len - (filling <= AES_BLOCK ? filling : 0));
	return true;
}

bool pdf_decrypt(
    const struct pdf_crypt *c, uint32_t number, uint32_t generation, struct view bytes, struct buf *out)
{
	unsigned char key[HASH_MAX];
	if (c->cipher == PDF_PLAIN)
		return buf_append(out, bytes) == 0;
	if (c->cipher == PDF_AES_256)
		return decrypt_aes(c, c->key, bytes, out);
	if (!object_key(c, number, generation, key))
		return false;
	if (c->cipher == PDF_AES_128)
		return decrypt_aes(c, key, bytes, out);
	unsigned char *to = (unsigned char *)buf_reserve(out, bytes.len + 1);
	if (to == NULL)
		return false;
	rc4(key, c->key_len + 5 < 16 ? c->key_len + 5 : 16, bytes, to);
	buf_commit(out, bytes.len);
	return true;
}
