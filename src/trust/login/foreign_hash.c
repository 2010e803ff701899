/* See foreign_hash.h. Every form is checked whole before a library gets it, and its cost with it. */
#include "trust/login/foreign_hash.h"

#include <crypt.h>
#include <errno.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "trust/login/limits.h"

enum { SALT_MAX = 64, DIGEST_MAX = 64 };

static const struct scheme {
	struct view name;
	enum foreign_kind kind;
	const char *digest; /* of OpenSSL */
	const char *prefix; /* of crypt(3): the only one that the scheme has; NULL: any */
	size_t digest_len;
	bool salted, weak;
} schemes[] = {
    {{"PLAIN", 5}, FOREIGN_PLAIN, NULL, NULL, 0, false, true},
    {{"CLEARTEXT", 9}, FOREIGN_PLAIN, NULL, NULL, 0, false, true},
    {{"CLEAR", 5}, FOREIGN_PLAIN, NULL, NULL, 0, false, true},
    {{"CRYPT", 5}, FOREIGN_CRYPT, NULL, NULL, 0, true, false},
    {{"MD5-CRYPT", 9}, FOREIGN_CRYPT, NULL, "$1$", 0, true, true},
    {{"SHA256-CRYPT", 12}, FOREIGN_CRYPT, NULL, "$5$", 0, true, false},
    {{"SHA512-CRYPT", 12}, FOREIGN_CRYPT, NULL, "$6$", 0, true, false},
    {{"BLF-CRYPT", 9}, FOREIGN_CRYPT, NULL, "$2", 0, true, false},
    {{"SHA", 3}, FOREIGN_DIGEST, "SHA1", NULL, 20, false, true},
    {{"SHA1", 4}, FOREIGN_DIGEST, "SHA1", NULL, 20, false, true},
    {{"SHA256", 6}, FOREIGN_DIGEST, "SHA256", NULL, 32, false, true},
    {{"SHA512", 6}, FOREIGN_DIGEST, "SHA512", NULL, 64, false, true},
    {{"SSHA", 4}, FOREIGN_DIGEST, "SHA1", NULL, 20, true, true},
    {{"SSHA256", 7}, FOREIGN_DIGEST, "SHA256", NULL, 32, true, true},
    {{"SSHA512", 7}, FOREIGN_DIGEST, "SHA512", NULL, 64, true, true},
    {{"PBKDF2", 6}, FOREIGN_PBKDF2, "SHA1", NULL, 20, true, false},
    {{"ARGON2I", 7}, FOREIGN_ARGON2, NULL, "$argon2i$", 0, true, false},
    {{"ARGON2ID", 8}, FOREIGN_ARGON2, NULL, "$argon2id$", 0, true, false},
};

/* "{NAME}" or "{NAME.HEX}", in any case; NULL if there is no such scheme. *rest: what stands behind. */
static const struct scheme *take_scheme(struct view text, struct view *rest, bool *hex)
{
	ptrdiff_t end = view_find(text, '}');
	if (!foreign_hash_is(text) || end < 2)
		return NULL;
	struct view name = view_skip(view_take(text, (size_t)end), 1), encoding = {0};
	ptrdiff_t dot = view_find(name, '.');
	*rest = view_skip(text, (size_t)end + 1);
	if (dot >= 0) {
		encoding = view_skip(name, (size_t)dot + 1);
		name = view_take(name, (size_t)dot);
	}
	*hex = view_equal_nocase(encoding, VIEW("HEX"));
	if (encoding.len && !*hex && !view_equal_nocase(encoding, VIEW("B64")) &&
	    !view_equal_nocase(encoding, VIEW("BASE64")))
		return NULL;
	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
		if (view_equal_nocase(name, schemes[i].name))
			return encoding.len && schemes[i].kind != FOREIGN_DIGEST ? NULL : &schemes[i];
	return NULL;
}

/* ---- crypt(3) ---- */

