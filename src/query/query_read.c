/* Conditions on text, decided by mime/message_text.h, which the index is made with too. */
#include "query/query_read.h"

#include "base/mem.h"
#include "format/encoded_word.h"
#include "format/fold.h"
#include "mime/message_text.h"

#include <errno.h>
#include <string.h>

enum { TEXT_GROWTH = 3 /* an octet of an old charset becomes three of UTF-8 at most */ };

struct query_reader {
	struct query_text *texts;
	size_t count;
	uint32_t place; /* of the message that comes in pieces */
	struct message_gather gather;
	struct message_sought sought[QUERY_TEXTS_MAX];
	size_t text_of[QUERY_TEXTS_MAX]; /* which text is sought */
};

/* Message identifiers and subjects stand in the summary as the header has them; addresses don't. */
static bool is_in_summary(struct view name)
{
	return view_equal_nocase(name, VIEW("Subject")) || view_equal_nocase(name, VIEW("Message-ID")) ||
	       view_equal_nocase(name, VIEW("In-Reply-To"));
}

enum query_by query_decided_by(const struct query *q)
{
	if (q->kind == QUERY_ANNOTATION)
		return QUERY_BY_ANNOTATIONS;
	if (q->kind == QUERY_HEADER)
		/* Whether there is such a field at all, and an empty one, the header alone knows. */
		return is_in_summary(q->name) && !view_empty(q->text) ? QUERY_BY_SUMMARY : QUERY_BY_HEADER;
	switch (q->field) {
	case MAIL_FIELD_SUBJECT:
		return QUERY_BY_SUMMARY;
	case MAIL_FIELD_FROM:
	case MAIL_FIELD_TO:
	case MAIL_FIELD_CC:
	case MAIL_FIELD_BCC:
	case MAIL_FIELD_HEADER:
		return QUERY_BY_HEADER;
	default:
		return QUERY_BY_BODY;
	}
}

struct query_reader *query_reader_new(struct query_text *texts, size_t count)
{
	struct query_reader *r = mem_alloc(sizeof(*r));

	r->texts = texts;
	r->count = count;
	message_gather_init(&r->gather);
	return r;
}

void query_reader_free(struct query_reader *r)
{
	if (!r)
		return;
	message_gather_done(&r->gather);
	mem_free(r);
}

static enum message_text_field text_field(const struct query *q)
{
	static const enum message_text_field fields[] = {
	    [MAIL_FIELD_SUBJECT] = MESSAGE_IN_SUBJECT,
	    [MAIL_FIELD_FROM] = MESSAGE_IN_FROM,
	    [MAIL_FIELD_TO] = MESSAGE_IN_TO,
	    [MAIL_FIELD_CC] = MESSAGE_IN_CC,
	    [MAIL_FIELD_BCC] = MESSAGE_IN_BCC,
	};

	if (q->kind == QUERY_HEADER)
		return MESSAGE_IN_HEADER;
	if (q->field == MAIL_FIELD_BODY)
		return MESSAGE_IN_BODY;
	if (q->field >= MAIL_FIELD_SUBJECT && q->field <= MAIL_FIELD_BCC)
		return fields[q->field];
	return MESSAGE_IN_TEXT;
}

/* What is still open at the place, and can be decided `by` this or less. The count. */
static size_t seek(struct query_reader *r, uint32_t place, enum query_by by)
{
	size_t n = 0;

	for (size_t i = 0; i < r->count && i < QUERY_TEXTS_MAX; i++) {
		const struct query *q = r->texts[i].condition;
		enum query_by decided_by = query_decided_by(q);
		bool helps = decided_by <= by || (by == QUERY_BY_HEADER && text_field(q) == MESSAGE_IN_TEXT);

		if (!helps || decided_by == QUERY_BY_ANNOTATIONS || !query_set_has(&r->texts[i].maybe, place))
			continue;
		r->sought[n] = (struct message_sought){.field = text_field(q),
		    .header = q->name,
		    .how = q->fuzzy ? MESSAGE_TEXT_PREFIX : MESSAGE_TEXT_SUBSTRING,
		    .bare = q->fuzzy,
		    .text = q->text};
		r->text_of[n++] = i;
	}
	return n;
}

