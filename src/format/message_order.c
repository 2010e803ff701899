/*
 * The encoding:
 *
 *	order = marks [sent minutes] [subject]
 *
 * Sent and minutes are numbers of format/wire.h with the sign in the lowest bit; the subject has 8 octets.
 */
#include "format/message_order.h"

#include "format/wire.h"

enum { KNOWN = 1 << 0, DATED = 1 << 1, HAS_SUBJECT = 1 << 2, ANSWER = 1 << 3 };
enum { MINUTES_MAX = 2 * 32768 }; /* with the sign */

static uint64_t folded(int64_t n)
{
	return n < 0 ? ~((uint64_t)n << 1) : (uint64_t)n << 1;
}

static int64_t unfolded(uint64_t n)
{
	return (int64_t)(n & 1 ? ~(n >> 1) : n >> 1);
}

static size_t write_number(char *out, uint64_t n)
{
	size_t len = 0;
	for (; n > 0x7f; n >>= 7)
		out[len++] = (char)(0x80 | (n & 0x7f));
	out[len++] = (char)n;
	return len;
}

size_t message_order_write(const struct message_order *order, char *out)
{
	size_t len = 1;
	if (!order->known) {
		out[0] = 0;
		return len;
	}
	out[0] = (char)(KNOWN | (order->dated ? DATED : 0) | (order->subject ? HAS_SUBJECT : 0) |
	                (order->answer ? ANSWER : 0));
	if (order->dated) {
		len += write_number(out + len, folded(order->sent));
		len += write_number(out + len, folded(order->minutes));
	}
	for (int shift = 56; order->subject && shift >= 0; shift -= 8)
		out[len++] = (char)(order->subject >> shift);
	return len;
}

int message_order_put(const struct message_order *order, struct buf *out)
{
	char bytes[MESSAGE_ORDER_MAX];
	return buf_append(out, view_of(bytes, message_order_write(order, bytes)));
}

struct message_order message_order_get(struct cursor *in)
{
	struct message_order order = {.known = false};
	unsigned marks = cursor_u8(in);
	if (marks > (KNOWN | DATED | HAS_SUBJECT | ANSWER) || (marks && !(marks & KNOWN)))
		in->failed = true;
	if (in->failed || marks == 0)
		return order;
	order.known = true;
	order.answer = marks & ANSWER;
	order.dated = marks & DATED;
	if (order.dated) {
		order.sent = unfolded(wire_number(in, UINT64_MAX));
		order.minutes = (int16_t)unfolded(wire_number(in, MINUTES_MAX - 1));
	}
	if (marks & HAS_SUBJECT)
		order.subject = cursor_u64(in);
	return order;
}
