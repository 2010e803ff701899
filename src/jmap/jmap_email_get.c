/*
 * Email/get, RFC 8621 section 4.2. Lists ask for what store keeps beside messages and read none. What needs a
 * message's bytes comes with small messages; the others are looked at once more, one after the other, and
 * only the parts of them are read that are asked for. A list that was asked for before, and in which nothing
 * has changed, comes from what is kept (jmap_page.h).
 */
#include <errno.h>
#include <string.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "jmap/jmap_asked.h"
#include "jmap/jmap_email.h"
#include "jmap/jmap_email_methods.h"
#include "jmap/jmap_page.h"
#include "mime/message_text.h"

enum {
	/* Octets of a message that is sent whole rather than in parts: all but those with attachments. */
	SMALL_MAX = 128 * 1024,
	/* Emails in one question when more is wanted than store keeps beside them: what one call reads
	   goes no further than its answer has room, and other calls come in between. */
	READ_AT_ONCE = 128,
	/* Of one email: header, structure, summary as they came, and decoded. */
	EMAIL_MEMORY = 4 << 20
};

struct getting {
	struct jmap_table_use use; /* where all emails are asked for */
	struct jmap_get get;
	struct jmap_email_form form;
	uint64_t want;
	struct jmap_state state; /* when the first emails were looked up */
	bool state_known;
	struct jmap_scratch scratch;
	struct arena arena; /* of one email */
	struct jmap_asked asked;
	size_t until; /* octets of its numbers that were asked about */

	/* Those that are looked at once more. */
	struct buf later;
	size_t later_at;
	bool later_found;
	struct email_entry entry; /* in the arena */
	struct mime_tree tree;
	struct jmap_bodies *bodies;
	struct jmap_part_reads reads;
	struct message_gather whole; /* a message whose structure is not known */
	struct mime_parser *parser;
	bool reads_whole;
	int error;               /* of what is read */
	struct jmap_filed filed; /* of the emails that are asked for next */
	struct jmap_smime smime; /* of all that are signed, so far */
	struct view batch;       /* numbers that are asked for next */

	struct buf page;      /* the key of an answer that may be kept; failed: it may not */
	uint64_t page_modseq; /* of the table, before the emails were asked for; 0: there is none */
	size_t list_start;    /* of the list in the output */
	size_t written;       /* emails, by what came first */
};

static void release(void *data)
{
	struct getting *g = data;
	jmap_scratch_done(&g->scratch);
	arena_done(&g->arena);
	jmap_asked_done(&g->asked);
	jmap_table_leave(&g->use);
	buf_done(&g->later);
	jmap_part_reads_done(&g->reads);
	message_gather_done(&g->whole);
	mime_parser_free(g->parser);
	mem_free(g->bodies);
	jmap_filed_done(&g->filed);
	jmap_smime_done(&g->smime);
	buf_done(&g->page);
}

static bool wants_filed(const struct getting *g)
{
	return jmap_email_form_wants(&g->form, JMAP_EMAIL_BIT(JMAP_EMAIL_FILED_BY));
}

static bool wants_smime(const struct getting *g)
{
	return jmap_email_form_wants(&g->form, JMAP_EMAIL_OF_SMIME);
}

/* ---- writing ---- */

/* What store and the session know of an entry. */
static struct jmap_email_source source_of(
    struct jmap_call *c, const struct getting *g, const struct email_entry *e)
{
	struct jmap_email_source source = {.entry = e,
	    .account = jmap_account(c),
	    .session = jmap_session_of(c),
	    .size = e->message.size,
	    .has_attachment = e->message.flags & FLAG_HAS_ATTACHMENT,
	    .header = e->message.header,
	    .filed = &g->filed,
	    .smime = &g->smime};
	source.parts.blobs = (struct jmap_part_blobs){
	    .letter = MAIL_ID_BLOB_PART, .account = source.account->number, .number = e->message.emailid};
	return source;
}

