/*
 * SearchSnippet/get: RFC 8621 section 5.1. Shows what a filter has found in an email's subject and text.
 * Small messages come whole; of large ones the beginning is read, where the text stands.
 */
#include <errno.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "jmap/jmap_asked.h"
#include "jmap/jmap_email_filter.h"
#include "jmap/jmap_header.h"
#include "jmap/jmap_mark.h"
#include "mime/message_text.h"
#include "mime/summary.h"

enum {
	SMALL_MAX = 128 * 1024,     /* octets of a message that comes with others */
	SNIPPETS_MAX = 500,         /* of one call: each message is read; a page shows some 50 */
	BEGINNING_MAX = 512 * 1024, /* octets of a larger one that are looked at */
	SUMMARY_MEMORY = 1 << 20,   /* of one summary, decoded */
	SUBJECT_MAX = 3 * SUMMARY_MAX * (6 + 7 + 5) /* each character marked for itself */
};

struct snippets {
	struct jmap_table_use use; /* not used: filters name no rows here */
	struct jmap_get get;       /* ids as jmap_asked.h takes them */
	struct jmap_asked asked;
	struct jmap_email_program program;
	const struct query *in_subject[QUERY_TEXTS_MAX], *in_body[QUERY_TEXTS_MAX];
	struct jmap_sought subject, body;
	struct buf missing;
	struct buf parts;    /* of messages that are read: id, offset, length */
	struct buf subjects; /* of these: length (4 octets), HTML; all ones: null */
	struct message_gather gather;
	uint64_t reading; /* which of these comes */
	int error;
};

static void release(void *data)
{
	struct snippets *g = data;
	jmap_asked_done(&g->asked);
	buf_done(&g->missing);
	buf_done(&g->parts);
	buf_done(&g->subjects);
	message_gather_done(&g->gather);
}

/* ---- what is sought ---- */

/* The conditions that an email meets by having them: what stands below NOT is not shown. */
static void collect(struct snippets *g, const struct jmap_email_node *node)
{
	if (node->kind == JMAP_EMAIL_NONE)
		return;
	if (node->kind == JMAP_EMAIL_TEXT) {
		const struct query *q = g->program.texts[node->number];
		bool any = q->kind == QUERY_TEXT && q->field == MAIL_FIELD_ANY;
		if (any || (q->kind == QUERY_TEXT && q->field == MAIL_FIELD_SUBJECT))
			g->in_subject[g->subject.count++] = q;
		if (any || (q->kind == QUERY_TEXT && q->field == MAIL_FIELD_BODY))
			g->in_body[g->body.count++] = q;
	}
	for (const struct jmap_email_node *child = node->first; child; child = child->next)
		collect(g, child);
}

/* ---- a snippet ---- */

struct looking {
	const struct jmap_sought *sought;
	struct buf preview;
	bool found;
	int error;
};

static bool look_at_piece(void *arg, const struct message_text_piece *piece)
{
	struct looking *l = arg;
	if (piece->kind == MESSAGE_TEXT_BODY)
		l->error = jmap_mark_preview(l->sought, piece->text, &l->preview, &l->found);
	return !l->found && l->error == 0;
}

static void write_snippet(struct jmap_call *c, struct snippets *g, uint64_t id, bool has_subject,
    struct view subject, struct view message)
{
	static const struct message_text_options options = {0};
	struct json_out *out = jmap_respond(c);
	struct looking l = {.sought = &g->body};
	buf_init(&l.preview, JMAP_PREVIEW_MAX);
	/* What a limit leaves out is not found. */
	if (g->body.count > 0 && message_text(message, &options, look_at_piece, &l) == -ENOMEM)
		l.error = -ENOMEM;
	g->error = l.error ? l.error : g->error;
	json_out_object(out);
	json_out_name(out, VIEW("emailId"));
	jmap_put_id(out, MAIL_ID_EMAIL, jmap_account(c)->number, id);
	json_out_name(out, VIEW("subject"));
	if (has_subject)
		json_out_string(out, subject);
	else
		json_out_null(out);
	json_out_name(out, VIEW("preview"));
	if (l.found)
		json_out_string(out, buf_view(&l.preview));
	else
		json_out_null(out);
	json_out_end(out);
	buf_done(&l.preview);
}