static const char crypt_alphabet[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static int crypt_digit(char c)
{
	const char *found = c ? strchr(crypt_alphabet, c) : NULL;
	return found ? (int)(found - crypt_alphabet) : -1;
}

static bool is_crypt_text(struct view v, size_t min, size_t max)
{
	for (size_t i = 0; i < v.len; i++)
		if (crypt_digit(v.data[i]) < 0)
			return false;
	return v.len >= min && v.len <= max;
}

/* "salt$hash" behind the prefix, with a hash of this length. */
static int check_salt_and_hash(struct view rest, size_t salt_max, size_t hash_len)
{
	ptrdiff_t dollar = view_find(rest, '$');
	if (dollar < 0 || !is_crypt_text(view_take(rest, (size_t)dollar), 0, salt_max))
		return -EINVAL;
	return is_crypt_text(view_skip(rest, (size_t)dollar + 1), hash_len, hash_len) ? 0 : -EINVAL;
}

/* $5$ and $6$: [rounds=N$]salt$hash */
static int check_sha_crypt(struct view rest, size_t hash_len)
{
	const struct view word = VIEW("rounds=");
	uint64_t rounds;
	if (view_starts(rest, word)) {
		ptrdiff_t dollar = view_find(rest, '$');
		if (dollar < 0 ||
		    !view_to_u64(view_skip(view_take(rest, (size_t)dollar), word.len), UINT32_MAX, &rounds) ||
		    rounds < 1000)
			return -EINVAL;
		if (rounds > FOREIGN_CRYPT_ROUNDS_MAX)
			return -E2BIG;
		rest = view_skip(rest, (size_t)dollar + 1);
	}
	return check_salt_and_hash(rest, 16, hash_len);
}

/* $2y$NN$ and 53 characters. */
static int check_bcrypt(struct view text)
{
	uint64_t cost;
	if (text.len != 60 || text.data[3] != '$' || text.data[6] != '$' ||
	    (text.data[2] != 'a' && text.data[2] != 'b' && text.data[2] != 'y') ||
	    !view_to_u64(view_take(view_skip(text, 4), 2), 99, &cost) || cost < 4 ||
	    !is_crypt_text(view_skip(text, 7), 53, 53))
		return -EINVAL;
	return cost > FOREIGN_BCRYPT_COST_MAX ? -E2BIG : 0;
}

/* $y$jNR$salt$hash: N and r of scrypt as digits, one less than they are (crypt(5)); 128 MB at most. */
static int check_yescrypt(struct view rest)
{
	enum { N_DIGIT_MAX = 14, R_DIGIT_MAX = 31 };
	if (rest.len < 4 || rest.data[0] != 'j' || rest.data[3] != '$')
		return -EINVAL;
	int n = crypt_digit(rest.data[1]), r = crypt_digit(rest.data[2]);
	if (n < 0 || r < 0)
		return -EINVAL;
	if (n > N_DIGIT_MAX || r > R_DIGIT_MAX)
		return -E2BIG;
	return check_salt_and_hash(view_skip(rest, 4), 86, 43);
}

static int check_crypt(struct view text, bool *weak)
{
	if (view_starts(text, VIEW("$1$"))) {
		*weak = true;
		return check_salt_and_hash(view_skip(text, 3), 8, 22);
	}
	if (view_starts(text, VIEW("$5$")))
		return check_sha_crypt(view_skip(text, 3), 43);
	if (view_starts(text, VIEW("$6$")))
		return check_sha_crypt(view_skip(text, 3), 86);
	if (view_starts(text, VIEW("$y$")))
		return check_yescrypt(view_skip(text, 3));
	if (view_starts(text, VIEW("$2")))
		return check_bcrypt(text);
	return -EINVAL;
}

static int verify_crypt(struct view text, struct view password)
{
	char setting[FOREIGN_HASH_MAX + 1], phrase[PASSWORD_MAX + 1];
	/* An octet 0 ends the password for crypt(3): it would take another for it. */
	if (password.len > PASSWORD_MAX || view_find(password, '\0') >= 0)
		return -EACCES;
	struct crypt_data *data = mem_try(sizeof *data);
	if (data == NULL)
		return -ENOMEM;
	memset(data, 0, sizeof *data);
	memcpy(setting, text.data, text.len);
	setting[text.len] = '\0';
	memcpy(phrase, password.data, password.len);
	phrase[password.len] = '\0';
	errno = 0;
	const char *made = crypt_r(phrase, setting, data);
	bool same =
	    made && made[0] == '$' && strlen(made) == text.len && sodium_memcmp(made, setting, text.len) == 0;
	int error = same ? 0 : made == NULL && errno == ENOMEM ? -ENOMEM : -EACCES;
	mem_wipe(phrase, sizeof phrase);
	mem_wipe(data, sizeof *data);
	mem_free(data);
	return error;
}

/* ---- digests ---- */

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
	                              : -1;
}