static void write_email(struct jmap_call *c, struct getting *g, struct jmap_email_source *source)
{
	char blob[MAIL_ID_MAX];
	source->blob_id = view_of(blob,
	    mail_id_write(blob, MAIL_ID_BLOB_EMAIL, source->account->number, source->entry->message.emailid));
	jmap_email_write(jmap_respond(c), &g->scratch, &g->form, source);
}

/* The body's parts, from a message that is here whole. */
static void write_with_body(struct jmap_call *c, struct getting *g, struct jmap_email_source *source,
    const struct mime_tree *tree, uint64_t prefix_len, struct view message)
{
	struct jmap_part_reads reads = {0};
	jmap_bodies_find(tree, 0, g->bodies);
	jmap_email_plan(&reads, &g->form, tree, 0, g->bodies, prefix_len);
	if (jmap_part_reads_all(&reads, tree, message) == 0) {
		source->parts.tree = tree;
		source->parts.reads = &reads;
		source->bodies = g->bodies;
		write_email(c, g, source);
	} else {
		g->error = -ENOMEM;
	}
	jmap_part_reads_done(&reads);
}

static bool is_header_needed(const struct getting *g, const struct envelope *envelope)
{
	return jmap_email_form_wants_header(&g->form) ||
	       (envelope->truncated && jmap_email_form_wants_envelope(&g->form));
}

/* Writes an email by what came with the first question. False: that is not enough. */
static bool write_first(struct jmap_call *c, struct getting *g, const struct email_entry *e)
{
	const struct mail_message *m = &e->message;
	struct message_summary summary = {0};
	struct mime_tree tree;
	struct jmap_email_source source = source_of(c, g, e);
	bool shows_body = jmap_email_form_wants_structure(&g->form);
	arena_reset(&g->arena);
	if (g->want & MAIL_WANT_SUMMARY && message_summary_decode(m->summary, &g->arena, &summary) != 0)
		return false;
	source.envelope = &summary.envelope;
	source.preview = summary.preview;
	if (shows_body && mime_tree_decode(m->structure, &g->arena, &tree) != 0)
		return false;
	if (m->has_body && shows_body)
		source.header = view_take(m->body, (size_t)(m->prefix_len + tree.parts[0].body_offset));
	if (source.header.len == 0 && is_header_needed(g, source.envelope))
		return false;
	if (shows_body && jmap_email_form_wants_bytes(&g->form) && !m->has_body)
		return false;
	/* What the header says in full is read of it only where that is needed: the envelope is made already.
	 */
	if (!is_header_needed(g, source.envelope))
		source.header = (struct view){0};
	if (shows_body)
		write_with_body(c, g, &source, &tree, m->prefix_len, m->body);
	else
		write_email(c, g, &source);
	return true;
}

/* ---- a second look ---- */

static void look_again(struct jmap_call *c, struct getting *g);

static void next_again(struct jmap_call *c, struct getting *g)
{
	jmap_part_reads_done(&g->reads);
	message_gather_done(&g->whole);
	message_gather_init(&g->whole);
	mime_parser_free(g->parser);
	g->parser = NULL;
	g->later_at += EMAIL_ID_SIZE;
	look_again(c, g);
}

static void gone(struct jmap_call *c, struct getting *g)
{
	char text[MAIL_ID_MAX];
	struct cursor in = cursor_on(view_skip(buf_view(&g->later), g->later_at));
	size_t len = mail_id_write(text, MAIL_ID_EMAIL, jmap_account(c)->number, cursor_u64(&in));
	jmap_get_missing(c, view_of(text, len));
}

/* All is here: the email is written. */
static void write_again(struct jmap_call *c, struct getting *g)
{
	struct jmap_email_source source = source_of(c, g, &g->entry);
	struct message_summary summary = {0};
	if (message_summary_decode(g->entry.message.summary, &g->arena, &summary) != 0)
		summary = (struct message_summary){0}; /* the header is here all the same */
	source.envelope = &summary.envelope;
	source.preview = summary.preview;
	source.parts.tree = &g->tree;
	source.parts.reads = &g->reads;
	source.bodies = g->bodies;
	write_email(c, g, &source);
}

