/* See submission.h. */
#include "mail/submission.h"

#include "format/limits.h"
#include "format/outcome.h"
#include "format/wire.h"

enum { NOTIFY_BITS = NOTIFY_NEVER | NOTIFY_SUCCESS | NOTIFY_FAILURE | NOTIFY_DELAY };

int submission_recipient_put(struct buf *out, const struct submission_recipient *r)
{
	wire_put_text(out, r->address);
	wire_put_text(out, r->parameters);
	wire_put_text(out, r->orcpt);
	wire_put_number(out, r->notify);
	wire_put_number(out, r->delivered);
	return wire_put_text(out, r->reply);
}

/* It goes into commands of SMTP: printable ASCII without blanks. */
static bool is_word(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] <= ' ' || text.data[i] > '~')
			return false;
	return true;
}

bool submission_recipient_get(struct cursor *in, struct submission_recipient *r)
{
	struct submission_recipient got;
	if (cursor_at_end(in) || !cursor_ok(in))
		return false;
	got.address = wire_text(in);
	got.parameters = wire_text(in);
	got.orcpt = wire_text(in);
	got.notify = wire_number(in, NOTIFY_BITS);
	got.delivered = wire_number(in, SUBMISSION_DELIVERED_LAST);
	got.reply = wire_text(in);
	if (got.address.len == 0 || got.address.len > SUBMISSION_ADDRESS_MAX ||
	    got.parameters.len > SUBMISSION_PARAMETERS_MAX || got.orcpt.len > ORCPT_MAX ||
	    !is_word(got.orcpt) || got.reply.len > SUBMISSION_REPLY_MAX)
		in->failed = true;
	if (!cursor_ok(in))
		return false;
	*r = got;
	return true;
}
