/* Properties of a submission, as EmailSubmission/get and /set write them. */
#include "jmap/jmap_submission.h"

static const char *const undo_names[] = {"pending", "final", "canceled"};
static const char *const delivered_names[] = {"queued", "yes", "no", "unknown"};

const char *jmap_submission_undo(uint64_t undo)
{
	return undo_names[undo <= SUBMISSION_UNDO_LAST ? undo : SUBMISSION_FINAL];
}

static void put_address(struct json_out *w, struct view email, struct view parameters)
{
	json_out_object(w);
	json_out_name(w, VIEW("email"));
	json_out_string(w, email);
	json_out_name(w, VIEW("parameters"));
	if (parameters.len)
		json_out_raw(w, parameters);
	else
		json_out_null(w);
	json_out_end(w);
}

void jmap_submission_put_envelope(
    struct json_out *w, struct view sender, struct view parameters, struct view recipients)
{
	struct cursor in = cursor_on(recipients);
	struct submission_recipient r;
	json_out_name(w, VIEW("envelope"));
	json_out_object(w);
	json_out_name(w, VIEW("mailFrom"));
	put_address(w, sender, parameters);
	json_out_name(w, VIEW("rcptTo"));
	json_out_array(w);
	while (submission_recipient_get(&in, &r))
		put_address(w, r.address, r.parameters);
	json_out_end(w);
	json_out_end(w);
}

void jmap_submission_put_delivery(struct json_out *w, struct view recipients)
{
	struct cursor in = cursor_on(recipients);
	struct submission_recipient r;
	json_out_name(w, VIEW("deliveryStatus"));
	json_out_object(w);
	while (submission_recipient_get(&in, &r)) {
		json_out_name(w, r.address);
		json_out_object(w);
		json_out_name(w, VIEW("smtpReply"));
		json_out_string(w, r.reply.len ? r.reply : VIEW("250 2.0.0 queued by this server"));
		json_out_name(w, VIEW("delivered"));
		json_out_string(w, view_from_string(delivered_names[r.delivered]));
		json_out_name(w, VIEW("displayed"));
		json_out_string(w, VIEW("unknown"));
		json_out_end(w);
	}
	json_out_end(w);
}

void jmap_submission_put_blobs(struct json_out *w)
{
	json_out_name(w, VIEW("dsnBlobIds"));
	json_out_array(w);
	json_out_end(w);
	json_out_name(w, VIEW("mdnBlobIds"));
	json_out_array(w);
	json_out_end(w);
}