/* A message without a structure was read whole: it is taken apart now. */
static int take_apart(struct getting *g)
{
	struct view message = buf_view(&g->whole.bytes);
	uint64_t prefix_len = g->entry.message.prefix_len;
	g->parser = mime_parser_new();
	g->tree = *mime_parse(g->parser, view_skip(message, (size_t)prefix_len));
	jmap_bodies_find(&g->tree, 0, g->bodies);
	jmap_email_plan(&g->reads, &g->form, &g->tree, 0, g->bodies, prefix_len);
	return jmap_part_reads_all(&g->reads, &g->tree, message);
}

static int take_data(struct getting *g, const struct mail_data *data)
{
	if (data->error)
		return (int)data->error;
	if (!g->reads_whole)
		return data->index < g->reads.count ? jmap_part_read_feed(&g->reads, &g->tree,
		                                          (size_t)data->index, data->bytes, data->last)
		                                    : -EBADMSG;
	int error = message_gather_add(&g->whole, data->bytes);
	return error == -ENOBUFS ? 0 : error; /* text stands before what is so long */
}

static void read_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == MAIL_DATA && g->error == 0)
		g->error = take_data(g, answer);
	if (type != MAIL_DONE)
		return;
	int64_t error = done->error ? done->error : g->error;
	if (error == -EBADMSG)
		error = 0;
	if (error == 0 && g->reads_whole)
		error = take_apart(g);
	if (error == 0)
		write_again(c, g);
	else if (error == -ENOENT)
		gone(c, g);
	if (error && error != -ENOENT)
		jmap_error_of(c, error, "the email");
	else
		next_again(c, g);
}

static void put_part(struct buf *parts, uint64_t id, uint64_t offset, uint64_t len)
{
	buf_append_u64(parts, id);
	buf_append_u64(parts, offset);
	buf_append_u64(parts, len);
}

static void read_parts(struct jmap_call *c, struct getting *g)
{
	uint64_t id = g->entry.message.emailid;
	struct buf parts;
	buf_init(&parts, (g->reads.count + 1) * 3 * EMAIL_ID_SIZE);
	if (g->reads_whole)
		put_part(&parts, id, 0, UINT64_MAX);
	for (size_t i = 0; i < g->reads.count; i++) {
		struct jmap_part_extent e = jmap_part_read_extent(&g->reads, &g->tree, i);
		put_part(&parts, id, e.offset, e.len);
	}
	struct email_read question = {.account = jmap_account(c)->ask, .parts = buf_view(&parts)};
	if (buf_failed(&parts))
		jmap_error_of(c, -ENOMEM, "the email");
	else
		jmap_ask(c, EMAIL_READ, &question, read_answered);
	buf_done(&parts);
}

static bool keep(struct arena *arena, struct view *v)
{
	return arena_copy(arena, *v, v);
}

/* Keeps an entry while its parts are read. */
static int keep_entry(struct getting *g, const struct email_entry *e)
{
	struct mail_message *m = &g->entry.message;
	arena_reset(&g->arena);
	g->entry = *e;
	if (!keep(&g->arena, &m->more_keywords) || !keep(&g->arena, &m->summary) ||
	    !keep(&g->arena, &m->structure) || !keep(&g->arena, &m->header) || !keep(&g->arena, &m->sender) ||
	    !keep(&g->arena, &m->snooze) || !keep(&g->arena, &m->looks_like) || !keep(&g->arena, &m->name_of))
		return -ENOMEM;
	m->body = m->references = m->uidl = (struct view){0};
	/* What is damaged, or has a header beyond all measure, is shown as far as it can be read: no message
	   may keep a reader from the others. What could not be read now fails the call. */
	if (m->body_error && m->body_error != EBADMSG && m->body_error != EMSGSIZE)
		return -(int)m->body_error;
	g->later_found = true;
	return 0;
}

