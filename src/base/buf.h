/*
 * A growing byte buffer that is born with a maximum. Appending past the maximum, or without memory, fails and
 * marks the buffer: a writer may append many parts and check once, at the end, with buf_failed.
 * Bytes are taken off the front with buf_consume; the room is reclaimed by moving, at most once per doubling.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/view.h"

struct buf {
	char *data; /* owned; the readable part starts at data + start */
	size_t start, len, cap;
	/* Together, since a session has a dozen buffers, and ten thousand sessions are many. */
	size_t max : 63, failed : 1;
};

/* An empty buffer that holds at most max bytes; takes no memory before the first append. */
void buf_init(struct buf *b, size_t max);

/* Frees the memory; the buffer is empty and usable afterwards, with the same maximum. */
void buf_done(struct buf *b);

/* Empties; keeps the memory; takes the mark of a failure away. */
void buf_clear(struct buf *b);

/* 0, -ENOBUFS past the maximum, -ENOMEM without memory; on failure nothing is appended and the mark is set.
 */
int buf_append(struct buf *b, struct view v);
int buf_append_string(struct buf *b, const char *s);
int buf_append_byte(struct buf *b, char c);
int buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Big-endian integers. */
int buf_append_u8(struct buf *b, uint8_t n);
int buf_append_u16(struct buf *b, uint16_t n);
int buf_append_u32(struct buf *b, uint32_t n);
int buf_append_u64(struct buf *b, uint64_t n);

/* Room for n bytes at the end, to be filled and then claimed with buf_commit; NULL on failure. */
char *buf_reserve(struct buf *b, size_t n) __attribute__((warn_unused_result));
void buf_commit(struct buf *b, size_t n);

/* Drops n bytes (at most all) from the front, or all but the first len. */
void buf_consume(struct buf *b, size_t n);
void buf_truncate(struct buf *b, size_t len);

/* The content; valid until the next call that changes the buffer. */
struct view buf_view(const struct buf *b);

/* The content, NUL-terminated (the NUL is not part of it); ends the process when there is no memory. */
const char *buf_string(struct buf *b);

static inline bool buf_failed(const struct buf *b)
{
	return b->failed;
}

#endif
