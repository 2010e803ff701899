/* Inside the machine of HTTP/2: its state, and what looks at frames before nghttp2 does. */
#ifndef HTTP_HTTP_TWO_PRIVATE_H
#define HTTP_HTTP_TWO_PRIVATE_H

#include <nghttp2/nghttp2.h>

#include "http/http_private.h"

enum { HTTP_TWO_HEAD = 9 /* octets of a frame's header: RFC 9113 section 4.1 */ };

struct http_two {
	nghttp2_session *session;
	unsigned resets, idle_frames;
	int64_t minute;
	bool calmed;
	int32_t newest;                    /* stream that the client has opened */
	unsigned char head[HTTP_TWO_HEAD]; /* of the next frame, as far as it has come */
	size_t head_len, payload_left, preface_left;
	/* The last streams that we have reset, whose frames may still be on their way: a ring. */
	int32_t *reset;
	unsigned reset_count;
};

/*
 * How much of the input nghttp2 gets now: of one frame at most, so that each is judged when those before it
 * have been taken. The frame's header has been judged by then; nghttp2 may have been told to end the
 * connection.
 */
size_t http_two_next_piece(struct http_server *s, struct view bytes);

/* What is counted by the minute besides: a stream that was reset, by either side before its time; a frame,
 * from the client or to it, and whether it carries anything. */
void http_two_count_reset(struct http_server *s);
void http_two_count_frame(struct http_server *s, bool carries);

/* We reset this stream: frames for it may be on their way. */
void http_two_remember_reset(struct http_two *two, int32_t stream);

#endif