static int mark_subject(struct snippets *g, const struct mail_message *m, struct buf *html, bool *found)
{
	struct message_summary summary;
	struct jmap_scratch scratch;
	int error = 0;
	*found = false;
	if (g->subject.count == 0 || message_summary_decode_texts(m->summary, &summary) != 0)
		return 0;
	jmap_scratch_init(&scratch);
	error = jmap_mark_all(&g->subject, jmap_header_text(&scratch, summary.envelope.subject), html, found);
	jmap_scratch_done(&scratch);
	return error;
}

/* ---- larger messages ---- */

static void finish(struct jmap_call *c, struct snippets *g)
{
	struct json_out *out = jmap_respond(c);
	struct view missing = buf_view(&g->missing);
	json_out_end(out);
	json_out_name(out, VIEW("notFound"));
	if (missing.len == 0) {
		json_out_null(out);
	} else {
		json_out_array(out);
		json_out_raw(out, missing);
		json_out_end(out);
	}
	if (buf_failed(&g->missing))
		jmap_error_of(c, -ENOMEM, "the snippets");
	else
		jmap_end(c);
}

static void note_missing(struct snippets *g, struct view id)
{
	struct json_out w = json_out_on(&g->missing);
	if (g->missing.len > 0)
		buf_append_byte(&g->missing, ',');
	json_out_string(&w, id);
}

/* The message is here as far as it is looked at. */
static void read_one(struct jmap_call *c, struct snippets *g, const struct mail_data *data)
{
	struct cursor parts =
	    cursor_on(view_skip(buf_view(&g->parts), (size_t)data->index * 3 * EMAIL_ID_SIZE));
	uint64_t id = cursor_u64(&parts);
	struct cursor subjects = cursor_on(buf_view(&g->subjects));
	uint32_t len = cursor_u32(&subjects);
	struct view subject = cursor_bytes(&subjects, len == UINT32_MAX ? 0 : len);
	write_snippet(c, g, id, len != UINT32_MAX, subject, buf_view(&g->gather.bytes));
	buf_consume(&g->subjects, sizeof len + subject.len);
	message_gather_done(&g->gather);
	message_gather_init(&g->gather);
	g->reading++;
}

static void read_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct snippets *g = jmap_data(c);
	const struct mail_done *done = answer;
	const struct mail_data *data = answer;
	if (type == MAIL_DATA && data->index == g->reading && g->error == 0) {
		if (message_gather_add(&g->gather, data->bytes) == -ENOMEM)
			g->error = -ENOMEM;
		if (data->last || data->error)
			read_one(c, g, data);
	}
	if (type != MAIL_DONE)
		return;
	if (done->error || g->error)
		jmap_error_of(c, done->error ? done->error : g->error, "the emails");
	else
		finish(c, g);
}

/* ---- the first question ---- */

static void take_entry(struct jmap_call *c, struct snippets *g, const struct mail_message *m)
{
	struct buf html;
	bool found;
	for (size_t i = g->asked.at; i < g->asked.numbers.len / EMAIL_ID_SIZE; i++) {
		struct cursor in = cursor_on(view_skip(buf_view(&g->asked.numbers), i * EMAIL_ID_SIZE));
		g->asked.at = i + 1;
		if (cursor_u64(&in) == m->emailid)
			break;
		note_missing(g, g->get.ids[g->asked.index[i]]);
	}
	buf_init(&html, SUBJECT_MAX);
	g->error = mark_subject(g, m, &html, &found);
	if (m->has_body || g->body.count == 0) {
		write_snippet(c, g, m->emailid, found, buf_view(&html), m->body);
	} else {
		buf_append_u64(&g->parts, m->emailid);
		buf_append_u64(&g->parts, 0);
		buf_append_u64(&g->parts, BEGINNING_MAX);
		buf_append_u32(&g->subjects, found ? (uint32_t)buf_view(&html).len : UINT32_MAX);
		buf_append(&g->subjects, found ? buf_view(&html) : (struct view){0});
		if (buf_failed(&g->parts) || buf_failed(&g->subjects))
			g->error = -ENOMEM;
	}
	buf_done(&html);
}

