/* Why a Mailbox cannot be made, changed or removed: jmap_mailbox_setting.h. */
#include <errno.h>

#include "jmap/jmap_mailbox_setting.h"

const char *mailbox_error_type(int64_t error)
{
	switch (-error) {
	case EINVAL:
	case ELOOP:
	case EMLINK:
		return "invalidProperties";
	case ENOTEMPTY:
		return "mailboxHasChild";
	default:
		return jmap_set_error_type(error);
	}
}

const char *mailbox_error_text(int64_t error)
{
	switch (-error) {
	case EINVAL:
		return "it is no name for a Mailbox";
	case ELOOP:
		return "a Mailbox cannot be within itself";
	case EMLINK:
		return "there are too many Mailboxes, or it is too deep within others";
	case EEXIST:
		return "there is a Mailbox of this name already";
	case EPERM:
		return "the inbox keeps its name and its place";
	case EACCES:
		return "you have no right to do this";
	case ENOENT:
		return "there is no such Mailbox";
	case ENOTEMPTY:
		return "there are Mailboxes within it";
	default:
		return "the server cannot do this now";
	}
}

void mailbox_fail(struct jmap_call *c, struct mailbox_setting *s, int64_t error, uint64_t existing)
{
	const char *type = mailbox_error_type(error);
	bool is_name = error == -EINVAL || error == -EMLINK;
	struct json_out *w = jmap_set_failed_with(c, s->key, type);
	if (error == -EEXIST && existing) {
		json_out_name(w, VIEW("existingId"));
		jmap_put_id(w, MAIL_ID_MAILBOX, jmap_account(c)->number, existing);
	}
	if (is_name || error == -ELOOP) {
		json_out_name(w, VIEW("properties"));
		json_out_array(w);
		json_out_string(w, is_name ? VIEW("name") : VIEW("parentId"));
		json_out_end(w);
	}
	json_out_name(w, VIEW("description"));
	json_out_string(w, view_from_string(mailbox_error_text(error)));
	jmap_set_failed_end(c);
	jmap_set_next(c);
}

void mailbox_fail_wish(struct jmap_call *c, struct mailbox_setting *s)
{
	const struct mailbox_wish *wish = &s->wish;
	jmap_set_failed(c, s->key, wish->type, wish->property, "%s", wish->why);
	jmap_set_next(c);
}
