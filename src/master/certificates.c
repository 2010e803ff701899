/*
 * Pairs of certificate and key. A pair that does not match would be found by the first client otherwise, and
 * a reload would have taken the good one away; so all are looked at before any is used.
 */
#include "master/certificates.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

enum {
	CHAIN_MAX = 256 * 1024, /* MESSAGE_FILE takes 480 KB */
	KEY_MAX = 64 * 1024
};

/* ---- files ---- */

static int open_file(const char *setting, const char *name, struct buf *problem)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	int error = -errno;
	buf_printf(problem, "%s: cannot read %s: %s; check the name, and who may read it", setting, name,
	    strerror(-error));
	return error;
}

/* From the beginning, wherever the descriptor stands. */
static int read_whole(int fd, struct buf *out)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return -errno;
	if (st.st_size < 0 || (size_t)st.st_size > out->max)
		return -EFBIG;
	char *room = buf_reserve(out, (size_t)st.st_size);
	ssize_t n = room ? pread(fd, room, (size_t)st.st_size, 0) : -1;
	if (n < 0)
		return room ? -errno : -ENOMEM;
	buf_commit(out, (size_t)n);
	return 0;
}

/* ---- what is in them ---- */

static BIO *bio_on(const struct buf *text)
{
	struct view v = buf_view(text);
	return BIO_new_mem_buf(v.len ? v.data : "", (int)v.len);
}

static X509 *parse_leaf(const struct buf *text)
{
	BIO *bio = bio_on(text);
	X509 *leaf = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	BIO_free(bio);
	ERR_clear_error();
	return leaf;
}

/* Nobody is there to be asked for a pass phrase. */
static int no_phrase(char *phrase, int size, int writing, void *arg)
{
	(void)phrase;
	(void)size;
	(void)writing;
	(void)arg;
	return -1;
}

static EVP_PKEY *parse_key(int fd)
{
	struct buf text;
	buf_init(&text, KEY_MAX);
	BIO *bio = read_whole(fd, &text) == 0 ? bio_on(&text) : NULL;
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL) : NULL;
	BIO_free(bio);
	if (text.data)
		mem_wipe(text.data, text.cap);
	buf_done(&text);
	ERR_clear_error();
	return key;
}

/* What io/tls_remote.h can sign with. */
static bool is_served(const EVP_PKEY *key)
{
	return EVP_PKEY_is_a(key, "EC") || EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "ED25519");
}

static int check_pair(const struct certificate *c, struct buf *problem)
{
	X509 *leaf = parse_leaf(&c->chain);
	EVP_PKEY *key = parse_key(c->key), *public_key = leaf ? X509_get0_pubkey(leaf) : NULL;
	int error = -EINVAL;
	if (public_key == NULL)
		buf_printf(problem,
		    "tls_certificates: %s does not begin with a certificate in PEM form; put the chain "
		    "there, "
		    "the server's own certificate first",
		    c->chain_name);
	else if (!is_served(public_key))
		buf_printf(problem,
		    "tls_certificates: the certificate in %s has a key that is neither ECDSA, RSA nor "
		    "Ed25519; "
		    "get one with such a key",
		    c->chain_name);
	else if (key == NULL)
		buf_printf(problem,
		    "tls_keys: %s holds no private key in PEM form, or an encrypted one; put the key there "
		    "that "
		    "belongs to %s, without a pass phrase",
		    c->key_name, c->chain_name);
	else if (EVP_PKEY_eq(public_key, key) != 1)
		buf_printf(problem,
		    "tls_keys: %s is not the key of the first certificate in %s; name the files in the same "
		    "order in tls_certificates and tls_keys, and renew certificate and key together",
		    c->key_name, c->chain_name);
	else
		error = 0;
	X509_free(leaf);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return error;
}

static void warn_of_readers(const struct certificate *c)
{
	struct stat st;
	if (fstat(c->key, &st) == 0 && st.st_mode & 077)
		log_event(LOG_WARNING, "-", "key-readable-by-others", log_string("file", c->key_name),
		    log_string("do", "chmod 600"));
}

static int read_pair(struct certificate *c, struct buf *problem)
{
	int fd = open_file("tls_certificates", c->chain_name, problem);
	if (fd < 0)
		return fd;
	int error = read_whole(fd, &c->chain);
	close(fd);
	if (error) {
		buf_printf(problem, "tls_certificates: cannot read %s: %s", c->chain_name, strerror(-error));
		return error;
	}
	c->key = open_file("tls_keys", c->key_name, problem);
	if (c->key < 0)
		return c->key;
	warn_of_readers(c);
	return check_pair(c, problem);
}

/* ---- all ---- */

int certificates_read(
    struct certificates *out, const struct settings *settings, uint64_t first, struct buf *problem)
{
	struct view chains = settings->tls_certificates, keys = settings->tls_keys, chain, key;
	struct certificates all = {.rows = mem_array(CERTIFICATES_MAX_SETTING, sizeof *all.rows)};
	int error = 0;
	/* The settings have as many of one as of the other, and no more than that. */
	while (error == 0 && all.count < CERTIFICATES_MAX_SETTING && chains.len && keys.len &&
	       view_next(&chains, '\n', &chain) && view_next(&keys, '\n', &key)) {
		struct certificate *c = &all.rows[all.count];
		*c = (struct certificate){.chain_name = mem_string(chain),
		    .key_name = mem_string(key),
		    .key = -1,
		    .number = first + all.count};
		buf_init(&c->chain, CHAIN_MAX);
		all.count++;
		error = read_pair(c, problem);
	}
	if (error)
		certificates_done(&all);
	else
		*out = all;
	return error;
}

void certificates_done(struct certificates *c)
{
	for (size_t i = 0; i < c->count; i++) {
		mem_free(c->rows[i].chain_name);
		mem_free(c->rows[i].key_name);
		buf_done(&c->rows[i].chain);
		if (c->rows[i].key >= 0)
			close(c->rows[i].key);
	}
	mem_free(c->rows);
	*c = (struct certificates){0};
}