static void again_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == EMAIL_ENTRIES && g->error == 0) {
		const struct email_entries *entries = answer;
		struct cursor in = cursor_on(entries->entries);
		struct email_entry e;
		if (email_entry_get(&in, g->want, &e))
			g->error = keep_entry(g, &e);
	}
	if (type != MAIL_DONE)
		return;
	int64_t error = done->error ? done->error : g->error;
	if (error) {
		jmap_error_of(c, error, "the email");
		return;
	}
	if (!g->later_found) {
		gone(c, g);
		next_again(c, g);
		return;
	}
	if (!jmap_email_form_wants_structure(&g->form)) {
		write_again(c, g);
		next_again(c, g);
		return;
	}
	g->reads_whole = mime_tree_decode(g->entry.message.structure, &g->arena, &g->tree) != 0;
	if (!g->reads_whole) {
		jmap_bodies_find(&g->tree, 0, g->bodies);
		jmap_email_plan(&g->reads, &g->form, &g->tree, 0, g->bodies, g->entry.message.prefix_len);
	}
	if (g->reads.count > 0 || g->reads_whole) {
		read_parts(c, g);
		return;
	}
	write_again(c, g);
	next_again(c, g);
}

/* Asks what rules did with these emails, before they are asked for themselves. */
static void filed_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == SCRIPT_DEED)
		jmap_filed_take(&g->filed, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error || g->filed.error)
		jmap_error_of(c, done->error ? done->error : g->filed.error, "what rules did");
}

static void ask_filed(struct jmap_call *c, struct getting *g, struct view ids)
{
	struct script_filed question = {.emails = ids};
	jmap_filed_clear(&g->filed);
	if (wants_filed(g) && jmap_account(c)->ask == 0 && ids.len > 0)
		jmap_ask(c, SCRIPT_FILED, &question, filed_answered);
}

/* The next email that the first question did not tell enough of; at the end of all the call ends. */
static void look_again(struct jmap_call *c, struct getting *g)
{
	if (g->later_at >= g->later.len) {
		jmap_get_end(c, g->state);
		return;
	}
	g->want = (g->want | MAIL_WANT_HEADER | MAIL_WANT_IDS) & ~(uint64_t)MAIL_WANT_BODY;
	g->later_found = false;
	g->error = 0;
	struct email_get question = {.account = jmap_account(c)->ask,
	    .want = g->want,
	    .ids = view_take(view_skip(buf_view(&g->later), g->later_at), EMAIL_ID_SIZE)};
	ask_filed(c, g, question.ids);
	jmap_ask(c, EMAIL_GET, &question, again_answered);
}

/* ---- the first question ---- */

static void take_entries(struct jmap_call *c, struct getting *g, const struct email_entries *entries)
{
	struct cursor in = cursor_on(entries->entries);
	struct email_entry e;
	while (g->error == 0 && email_entry_get(&in, g->want, &e)) {
		jmap_asked_pass(c, &g->get, &g->asked, e.message.emailid);
		if (write_first(c, g, &e))
			g->written++;
		else
			g->error = buf_append_u64(&g->later, e.message.emailid);
	}
}

static void first_answered(struct jmap_call *c, unsigned type, const void *answer);

static void ask_batch(struct jmap_call *c, struct getting *g)
{
	ask_filed(c, g, g->batch);
	struct email_get question = {
	    .account = jmap_account(c)->ask, .want = g->want, .body_max = SMALL_MAX, .ids = g->batch};
	jmap_ask(c, EMAIL_GET, &question, first_answered);
}

/* ---- signatures, before the emails themselves ---- */

static void smime_answered(struct jmap_call *c, unsigned type, const void *answer);

static void ask_smime(struct jmap_call *c, struct getting *g)
{
	bool enough = g->smime.asked >= (size_t)JMAP_SMIME_LOOKS_MAX * EMAIL_ID_SIZE;
	struct email_smime question = {
	    .account = jmap_account(c)->ask, .ids = enough ? (struct view){0} : jmap_smime_next(&g->smime)};
	if (question.ids.len > 0)
		jmap_ask(c, EMAIL_SMIME, &question, smime_answered);
	else
		ask_batch(c, g);
}

