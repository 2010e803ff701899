/*
 * UIDBATCHES (RFC 10022): the selected mailbox in batches of so many messages, the newest first, each named
 * by its highest and its lowest UID.
 */
#include "imap/imap_commands.h"
#include "imap/imap_state.h"

enum {
	BATCH_MIN = 500 /* what a server has to take; smaller ones would be long answers of little use */
};

/* Message numbers of batch i, from 1 on; `first` is its lowest. */
static bool batch(uint32_t count, uint32_t size, uint64_t i, uint32_t *first, uint32_t *last)
{
	uint64_t before = (i - 1) * size;
	if (before >= count)
		return false;
	*last = count - (uint32_t)before;
	*first = *last > size ? *last - size + 1 : 1;
	return true;
}

static void put_batches(struct imap_session *s, uint32_t size, uint32_t from, uint32_t to)
{
	const struct imap_view *v = s->selected->view;
	uint32_t first, last;
	imap_puts(s, "* UIDBATCHES (TAG ");
	imap_put_string(s, s->tag);
	imap_puts(s, ")");
	for (uint64_t i = from; i <= to && batch(imap_view_count(v), size, i, &first, &last); i++) {
		imap_puts(s, i == from ? " " : ",");
		imap_put_number(s, imap_view_uid(v, last));
		if (first != last) {
			imap_puts(s, ":");
			imap_put_number(s, imap_view_uid(v, first));
		}
	}
	imap_put_line(s);
}

void imap_uidbatches(struct imap_session *s, struct imap_in *in)
{
	uint32_t size = 0, from = 1, to = UINT32_MAX;
	if (imap_in_space(in) && imap_in_number(in, &size) && imap_in_take(in, ' ') &&
	    imap_in_number(in, &from) && imap_in_char(in, ':'))
		imap_in_number(in, &to);
	if (!in->wrong && (size == 0 || from == 0 || to == 0))
		imap_in_wrong(in, "sizes and batches are counted from 1 on");
	if (imap_wrong(s, in))
		return;
	if (size < BATCH_MIN) {
		imap_no(s, "TOOSMALL", "a batch has at least 500 messages");
		return;
	}
	put_batches(s, size, from < to ? from : to, from < to ? to : from);
	imap_ok(s, NULL, "these are the batches");
}
