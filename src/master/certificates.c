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
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "config/settings_check.h"
#include "master/certificate_look.h"

enum {
	CHAIN_MAX = 256 * 1024, /* MESSAGE_FILE takes 480 KB */
	KEY_MAX = 64 * 1024
};

/* ---- files ---- */

/* What all checks of one pair need. */
struct checking {
	const struct conf *conf;
	struct findings *found;
	size_t element; /* of both lists */
	enum certificates_user user;
};

static void complain(struct checking *at, enum finding_level level, const char *setting, const char *problem,
    const char *expected)
{
	settings_complain(at->conf, setting, at->element,
	    (struct finding){.level = level, .problem = problem, .expected = expected}, at->found);
}

static int open_file(struct checking *at, const char *setting, const char *name)
{
	char problem[1200];
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	int error = -errno;
	bool hidden = error == -EACCES && at->user == CERTIFICATES_LOOKS;
	snprintf(problem, sizeof problem, "cannot read %s: %s%s", name, strerror(-error),
	    hidden ? " (the server may be allowed to: run this check as root)" : "");
	complain(at, hidden ? FINDING_WARNING : FINDING_ERROR, setting, problem,
	    hidden ? "" : "a file that this user may read");
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

static int check_pair(const struct certificate *c, struct checking *at)
{
	X509 *leaf = parse_leaf(&c->chain);
	EVP_PKEY *key = parse_key(c->key), *public_key = leaf ? X509_get0_pubkey(leaf) : NULL;
	const char *setting = "tls_certificates", *why = NULL, *expected = NULL;
	char problem[2400];
	if (public_key == NULL) {
		why = "does not begin with a certificate in PEM form";
		expected = "the chain, the server's own certificate first";
	} else if (!is_served(public_key)) {
		why = "has a certificate whose key is neither ECDSA, RSA nor Ed25519";
		expected = "a certificate with such a key";
	} else if (key == NULL) {
		setting = "tls_keys";
		why = "holds no private key in PEM form, or an encrypted one; it belongs to";
		expected = "the key without a pass phrase";
	} else if (EVP_PKEY_eq(public_key, key) != 1) {
		setting = "tls_keys";
		why = "is not the key of the first certificate in";
		expected = "files in the same order in tls_certificates and tls_keys, renewed together";
	}
	bool of_key = why && strcmp(setting, "tls_keys") == 0;
	if (why) {
		snprintf(problem, sizeof problem, "%s %s%s%s", of_key ? c->key_name : c->chain_name, why,
		    of_key ? " " : "", of_key ? c->chain_name : "");
		complain(at, FINDING_ERROR, setting, problem, expected);
	}
	X509_free(leaf);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return why ? -EINVAL : 0;
}

static void warn_of_readers(const struct certificate *c, struct checking *at)
{
	char problem[1200];
	struct stat st;
	if (fstat(c->key, &st) != 0 || (st.st_mode & 077) == 0)
		return;
	snprintf(problem, sizeof problem, "others than its owner may read %s", c->key_name);
	complain(at, FINDING_WARNING, "tls_keys", problem, "mode 600: chmod 600");
}

static void warn_of_times(const struct certificate *c, struct checking *at)
{
	struct certificate_look look;
	char problem[1200], day[CERTIFICATE_DAY_SIZE];
	int64_t now = clock_wall();
	if (!certificate_look(buf_view(&c->chain), VIEW(""), &look))
		return;
	problem[0] = '\0';
	if (look.begins > now) {
		certificate_day(look.begins, day);
		snprintf(problem, sizeof problem, "the certificate in %s is valid only from %s on",
		    c->chain_name, day);
	} else if (look.ends <= now) {
		certificate_day(look.ends, day);
		snprintf(problem, sizeof problem,
		    "the certificate in %s expired on %s: mail programs and browsers refuse it",
		    c->chain_name, day);
	} else if (look.ends - now < CERTIFICATE_SOON_DAYS * INT64_C(86400)) {
		certificate_day(look.ends, day);
		snprintf(problem, sizeof problem, "the certificate in %s expires on %s", c->chain_name, day);
	}
	if (problem[0])
		complain(at, FINDING_WARNING, "tls_certificates", problem, "a renewed certificate");
	certificate_look_done(&look);
}

static int read_pair(struct certificate *c, struct checking *at)
{
	char problem[1200];
	int fd = open_file(at, "tls_certificates", c->chain_name), error = fd < 0 ? fd : 0;
	if (error == 0) {
		error = read_whole(fd, &c->chain);
		close(fd);
		snprintf(problem, sizeof problem, "cannot read %s: %s", c->chain_name, strerror(-error));
		if (error)
			complain(at, FINDING_ERROR, "tls_certificates", problem, "a file of at most 256 KB");
	}
	c->key = open_file(at, "tls_keys", c->key_name);
	if (c->key < 0)
		return c->key;
	warn_of_readers(c, at);
	if (error == 0)
		error = check_pair(c, at);
	if (error == 0)
		warn_of_times(c, at);
	return error;
}

/* A client that asks for the server by its own name must get a certificate with it. */
static void warn_of_names(
    const struct certificates *all, const struct settings *settings, struct checking *at)
{
	bool named = false;
	char problem[600], list[300] = "";
	for (size_t i = 0; i < all->count && !named; i++) {
		struct certificate_look look;
		if (!certificate_look(buf_view(&all->rows[i].chain), settings->hostname, &look))
			continue;
		named = look.named;
		struct view name = buf_view(&look.names);
		if (i == 0)
			snprintf(list, sizeof list, "%.*s", (int)(name.len < 200 ? name.len : 200),
			    name.data ? name.data : "");
		certificate_look_done(&look);
	}
	at->element = 0;
	for (char *c = list; *c; c++)
		if (*c == '\n')
			*c = ' ';
	snprintf(problem, sizeof problem, "no certificate is for the hostname %.*s; the first is for %s",
	    VIEW_FMT(view_take(settings->hostname, 255)), list[0] ? list : "no name at all");
	if (!named)
		complain(at, FINDING_WARNING, "tls_certificates", problem,
		    "a certificate with the name that is in hostname");
}

/* ---- all ---- */

int certificates_read(struct certificates *out, const struct settings *settings, const struct conf *conf,
    enum certificates_user user, uint64_t first, struct findings *found)
{
	struct view chains = settings->tls_certificates, keys = settings->tls_keys, chain, key;
	struct certificates all = {.rows = mem_array(CERTIFICATES_MAX_SETTING, sizeof *all.rows)};
	struct checking at = {.conf = conf, .found = found, .user = user};
	int error = 0;
	/* The settings have as many of one as of the other, and no more than that. */
	while (all.count < CERTIFICATES_MAX_SETTING && chains.len && keys.len &&
	       view_next(&chains, '\n', &chain) && view_next(&keys, '\n', &key)) {
		struct certificate *c = &all.rows[all.count];
		*c = (struct certificate){.chain_name = mem_string(chain),
		    .key_name = mem_string(key),
		    .key = -1,
		    .number = first + all.count};
		buf_init(&c->chain, CHAIN_MAX);
		at.element = all.count++;
		int wrong = read_pair(c, &at);
		if (wrong == -EACCES && user == CERTIFICATES_LOOKS)
			continue;
		error = error ? error : wrong;
	}
	if (error == 0 && all.count > 0)
		warn_of_names(&all, settings, &at);
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
