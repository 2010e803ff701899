/*
 * IMAP URLs (RFC 5092) that name a message or a part of one, with URLAUTH (RFC 4467): for CATENATE, URLFETCH
 * and GENURLAUTH. Reading is strict: what a URL means decides who sees a message.
 */
#ifndef MAIL_MAIL_URL_H
#define MAIL_MAIL_URL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"

enum {
	/* Octets of a URL: a path of mail.h, each octet percent-encoded, and room for the rest. */
	MAIL_URL_MAX = 16 * 1024,
	/* Octets of the token that GENURLAUTH makes: an algorithm's number, and HMAC-SHA-256. */
	MAIL_URL_TOKEN_SIZE = 1 + 32
};

enum mail_url_access {
	MAIL_URL_NO_ACCESS, /* there is no URLAUTH */
	MAIL_URL_SUBMIT,    /* "submit+": a submission server, for this user */
	MAIL_URL_USER,      /* "user+": this user */
	MAIL_URL_AUTHUSER,  /* everybody who has logged in */
	MAIL_URL_ANONYMOUS  /* everybody */
};

struct mail_url {
	bool absolute;        /* "imap://...": user and host are there; else a path on this server */
	struct view user;     /* decoded; empty: none */
	struct view host;     /* as written, without the port; IPv6 with its brackets */
	struct view mailbox;  /* decoded: UTF-8; empty: the one that the URL is relative to */
	uint32_t uidvalidity; /* 0: not named */
	uint32_t uid;
	struct view section; /* decoded: section-spec; empty: the whole message */
	bool partial;
	uint64_t offset, count; /* count 0: to the end */

	/* URLAUTH */
	bool expires;
	int64_t expire; /* seconds since 1970 */
	enum mail_url_access access;
	struct view access_user;      /* decoded */
	struct view rump;             /* of the text: all that the token vouches for */
	struct view mechanism, token; /* as written; empty: there is none yet */
};

/*
 * Reads a URL; decoded texts live in the arena, the others are parts of `text`. False for what is no such
 * URL: a broken escape, a NUL, a number out of range, something left over, a text in no UTF-8; and without
 * memory.
 */
bool mail_url_parse(struct view text, struct arena *arena, struct mail_url *url);

/* The name of a mailbox's key among its metadata: no client can ask for it, since METADATA knows names below
 * "/private" and "/shared" alone. */
#define MAIL_URL_KEY_NAME "/internal/urlauth"

/*
 * The token of a rump under a mailbox's key, in hexadecimal: "01" and HMAC-SHA-256 (RFC 4467 section 8 leaves
 * it to the server). The result of buf_append, or -ENOMEM.
 */
int mail_url_token(struct view key, struct view rump, struct buf *out);

/* Whether the URL's token is the key's, in constant time. */
bool mail_url_token_matches(struct view key, const struct mail_url *url);

/* Whether a name in a URL is the user with this address: "joe@example.com", or "joe". */
bool mail_url_is_user(struct view name, struct view address);

/* Whether an absolute URL is of this server: it has its name, or the domain of the user's address, by which
 * programs find it. */
bool mail_url_is_ours(const struct mail_url *url, struct view hostname, struct view address);

#endif
