/* The values of C: names and mailboxes that are not, or no longer, among the account's own. See values.c. */
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
