/*
 * The server's side of one HTTP connection: HTTP/1.1 (RFC 9110, 9112) or HTTP/2 (RFC 9113) behind one face,
 * as a pure machine. Bytes go in with http_server_feed, output is appended to a buffer that the driver
 * flushes, and each request becomes a struct http_exchange: one request and its answer. No socket and no
 * clock inside.
 *
 * Exchanges of HTTP/1.1 come one after the other; requests that were sent ahead wait in the driver's input.
 * Over HTTP/2 many are open at once, and end in any order. The host need not know which of the two it is.
 *
 * When the host has done something to an exchange outside of the functions that the machine calls, the driver
 * calls http_server_settle: only that, http_server_feed and http_server_drained call the host and make
 * output. So an http_exchange_* function never calls back, and no exchange ends within one.
 *
 * Refused here, before a host sees it (RFC 9112 section 11.2: where two parsers understand a request in two
 * ways, one can be hidden in the other): a bare CR, LF or NUL in the header, folded lines, a space before a
 * colon, two lengths, a length beside Transfer-Encoding, any coding but "chunked", Transfer-Encoding in
 * HTTP/1.0, Host missing, doubled or not a host, a Host that differs from the target, a body of GET or HEAD,
 * doubled fields that have one value.
 */
#ifndef HTTP_HTTP_SERVER_H
#define HTTP_HTTP_SERVER_H

#include "base/buf.h"

enum {
	/* Octets of one request's header, all fields with their names. Browsers' cookies and tokens take 8 KB
	 * at most; other servers take 8 to 64 KB. */
	HTTP_HEADER_MAX = 32 * 1024,
	HTTP_FIELDS_MAX = 100,
	/* Of the request's target: RFC 9110 section 4.1 asks for 8,000 at least. */
	HTTP_TARGET_MAX = 16 * 1024,
	/* Exchanges that are open at once over HTTP/2. */
	HTTP_EXCHANGES_MAX = 128,
	/* Above so much output a host should write no more before `room`. The same as STREAM_HIGH_WATER. */
	HTTP_OUTPUT_HIGH = 256 * 1024,
	/* What is written at once after http_exchange_has_room said yes. */
	HTTP_PIECE_MAX = 64 * 1024,
	/* What a WebSocket's client may send in one message, unless the host sets another limit. */
	HTTP_WEBSOCKET_MESSAGE_MAX = 1024 * 1024
};

#define HTTP_LENGTH_UNKNOWN UINT64_MAX

struct http_server;
struct http_exchange;
struct http_websocket;

/* A field that stands in every answer unless the answer has one of that name. Views of what outlives the
 * machine. */
struct http_field {
	struct view name, value; /* name: lower case */
};

struct http_server_config {
	bool http2;                      /* ALPN chose "h2". Otherwise HTTP/1.1 */
	bool prior;                      /* HTTP/2 is also recognised by its preface: for clear text */
	bool secure;                     /* the scheme is "https" */
	const struct http_field *fields; /* in every answer, those of the machine's own errors too */
	size_t field_count;
};

/* What the machine asks its host for. `x` is valid from `request` until `over` returns. */
struct http_server_host {
	/* The header of a request is complete. The host answers now or later. */
	void (*request)(void *arg, struct http_exchange *x);
	/*
	 * A piece of the body, in order, after http_exchange_take_body; `last` with the last one, which may
	 * be empty. Returns how much was consumed. If that is less than all, the machine keeps the rest (64
	 * KB at most), takes no more from the client, and offers it again after http_exchange_go_on. `last`
	 * is only taken as told when all was consumed.
	 */
	size_t (*body)(void *arg, struct http_exchange *x, struct view bytes, bool last);
	/* The answer may go on: http_exchange_has_room said no before. May be NULL. */
	void (*room)(void *arg, struct http_exchange *x);
	/* The last word about x. whole: the answer was written to its end. Otherwise it was aborted, the
	 * client gave up, or the connection ended; the host may be in the middle of its work then. */
	void (*over)(void *arg, struct http_exchange *x, bool whole);
	/* Seconds since 1970, for the Date field (RFC 9110 section 6.6.1). */
	int64_t (*now)(void *arg);
};

/* `config` is copied; `host`, `arg` and `out` outlive the machine. Never NULL. */
struct http_server *http_server_new(
    const struct http_server_config *config, const struct http_server_host *host, void *arg, struct buf *out);
/* Calls `over` of each exchange that is open, and `closed` of each WebSocket. NULL is allowed. */
void http_server_free(struct http_server *s);