static int decide(struct query_reader *r, uint32_t place, enum query_by by, struct view bytes)
{
	size_t n = seek(r, place, by);
	int result = n > 0 ? message_text_find(bytes, r->sought, n) : 0;

	if (result == -ENOMEM)
		return result;
	for (size_t i = 0; i < n; i++) { /* what a limit left out is not found */
		struct query_text *text = &r->texts[r->text_of[i]];

		if (r->sought[i].found)
			query_set_put(&text->sure, place);
		if (r->sought[i].found || query_decided_by(text->condition) <= by)
			query_set_remove(&text->maybe, place);
	}
	return 0;
}

/* The field's body as the summary has it; decoded as message_text.h decodes fields. 0 or -ENOMEM. */
static int holds(const struct message_sought *sought, struct view body, bool *found)
{
	struct buf text;
	int result;

	buf_init(&text, SUMMARY_MAX * TEXT_GROWTH);
	result = encoded_word_decode(body, &text);
	if (result == 0)
		result = message_text_holds(view_trim(buf_view(&text)), sought, found);
	buf_done(&text);
	return result;
}

int query_reader_summary(struct query_reader *r, uint32_t place, const struct envelope *envelope)
{
	size_t n = seek(r, place, QUERY_BY_SUMMARY);

	for (size_t i = 0; i < n; i++) {
		struct query_text *text = &r->texts[r->text_of[i]];
		struct view name = r->sought[i].header, body = envelope->subject;
		bool found = false;
		int result;

		if (view_equal_nocase(name, VIEW("Message-ID")))
			body = envelope->message_id;
		else if (view_equal_nocase(name, VIEW("In-Reply-To")))
			body = envelope->in_reply_to;
		result = view_empty(body) ? 0 : holds(&r->sought[i], body, &found);
		if (result)
			return result;
		if (found)
			query_set_put(&text->sure, place);
		query_set_remove(&text->maybe, place);
	}
	return 0;
}

int query_reader_header(struct query_reader *r, uint32_t place, struct view header)
{
	return decide(r, place, QUERY_BY_HEADER, header);
}

int query_reader_message(struct query_reader *r, uint32_t place, struct view message)
{
	return decide(r, place, QUERY_BY_BODY, message);
}

void query_reader_begin(struct query_reader *r, uint32_t place)
{
	r->place = place;
	message_gather_done(&r->gather);
	message_gather_init(&r->gather);
}

int query_reader_feed(struct query_reader *r, struct view bytes)
{
	int result = message_gather_add(&r->gather, bytes);
	return result == -ENOBUFS ? 0 : result; /* text stands before what is so long */
}

int query_reader_end(struct query_reader *r)
{
	int result = query_reader_message(r, r->place, buf_view(&r->gather.bytes));

	message_gather_done(&r->gather);
	message_gather_init(&r->gather);
	return result;
}

/* "*" is anything, "%" anything without "/" (RFC 5257 section 4.1). Names and patterns are short. */
static bool entry_matches(struct view pattern, struct view name)
{
	while (pattern.len > 0) {
		char c = pattern.data[0];

		if (c != '*' && c != '%') {
			if (name.len == 0 || ascii_lower(name.data[0]) != ascii_lower(c))
				return false;
			pattern = view_skip(pattern, 1);
			name = view_skip(name, 1);
			continue;
		}
		pattern = view_skip(pattern, 1);
		for (size_t i = 0;; i++) {
			if (entry_matches(pattern, view_skip(name, i)))
				return true;
			if (i >= name.len || (c == '%' && name.data[i] == '/'))
				return false;
		}
	}
	return name.len == 0;
}

bool query_annotation_matches(const struct query *q, struct view name, struct view value)
{
	struct view priv = VIEW(".priv"), shared = VIEW(".shared");
	bool is_priv = view_ends_nocase(name, priv), is_shared = view_ends_nocase(name, shared), has;
	struct buf folded;

	if (!(is_priv && q->number & QUERY_PRIVATE) && !(is_shared && q->number & QUERY_SHARED))
		return false;
	if (!entry_matches(q->name, view_take(name, name.len - (is_priv ? priv.len : shared.len))))
		return false;
	buf_init(&folded, (size_t)MAIL_METADATA_VALUE_MAX * 18);
	has = fold_casemap(value, &folded) == 0 &&
	      (view_empty(q->text) || memmem(folded.data, folded.len, q->text.data, q->text.len));
	buf_done(&folded);
	return has;
}
