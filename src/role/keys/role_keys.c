/*
 * Signs: for TLS handshakes, the senders of forwarded mail (SRS), mail (signing_answer.h), and profiles of
 * mail accounts (profile_sign.h). Of a handshake and of mail it sees the whole block that is to be signed and
 * signs nothing that is not one of a server's handshake (tls_block.h), or of a signature of mail
 * (mail_block.h); a profile it makes itself. Whoever breaks into another role can serve TLS and sign mail
 * while they are there, and no more.
 */
#include "role/keys/role_keys.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "process/peers.h"
#include "io/tls.h"
#include "trust/route/srs.h"
#include "role/keys/profile_sign.h"
#include "role/keys/signing_answer.h"
#include "role/keys/signing_make.h"
#include "role/keys/signing_work.h"
#include "role/keys/tls_block.h"
#include "role/keys/vapid.h"

enum {
	KEY_FILE_MAX = 65536,
	TICKET_DAY = 86400, /* after so many seconds there is a new ticket key */
	SECRET_MAX = 64,
	ADDRESS_MAX = 1024,                      /* more than an address may have */
	KEYS_MAX = 4 * CERTIFICATES_MAX_SETTING, /* those in force, and those of some reloads before */
	/* So long a key is kept that a reload has replaced. An edge may still be in a handshake that began
	 * with it: longer than any client may take to begin one. */
	RETIRE_MS = 600000
};

struct held_key {
	uint64_t number;
	EVP_PKEY *key;
	bool replaced;
};

static struct {
	struct held_key keys[KEYS_MAX]; /* the oldest first */
	size_t count;
	struct loop_timer retire;
	struct {
		char key[TLS_TICKET_KEY_SIZE], previous[TLS_TICKET_KEY_SIZE];
		bool has_previous;
		int64_t made; /* clock_wall */
	} ticket;
	unsigned char secret[SECRET_MAX]; /* of rewritten senders */
	size_t secret_len;
	struct peers clients;
} keys_state;

/* ---- what may be signed ---- */

static EVP_PKEY *find_key(uint64_t number)
{
	for (size_t i = 0; i < keys_state.count; i++)
		if (keys_state.keys[i].number == number)
			return keys_state.keys[i].key;
	return NULL;
}

/*
 * Ed25519 has its digest inside and is asked with none; the others are asked with one of SHA-2. RSA in TLS
 * 1.3 is always PSS (RFC 8446 section 4.2.3). A request on other terms is no handshake of ours.
 */
static bool terms_fit(const struct message_sign *m, enum tls_block kind, EVP_PKEY *key)
{
	if (EVP_PKEY_is_a(key, "ED25519"))
		return m->algorithm.len == 0 && !m->pss;
	if (!tls_block_digest_allowed(m->algorithm))
		return false;
	return EVP_PKEY_is_a(key, "RSA") ? m->pss || kind == TLS_BLOCK_12 : !m->pss;
}

