/* Reports between servers, found in a mail: see role_content.c. The bytes are gathered, since MIME is read
 * from its end as well; what comes back is the report in our own form. */
#include "role/content/content_report.h"

#include <errno.h>

#include "base/mem.h"
#include "mime/message_text.h"
#include "process/own_limits.h"
#include "report/report_find.h"

enum { PIECE = 128 * 1024 };

static struct {
	struct buf message;
	uint32_t request; /* whose message is being gathered */
	bool too_large;
} gathered;

void content_report_begin(void)
{
	buf_done(&gathered.message);
	buf_init(&gathered.message, MESSAGE_TEXT_MAX);
	gathered.request = 0;
	gathered.too_large = false;
}

static int encode(const struct report_found *found, struct message_report *m, struct buf *bytes)
{
	m->kind = found->kind;
	if (found->kind == REPORT_FAILURE) {
		m->domain = found->failure.domain;
		m->org = found->failure.org;
		m->id = found->failure.id;
		m->begin = m->end = found->failure.at;
		return codec_encode(bytes, &report_failure_schema, &found->failure);
	}
	if (found->kind == REPORT_DMARC) {
		m->domain = found->dmarc.policy.domain;
		m->org = found->dmarc.org;
		m->id = found->dmarc.id;
		m->begin = found->dmarc.begin;
		m->end = found->dmarc.end;
		return codec_encode(bytes, &report_dmarc_schema, &found->dmarc);
	}
	const struct report_tls_policy *first = found->tls.policies.items;
	m->domain = first->domain;
	m->org = found->tls.org;
	m->id = found->tls.id;
	m->begin = found->tls.begin;
	m->end = found->tls.end;
	return codec_encode(bytes, &report_tls_schema, &found->tls);
}

static void answer(struct link *link, uint32_t request, const struct message_report *found, struct view bytes)
{
	struct message_report m = *found;
	do {
		m.bytes = view_take(bytes, PIECE);
		bytes = view_skip(bytes, m.bytes.len);
		m.last = bytes.len == 0;
		ipc_send(&link->channel, MESSAGE_REPORT, request, &m, -1);
	} while (!m.last);
}

static void read_message(struct link *link, uint32_t request)
{
	struct message_report m = {.error = 0};
	struct report_found found;
	struct arena arena;
	struct buf bytes;
	arena_init(&arena, REPORT_MEMORY);
	buf_init(&bytes, REPORT_BYTES_MAX);
	own_limits_time(CONTENT_SECONDS_MAX);
	int error = gathered.too_large ? -E2BIG
	            : buf_failed(&gathered.message)
	                ? -ENOMEM
	                : report_find(buf_view(&gathered.message), &arena, &found);
	own_limits_time(0);
	if (error == 0)
		error = encode(&found, &m, &bytes);
	if (error)
		m = (struct message_report){.error = error};
	answer(link, request, &m, error ? (struct view){0} : buf_view(&bytes));
	buf_done(&bytes);
	arena_done(&arena);
}

void content_report_piece(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_report_of *m = message;
	if (frame->request != gathered.request) {
		content_report_begin();
		gathered.request = frame->request;
	}
	if (!gathered.too_large && buf_append(&gathered.message, m->bytes) == -ENOBUFS)
		gathered.too_large = true;
	if (!m->last)
		return;
	read_message(link, frame->request);
	content_report_begin();
	mem_give_back();
}