static void smime_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == EMAIL_SMIME_VERDICT)
		jmap_smime_take(&g->smime, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error)
		jmap_error_of(c, done->error, "the signatures");
	else
		ask_smime(c, g);
}

static void structures_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == EMAIL_ENTRIES)
		jmap_smime_entries(&g->smime, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error || g->smime.error)
		jmap_error_of(c, done->error ? done->error : g->smime.error, "the signatures");
	else
		ask_smime(c, g);
}

static void ask_more(struct jmap_call *c, struct getting *g)
{
	struct view numbers = view_skip(buf_view(&g->asked.numbers), g->until);
	if (wants_smime(g) || g->want & (MAIL_WANT_BODY | MAIL_WANT_HEADER | MAIL_WANT_STRUCTURE))
		numbers = view_take(numbers, (size_t)READ_AT_ONCE * EMAIL_ID_SIZE);
	if (wants_filed(g))
		numbers = view_take(numbers, (size_t)JMAP_FILED_EMAILS_MAX * EMAIL_ID_SIZE);
	g->batch = numbers;
	g->until += numbers.len;
	struct email_get structures = {
	    .account = jmap_account(c)->ask, .want = MAIL_WANT_STRUCTURE, .ids = numbers};
	if (wants_smime(g))
		jmap_ask(c, EMAIL_GET, &structures, structures_answered);
	else
		ask_batch(c, g);
}

/* A list of all that was asked for may be asked for again. */
static void keep_page(struct jmap_call *c, struct getting *g)
{
	struct jmap_table *t = jmap_table_known(c);
	struct view list = view_skip(buf_view(jmap_respond(c)->out), g->list_start);
	if (t && g->page_modseq && !buf_failed(&g->page) &&
	    g->written == g->asked.numbers.len / EMAIL_ID_SIZE)
		jmap_page_keep(t, buf_view(&g->page), g->page_modseq, list, g->state);
}

/* Whether the answer has no room for more; the call has been answered then. */
static bool is_full(struct jmap_call *c)
{
	if (!buf_failed(jmap_respond(c)->out))
		return false;
	jmap_error(c, "requestTooLarge", "the answer would be too large: ask for fewer emails");
	return true;
}

static void first_answered(struct jmap_call *c, unsigned type, const void *answer)
{
	struct getting *g = jmap_data(c);
	const struct mail_done *done = answer;
	if (type == EMAIL_ENTRIES)
		take_entries(c, g, answer);
	if (type != MAIL_DONE)
		return;
	if (done->error || g->error) {
		jmap_error_of(c, done->error ? done->error : g->error, "the emails");
		return;
	}
	if (!g->state_known)
		g->state = (struct jmap_state){.modseq = done->modseq, .access = done->number};
	g->state_known = true;
	if (is_full(c))
		return;
	if (g->until < buf_view(&g->asked.numbers).len) {
		ask_more(c, g);
		return;
	}
	jmap_asked_end(c, &g->get, &g->asked);
	keep_page(c, g);
	look_again(c, g);
}

static uint64_t wants(const struct jmap_email_form *form)
{
	uint64_t want = MAIL_WANT_IDS;
	if (jmap_email_form_wants(
	        form, JMAP_EMAIL_BIT(JMAP_EMAIL_KEYWORDS) | JMAP_EMAIL_BIT(JMAP_EMAIL_HAS_ATTACHMENT)))
		want |= MAIL_WANT_FLAGS;
	if (jmap_email_form_wants(form, JMAP_EMAIL_BIT(JMAP_EMAIL_RECEIVED_AT)))
		want |= MAIL_WANT_DATES;
	if (jmap_email_form_wants(form, JMAP_EMAIL_BIT(JMAP_EMAIL_SIZE)))
		want |= MAIL_WANT_SIZE;
	if (jmap_email_form_wants_envelope(form) ||
	    jmap_email_form_wants(form, JMAP_EMAIL_BIT(JMAP_EMAIL_PREVIEW)))
		want |= MAIL_WANT_SUMMARY;
	if (jmap_email_form_wants_structure(form))
		want |= MAIL_WANT_STRUCTURE;
	if (jmap_email_form_wants_structure(form) && jmap_email_form_wants_bytes(form))
		want |= MAIL_WANT_BODY;
	if (jmap_email_form_wants_header(form))
		want |= MAIL_WANT_HEADER;
	if (jmap_email_form_wants(form, JMAP_EMAIL_BIT(JMAP_EMAIL_VERDICT)))
		want |= MAIL_WANT_SENDER | MAIL_WANT_CONTACT;
	if (jmap_email_form_wants(form, JMAP_EMAIL_BIT(JMAP_EMAIL_FIRST_CONTACT)))
		want |= MAIL_WANT_CONTACT;
	if (jmap_email_form_wants(form, JMAP_EMAIL_OF_SNOOZE))
		want |= MAIL_WANT_SNOOZE;
	return want;
}

