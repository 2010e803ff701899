/* What is told of Emails that were made, and of those that were not: jmap_email_maker.h. */
#include <errno.h>

#include "jmap/jmap_email_maker.h"
#include "jmap/jmap_state.h"

const char *jmap_email_error_type(int64_t error)
{
	switch (-error) {
	case ENXIO:
	case EINVAL:
	case EDOM:
		return "invalidProperties";
	case EMLINK:
		return "tooManyMailboxes";
	case E2BIG:
		return "tooManyKeywords";
	case EEXIST:
		return "alreadyExists";
	case EMSGSIZE:
		return "tooLarge";
	case EFBIG:
	case EDQUOT:
		return "overQuota";
	default:
		return jmap_set_error_type(error);
	}
}

const char *jmap_email_error_text(int64_t error)
{
	static const struct {
		int64_t error;
		const char *text;
	} texts[] = {{-ENOENT, "there is no such Email"}, {-EACCES, "you have no right to do this"},
	    {-EEXIST, "this blob is an Email of the account already"}, {-ENXIO, "there is no such Mailbox"},
	    {-EINVAL, "an Email is in one Mailbox at least"},
	    {-EDOM, "it is not in the Mailbox with the role \"snoozed\""},
	    {-EMLINK, "an Email cannot be in so many Mailboxes"},
	    {-E2BIG, "an Email cannot have so many keywords"}, {-EDQUOT, "the account is full"},
	    {-EFBIG, "it is larger than all that the account may hold"},
	    {-EMSGSIZE, "it is larger than this server takes"}, {-EBADMSG, "it is damaged on the server"}};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].error == error)
			return texts[i].text;
	return "the server cannot do this now";
}

struct view jmap_email_made_id(struct jmap_call *c, const struct jmap_email_maker *m, char *id)
{
	return view_of(id, mail_id_write(id, MAIL_ID_EMAIL, jmap_account(c)->number, m->email));
}

void jmap_email_put_made(struct jmap_call *c, const struct jmap_email_maker *m, struct json_out *w)
{
	uint64_t account = jmap_account(c)->number;
	json_out_name(w, VIEW("blobId"));
	jmap_put_id(w, MAIL_ID_BLOB_EMAIL, account, m->email);
	json_out_name(w, VIEW("threadId"));
	jmap_put_id(w, MAIL_ID_THREAD, account, m->thread);
	json_out_name(w, VIEW("size"));
	json_out_unsigned(w, m->size);
}

static void put_list(struct json_out *w, struct view name, struct view text, char separator)
{
	struct view item;
	if (text.len == 0)
		return;
	json_out_name(w, name);
	json_out_array(w);
	while (view_next(&text, separator, &item))
		json_out_string(w, item);
	json_out_end(w);
}

void jmap_email_put_failed(const struct jmap_email_maker *m, struct json_out *w)
{
	if (m->existing) {
		json_out_name(w, VIEW("existingId"));
		jmap_put_id(w, MAIL_ID_EMAIL, jmap_account(m->call)->number, m->existing);
	}
	put_list(w, VIEW("properties"), m->properties, ',');
	put_list(w, VIEW("notFound"), buf_view(&m->not_found), ' ');
	if (m->description) {
		json_out_name(w, VIEW("description"));
		json_out_string(w, view_from_string(m->description));
	}
}
