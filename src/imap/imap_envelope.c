/*
 * ENVELOPE (RFC 9051 section 7.5.2, RFC 3501 section 7.4.2):
 *
 *	(date subject from sender reply-to to cc bcc in-reply-to message-id)
 */
#include "imap/imap_envelope.h"

#include "base/utf8.h"
#include "format/domain.h"
#include "format/limits.h"

/* RFC 6858 section 2.1: whoever reads no UTF-8 gets the domain as A-labels, if it has such. */
static void put_domain(struct imap_pen *p, struct view domain)
{
	char bytes[DOMAIN_MAX + 1];
	struct buf ascii;
	if (p->utf8 || utf8_is_ascii(domain)) {
		imap_pen_string(p, domain);
		return;
	}
	buf_init(&ascii, sizeof bytes);
	imap_pen_string(p, domain_normalize(domain, &ascii) == 0 ? buf_view(&ascii) : domain);
	buf_done(&ascii);
}

static struct view nil_if_empty(struct view text)
{
	return text.len ? text : (struct view){0};
}

/*
 * (name at-domain-list mailbox host). A group begins with a host of NIL and ends with a mailbox of NIL, so
 * that an address without a domain has an empty one.
 */
static void put_address(struct imap_pen *p, const struct address *a)
{
	if (a->kind == ADDRESS_GROUP_END) {
		imap_pen_view(p, VIEW("(NIL NIL NIL NIL)"));
		return;
	}
	if (a->kind == ADDRESS_GROUP_START) {
		imap_pen_view(p, VIEW("(NIL NIL "));
		imap_pen_header_text(
		    p, view_of(a->display_name.data ? a->display_name.data : "", a->display_name.len));
		imap_pen_view(p, VIEW(" NIL)"));
		return;
	}
	imap_pen_byte(p, '(');
	imap_pen_header_text(p, nil_if_empty(a->display_name));
	imap_pen_byte(p, ' ');
	imap_pen_header_text(p, nil_if_empty(a->route));
	imap_pen_byte(p, ' ');
	imap_pen_string(p, a->local_part);
	imap_pen_byte(p, ' ');
	put_domain(p, a->domain);
	imap_pen_byte(p, ')');
}

static void put_list(struct imap_pen *p, const struct address_list *list)
{
	if (list->count == 0) {
		imap_pen_view(p, VIEW(" NIL"));
		return;
	}
	imap_pen_view(p, VIEW(" ("));
	for (size_t i = 0; i < list->count; i++)
		put_address(p, &list->items[i]);
	imap_pen_byte(p, ')');
}

void imap_pen_envelope(struct imap_pen *p, const struct envelope *e)
{
	imap_pen_byte(p, '(');
	imap_pen_header_text(p, e->date);
	imap_pen_byte(p, ' ');
	imap_pen_header_text(p, e->subject);
	put_list(p, &e->from);
	put_list(p, e->sender.count ? &e->sender : &e->from);
	put_list(p, e->reply_to.count ? &e->reply_to : &e->from);
	put_list(p, &e->to);
	put_list(p, &e->cc);
	put_list(p, &e->bcc);
	imap_pen_byte(p, ' ');
	imap_pen_header_text(p, e->in_reply_to);
	imap_pen_byte(p, ' ');
	imap_pen_header_text(p, e->message_id);
	imap_pen_byte(p, ')');
}
