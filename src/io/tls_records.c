/* Sealing and opening the records of TLS 1.3: see tls_records.h. */
#include "io/tls_records.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/ssl.h>
#include <string.h>

#include "base/mem.h"

enum {
	SECRET_MAX = 48, /* SHA-384's */
	KEY_MAX = 32,
	IV_SIZE = 12,
	TAG_SIZE = 16,
	/* Records in a row that bring nothing: nobody sends so many who means well. OpenSSL allows as many.
	 */
	EMPTY_MAX = 32,
	/* Records under one key, after which a new one is made: below the 2^24.5 of RFC 8446 section 5.5. */
	UNDER_ONE_KEY = 1 << 24,
	ALERT_WARNING = 1,
	ALERT_FATAL = 2,
	ALERT_CLOSE = 0,
	ALERT_UNEXPECTED = 10,
	ALERT_BAD_RECORD = 20,
	ALERT_OVERFLOW = 22,
	ALERT_ILLEGAL = 47,
	ALERT_DECODE = 50,
	ALERT_CANCELLED = 90
};

/* One direction. */
struct way {
	unsigned char secret[SECRET_MAX], key[KEY_MAX], iv[IV_SIZE];
	uint64_t sequence;
};

struct tls_records {
	const struct suite *suite;
	struct way in, out;
	unsigned empty; /* records in a row that brought nothing */
};

/* ---- suites: all that OpenSSL offers of its own accord ---- */

/* Ciphers with their last keys: one for each suite and direction in the process, since one connection after
 * another uses it. */
struct lent {
	EVP_CIPHER_CTX *ctx;
	const struct way *owner; /* whose key it has; NULL: nobody's */
};

static struct suite {
	unsigned number;
	const char *cipher, *digest;
	size_t key_len, secret_len;
	struct lent seal, open;
} suites[] = {
    {.number = 0x1301, .cipher = "AES-128-GCM", .digest = "SHA256", .key_len = 16, .secret_len = 32},
    {.number = 0x1302, .cipher = "AES-256-GCM", .digest = "SHA384", .key_len = 32, .secret_len = 48},
    {.number = 0x1303, .cipher = "ChaCha20-Poly1305", .digest = "SHA256", .key_len = 32, .secret_len = 32},
};

static EVP_CIPHER_CTX *new_cipher(const struct suite *suite, int sealing)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, suite->cipher, NULL);
	EVP_CIPHER_CTX *ctx = cipher ? EVP_CIPHER_CTX_new() : NULL;
	if (ctx && EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, sealing, NULL) != 1) {
		EVP_CIPHER_CTX_free(ctx);
		ctx = NULL;
	}
	EVP_CIPHER_free(cipher);
	return ctx;
}

/* The suite of this number, ready for work; NULL: there is none. */
static struct suite *find_suite(unsigned number)
{
	for (size_t i = 0; i < sizeof suites / sizeof suites[0]; i++) {
		struct suite *suite = &suites[i];
		if (suite->number != number)
			continue;
		if (suite->seal.ctx == NULL)
			suite->seal.ctx = new_cipher(suite, 1);
		if (suite->open.ctx == NULL)
			suite->open.ctx = new_cipher(suite, 0);
		return suite->seal.ctx && suite->open.ctx ? suite : NULL;
	}
	return NULL;
}

static void forget_key(struct lent *lent, const struct way *way)
{
	static const unsigned char nothing[KEY_MAX];
	if (lent->owner != way)
		return;
	lent->owner = NULL;
	/* Else it would lie there until the next connection comes. */
	(void)EVP_CipherInit_ex2(lent->ctx, NULL, nothing, nothing, -1, NULL);
}

/* Nobody may find a key there that was freed, or made anew. */
static void give_back(const struct suite *suite, const struct way *way)
{
	struct suite *s = &suites[suite - suites];
	forget_key(&s->seal, way);
	forget_key(&s->open, way);
}

/* ---- keys (section 7.1) ---- */

static bool expand(
    const struct suite *suite, const unsigned char *secret, const char *label, unsigned char *out, size_t len)
{
	/* HkdfLabel, with an empty context. */
	unsigned char info[32];
	size_t label_len = strlen(label);
	int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
	info[0] = 0;
	info[1] = (unsigned char)len;
	info[2] = (unsigned char)(6 + label_len);
	memcpy(info + 3, "tls13 ", 6);
	memcpy(info + 9, label, label_len);
	info[9 + label_len] = 0;
	OSSL_PARAM params[] = {
	    OSSL_PARAM_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t)suite->digest, 0),
	    OSSL_PARAM_octet_string(OSSL_KDF_PARAM_KEY, (char *)(uintptr_t)secret, suite->secret_len),
	    OSSL_PARAM_octet_string(OSSL_KDF_PARAM_INFO, info, 10 + label_len),
	    OSSL_PARAM_int(OSSL_KDF_PARAM_MODE, &mode), OSSL_PARAM_END};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool good = ctx && EVP_KDF_derive(ctx, out, len, params) == 1;
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return good;
}

