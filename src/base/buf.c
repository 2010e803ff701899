/* The growing buffer of buf.h. */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { FIRST_CAPACITY = 128 };

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.max = max};
}

void buf_done(struct buf *b)
{
	mem_free(b->data);
	buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
	b->start = b->len = 0;
	b->failed = false;
}

static int fail(struct buf *b, int error)
{
	b->failed = true;
	return error;
}

static int make_room(struct buf *b, size_t n)
{
	if (n > b->max || b->len > b->max - n)
		return fail(b, -ENOBUFS);
	size_t need = b->len + n;
	if (b->start + need <= b->cap && b->data != NULL)
		return 0;
	if (b->start > 0 && need <= b->cap && b->start >= b->len) {
		memmove(b->data, b->data + b->start, b->len);
		b->start = 0;
		return 0;
	}
	size_t cap = b->cap ? b->cap : FIRST_CAPACITY;
	while (cap < b->start + need)
		cap = cap > SIZE_MAX / 2 ? b->start + need : cap * 2;
	char *data = mem_try_resize(b->data, cap);
	if (data == NULL)
		return fail(b, -ENOMEM);
	b->data = data;
	b->cap = cap;
	return 0;
}

char *buf_reserve(struct buf *b, size_t n)
{
	return make_room(b, n) == 0 ? b->data + b->start + b->len : NULL;
}

void buf_commit(struct buf *b, size_t n)
{
	b->len += n;
}

int buf_append(struct buf *b, struct view v)
{
	int error = make_room(b, v.len);
	if (error)
		return error;
	if (v.len)
		memcpy(b->data + b->start + b->len, v.data, v.len);
	b->len += v.len;
	return 0;
}

int buf_append_string(struct buf *b, const char *s)
{
	return buf_append(b, view_from_string(s));
}

int buf_append_byte(struct buf *b, char c)
{
	return buf_append(b, view_of(&c, 1));
}

int buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0)
		return fail(b, -EINVAL);
	int error = make_room(b, (size_t)n + 1 <= b->max - b->len ? (size_t)n + 1 : (size_t)n);
	if (error)
		return error;
	if (b->cap - b->start - b->len <= (size_t)n) {
		/* Exactly at the maximum: the terminating NUL needs a byte of memory that is not content. */
		char *data = mem_try_resize(b->data, b->start + b->len + (size_t)n + 1);
		if (data == NULL)
			return fail(b, -ENOMEM);
		b->data = data;
		b->cap = b->start + b->len + (size_t)n + 1;
	}
	va_start(args, fmt);
	vsnprintf(b->data + b->start + b->len, (size_t)n + 1, fmt, args);
	va_end(args);
	b->len += (size_t)n;
	return 0;
}

static int append_integer(struct buf *b, uint64_t n, size_t bytes)
{
	char out[8];
	for (size_t i = 0; i < bytes; i++)
		out[i] = (char)(n >> (8 * (bytes - 1 - i)));
	return buf_append(b, view_of(out, bytes));
}

int buf_append_u8(struct buf *b, uint8_t n)
{
	return append_integer(b, n, 1);
}

int buf_append_u16(struct buf *b, uint16_t n)
{
	return append_integer(b, n, 2);
}

int buf_append_u32(struct buf *b, uint32_t n)
{
	return append_integer(b, n, 4);
}

int buf_append_u64(struct buf *b, uint64_t n)
{
	return append_integer(b, n, 8);
}

void buf_consume(struct buf *b, size_t n)
{
	if (n >= b->len) {
		b->start = b->len = 0;
		return;
	}
	b->start += n;
	b->len -= n;
}

void buf_truncate(struct buf *b, size_t len)
{
	if (len < b->len)
		b->len = len;
}

struct view buf_view(const struct buf *b)
{
	return view_of(b->data ? b->data + b->start : "", b->len);
}

const char *buf_string(struct buf *b)
{
	if (b->data == NULL || b->start + b->len >= b->cap) {
		b->data = mem_resize(b->data, b->start + b->len + 1);
		b->cap = b->start + b->len + 1;
	}
	b->data[b->start + b->len] = '\0';
	return b->data + b->start;
}
