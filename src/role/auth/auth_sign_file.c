/* A stranger's way to the file behind a link: store looks at what the URL says, and gives a channel that
 * reads this one file. Nobody is signed in, and why there is none is told to nobody. */
#include <errno.h>

#include "mail/file_link.h"
#include "role/auth/auth_sign.h"

static bool granted(void *arg, struct link *link, struct channel_frame *frame)
{
	struct sign *s = arg;
	struct message_granted m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	s->asked = 0;
	if (frame && m.error == 0 && frame->fd >= 0) {
		s->channel = frame->fd;
		frame->fd = -1;
		sign_end(s, SIGN_DONE);
	} else if (frame && m.error == -ENOENT) {
		sign_end(s, SIGN_MISSING);
	} else {
		sign_end(s, frame && m.error == -EBUSY ? SIGN_FULL : SIGN_TEMPORARY);
	}
	return true;
}

void sign_file(struct sign *s)
{
	struct file_link_ref ref;
	if (!file_link_read(sign_field(s, 0), &ref)) {
		sign_end(s, SIGN_MISSING);
		return;
	}
	const struct message_grant_file m = {
	    .account = ref.account, .number = ref.number, .secret = view_of(ref.secret, sizeof ref.secret)};
	s->asked = calls_ask(&auth_role.store, MESSAGE_GRANT_FILE, &m, granted, s);
	if (s->asked == 0)
		sign_end(s, SIGN_TEMPORARY);
}