static int sign(const struct message_sign *m, unsigned char *out, size_t *len)
{
	char digest[33];
	EVP_PKEY *key = find_key(m->key);
	if (key == NULL)
		return -ENOENT;
	enum tls_block kind = tls_block_kind(m->tbs);
	if (kind == TLS_BLOCK_NONE || m->algorithm.len >= sizeof digest || !terms_fit(m, kind, key))
		return -EACCES;
	for (size_t i = 0; i < m->algorithm.len; i++)
		digest[i] = m->algorithm.data[i];
	digest[m->algorithm.len] = '\0';
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	int good = ctx && EVP_DigestSignInit_ex(
	                      ctx, &pctx, m->algorithm.len ? digest : NULL, NULL, NULL, key, NULL) == 1;
	if (good && m->pss)
		good = EVP_PKEY_CTX_set_rsa_padding(pctx, RSA_PKCS1_PSS_PADDING) == 1 &&
		       EVP_PKEY_CTX_set_rsa_pss_saltlen(pctx, RSA_PSS_SALTLEN_DIGEST) == 1;
	if (good)
		good = EVP_DigestSign(ctx, out, len, (const unsigned char *)m->tbs.data, m->tbs.len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good ? 0 : -EIO;
}

/* ---- the ticket key ---- */

/* Daily, so that who steals one from an edge's memory can read old sessions of two days at the most: the one
 * before still opens tickets for another day. The edges ask by the hour. */
static void renew_ticket_key(void)
{
	int64_t now = clock_wall(), age = now - keys_state.ticket.made;
	if (age < 0)
		keys_state.ticket.made = now; /* the clock was set back */
	if (age < TICKET_DAY)
		return;
	keys_state.ticket.has_previous = age < 2 * TICKET_DAY;
	if (keys_state.ticket.has_previous)
		memcpy(keys_state.ticket.previous, keys_state.ticket.key, sizeof keys_state.ticket.previous);
	else
		mem_wipe(keys_state.ticket.previous, sizeof keys_state.ticket.previous);
	random_bytes(keys_state.ticket.key, sizeof keys_state.ticket.key);
	keys_state.ticket.made = now;
}

static void answer_ticket_key(struct link *link, struct channel_frame *frame, const void *message)
{
	(void)message;
	renew_ticket_key();
	struct message_ticket_key answer = {
	    .key = view_of(keys_state.ticket.key, sizeof keys_state.ticket.key),
	    .previous = view_of(keys_state.ticket.previous,
	        keys_state.ticket.has_previous ? sizeof keys_state.ticket.previous : 0)};
	ipc_send(&link->channel, MESSAGE_TICKET_KEY_ANSWER, frame->request, &answer, -1);
}

/* ---- rewritten senders ---- */

static int rewrite(const struct message_srs *m, int64_t today, struct buf *out)
{
	ptrdiff_t at = view_find_last(m->address, '@');
	if (at < 1)
		return -EINVAL;
	struct view secret = view_of(keys_state.secret, keys_state.secret_len);
	return srs_forward(view_take(m->address, (size_t)at), view_skip(m->address, (size_t)at + 1),
	    m->domain, today, secret, out);
}

/*
 * Mail that came through here twice has our SRS0 behind our SRS1. This host would send the bounce to itself,
 * so both are undone; the hash tells that the second is ours as well.
 */
static int reverse(struct view local, int64_t today, struct buf *out)
{
	struct view secret = view_of(keys_state.secret, keys_state.secret_len);
	struct buf behind;
	int error = srs_reverse(local, today, secret, out);
	ptrdiff_t at = error ? -1 : view_find_last(buf_view(out), '@');
	if (at < 1 || !srs_is(view_take(buf_view(out), (size_t)at)))
		return error;
	buf_init(&behind, ADDRESS_MAX);
	if (srs_reverse(view_take(buf_view(out), (size_t)at), today, secret, &behind) == 0) {
		buf_clear(out);
		error = buf_append(out, buf_view(&behind));
	}
	buf_done(&behind);
	return error;
}

static void answer_srs(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_srs *m = message;
	int64_t today = clock_wall() / 86400;
	struct buf address;
	buf_init(&address, ADDRESS_MAX);
	int error = m->operation == SRS_REWRITE   ? rewrite(m, today, &address)
	            : m->operation == SRS_REVERSE ? reverse(m->address, today, &address)
	                                          : -EINVAL;
	struct message_srs_answer answer = {
	    .error = error, .address = error ? (struct view){0} : buf_view(&address)};
	ipc_send(&link->channel, MESSAGE_SRS_ANSWER, frame->request, &answer, -1);
	buf_done(&address);
}

/* ---- requests ---- */

static void answer_sign(struct link *link, struct channel_frame *frame, const void *message)
{
	unsigned char signature[1024];
	size_t len = sizeof signature;
	const struct message_sign *m = message;
	int error = sign(m, signature, &len);
	if (error)
		log_event(LOG_ERROR, "-", "signature-refused", log_u64("key", m->key), log_errno(error));
	struct message_signed answer = {.error = error, .signature = view_of(signature, error ? 0 : len)};
	ipc_send(&link->channel, MESSAGE_SIGNED, frame->request, &answer, -1);
}

static const struct link_verb client_verbs[] = {
    {MESSAGE_SIGN, answer_sign},
    {MESSAGE_TICKET_KEY, answer_ticket_key},
    {MESSAGE_SRS, answer_srs},
    {MESSAGE_SIGNERS, signing_answer_signers},
    {MESSAGE_SIGN_MAIL, signing_answer_sign},
    {MESSAGE_VAPID, vapid_answer_token},
    {MESSAGE_VAPID_KEY, vapid_answer_key},
    {MESSAGE_SIGN_PROFILE, profile_sign_answer},
    {0},
};

static const struct role_hears hears[] = {
    {EDGES | ROLE_RELAY, client_verbs},
    {ROLE_STORE, signing_store_verbs},
    {0},
};

static void keys_role_peer(struct role_process *p, enum role_bit peer, int fd)
{
	if (peer == ROLE_STORE)
		signing_work_store(fd);
	else if (peer == ROLE_DNS)
		signing_work_dns(fd);
	else
		peers_open(&keys_state.clients, p, fd, peer, NULL);
}

/* ---- the keys ---- */

static EVP_PKEY *read_key(int fd)
{
	static char text[KEY_FILE_MAX];
	/* Two keys roles may read it at a time, in an upgrade, and its position is one for all. */
	ssize_t n = fd >= 0 ? pread(fd, text, sizeof text, 0) : -1;
	BIO *bio = n > 0 ? BIO_new_mem_buf(text, (int)n) : NULL;
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	mem_wipe(text, sizeof text);
	ERR_clear_error();
	return key;
}

/* Drops the oldest keys that were replaced, up to `most` of them. */
static void drop_replaced(size_t most)
{
	size_t count = 0;
	while (count < most && count < keys_state.count && keys_state.keys[count].replaced)
		EVP_PKEY_free(keys_state.keys[count++].key);
	keys_state.count -= count;
	memmove(keys_state.keys, keys_state.keys + count, keys_state.count * sizeof keys_state.keys[0]);
}

static void retire(void *arg)
{
	(void)arg;
	drop_replaced(SIZE_MAX);
}

static void add_key(uint64_t number, EVP_PKEY *key)
{
	if (keys_state.count == KEYS_MAX)
		drop_replaced(1);
	if (keys_state.count < KEYS_MAX)
		keys_state.keys[keys_state.count++] = (struct held_key){.number = number, .key = key};
	else
		EVP_PKEY_free(key);
}

static int keys_role_start(struct role_process *p)
{
	random_bytes(keys_state.ticket.key, sizeof keys_state.ticket.key);
	keys_state.ticket.made = clock_wall();
	loop_timer_init(&keys_state.retire, &p->loop, retire, NULL);
	/* Everything that OpenSSL loads lazily is loaded now, before confinement. */
	EVP_PKEY *warm = EVP_EC_gen("P-256");
	EVP_PKEY_free(warm);
	signing_answer_start(&p->loop, &p->settings);
	return signing_work_start(p, signing_answer_again);
}

/* Numbers are never given twice: a reload brings new ones, and the old ones serve on until nobody can ask for
 * them. */
static int keys_role_serve(struct role_process *p)
{
	bool good = true;
	for (size_t i = 0; i < keys_state.count; i++)
		keys_state.keys[i].replaced = true;
	if (keys_state.count > 0)
		loop_timer_set(&keys_state.retire, RETIRE_MS);
	for (struct role_file *file = p->files; file; file = file->next) {
		struct view secret = buf_view(&file->content);
		if (file->kind == FILE_SECRET && file->number == SECRET_SIGNING) {
			signing_work_secret(secret);
			vapid_configure(secret, &p->settings);
		} else if (file->kind == FILE_SECRET && secret.len <= SECRET_MAX) {
			memcpy(keys_state.secret, secret.data, secret.len);
			keys_state.secret_len = secret.len;
		}
		if (file->kind != FILE_KEY)
			continue;
		EVP_PKEY *key = read_key(file->fd);
		if (key) {
			add_key(file->number, key);
			continue;
		}
		/* The master has read it a moment ago. */
		good = false;
		log_event(LOG_ERROR, "-", "key-unusable", log_string("file", file->name),
		    log_string(
		        "do", "it must be an unencrypted PEM private key; check tls_keys, and reload"));
	}
	profile_sign_begin(&p->settings);
	for (struct role_file *file = p->files; file; file = file->next)
		if (file->kind == FILE_CHAIN)
			profile_sign_chain(buf_view(&file->content), find_key(file->number));
	signing_work_serve();
	return good || p->serving ? 0 : -EINVAL;
}

static void keys_role_drain(struct role_process *p)
{
	signing_make_stop();
	role_exit(p);
}

const struct role_functions keys_functions = {
    .start = keys_role_start,
    .serve = keys_role_serve,
    .peer = keys_role_peer,
    .drain = keys_role_drain,
    .hears = hears,
};
