/* Signatures of S/MIME: see role_content.c. A message is gathered, and looked at whole: what is signed and
 * the signature stand in it at both ends. */
#include "role/content/content_smime.h"

#include <errno.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "mime/message_text.h"
#include "process/own_limits.h"
#include "role/content/content_report.h"
#include "smime/smime.h"

static struct {
	struct buf message;
	uint32_t request; /* whose message is being gathered */
	struct smime_anchors *anchors;
} signatures;

void content_smime_begin(void)
{
	buf_done(&signatures.message);
	buf_init(&signatures.message, MESSAGE_TEXT_MAX);
	signatures.request = 0;
}

void content_smime_serve(const struct role_process *p)
{
	struct smime_anchors *fresh = NULL;
	size_t count = 0;
	for (const struct role_file *f = p->files; f; f = f->next) {
		if (f->kind != FILE_SIGNERS)
			continue;
		fresh = smime_anchors_new(buf_view(&f->content), &count);
		if (fresh == NULL)
			log_event(LOG_ERROR, "-", "smime-anchors-unusable", log_string("file", f->name),
			    log_string("do",
			        "it must hold certificates in PEM form, 500 at most; until it does, "
			        "no signature is believed: check smime_anchors, and reload"));
	}
	smime_anchors_free(signatures.anchors);
	signatures.anchors = fresh;
}

static void read_message(struct link *link, uint32_t request, int64_t delivered)
{
	struct smime_verdict v = {.problems = 0};
	int error = buf_failed(&signatures.message) ? -ENOMEM : 0;
	own_limits_time(CONTENT_SECONDS_MAX);
	if (error == 0)
		error = smime_verify(
		    buf_view(&signatures.message), signatures.anchors, clock_wall(), delivered, &v);
	own_limits_time(0);
	struct message_smime m = {
	    .error = error, .status = v.now, .delivered = v.delivered, .problems = v.problems};
	ipc_send(&link->channel, MESSAGE_SMIME, request, &m, -1);
}

void content_smime_piece(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_smime_of *m = message;
	if (frame->request != signatures.request) {
		content_smime_begin();
		signatures.request = frame->request;
	}
	buf_append(&signatures.message, m->bytes);
	if (!m->last)
		return;
	read_message(link, frame->request, (int64_t)m->delivered);
	content_smime_begin();
	mem_give_back();
}