static bool make_keys(const struct suite *suite, struct way *way)
{
	give_back(suite, way);
	return expand(suite, way->secret, "key", way->key, suite->key_len) &&
	       expand(suite, way->secret, "iv", way->iv, sizeof way->iv);
}

/* Section 7.2: the next keys of a direction. */
static bool renew(const struct suite *suite, struct way *way)
{
	unsigned char next[SECRET_MAX];
	bool good = expand(suite, way->secret, "traffic upd", next, suite->secret_len);
	memcpy(way->secret, next, suite->secret_len);
	mem_wipe(next, sizeof next);
	way->sequence = 0;
	return good && make_keys(suite, way);
}

static bool take_secret(const struct suite *suite, const struct tls_secret *secret, struct way *way)
{
	if (secret->bytes.len != suite->secret_len)
		return false;
	memcpy(way->secret, secret->bytes.data, secret->bytes.len);
	way->sequence = secret->records;
	return make_keys(suite, way);
}

struct tls_records *tls_records_new(
    unsigned number, const struct tls_secret *in, const struct tls_secret *out)
{
	struct suite *suite = find_suite(number);
	if (suite == NULL)
		return NULL;
	struct tls_records *r = mem_alloc(sizeof *r);
	r->suite = suite;
	if (take_secret(suite, in, &r->in) && take_secret(suite, out, &r->out))
		return r;
	tls_records_free(r);
	return NULL;
}

void tls_records_free(struct tls_records *r)
{
	if (r == NULL)
		return;
	give_back(r->suite, &r->in);
	give_back(r->suite, &r->out);
	mem_wipe(r, sizeof *r);
	mem_free(r);
}

/* ---- taking over ---- */

/*
 * What is noted of a handshake. OpenSSL tells the secrets as lines for a file that other programs read them
 * from (SSLKEYLOGFILE's form); nothing is written anywhere. A direction's records are counted from the moment
 * that its keys are used.
 */
struct noted {
	unsigned char in[SECRET_MAX], out[SECRET_MAX];
	size_t in_len, out_len;
	uint64_t read, written;
};

static void free_noted(void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long number, void *arg)
{
	(void)parent, (void)data, (void)index, (void)number, (void)arg;
	if (ptr)
		mem_wipe(ptr, sizeof(struct noted));
	mem_free(ptr);
}

static int noted_index(void)
{
	static int index = -1;
	if (index < 0)
		index = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_noted);
	return index;
}

static struct noted *noted_of(const SSL *ssl)
{
	struct noted *n = SSL_get_ex_data(ssl, noted_index());
	if (n)
		return n;
	n = mem_alloc(sizeof *n);
	if (SSL_set_ex_data((SSL *)(uintptr_t)ssl, noted_index(), n) == 1)
		return n;
	mem_free(n);
	return NULL;
}

