/*
 * One body in, values out: a message comes in pieces, and its terms for the search go back. The readers of
 * attachments are here, so that what breaks one of them reaches nothing: this process has no files, no
 * network and no mail but the one message, and it is expendable. It runs behind everybody else; a message
 * that takes too much of the processor or of memory ends it, and store, which knows which one it was, goes on
 * with a new one.
 */
#include "role/content/role_content.h"
#include "role/content/content_report.h"
#include "role/content/content_smime.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "extract/extract.h"
#include "format/charset.h"
#include "format/fold.h"
#include "process/own_limits.h"
#include "search/search_message.h"
#include "smime/smime.h"

enum {
	PIECE = 128 * 1024,
	/* Delivery keeps its rate. A tenth of a busy processor is left: with less, words are found hours
	   later. */
	NICENESS = 10,
	/* Memory: a message of MESSAGE_TEXT_MAX, an attachment of it decoded, what extractors need, the
	 * terms, and as much again for the growth of buffers. */
	MEMORY_MAX = 512 << 20,
	ATTACHMENT_MAX = 48 << 20 /* octets of one attachment, decoded */
};

static struct {
	struct link store;
	struct message_gather message;
	uint32_t request; /* whose message is being gathered */
	int error;        /* it does not fit */
	bool partly;      /* its end is left out */
	struct search_terms terms;
} content;

/* ---- attachments ---- */

struct extraction {
	struct search_terms *terms;
	int error;
};

static bool take_text(void *arg, struct view utf8)
{
	struct extraction *e = arg;
	e->error = search_terms_add(e->terms, SEARCH_ATTACHMENT, utf8, true);
	return e->error == 0;
}

static int extract(void *arg, const struct message_text_piece *p, struct search_terms *terms)
{
	struct extraction e = {.terms = terms};
	struct extract_file file = {.bytes = p->text,
	    .charset = parameter_find(&p->type->parameters, VIEW("charset")),
	    .name = p->name};
	struct buf type;
	(void)arg;
	buf_init(&type, 1024);
	buf_append(&type, p->type->type);
	buf_append_byte(&type, '/');
	buf_append(&type, p->type->subtype);
	file.type = buf_view(&type);
	enum extract_verdict verdict =
	    extract_may_read(file.type, file.name) ? extract_text(&file, take_text, &e) : EXTRACT_NO_FORMAT;
	buf_done(&type);
	if (e.error == 0)
		e.error = search_terms_add(terms, SEARCH_ATTACHMENT, (struct view){0}, false);
	return e.error == 0 && verdict == EXTRACT_NO_MEMORY ? -ENOMEM : e.error;
}

/* ---- one message ---- */

static void answer(uint32_t request, int error)
{
	struct buf list;
	struct message_terms m = {.cut = content.terms.cut};
	buf_init(&list, SEARCH_TERMS_WRITTEN_MAX);
	if (error == 0)
		error = search_terms_write(&content.terms, &list);
	struct view rest = error ? (struct view){0} : buf_view(&list);
	do {
		m.bytes = view_take(rest, PIECE);
		rest = view_skip(rest, m.bytes.len);
		m.last = rest.len == 0;
		m.error = m.last ? error : 0;
		ipc_send(&content.store.channel, MESSAGE_TERMS, request, &m, -1);
	} while (!m.last);
	buf_done(&list);
}

static void read_message(uint32_t request)
{
	int error = content.error;
	search_terms_clear(&content.terms);
	if (error == 0) {
		own_limits_time(CONTENT_SECONDS_MAX);
		error = search_message(
		    buf_view(&content.message.bytes), extract, NULL, ATTACHMENT_MAX, &content.terms);
		own_limits_time(0);
	}
	if (content.partly)
		search_terms_cut(&content.terms);
	answer(request, error);
	if (content.terms.bytes > SEARCH_TERMS_BYTES / 2 || buf_view(&content.message.bytes).len > PIECE) {
		/* Memory goes back after an unusual one. */
		message_gather_done(&content.message);
		search_terms_done(&content.terms);
		search_terms_init(&content.terms);
		mem_give_back();
	}
}

static void begin_message(uint32_t request)
{
	buf_clear(&content.message.bytes);
	content.request = request;
	content.error = 0;
	content.partly = false;
}

static void take_piece(struct link *link, struct channel_frame *frame, const void *message)
{
	const struct message_terms_of *m = message;
	(void)link;
	if (frame->request != content.request)
		begin_message(frame->request);
	int error = content.error || content.partly ? 0 : message_gather_add(&content.message, m->bytes);
	if (error == -ENOBUFS)
		content.partly = true;
	else if (error)
		content.error = error;
	if (!m->last)
		return;
	read_message(frame->request);
	begin_message(0);
}

static const struct link_verb store_verbs[] = {{MESSAGE_TERMS_OF, take_piece},
    {MESSAGE_REPORT_OF, content_report_piece}, {MESSAGE_SMIME_OF, content_smime_piece}, {0}};
static const struct role_hears hears[] = {{ROLE_STORE, store_verbs}, {0}};

/* ---- the role ---- */

static int content_role_start(struct role_process *p)
{
	(void)p;
	if (setpriority(PRIO_PROCESS, 0, NICENESS) != 0)
		log_event(LOG_WARNING, "-", "content-priority", log_errno(errno));
	own_limits_memory(MEMORY_MAX);
	charset_prepare();
	fold_prepare();
	smime_prepare();
	message_gather_init(&content.message);
	search_terms_init(&content.terms);
	return 0;
}

static void content_role_peer(struct role_process *p, enum role_bit role, int fd)
{
	if (role != ROLE_STORE) {
		close(fd); /* nobody else calls */
		return;
	}
	begin_message(0);
	content_report_begin();
	content_smime_begin();
	link_open(&content.store, p, fd, role, NULL, NULL);
}

static int content_role_serve(struct role_process *p)
{
	content_smime_serve(p);
	return 0;
}

const struct role_functions content_functions = {
    .start = content_role_start,
    .serve = content_role_serve,
    .peer = content_role_peer,
    .hears = hears,
};