/* Takes input; returns how much was consumed. What was not comes again, first, with the next call. */
size_t http_server_feed(struct http_server *s, struct view bytes);
/* Whether it takes input now. After each call of feed, settle or drained the driver asks, and reads on or
 * not. */
bool http_server_wants_input(const struct http_server *s);
/* The output fell below HTTP_OUTPUT_HIGH. */
void http_server_drained(struct http_server *s);
/* Something was done to an exchange or WebSocket from outside. */
void http_server_settle(struct http_server *s);

/* The server stops: no new requests are taken (GOAWAY, "Connection: close"); those that are open go on.
 * WebSockets and endless answers are the host's to end. */
void http_server_drain(struct http_server *s);
/* No exchange is open, and no part of a request has come. */
bool http_server_is_idle(const struct http_server *s);
/* All is said: the driver closes when the output is out. What comes in then is of no use; the driver should
 * still read for a moment before it closes the socket, or the client may lose the answer (RFC 9112
 * section 9.6). */
bool http_server_is_done(const struct http_server *s);

/* What the connection waits for: the driver's deadlines depend on it. */
enum http_phase {
	HTTP_IDLE, /* for a next request */
	/* for the rest of a request's header, or for the answer to a WebSocket's close: a fixed time from the
	 * phase's beginning */
	HTTP_HEADER,
	HTTP_BODY,      /* for the client's body: by rate, http_server_body_taken */
	HTTP_ANSWERING, /* for the host, or for the client to take the output: by the output's progress */
	HTTP_UPGRADED   /* a WebSocket is open: the host pings */
};
enum http_phase http_server_phase(const struct http_server *s);
/* Octets of bodies that came, since the connection began. */
uint64_t http_server_body_taken(const struct http_server *s);
/* The driver's deadline passed: 408 in the middle of a request, GOAWAY, or just the end; then it is done. */
void http_server_expire(struct http_server *s);
/*
 * Over HTTP/2 a client may shut the window of one exchange and go on with others, so neither the phase nor
 * the output shows that it takes nothing of an answer. Called once in a while: answers that have waited for
 * their client since the call before, and of which nothing was taken, are cut.
 */
void http_server_cut_stalled(struct http_server *s);
/* How many requests hosts were told of: a connection that is idle again after one has earned its time anew.
 */
uint64_t http_server_requests(const struct http_server *s);
/* For the log: why the machine ended the connection by itself; "" if it did not. A few words. */
const char *http_server_why(const struct http_server *s);
/* Compressors that are kept for the next answer are freed. */
void http_coders_give_back(void);
bool http_server_is_http2(const struct http_server *s);

/* ---- the request; views are valid until `over` returns ---- */

/* "GET", "POST" ... in capitals. Methods that HTTP does not know (RFC 9110, WebDAV) are answered with 501 by
 * the machine; CONNECT and TRACE with 405. */
struct view http_exchange_method(const struct http_exchange *x);
bool http_exchange_is(const struct http_exchange *x, const char *method);
/* Percent-decoded once; UTF-8 without control characters; begins with "/" and has no segment "." or ".."
 * ("*": of OPTIONS). An escaped "/" is one like any other. */
struct view http_exchange_path(const struct http_exchange *x);
/* The same as it was sent, with what is escaped in it: what a browser shows its scripts. */
struct view http_exchange_raw_path(const struct http_exchange *x);
/* As it was sent, without "?"; for http_query.h. */
struct view http_exchange_query(const struct http_exchange *x);
/* Host and port as the client named them; empty in HTTP/1.0 only. */
struct view http_exchange_authority(const struct http_exchange *x);
/* The value of a field, name in lower case; empty if there is none. Doubled ones are joined by ", " (cookies
 * by
 * "; "). */
struct view http_exchange_field(struct http_exchange *x, const char *name);
bool http_exchange_has_field(struct http_exchange *x, const char *name);
/* 0: there is none. HTTP_LENGTH_UNKNOWN: it says its end itself. */
uint64_t http_exchange_body_length(const struct http_exchange *x);

void http_exchange_set_data(struct http_exchange *x, void *data);
void *http_exchange_data(const struct http_exchange *x);

/*
 * The body is wanted, up to so many octets: `body` is called from now on, for an empty body too, and "100
 * Continue" goes out if the client waits for it. False: its length, or what has come already, says that it
 * is larger, and the host answers 413. If only its octets tell, the machine answers 413 itself (unless an
 * answer has begun) and calls `over`, not whole. A body that nobody took by the answer's end is thrown away
 * or ends the connection.
 */