static int digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The octets that the digits say; 0: they are none, or too many. */
static size_t read_secret(struct view digits, unsigned char out[SECRET_MAX])
{
	size_t len = digits.len / 2;
	for (size_t i = 0; i < len && len <= SECRET_MAX; i++) {
		int high = digit(digits.data[2 * i]), low = digit(digits.data[2 * i + 1]);
		if (high < 0 || low < 0)
			return 0;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return len <= SECRET_MAX && digits.len % 2 == 0 ? len : 0;
}

/* "LABEL client-random secret", in lower-case hexadecimal digits. */
static void on_secret(const SSL *ssl, const char *line)
{
	struct view rest = view_from_string(line), label, random, secret;
	if (!view_next(&rest, ' ', &label) || !view_next(&rest, ' ', &random) ||
	    !view_next(&rest, ' ', &secret))
		return;
	bool in = view_equal(label, VIEW("CLIENT_TRAFFIC_SECRET_0"));
	bool out = view_equal(label, VIEW("SERVER_TRAFFIC_SECRET_0"));
	struct noted *n = in || out ? noted_of(ssl) : NULL;
	if (n == NULL)
		return;
	*(in ? &n->in_len : &n->out_len) = read_secret(secret, in ? n->in : n->out);
	*(in ? &n->read : &n->written) = 0;
}

static void on_message(int write, int version, int type, const void *bytes, size_t len, SSL *ssl, void *arg)
{
	(void)version, (void)bytes, (void)len, (void)arg;
	struct noted *n = type == SSL3_RT_HEADER ? SSL_get_ex_data(ssl, noted_index()) : NULL;
	if (n)
		(*(write ? &n->written : &n->read))++;
}

void tls_records_prepare(SSL_CTX *ctx)
{
	SSL_CTX_set_keylog_callback(ctx, on_secret);
	SSL_CTX_set_msg_callback(ctx, on_message);
}

struct tls_records *tls_records_take(SSL *ssl)
{
	struct noted *n = SSL_get_ex_data(ssl, noted_index());
	const SSL_CIPHER *cipher = SSL_get_current_cipher(ssl);
	if (n == NULL || cipher == NULL || SSL_version(ssl) != TLS1_3_VERSION || !SSL_is_server(ssl) ||
	    !SSL_is_init_finished(ssl) || SSL_has_pending(ssl) || SSL_get_max_early_data(ssl) != 0)
		return NULL;
	return tls_records_new(SSL_CIPHER_get_protocol_id(cipher),
	    &(struct tls_secret){view_of((const char *)n->in, n->in_len), n->read},
	    &(struct tls_secret){view_of((const char *)n->out, n->out_len), n->written});
}

/* ---- one record (section 5.2) ---- */

static bool begin(struct lent *lent, struct way *way, const char *header)
{
	unsigned char nonce[IV_SIZE];
	int len;
	memcpy(nonce, way->iv, sizeof nonce);
	for (int i = 0; i < 8; i++)
		nonce[IV_SIZE - 1 - i] ^= (unsigned char)(way->sequence >> 8 * i);
	way->sequence++;
	bool same = lent->owner == way;
	lent->owner = NULL;
	if (EVP_CipherInit_ex2(lent->ctx, NULL, same ? NULL : way->key, nonce, -1, NULL) != 1 ||
	    EVP_CipherUpdate(lent->ctx, NULL, &len, (const unsigned char *)header, TLS_RECORD_HEADER) != 1)
		return false;
	lent->owner = way;
	return true;
}

/* Inner content and its type, sealed. */
static size_t seal(struct tls_records *r, enum tls_content is, struct view plain, char *out)
{
	const unsigned char type = (unsigned char)is;
	struct lent *lent = &suites[r->suite - suites].seal;
	unsigned char *at = (unsigned char *)out + TLS_RECORD_HEADER;
	size_t sealed = plain.len + 1 + TAG_SIZE;
	int len, more = 0;
	out[0] = TLS_DATA;
	out[1] = out[2] = 3;
	out[3] = (char)(sealed >> 8);
	out[4] = (char)sealed;
	if (!begin(lent, &r->out, out) ||
	    EVP_CipherUpdate(lent->ctx, at, &len, (const unsigned char *)plain.data, (int)plain.len) != 1 ||
	    EVP_CipherUpdate(lent->ctx, at + len, &more, &type, 1) != 1 ||
	    EVP_CipherFinal_ex(lent->ctx, at + len + more, &more) != 1 ||
	    EVP_CIPHER_CTX_ctrl(lent->ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, at + plain.len + 1) != 1)
		return 0;
	return TLS_RECORD_HEADER + sealed;
}

static void say(struct tls_records *r, enum tls_content type, struct view plain, struct buf *out)
{
	char record[TLS_RECORD_HEADER + 8 + 1 + TAG_SIZE];
	size_t len = seal(r, type, plain, record);
	(void)buf_append(out, view_of(record, len));
}

/* KeyUpdate, sealed with the keys that it ends. 0: it failed. */
static size_t seal_update(struct tls_records *r, char *out)
{
	size_t len = seal(r, TLS_HANDSHAKE, VIEW("\x18\0\0\1\0"), out);
	return len && renew(r->suite, &r->out) ? len : 0;
}

size_t tls_records_seal(
    struct tls_records *r, enum tls_content is, struct view plain, char out[TLS_RECORD_SEALED_MAX])
{
	size_t before = 0;
	if (r->out.sequence >= UNDER_ONE_KEY && (before = seal_update(r, out)) == 0)
		return 0;
	size_t len = plain.len > TLS_RECORD_PLAIN_MAX ? 0 : seal(r, is, plain, out + before);
	return len ? before + len : 0;
}

void tls_records_end(struct tls_records *r, struct buf *out)
{
	say(r, TLS_ALERT, view_of((const char[]){ALERT_WARNING, ALERT_CLOSE}, 2), out);
}

/* ---- opening ---- */

size_t tls_records_length(struct view bytes)
{
	if (bytes.len < TLS_RECORD_HEADER)
		return 0;
	return TLS_RECORD_HEADER + ((size_t)(unsigned char)bytes.data[3] << 8 | (unsigned char)bytes.data[4]);
}

static enum tls_record refuse(struct tls_records *r, char alert, struct buf *out)
{
	say(r, TLS_ALERT, view_of((const char[]){ALERT_FATAL, alert}, 2), out);
	return TLS_RECORD_FAILED;
}

/* What was sealed, without its padding; *type: of what. False: it was changed, or isn't the peer's. */
static bool open_sealed(struct tls_records *r, char *record, size_t len, struct view *inner)
{
	struct lent *lent = &suites[r->suite - suites].open;
	unsigned char *at = (unsigned char *)record + TLS_RECORD_HEADER;
	size_t sealed = len - TLS_RECORD_HEADER - TAG_SIZE;
	int some = 0, more = 0;
	if (!begin(lent, &r->in, record) ||
	    EVP_CIPHER_CTX_ctrl(lent->ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, at + sealed) != 1 ||
	    EVP_CipherUpdate(lent->ctx, at, &some, at, (int)sealed) != 1 ||
	    EVP_CipherFinal_ex(lent->ctx, at + some, &more) != 1)
		return false;
	*inner = view_of((const char *)at, sealed);
	return true;
}

/* Section 6; of an empty one section 5.1 says what is answered. */
static enum tls_record take_alert(struct tls_records *r, struct view alert, struct buf *out)
{
	if (alert.len != 2)
		return refuse(r, alert.len == 0 ? ALERT_UNEXPECTED : ALERT_DECODE, out);
	/* Section 6.1: "user_canceled" is followed by the goodbye. */
	return alert.data[1] == ALERT_CLOSE       ? TLS_RECORD_ENDED
	       : alert.data[1] == ALERT_CANCELLED ? TLS_RECORD_NOTHING
	                                          : TLS_RECORD_FAILED;
}

/* Section 4.6.3: KeyUpdate, alone in its record since the keys change behind it. */
static enum tls_record take_handshake(struct tls_records *r, struct view message, struct buf *out)
{
	static const char begin[] = {24, 0, 0, 1};
	if (message.len != 5 || !view_starts(message, view_of(begin, sizeof begin)))
		return refuse(r, ALERT_UNEXPECTED, out);
	if (message.data[4] != 0 && message.data[4] != 1)
		return refuse(r, ALERT_ILLEGAL, out);
	if (!renew(r->suite, &r->in))
		return TLS_RECORD_FAILED;
	if (message.data[4] == 0)
		return TLS_RECORD_NOTHING;
	char update[TLS_RECORD_HEADER + 5 + 1 + TAG_SIZE];
	size_t len = seal_update(r, update);
	(void)buf_append(out, view_of(update, len));
	return len ? TLS_RECORD_NOTHING : TLS_RECORD_FAILED;
}

static enum tls_record take(struct tls_records *r, struct view inner, struct view *plain, struct buf *out)
{
	while (inner.len > 0 && inner.data[inner.len - 1] == 0)
		inner.len--;
	if (inner.len == 0)
		return refuse(r, ALERT_UNEXPECTED, out);
	char type = inner.data[--inner.len];
	if (type == TLS_DATA) {
		*plain = inner;
		return TLS_RECORD_DATA;
	}
	if (type == TLS_ALERT)
		return take_alert(r, inner, out);
	return type == TLS_HANDSHAKE ? take_handshake(r, inner, out) : refuse(r, ALERT_UNEXPECTED, out);
}

enum tls_record tls_records_open(
    struct tls_records *r, char *record, size_t len, struct view *plain, struct buf *out)
{
	struct view inner;
	*plain = (struct view){0};
	if (len < TLS_RECORD_HEADER + 1 + TAG_SIZE || record[0] != TLS_DATA)
		return refuse(r, ALERT_UNEXPECTED, out);
	if (len > TLS_RECORD_MAX)
		return refuse(r, ALERT_OVERFLOW, out);
	if (!open_sealed(r, record, len, &inner))
		return refuse(r, ALERT_BAD_RECORD, out);
	if (inner.len > TLS_RECORD_PLAIN_MAX + 1)
		return refuse(r, ALERT_OVERFLOW, out);
	enum tls_record is = take(r, inner, plain, out);
	r->empty = is == TLS_RECORD_DATA && plain->len > 0 ? 0 : r->empty + 1;
	return r->empty > EMPTY_MAX ? refuse(r, ALERT_UNEXPECTED, out) : is;
}
