/*
 * A person who is signed in, by one name and password or one session of a browser, reached under one name of
 * this server: the channel of the account, and what belongs to it. Counted; ten minutes after the last
 * request it is given up, and so is the channel. An account has a limited number of them. When store closes
 * the channel (the password was changed, the session ended, the account disabled; store was restarted) the
 * user is lost: it is not found any more, and what is under way ends.
 */
#ifndef ROLE_WEB_WEB_USER_H
#define ROLE_WEB_WEB_USER_H

#include "base/buf.h"
#include "edge/account_client.h"

enum { WEB_KEY_SIZE = 32 };

/* What a user is found by: a keyed hash, whose key is this process's own and is known to nobody. */
struct web_key {
	unsigned char hash[WEB_KEY_SIZE];
};

struct web_admin;
struct web_lines;
struct web_push;
struct web_recipient;
struct jmap_session;

struct web_user {
	unsigned references;
	struct web_key key;
	uint64_t account;
	char *address, *base;          /* base: what this server was reached by, "https://mail.example.org" */
	const char *prefix;            /* of the paths by which it was reached: of a seat (web_seat.h) */
	struct account_client channel; /* for JMAP and push */
	struct jmap_session *jmap;     /* NULL: nothing was asked yet, or not for long */
	uint32_t jmap_base,
	    jmap_last;           /* its question 1 is jmap_base + 1 on the channel; the last one so far */
	uint32_t last_question;  /* of the role's own */
	int64_t jmap_used;       /* clock_monotonic_ms, of the last request */
	bool administrator;      /* of this server */
	struct web_admin *admin; /* NULL: it has asked nothing as one */
	struct web_push *push;   /* NULL: nobody listens */
	struct web_lines *lines; /* NULL: nothing was brought or fetched yet */
	struct web_recipient *recipients; /* questions about recipients that are under way */
	unsigned requests, uploads;       /* under way, of JMAP */
	unsigned sockets;                 /* WebSockets that are open */
	size_t held;                      /* octets of bodies and responses: see web_jmap_hold */
	int64_t used;                     /* clock_monotonic_ms, when the last reference went */
	bool lost;
};

/*
 * What hangs on a user besides: each part has a pointer in struct web_user, which is NULL at first. Its
 * functions are called for every user; those that it has no need of are NULL.
 */
struct web_user_part {
	/* An answer on the channel: to one of the part's questions, maybe. */
	void (*answer)(struct web_user *user, uint32_t request, unsigned type, const void *answer);
	void (*branched)(struct web_user *user, uint32_t request, int channel);
	void (*lost)(struct web_user *user);
	void (*sweep)(struct web_user *user, int64_t now); /* each minute; now: clock_monotonic_ms */
	void (*release)(struct web_user *user);            /* the user is freed */
};

/* parts: NULL at the end. */
void web_user_start(struct role_process *p, const struct web_user_part *const *parts);

/* The key of what a client has shown: `kind` ("basic", "cookie" ...), the base and the secret are hashed. */
void web_user_key(struct web_key *key, const char *kind, struct view base, struct view secret);

/* Counted for the caller, who gives it back with web_user_release; NULL: there is none. */
struct web_user *web_user_find(const struct web_key *key);

/* A new one, counted for the caller; a channel of the account's is taken over. NULL: the account has too many
 * that are in use. */
struct web_user *web_user_new(
    const struct web_key *key, uint64_t account, struct view address, struct view base, int channel);
void web_user_release(struct web_user *user); /* NULL is allowed */

/* Tells the parts an answer that has come by another channel than the account's. */
void web_user_answer(struct web_user *user, uint32_t request, unsigned type, const void *answer);

/* Ends it, as if store had closed its channel: signing out. */
void web_user_end(struct web_user *user);

/*
 * Numbers of questions on the user's channel: the role's own have this bit, those of JMAP do not.
 */
#define WEB_QUESTIONS (UINT32_C(1) << 31)

/* The next number of the role's own. */
uint32_t web_user_question(struct web_user *user);

#endif