static int read_hex(struct buf *out, struct view text)
{
	if (text.len % 2)
		return -EINVAL;
	for (size_t i = 0; i < text.len; i += 2) {
		int high = hex_digit(text.data[i]), low = hex_digit(text.data[i + 1]);
		if (high < 0 || low < 0)
			return -EINVAL;
		buf_append_u8(out, (uint8_t)(16 * high + low));
	}
	return buf_failed(out) ? -EINVAL : 0;
}

/* The digest, and the salt behind it. */
static int read_digest(const struct scheme *scheme, struct view text, bool hex, struct buf *out)
{
	buf_init(out, DIGEST_MAX + SALT_MAX);
	int error = hex ? read_hex(out, text) : base64_decode(out, text);
	size_t len = buf_view(out).len;
	if (error == -ENOMEM)
		return error;
	if (error || len < scheme->digest_len ||
	    (scheme->salted ? len == scheme->digest_len : len > scheme->digest_len))
		return -EINVAL;
	return 0;
}

static int verify_digest(const struct scheme *scheme, struct view text, bool hex, struct view password)
{
	unsigned char made[EVP_MAX_MD_SIZE];
	unsigned len = 0;
	struct buf stored;
	EVP_MD_CTX *digest = EVP_MD_CTX_new();
	int error = digest ? read_digest(scheme, text, hex, &stored) : -ENOMEM;
	struct view salt = error ? (struct view){0} : view_skip(buf_view(&stored), scheme->digest_len);
	if (error == 0 && (EVP_DigestInit_ex(digest, EVP_get_digestbyname(scheme->digest), NULL) != 1 ||
	                      EVP_DigestUpdate(digest, password.data, password.len) != 1 ||
	                      EVP_DigestUpdate(digest, salt.data, salt.len) != 1 ||
	                      EVP_DigestFinal_ex(digest, made, &len) != 1))
		error = -ENOMEM;
	if (error == 0 && (len != scheme->digest_len ||
	                      sodium_memcmp(made, buf_view(&stored).data, scheme->digest_len) != 0))
		error = -EACCES;
	if (digest)
		buf_done(&stored);
	EVP_MD_CTX_free(digest);
	return error;
}

/* ---- PBKDF2: $1$salt$rounds$hex ---- */

struct pbkdf2 {
	struct view salt, digest;
	uint64_t rounds;
};

static int read_pbkdf2(struct view text, struct pbkdf2 *p)
{
	struct view rest = view_skip(text, 3), rounds;
	if (!view_starts(text, VIEW("$1$")) || !view_next(&rest, '$', &p->salt) ||
	    !view_next(&rest, '$', &rounds) || p->salt.len == 0 || p->salt.len > SALT_MAX || rest.len != 40 ||
	    !view_to_u64(rounds, UINT32_MAX, &p->rounds) || p->rounds == 0)
		return -EINVAL;
	for (size_t i = 0; i < rest.len; i++)
		if (hex_digit(rest.data[i]) < 0)
			return -EINVAL;
	for (size_t i = 0; i < p->salt.len; i++)
		if (p->salt.data[i] <= ' ' || p->salt.data[i] > '~')
			return -EINVAL;
	p->digest = rest;
	return p->rounds > FOREIGN_PBKDF2_ROUNDS_MAX ? -E2BIG : 0;
}

static int verify_pbkdf2(struct view text, struct view password)
{
	enum { LEN = 20 };
	unsigned char made[LEN];
	struct pbkdf2 p;
	struct buf stored;
	int error = read_pbkdf2(text, &p);
	if (error)
		return -EINVAL;
	buf_init(&stored, LEN);
	error = read_hex(&stored, p.digest);
	if (error == 0 &&
	    PKCS5_PBKDF2_HMAC_SHA1(password.data ? password.data : "", (int)password.len,
	        (const unsigned char *)p.salt.data, (int)p.salt.len, (int)p.rounds, LEN, made) != 1)
		error = -ENOMEM;
	if (error == 0 && sodium_memcmp(made, buf_view(&stored).data, LEN) != 0)
		error = -EACCES;
	buf_done(&stored);
	return error;
}

/* ---- Argon2: $argon2id$v=19$m=65536,t=3,p=1$salt$hash ---- */

static bool take_parameter(struct view *rest, char name, char end, uint64_t *n)
{
	struct view part;
	if (!view_next(rest, end, &part) || part.len < 3 || part.data[0] != name || part.data[1] != '=')
		return false;
	return view_to_u64(view_skip(part, 2), UINT32_MAX, n);
}

