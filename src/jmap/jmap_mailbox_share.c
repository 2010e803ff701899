/* Other rights of others, as a part of Mailbox/set: jmap_mailbox_setting.h. */
#include <errno.h>

#include "jmap/jmap_mailbox_setting.h"
#include "mail/sharing.h"

static const char *why_not(int64_t error)
{
	switch (-error) {
	case ENXIO:
		return "it names a Principal that there is not, or that you may not see";
	case EINVAL:
		return "its owner has all rights already";
	case EMLINK:
		return "so many people and groups cannot have rights to one Mailbox";
	default:
		return NULL;
	}
}

static void on_shared(struct jmap_call *c, unsigned type, const void *answer)
{
	struct mailbox_setting *s = jmap_data(c);
	const struct mail_done *done = answer;
	if (type != MAIL_DONE)
		return;
	const char *why = why_not(done->error);
	if (done->error == -EUSERS)
		(void)mailbox_refuse(
		    &s->wish, "rateLimit", NULL, "very much was shared within this hour; go on in an hour");
	else if (done->error)
		(void)mailbox_refuse(&s->wish, why ? "invalidProperties" : jmap_set_error_type(done->error),
		    why ? "shareWith" : NULL, why ? why : mailbox_error_text(done->error));
	s->shared(c, done->error == 0);
}

void mailbox_give_rights(
    struct jmap_call *c, struct mailbox_setting *s, void (*then)(struct jmap_call *c, bool done))
{
	struct view changes;
	s->shared = then;
	if (!jmap_shares_encode(c, &s->wish.shares, &changes)) {
		jmap_error_of(c, -ENOMEM, "the list of people");
		return;
	}
	jmap_ask(c, SHARING_SET,
	    &(struct sharing_set){.account = jmap_account(c)->ask,
	        .mailbox = s->number,
	        .replace = s->wish.shares.replace,
	        .changes = changes},
	    on_shared);
}