static void ask_first(struct jmap_call *c, struct getting *g)
{
	struct jmap_table *t = jmap_table_known(c);
	g->page_modseq = t ? t->modseq : 0;
	g->list_start = buf_view(jmap_get_list(c)->out).len;
	ask_more(c, g);
}

/* ---- what was asked before ---- */

static void page_ready(struct jmap_call *c, struct jmap_table *t)
{
	struct getting *g = jmap_data(c);
	struct view list;
	if (!jmap_page_find(t, buf_view(&g->page), &list, &g->state)) {
		ask_first(c, g);
		return;
	}
	json_out_raw(jmap_get_list(c), list);
	if (!is_full(c))
		jmap_get_end(c, g->state);
}

static bool is_page_known(struct jmap_call *c, struct getting *g)
{
	struct view numbers = buf_view(&g->asked.numbers);
	struct jmap_table *t = jmap_table_known(c);
	if (numbers.len == 0 || !jmap_page_is_fit(c, &g->get))
		g->page.failed = 1;
	else
		jmap_page_key(&g->get, numbers, &g->page);
	return t && !buf_failed(&g->page) && jmap_page_is_known(t, buf_view(&g->page));
}

/* ids is null: all that there are, if they are not too many. */
static void table_ready(struct jmap_call *c, struct jmap_table *t)
{
	struct getting *g = jmap_data(c);
	size_t count = 0;
	for (uint32_t i = 0; i < t->count; i++)
		if (!t->rows[i].gone && count++ < JMAP_OBJECTS_GET_MAX)
			buf_append_u64(&g->asked.numbers, t->rows[i].id);
	if (count > JMAP_OBJECTS_GET_MAX)
		jmap_error(c, "requestTooLarge", "there are more emails than one call may get");
	else if (buf_failed(&g->asked.numbers))
		jmap_error_of(c, -ENOMEM, "the emails");
	else
		ask_first(c, g);
}

void jmap_email_get(struct jmap_call *c)
{
	struct getting *g = jmap_call_data(c, sizeof *g, release);
	jmap_scratch_init(&g->scratch);
	arena_init(&g->arena, EMAIL_MEMORY);
	jmap_asked_init(&g->asked);
	buf_init(&g->later, EMAIL_IDS_BYTES);
	message_gather_init(&g->whole);
	jmap_filed_init(&g->filed);
	jmap_smime_init(&g->smime);
	buf_init(&g->page, JMAP_PAGE_KEY_MAX);
	g->bodies = mem_alloc(sizeof *g->bodies);
	if (!jmap_get_begin(c, &g->get, jmap_email_properties, JMAP_EMAIL_USUAL, jmap_email_is_header,
	        jmap_email_arguments) ||
	    !jmap_email_form_read(c, &g->form, g->get.properties, g->get.names, g->get.names_count))
		return;
	g->want = wants(&g->form);
	g->page.failed = g->get.all;
	if (g->get.all)
		jmap_table_refresh(c, table_ready);
	else if (!jmap_asked_take(c, &g->get, MAIL_ID_EMAIL, &g->asked))
		return;
	else if (is_page_known(c, g))
		jmap_table_refresh(c, page_ready);
	else
		ask_first(c, g);
}