static uint64_t want_of(const struct snippets *g)
{
	return MAIL_WANT_IDS | MAIL_WANT_SUMMARY | (g->body.count > 0 ? MAIL_WANT_BODY : 0);
}

static void answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct snippets *g = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == EMAIL_ENTRIES) {
		struct cursor in = cursor_on(((const struct email_entries *)answer)->entries);
		struct email_entry e;
		while (g->error == 0 && email_entry_get(&in, want_of(g), &e))
			take_entry(c, g, &e.message);
	}
	if (type != MAIL_DONE)
		return;
	if (done->error || g->error) {
		jmap_error_of(c, done->error ? done->error : g->error, "the emails");
		return;
	}
	for (size_t i = g->asked.at; i < g->asked.numbers.len / EMAIL_ID_SIZE; i++)
		note_missing(g, g->get.ids[g->asked.index[i]]);
	if (g->parts.len == 0) {
		finish(c, g);
		return;
	}
	struct email_read question = {.account = jmap_account(c)->ask, .parts = buf_view(&g->parts)};
	jmap_ask(c, EMAIL_READ, &question, read_answered);
}

/* ---- arguments ---- */

static bool take_ids(struct jmap_call *c, struct snippets *g)
{
	json_t *ids = NULL, *id;
	uint64_t account, number;
	size_t i;
	if (!jmap_take_array(c, jmap_arguments(c), "emailIds", &ids))
		return false;
	if (ids == NULL) {
		jmap_error(c, "invalidArguments", "\"emailIds\" is missing");
		return false;
	}
	if (json_array_size(ids) > SNIPPETS_MAX) {
		jmap_error(c, "requestTooLarge", "more than %d ids", (int)SNIPPETS_MAX);
		return false;
	}
	g->get.ids = arena_array(jmap_arena(c), json_array_size(ids) + 1, sizeof *g->get.ids);
	g->asked.index = arena_array(jmap_arena(c), json_array_size(ids) + 1, sizeof *g->asked.index);
	if (g->get.ids == NULL || g->asked.index == NULL) {
		jmap_error_of(c, -ENOMEM, "the list");
		return false;
	}
	json_array_foreach(ids, i, id)
	{
		struct view text = jmap_creation(c, jmap_string(id));
		if (!json_is_string(id)) {
			jmap_error(c, "invalidArguments", "\"emailIds\" holds something else than ids");
			return false;
		}
		if (!mail_id_read(text, MAIL_ID_EMAIL, &account, &number) ||
		    account != jmap_account(c)->number) {
			note_missing(g, jmap_string(id));
			continue;
		}
		g->asked.index[g->asked.numbers.len / EMAIL_ID_SIZE] = g->get.count;
		g->get.ids[g->get.count++] = text;
		buf_append_u64(&g->asked.numbers, number);
	}
	return true;
}

static void get(struct jmap_call *c)
{
	struct snippets *g = jmap_call_data(c, sizeof *g, release);
	struct jmap_filter *filter = NULL;
	jmap_asked_init(&g->asked);
	buf_init(&g->missing, JMAP_RESPONSE_MAX);
	buf_init(&g->parts, 3 * EMAIL_IDS_BYTES);
	buf_init(&g->subjects, JMAP_RESPONSE_MAX);
	message_gather_init(&g->gather);
	if (!jmap_arguments_known(c, "filter", "emailIds", NULL) ||
	    !jmap_filter_read(c, json_object_get(jmap_arguments(c), "filter"), &filter) ||
	    !jmap_email_filter_read(c, filter, &g->program) || !take_ids(c, g))
		return;
	collect(g, g->program.root);
	g->subject.conditions = g->in_subject;
	g->body.conditions = g->in_body;
	struct json_out *out = jmap_respond(c);
	json_out_name(out, VIEW("list"));
	json_out_array(out);
	struct email_get question = {.account = jmap_account(c)->ask,
	    .want = want_of(g),
	    .body_max = SMALL_MAX,
	    .ids = buf_view(&g->asked.numbers)};
	jmap_ask(c, EMAIL_GET, &question, answered);
}

const struct jmap_method jmap_methods_snippet[] = {
    {"SearchSnippet/get", JMAP_MAIL, JMAP_NEEDS_ACCOUNT, get},
    {0},
};
