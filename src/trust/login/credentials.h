/*
 * What an account can prove itself with: the main password (Argon2id; SCRAM verifiers only where the owner
 * opted in, since they are easier to attack when stolen) and app passwords, which we make ourselves, one for
 * each program: random, so that fast hashes and verifiers are safe; limited to protocols; revocable one by
 * one.
 */
#ifndef TRUST_LOGIN_CREDENTIALS_H
#define TRUST_LOGIN_CREDENTIALS_H

#include "base/arena.h"
#include "base/buf.h"
#include "trust/login/limits.h"
#include "trust/login/sasl.h"
#include "trust/login/second_factor.h"
#include "trust/login/web_session.h"

/* Protocols that an app password opens: bits. */
enum {
	CREDENTIAL_SMTP = 1,
	CREDENTIAL_POP3 = 2,
	CREDENTIAL_IMAP = 4,
	CREDENTIAL_WEB = 8,    /* JMAP, CalDAV, CardDAV */
	CREDENTIAL_SIEVE = 16, /* ManageSieve: who edits scripts may send all mail elsewhere */
	CREDENTIAL_ALL = 31,
	/* With one of these, where an account is asked what it can prove itself with: its app passwords
	   alone. */
	CREDENTIAL_APPS_ONLY = 256,
};

enum app_password_kind {
	APP_PASSWORD_HASHED,   /* PLAIN and LOGIN */
	APP_PASSWORD_SCRAM,    /* these and SCRAM */
	APP_PASSWORD_READABLE, /* APOP and CRAM-MD5, and nothing else: the server must keep it readable */
};

enum { APP_PASSWORD_HASH_SIZE = 32, APP_PASSWORD_RANDOM = 10, APP_PASSWORD_LENGTH = 16 };

struct app_password {
	uint64_t id;      /* from 1; 0 is the main password */
	struct view name; /* the owner's, for people */
	unsigned protocols;
	enum app_password_kind kind;
	int64_t created, last_used; /* seconds since 1970; 0: never used */
	unsigned char hash[APP_PASSWORD_HASH_SIZE];
	struct scram_verifier sha1, sha256; /* kind SCRAM */
	struct view secret;                 /* kind READABLE */
};

/*
 * Places from which the owner has logged in: 16 are a person's homes, offices, phones and trains of a
 * quarter of a year. A place that was not used for 90 days is forgotten. Only a keyed hash is kept.
 */
enum { PLACES_MAX = 16, PLACE_HASH_SIZE = 8, PLACE_SECONDS = 90 * 86400, PLACE_TOUCH_SECONDS = 86400 };

struct known_place {
	unsigned char hash[PLACE_HASH_SIZE];
	int64_t last; /* seconds since 1970 */
};

struct credentials {
	struct view password_hash;           /* encoded; empty: app passwords only */
	unsigned char salt[SCRAM_SALT_SIZE]; /* of all verifiers and app passwords of the account */
	bool scram;                          /* the owner opted in for the main password */
	struct scram_verifier sha1, sha256;
	uint64_t last_id;
	struct app_password apps[APP_PASSWORDS_MAX];
	size_t app_count;
	struct known_place places[PLACES_MAX];
	size_t place_count;
	struct second_factor second;
	struct web_sessions sessions;
};

/* A new account's, without any password. The salt is random. */
void credentials_init(struct credentials *c, const unsigned char salt[SCRAM_SALT_SIZE]);

/*
 * Sets the main password, forgets all known places and ends all sessions: whoever knew the old one may have
 * been there. Checks of strength are the caller's. Slow, as password_hash is; with `scram` some 20 ms more.
 * 0; -EINVAL for a password that can't be prepared; -ENOMEM; -ENOBUFS when the arena is full.
 */
int credentials_set_password(struct credentials *c, struct view password, bool scram, struct arena *arena);

/* The same with a hash that password_hash has made, without verifiers; it must live as long as the record. */
void credentials_put_hash(struct credentials *c, struct view hash);

/*
 * Makes an app password from random octets; `text` is what its owner is shown, once, with a NUL. *id names
 * it. 0; -ENOSPC past APP_PASSWORDS_MAX; -EINVAL for a name that is empty or too long; -EEXIST for one that
 * another of them has; -ENOMEM; -ENOBUFS.
 */
int credentials_add_app(struct credentials *c, struct view name, unsigned protocols,
    enum app_password_kind kind, const unsigned char random[APP_PASSWORD_RANDOM], int64_t now,
    struct arena *arena, char text[APP_PASSWORD_LENGTH + 1], uint64_t *id);

/* Adds one that credentials_add_app has made for a record with the same salt, under an id of this one. The
 * name must live as long as the record. 0, -ENOSPC or -EEXIST. */
int credentials_put_app(struct credentials *c, const struct app_password *made);

/* False if there is none of that id. */
bool credentials_remove_app(struct credentials *c, uint64_t id);

/* Notes a use. True when the record is worth writing: an hour has passed since the last time. */
bool credentials_touch_app(struct credentials *c, uint64_t id, int64_t now);

/* Whether the account was logged in to from this place within PLACE_SECONDS. */
bool credentials_know_place(
    const struct credentials *c, const unsigned char hash[PLACE_HASH_SIZE], int64_t now);

/* Notes a login from a place; the one that was not used for longest makes room. True when the record is worth
 * writing: the place is new, or a day has passed since the last time. */
bool credentials_touch_place(struct credentials *c, const unsigned char hash[PLACE_HASH_SIZE], int64_t now);

/*
 * Whether the password opens the account for that protocol: 0 and *credential (0 the main password, else an
 * app password's id), or -EACCES; -ENOMEM. NULL for an account that doesn't exist, which takes as long. Slow,
 * but with CREDENTIAL_APPS_ONLY.
 */
int credentials_check(
    const struct credentials *c, struct view password, unsigned protocol, uint64_t *credential);

/*
 * The answers to a SASL machine's wants, for one protocol; NULL credentials give those of an unknown account.
 * The lists live in the arena. 0, or -ENOBUFS when it is full.
 */
int credentials_scram_record(const struct credentials *c, enum scram_hash hash, unsigned protocol,
    struct arena *arena, struct sasl_scram_record *record);
int credentials_secrets(const struct credentials *c, unsigned protocol, struct arena *arena,
    const struct sasl_secret **secrets, size_t *count);

/* The stored record, with a version. The result of buf_append. */
int credentials_encode(const struct credentials *c, struct buf *out);

/* Reads a record; texts point into it. 0, or -EINVAL for what is none, or of a newer version. */
int credentials_decode(struct view encoded, struct credentials *c);

#endif
