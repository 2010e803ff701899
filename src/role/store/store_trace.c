/* What the trace is told of a message that comes in, and of what clients are refused. */
#include "role/store/store_trace.h"

#include "base/log.h"
#include "mime/summary.h"
#include "trace/trace_subject.h"
#include "trace/trace_write.h"

void store_trace_accepted(struct view id, const struct store_trace_mail *mail)
{
	const struct queue_record *r = mail->record;
	struct message_summary summary;
	struct buf words;
	struct log_field fields[12];
	size_t n = 0;
	buf_init(&words, TRACE_SUBJECT_MAX);
	if (message_summary_decode_texts(mail->summary, &summary) == 0)
		trace_subject_words(summary.envelope.subject, &words);
	fields[n++] = log_text("from", r->client);
	fields[n++] = log_text("sender", r->terms.sender);
	fields[n++] = log_u64("size", r->body_len);
	fields[n++] = log_text("message_id", r->message_id);
	fields[n++] = log_u64("recipients", mail->recipients);
	if (mail->session.len > 0)
		fields[n++] = log_text("session", mail->session);
	if (mail->refused > 0)
		fields[n++] = log_u64("refused", mail->refused);
	if (buf_view(&words).len > 0)
		fields[n++] = log_text("subject_words", buf_view(&words));
	if (mail->about.len > 0)
		fields[n++] = log_text(mail->is_submission ? "submission" : "about", mail->about);
	fields[n] = (struct log_field){.key = NULL};
	trace_fields(id, TRACE_ACCEPTED, fields);
	buf_done(&words);
}

void store_trace_kept(
    struct view id, struct view recipient, struct view original, struct view mailbox, bool muted)
{
	struct log_field fields[5];
	size_t n = 0;
	fields[n++] = log_text("recipient", recipient);
	fields[n++] = log_text("mailbox", muted ? STORE_TRACE_ARCHIVE : mailbox);
	if (muted)
		fields[n++] = log_text("by", STORE_TRACE_MUTED);
	if (original.len > 0 && !view_equal_nocase(original, recipient))
		fields[n++] = log_text("original", original);
	fields[n] = (struct log_field){.key = NULL};
	trace_fields(id, TRACE_KEPT, fields);
}

void store_refused(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_refused *m = message;
	(void)link;
	(void)frame;
	trace_event(m->session, TRACE_REJECTED, log_text("from", m->client), log_text("sender", m->sender),
	    log_u64("code", m->code), log_text("reply", m->reply),
	    log_text(m->recipient.len ? "recipient" : NULL, m->recipient));
}
