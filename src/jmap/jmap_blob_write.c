/* New blobs, sent up piece by piece. */
#include "jmap/jmap_blob_write.h"

void jmap_blob_write_begin(struct jmap_call *c, struct jmap_blob_writer *w)
{
	*w = (struct jmap_blob_writer){
	    .call = c, .upload = jmap_upload_number(c), .credit = MAIL_UPLOAD_WINDOW};
}

static bool send(struct jmap_call *c, struct jmap_blob_writer *w)
{
	while (w->left.len && w->credit) {
		struct view piece =
		    view_take(w->left, w->credit < MAIL_PIECE_MAX ? w->credit : MAIL_PIECE_MAX);
		jmap_tell(c, MAIL_UPLOAD, &(struct mail_upload){.upload = w->upload, .bytes = piece});
		w->credit -= piece.len;
		w->size += piece.len;
		w->left = view_skip(w->left, piece.len);
	}
	return w->left.len == 0;
}

bool jmap_blob_write(struct jmap_call *c, struct jmap_blob_writer *w, struct view bytes)
{
	w->left = bytes;
	return send(c, w);
}

bool jmap_blob_credited(
    struct jmap_call *c, struct jmap_blob_writer *w, const struct mail_upload_credit *credit)
{
	if (credit->upload != w->upload)
		return false;
	w->credit += credit->bytes;
	return w->left.len > 0 && send(c, w);
}

void jmap_blob_write_end(struct jmap_call *c, struct jmap_blob_writer *w, jmap_answered *answered)
{
	/* An upload of no octets is none that store has heard of. */
	if (w->size == 0)
		jmap_tell(c, MAIL_UPLOAD, &(struct mail_upload){.upload = w->upload});
	jmap_ask(c, EMAIL_KEEP, &(struct email_keep){.upload = w->upload}, answered);
	w->upload = 0;
}

void jmap_blob_write_abort(struct jmap_blob_writer *w)
{
	if (w->upload)
		jmap_tell(w->call, MAIL_UPLOAD_ABORT, &(struct mail_upload_abort){.upload = w->upload});
	w->upload = 0;
	w->left = (struct view){0};
}