static bool is_base64_text(struct view v)
{
	for (size_t i = 0; i < v.len; i++)
		if (!ascii_is_alnum(v.data[i]) && v.data[i] != '+' && v.data[i] != '/')
			return false;
	return v.len >= 8 && v.len <= 90;
}

static int check_argon2(struct view text, const char *prefix)
{
	struct view rest = view_skip(text, strlen(prefix)), salt;
	uint64_t version, memory, passes, lanes;
	/* libsodium reads texts of this length. */
	if (!view_starts(text, view_from_string(prefix)) || text.len >= crypto_pwhash_STRBYTES ||
	    !take_parameter(&rest, 'v', '$', &version) || !take_parameter(&rest, 'm', ',', &memory) ||
	    !take_parameter(&rest, 't', ',', &passes) || !take_parameter(&rest, 'p', '$', &lanes) ||
	    !view_next(&rest, '$', &salt) || !is_base64_text(salt) || !is_base64_text(rest))
		return -EINVAL;
	if (version != 19 || memory < 8 * lanes || passes == 0 || lanes == 0)
		return -EINVAL;
	return memory > FOREIGN_ARGON2_KIB_MAX || passes > FOREIGN_ARGON2_PASSES_MAX ||
	               lanes > FOREIGN_ARGON2_LANES_MAX
	           ? -E2BIG
	           : 0;
}

static int verify_argon2(struct view text, struct view password)
{
	char encoded[crypto_pwhash_STRBYTES] = {0};
	memcpy(encoded, text.data, text.len);
	errno = 0;
	if (crypto_pwhash_str_verify(encoded, password.data ? password.data : "", password.len) == 0)
		return 0;
	return errno == ENOMEM ? -ENOMEM : -EACCES;
}

/* ---- all ---- */

static int check(const struct scheme *scheme, struct foreign_hash *h)
{
	struct pbkdf2 p;
	struct buf digest;
	int error;
	switch (scheme->kind) {
	case FOREIGN_PLAIN:
		return h->text.len == 0 || view_find(h->text, '\0') >= 0 ? -EINVAL : 0;
	case FOREIGN_CRYPT:
		if (scheme->prefix && !view_starts(h->text, view_from_string(scheme->prefix)))
			return -EINVAL;
		return check_crypt(h->text, &h->weak);
	case FOREIGN_DIGEST:
		error = read_digest(scheme, h->text, h->hex, &digest);
		buf_done(&digest);
		return error;
	case FOREIGN_PBKDF2:
		return read_pbkdf2(h->text, &p);
	case FOREIGN_ARGON2:
		return check_argon2(h->text, scheme->prefix);
	}
	return -EINVAL;
}

int foreign_hash_read(struct view text, struct foreign_hash *out)
{
	struct foreign_hash h = {.hex = false};
	const struct scheme *scheme = take_scheme(text, &h.text, &h.hex);
	if (scheme == NULL)
		return foreign_hash_is(text) && view_find(text, '}') >= 2 ? -EOPNOTSUPP : -EINVAL;
	if (text.len > FOREIGN_HASH_MAX)
		return -E2BIG;
	h.kind = scheme->kind;
	h.scheme = scheme->name.data;
	h.weak = scheme->weak;
	int error = check(scheme, &h);
	if (error == 0)
		*out = h;
	return error;
}

int foreign_hash_verify(struct view text, struct view password)
{
	struct foreign_hash h;
	bool hex;
	const struct scheme *scheme = take_scheme(text, &h.text, &hex);
	if (scheme == NULL || foreign_hash_read(text, &h) != 0)
		return -EINVAL;
	if (sodium_init() < 0)
		return -ENOMEM;
	if (password.len > PASSWORD_MAX)
		return -EACCES;
	switch (h.kind) {
	case FOREIGN_PLAIN:
		return h.text.len == password.len &&
		               sodium_memcmp(h.text.data, password.data, password.len) == 0
		           ? 0
		           : -EACCES;
	case FOREIGN_CRYPT:
		return verify_crypt(h.text, password);
	case FOREIGN_DIGEST:
		return verify_digest(scheme, h.text, h.hex, password);
	case FOREIGN_PBKDF2:
		return verify_pbkdf2(h.text, password);
	case FOREIGN_ARGON2:
		return verify_argon2(h.text, password);
	}
	return -EINVAL;
}