bool http_exchange_take_body(struct http_exchange *x, uint64_t max);
/* `body` returned less than all; now it may be called again. */
void http_exchange_go_on(struct http_exchange *x);

/* ---- the answer: status, fields, begin, writes, end ---- */

void http_exchange_status(struct http_exchange *x, unsigned status);
/* Appends a field; name in lower case. Octets that end a line are refused: the field is left out. The machine
 * writes content-length, transfer-encoding, connection, date, content-encoding and vary for that itself. */
void http_exchange_add(struct http_exchange *x, const char *name, struct view value);
/* Never compress this answer: it holds a secret beside something that others decide (BREACH). */
void http_exchange_plain(struct http_exchange *x);
/* Whether the client takes answers in this coding, "gzip" (RFC 9110 section 12.5.3): for a host that has them
 * compressed already. It adds content-encoding and vary itself then. */
bool http_exchange_accepts(struct http_exchange *x, struct view coding);
/*
 * The header goes out. length: of what will be written, before compression. gzip or zstd is chosen by
 * Accept-Encoding for types of text, unless there is a Content-Encoding or Content-Range, or the type is
 * text/event-stream. To HEAD the same header is sent, and what is written is thrown away.
 */
void http_exchange_begin(struct http_exchange *x, uint64_t length);
/* Appends to the answer. More than the length that was told ends in an abort, as does less at the end. */
void http_exchange_write(struct http_exchange *x, struct view bytes);
/* Whether HTTP_PIECE_MAX octets more may be written. If not, `room` comes later. */
bool http_exchange_has_room(struct http_exchange *x);
/* What was written leaves at once, even from a compressor. */
void http_exchange_flush(struct http_exchange *x);
void http_exchange_end(struct http_exchange *x);
/* The answer cannot be completed: the client sees that it was cut. Before `begin`: the same as a 500. */
void http_exchange_abort(struct http_exchange *x);

/* status, fields so far, content-type (none if it is empty), begin, body, end. `body` is copied. */
void http_exchange_reply(struct http_exchange *x, unsigned status, struct view type, struct view body);
/* The same with a body of any size that is taken over, not copied; it is sent as the client takes it. *body
 * is empty afterwards, and usable. */
void http_exchange_reply_buf(struct http_exchange *x, unsigned status, struct view type, struct buf *body);
/* Whether `begin` has been called. */
bool http_exchange_has_begun(const struct http_exchange *x);
/* What was answered, for a log; 0 before `begin`. */
unsigned http_exchange_answered(const struct http_exchange *x);
uint64_t http_exchange_written(const struct http_exchange *x);

/* ---- WebSocket (RFC 6455; over HTTP/2 RFC 8441) ---- */

struct http_websocket_host {
	/* A message; `text` is UTF-8. */
	void (*message)(void *arg, struct http_websocket *ws, bool text, struct view bytes);
	/* More may be sent: http_websocket_has_room said no before. May be NULL. */
	void (*room)(void *arg, struct http_websocket *ws);
	/* Any frame came: the client is alive. May be NULL. */
	void (*alive)(void *arg, struct http_websocket *ws);
	/* Its end, the last word about ws: the client's code, 1006 without one. The exchange's `over` comes
	 * after it. */
	void (*closed)(void *arg, struct http_websocket *ws, unsigned code);
};

/* Whether the request opens one, correctly. Otherwise the host answers as to any GET (426 is the right
 * refusal). */
bool http_exchange_is_websocket(const struct http_exchange *x);
/* Whether the client offers this subprotocol. */
bool http_exchange_offers_protocol(struct http_exchange *x, const char *protocol);
/*
 * Opens it; fields that were added go out with the answer. `protocol`: the subprotocol chosen, or NULL. `arg`
 * is for `host`. It ends with the exchange, whose `over` comes after `closed`. Extensions are declined.
 */
struct http_websocket *http_exchange_accept_websocket(struct http_exchange *x, const char *protocol,
    size_t message_max, const struct http_websocket_host *host, void *arg);

/* A message to the client, whole, of any size that fits the output; false when it does not or the end was
 * said. */
bool http_websocket_send(struct http_websocket *ws, bool text, struct view bytes);
bool http_websocket_has_room(struct http_websocket *ws);
void http_websocket_ping(struct http_websocket *ws);
/* held: no message comes, and the client's octets wait in the connection. Else they are taken again. */
void http_websocket_hold(struct http_websocket *ws, bool held);
/* Says the end: 1000, 1001 (going away), 1008, 1009, 1011 ...; `closed` follows when the client has answered,
 * or the connection has ended. */
void http_websocket_close(struct http_websocket *ws, unsigned code, const char *reason);

#endif
