/*
 * Sessions of the web: somebody has signed in with a browser, or a program has a token. They stand with the
 * account's credentials, so that they outlive a restart, can be listed and ended one by one, and go with the
 * account. Of the token, 256 random bits, only a hash is kept.
 */
#ifndef TRUST_LOGIN_WEB_SESSION_H
#define TRUST_LOGIN_WEB_SESSION_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "trust/login/limits.h"

enum {
	WEB_TOKEN_SIZE = 32,
	WEB_TOKEN_HASH_SIZE = 32,
	WEB_SESSION_SECONDS = 90 * 86400, /* unused for so long, it has ended */
	WEB_SESSION_TOUCH_SECONDS = 3600, /* a use is noted so often: each note writes the record */
	/* So long after a password, a code or a passkey dangerous things may be changed. */
	WEB_SESSION_PROOF_SECONDS = 15 * 60,
	WEB_AGENT_MAX = 120,
	WEB_ADDRESS_MAX = 46,
	/* A token as it is written: the octets and the account's address, both in base64 for URLs. */
	WEB_TOKEN_TEXT_MAX = 43 + 1 + 684,
};

struct web_session {
	uint64_t id;
	unsigned char hash[WEB_TOKEN_HASH_SIZE];
	int64_t created, last_used, proved; /* seconds since 1970 */
	struct view agent;   /* what the client calls itself, or the name that its owner gave it */
	struct view address; /* from where it was used last */
	bool is_token;       /* made for a program; it changes no credentials */
};

struct web_sessions {
	struct web_session list[WEB_SESSIONS_MAX];
	size_t count;
};

/*
 * A new one, proved by now. Those that have ended go; of too many, the one that was not used for longest:
 * *pushed_out is its id, or 0. Agent and address are cut to their limits and copied. 0 or -ENOBUFS.
 */
int web_session_add(struct web_sessions *s, const struct web_session *made,
    const unsigned char token[WEB_TOKEN_SIZE], struct arena *arena, uint64_t *pushed_out);

/* The one with this token that has not ended; NULL if there is none. */
struct web_session *web_session_find(
    struct web_sessions *s, const unsigned char token[WEB_TOKEN_SIZE], int64_t now);

/* Notes a use. True when the record is worth writing. `address` must live as long as the record. */
bool web_session_touch(struct web_session *session, struct view address, int64_t now);

/* Whether its owner has proved who it is a short while ago. */
bool web_session_is_proved(const struct web_session *session, int64_t now);

/* False if there is none of that id. */
bool web_session_end(struct web_sessions *s, uint64_t id);

/* The text of a token: who brings it says whose it is. The result of buf_append. */
int web_token_write(struct buf *out, const unsigned char token[WEB_TOKEN_SIZE], struct view address);

/* Its address, appended, and the secret. False: it is none. */
bool web_token_read(struct view text, unsigned char token[WEB_TOKEN_SIZE], struct buf *address);

/* Their part of the stored record. */
void web_sessions_put(const struct web_sessions *s, struct buf *out);
void web_sessions_get(struct cursor *in, struct web_sessions *s);

#endif
