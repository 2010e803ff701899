/* The values of C, names and mailboxes that are not, or no longer, among the account's own; and of W and A.
 * See values.c. */
#include <errno.h>

#include "account/keys.h"

enum { VERSION = 2 };

void share_encode(const struct account_share *s, struct entry *out)
{
	entry_begin(out, VERSION);
	entry_add_number(out, s->state);
	entry_add_number(out, s->subscribed);
	entry_add_text(out, s->address);
}

int share_decode(struct view value, struct account_share *s)
{
	struct cursor c = entry_read(value, VERSION);
	uint8_t state = (uint8_t)entry_take_limited(&c, SHARE_LAST);
	bool subscribed = entry_take_number(&c) != 0;
	struct view address = entry_take_text(&c);
	if (!cursor_ok(&c))
		return -EBADMSG;
	s->state = state;
	s->subscribed = subscribed;
	s->address = address;
	return 0;
}

/* A blob's length is part of its name, and is the value's. */
void value_encode(const struct account_value *v, struct entry *out)
{
	bool blob = !blob_is_none(&v->blob);
	entry_begin(out, VERSION);
	entry_add_number(out, blob);
	if (blob)
		entry_add_blob(out, &v->blob);
	else
		entry_add_text(out, v->text);
}

int value_decode(struct view value, struct account_value *v)
{
	struct cursor c = entry_read(value, VERSION);
	struct account_value r = {.size = 0};
	if (entry_take_limited(&c, 1)) {
		value_take_blob(&c, &r.blob);
		r.size = blob_length(&r.blob);
	} else {
		r.text = entry_take_text(&c);
		r.size = r.text.len;
	}
	if (cursor_ok(&c))
		*v = r;
	return entry_result(&c);
}
