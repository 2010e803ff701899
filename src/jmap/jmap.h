/*
 * JMAP (RFC 8620, RFC 8621) as a pure machine: a request's text goes in, answers of other roles go in with
 * the functions below, and the response's text comes out. No socket, no clock, no HTTP inside. What it asks
 * of the accounts are the questions of src/mail, which it asks through a table of functions.
 *
 * A session is what one signed-in person shares among all connections: names of keywords, the accounts that
 * the person reaches, and what methods keep between requests. Its requests are carried out side by side; the
 * calls of a request one after the other.
 */
#ifndef JMAP_JMAP_H
#define JMAP_JMAP_H

#include "base/buf.h"
#include "base/view.h"

/*
 * What the Session resource tells of limits (RFC 8620 section 2): so large that a program that does what a
 * person wants never meets one, so small that no client holds up another.
 */
enum {
	JMAP_SIZE_REQUEST_MAX = 10 * 1000 * 1000,
	JMAP_CONCURRENT_REQUESTS_MAX = 16,
	JMAP_CALLS_MAX = 64,
	JMAP_OBJECTS_GET_MAX = 10000,
	JMAP_OBJECTS_SET_MAX = 10000,
	JMAP_CONCURRENT_UPLOADS_MAX = 16,
	/* Octets of one response. A call whose answer has no room any more is answered with requestTooLarge.
	 */
	JMAP_RESPONSE_MAX = 64 * 1024 * 1024
};

struct jmap_session;
struct jmap_request;

struct jmap_host {
	/*
	 * A question of src/mail (mail.h, mail_email.h, mail_submission.h), under a number of the session's;
	 * copied before it returns. The answers come by jmap_session_answer, never within this call. Several
	 * may be under way; they are answered in their order.
	 */
	void (*ask)(void *arg, uint32_t number, unsigned type, const void *question);
	int64_t (*now)(void *arg); /* seconds since 1970 */
};

struct jmap_config {
	uint64_t account;    /* the number of the session's own account */
	struct view address; /* its own: the username of the Session resource */
	struct view
	    base; /* "https://mail.example.org": before the paths of the resources; no "/" at its end */
	struct view prefix;   /* "" or "/u/1": what the paths of this session's own resources begin with */
	uint64_t message_max; /* octets of one message, as store takes it: maxSizeUpload */
	uint64_t attach_max;  /* octets of one message as it may be sent */
	uint64_t file_link_days, file_link_space; /* the settings of these names */
	uint64_t delay_max; /* seconds for which a submission may be held: maxDelayedSend; 0: none */
	/* Of Sieve: the extensions that scripts may require, the methods of notification and the schemes of
	 * lists (RFC 9661 section 1.3.1), each with a space between two; and how often a run may redirect. */
	struct view sieve_extensions, sieve_notify, sieve_lists;
	unsigned sieve_redirects_max;
	bool administrator; /* of this server: questions of mail/administration.h can be asked */
	bool smime;         /* signatures of S/MIME are looked at (RFC 9219) */
	bool websocket;     /* "<base><prefix>/jmap/ws" answers (RFC 8887) */
	/* The public key of VAPID (RFC 9749), base64url without padding; empty: there is none. */
	struct view vapid_key;
};

/* `config` is copied, with what its views show. */
struct jmap_session *jmap_session_new(
    const struct jmap_config *config, const struct jmap_host *host, void *arg);

/* Requests that are under way are dropped; their `done` is not called any more. NULL is allowed. */
void jmap_session_free(struct jmap_session *s);

/* An answer to a question: its type, and the struct of src/mail, which is valid during the call. */
void jmap_session_answer(struct jmap_session *s, uint32_t number, unsigned type, const void *answer);

/* The account's channel is gone: calls under way, and all that come, are answered with serverUnavailable; one
 * that was about to write, with serverPartialFail. */
void jmap_session_lost(struct jmap_session *s);

/* What is shared with this account may have changed: it is looked at again before the next request. */
void jmap_session_accounts_changed(struct jmap_session *s);

/*
 * A request (RFC 8620 section 3): `body` is the whole text (at most JMAP_SIZE_REQUEST_MAX: more is answered
 * with the error of RFC 8620 section 3.6.1, so one octet more is enough to say so), `type` the Content-Type.
 * Both are read before this returns. The response is appended to `out`, whose maximum should be
 * JMAP_RESPONSE_MAX or more, and `done` is told the status of HTTP: with 200 the text is application/json,
 * else application/problem+json (RFC 7807). `done` may be called before this returns, and then NULL is
 * returned. Else the request lives until `done` is called, at its end, or jmap_request_drop.
 */
typedef void jmap_done(void *arg, unsigned status);
struct jmap_request *jmap_request_begin(
    struct jmap_session *s, struct view body, struct view type, struct buf *out, jmap_done *done, void *arg);

/* The client has gone: what was begun of the call under way is carried out by store, the calls behind it are
 * not. `done` is not called. */
void jmap_request_drop(struct jmap_request *r);

/* A message of a WebSocket (RFC 8887 section 4.2) that is a Request: as above, but with "@type" and
 * "requestId", and errors are messages too, so that the status does not matter. */
struct jmap_request *jmap_request_begin_websocket(
    struct jmap_session *s, struct view text, struct buf *out, jmap_done *done, void *arg);

/*
 * The other messages of a WebSocket (RFC 8887 section 4.3.5). What a message is: JMAP_WS_REQUEST goes to
 * jmap_request_begin_websocket as it is; of JMAP_WS_PUSH_ENABLE the types that are wanted are told to
 * `data_type`, one after the other ("*" for null: all), and push_state is copied into `push_state`.
 */
enum jmap_ws_message { JMAP_WS_REQUEST, JMAP_WS_PUSH_ENABLE, JMAP_WS_PUSH_DISABLE };
enum jmap_ws_message jmap_websocket_message(
    struct view text, void (*data_type)(void *arg, struct view name), void *arg, struct buf *push_state);

/* The Session resource (RFC 8620 section 2): appended to `out`, then `done` with 200, or 503 and a problem.
 */
struct jmap_request *jmap_session_object(struct jmap_session *s, struct buf *out, jmap_done *done, void *arg);

#endif
