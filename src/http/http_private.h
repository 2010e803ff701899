/*
 * Inside the server's machine. An exchange is the same over both versions: its request is put together by the
 * version's file (http_one.c, http_two.c) and judged in http_request.c; its answer is noted by
 * http_exchange.c and http_answer.c, and carried out by the version's `pump` when the server settles.
 */
#ifndef HTTP_HTTP_PRIVATE_H
#define HTTP_HTTP_PRIVATE_H

#include "http/http_server.h"

enum {
	/* Bodies that nobody took are read and thrown away up to here, so that the connection can go on (one
	 * round trip of a fast line); a longer one ends it. */
	HTTP_SKIP_MAX = 64 * 1024,
	/* Of an answer's fields, which the host makes. */
	HTTP_ANSWER_FIELDS_MAX = 16 * 1024,
	/* Waits in one answer to be taken by its client. A host that asks http_exchange_has_room needs a
	   tenth. */
	HTTP_ANSWER_MAX = 4 * 1024 * 1024,
	/* The body's octets that wait for the host; over HTTP/2 also the stream's window. */
	HTTP_REST_MAX = 64 * 1024
};

/* A part of a field's lines in `head`, by offsets, since that may still grow. */
struct http_part {
	uint32_t at, len;
};

struct http_pair {
	struct http_part name, value; /* the name in lower case */
};

struct http_coder;
struct http_one;
struct http_two;

struct http_exchange {
	struct http_exchange *next, *previous; /* the server's open ones, oldest first */
	struct http_server *server;
	void *data;

	/* The request. */
	struct buf head; /* all names and values, and what was derived from them */
	struct http_pair *pairs;
	size_t pair_count, pair_cap, field_octets;
	struct http_part method, target, path, raw_path, query, authority, joined_at;
	bool has_authority; /* the target's own, or ":authority" */
	uint64_t body_length, body_came, body_max, skipped_from;
	bool is_old;    /* HTTP/1.0 */
	bool keeps;     /* the client would go on with this connection */
	bool expects;   /* waits for 100 */
	bool continued; /* was told 100 */
	bool chunked, is_head, wants_websocket, is_extended_connect;
	bool told;     /* the host knows it */
	bool takes;    /* the host wants the body */
	bool held;     /* it took less than all, and has not said go on */
	bool all_came; /* of the body */
	bool last_told;
	struct buf rest; /* of the body, that the host did not take */

	/* The answer. */
	unsigned status;
	struct buf fields;               /* "name: value" CR LF */
	uint64_t length, given, written; /* told; given by the host; as it goes out */
	bool begun, ended, aborted, plain, no_room;
	bool pumped_head, finished, chunks; /* its header, and its end, are in the output */
	bool waited;     /* for its client, at the last look: see http_server_cut_stalled */
	uint64_t looked; /* `written` by then */
	struct buf out;  /* the answer's octets that wait */
	struct http_coder *coder;
	struct http_websocket *ws;
	int32_t stream;       /* HTTP/2 */
	unsigned refusal;     /* HTTP/2: the status of a header that is not complete */
	bool deferred, reset; /* HTTP/2: its frames wait for more; its stream was reset */
	bool widened;         /* HTTP/2: its window */
};

/* What HTTP/1.1 and HTTP/2 do differently. */
struct http_version {
	bool is_http2;
	size_t (*feed)(struct http_server *s, struct view bytes);
	bool (*wants)(const struct http_server *s);
	bool (*is_reading)(const struct http_server *s); /* a part of a header has come */
	/* So many octets of a body are in memory no more: its window may open. */
	void (*consumed)(struct http_exchange *x, size_t octets);
	void (*pump)(struct http_server *s); /* answers go out, and exchanges end */
	void (*expire)(struct http_server *s);
	void (*drain)(struct http_server *s);
	void (*free)(struct http_server *s);
};

struct http_server {
	struct http_server_config config;
	const struct http_server_host *host;
	void *arg;
	struct buf *out;
	struct http_exchange *first, *last;
	size_t count;
	const struct http_version *version;
	union {
		struct http_one *one;
		struct http_two *two;
	};
	uint64_t body_taken, requests;
	bool draining, done;
	bool settling; /* the host is being called, or output made */
	const char *why;
};

/* Sets version and its state. */
void http_one_start(struct http_server *s);
void http_two_start(struct http_server *s);

/* ---- http_exchange.c ---- */

struct http_exchange *http_open(struct http_server *s);
/* The host is told of it. */
void http_tell_request(struct http_exchange *x);
/* `over`, if the host knows it, and away. */
void http_close_exchange(struct http_exchange *x, bool whole);
void http_end_connection(struct http_server *s, const char *why);
/* Gives the host what it may have of the body. */
void http_offer_body(struct http_exchange *x);
/* A piece of the body came. False: the exchange is over its limit and was answered or aborted. */
bool http_take_piece(struct http_exchange *x, struct view bytes, bool last);

/* ---- http_request.c: what is true of a request in both versions ---- */

/* Adds a field; the name is made lower case. 0, 431 or 400, as a status. */
unsigned http_add_pair(struct http_exchange *x, struct view name, struct view value);
struct view http_part(const struct http_exchange *x, struct http_part p);
/* Copies v behind the head. False without memory. */
bool http_keep_part(struct http_exchange *x, struct view v, struct http_part *part);
/*
 * All fields have come, and method and target stand. 0, or the status that refuses it; then `*why` says it in
 * a few words.
 */
unsigned http_judge(struct http_exchange *x, const char **why);
/* Whether a list (RFC 9110 section 5.6.1) has this token, without case. */
bool http_list_has(struct view list, struct view token);
bool http_is_token(struct view v);

/* ---- http_answer.c: what goes out, for both ---- */

/* Ends an answer that has begun, even one that the host has written whole. */
void http_cut(struct http_exchange *x);
/* Answers by the machine itself; the exchange ends as after http_exchange_reply. */
void http_refuse(struct http_exchange *x, unsigned status, const char *why);
/* The fields that the machine adds itself: date, content-length (if known), vary, those of each answer. */
void http_finish_fields(struct http_exchange *x, bool *has_length);
/* Whether the status or the method forbids a body (RFC 9110 section 6.4.1). */
bool http_has_no_body(const struct http_exchange *x);
const char *http_reason(unsigned status);

/* ---- http_coder.c: gzip and zstd ---- */

/* NULL: this answer is not compressed. Its fields are changed for it. */
struct http_coder *http_coder_choose(struct http_exchange *x);
/* -ENOMEM or -ENOBUFS when `out` does not take it; otherwise 0. how: 0 more, 1 flush, 2 end. */
int http_coder_feed(struct http_coder *c, struct view bytes, int how, struct buf *out);
void http_coder_free(struct http_coder *c);
/* The value of a field that the host has added; empty if it has not. */
struct view http_added(const struct http_exchange *x, struct view name);

/* ---- http_websocket.c ---- */

size_t http_websocket_feed(struct http_websocket *ws, struct view bytes);
bool http_websocket_is_closing(const struct http_websocket *ws);
bool http_websocket_wants(const struct http_websocket *ws);
/* After the host's functions: pending messages, its end. True: it has ended, and all of it is in x->out. */
bool http_websocket_settle(struct http_websocket *ws);
void http_websocket_free(struct http_websocket *ws); /* calls `closed` if that is due */

#endif
