/*
 * Frames of HTTP/2 before nghttp2 gets them, which passes over many without a word. What a client can make
 * cheaply and without end (frames that carry nothing, streams that it resets at once) is counted by the
 * minute, and ends the connection with ENHANCE_YOUR_CALM.
 */
#include "http/http_two_private.h"

#include <string.h>

#include "base/mem.h"

enum {
	/* In a minute: streams that were reset (CVE-2023-44487, CVE-2025-8671); a browser that reloads a page
	 * of 100 pictures now and then stays below. */
	RESETS_MAX = 200,
	/* In a minute: frames that carry nothing (PING, SETTINGS, PRIORITY, WINDOW_UPDATE, empty DATA ...)
	 * beyond two for each frame that does. */
	IDLE_FRAMES_MAX = 1000,
	IDLE_FRAMES_EACH = 2,
	MINUTE = 60,
	/* Streams that ended are remembered, so that a frame for one can be told from a frame that crossed
	 * our reset on its way: as many as may be open at once. */
	ENDED_MAX = HTTP_EXCHANGES_MAX
};

static void calm(struct http_server *s, const char *why)
{
	if (s->two->calmed)
		return;
	s->two->calmed = true;
	s->why = why;
	nghttp2_session_terminate_session(s->two->session, NGHTTP2_ENHANCE_YOUR_CALM);
}

static void new_minute(struct http_server *s)
{
	int64_t now = s->host->now ? s->host->now(s->arg) : 0;
	if (now / MINUTE == s->two->minute)
		return;
	s->two->minute = now / MINUTE;
	s->two->resets = s->two->idle_frames = 0;
}

void http_two_count_reset(struct http_server *s)
{
	new_minute(s);
	if (++s->two->resets > RESETS_MAX)
		calm(s, "too many streams were reset");
}

void http_two_count_frame(struct http_server *s, bool carries)
{
	struct http_two *two = s->two;
	new_minute(s);
	if (carries)
		two->idle_frames -= two->idle_frames < IDLE_FRAMES_EACH ? two->idle_frames : IDLE_FRAMES_EACH;
	else if (++two->idle_frames > IDLE_FRAMES_MAX)
		calm(s, "too many frames that carry nothing");
}

void http_two_remember_reset(struct http_two *two, int32_t stream)
{
	if (two->reset == NULL)
		two->reset = mem_array(ENDED_MAX, sizeof *two->reset);
	two->reset[two->reset_count++ % ENDED_MAX] = stream;
}

static bool was_reset(const struct http_two *two, int32_t stream)
{
	for (unsigned i = 0; two->reset && i < ENDED_MAX; i++)
		if (two->reset[i] == stream)
			return true;
	return false;
}

/*
 * RFC 9113 sections 5.1 and 5.1.1: a frame for a stream that its client has ended, or has passed over, is an
 * error of the connection. nghttp2 knows no more of streams that are gone.
 */
static void judge_stream(struct http_server *s, unsigned type, int32_t stream)
{
	struct http_two *two = s->two;
	bool opens = type == NGHTTP2_HEADERS;
	if (type == NGHTTP2_PRIORITY && stream == 0)
		nghttp2_session_terminate_session(two->session, NGHTTP2_PROTOCOL_ERROR);
	/* What comes behind a GOAWAY is passed over. */
	if ((!opens && type != NGHTTP2_DATA) || stream % 2 == 0 || s->draining)
		return;
	if (stream > two->newest) {
		if (opens)
			two->newest = stream;
	} else if (nghttp2_session_find_stream(two->session, stream) == NULL && !was_reset(two, stream)) {
		s->why = "a frame for a stream that has ended";
		nghttp2_session_terminate_session(two->session, NGHTTP2_STREAM_CLOSED);
	}
}

/* Each frame's header is looked at before nghttp2 gets it, which passes over many without a word. The length
 * of its payload. */
static size_t judge_frame(struct http_server *s, const unsigned char *head)
{
	size_t len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
	unsigned type = head[3], flags = head[4];
	int32_t stream = (int32_t)(((uint32_t)head[5] & 0x7f) << 24 | (uint32_t)head[6] << 16 |
	                           (uint32_t)head[7] << 8 | head[8]);
	bool carries = type == NGHTTP2_HEADERS || type == NGHTTP2_CONTINUATION ||
	               (type == NGHTTP2_DATA && (len > 0 || flags & NGHTTP2_FLAG_END_STREAM));
	http_two_count_frame(s, carries);
	judge_stream(s, type, stream);
	return len;
}

/* How much of the input nghttp2 gets now: of one frame at most, so that each is judged when those before it
 * have been taken. */
size_t http_two_next_piece(struct http_server *s, struct view bytes)
{
	struct http_two *two = s->two;
	size_t n;
	if (two->preface_left > 0) {
		n = view_take(bytes, two->preface_left).len;
		two->preface_left -= n;
	} else if (two->payload_left > 0) {
		n = view_take(bytes, two->payload_left).len;
		two->payload_left -= n;
	} else {
		n = view_take(bytes, HTTP_TWO_HEAD - two->head_len).len;
		memcpy(two->head + two->head_len, bytes.data, n);
		two->head_len += n;
		if (two->head_len < HTTP_TWO_HEAD)
			return n;
		two->head_len = 0;
		size_t len = judge_frame(s, two->head), here = view_take(view_skip(bytes, n), len).len;
		two->payload_left = len - here;
		n += here;
	}
	return n;
}
