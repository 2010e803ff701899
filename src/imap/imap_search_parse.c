/* Search keys: RFC 9051 section 6.4.4, with those of RFC 3501 and of the extensions. */
#include "imap/imap_search.h"

#include "base/mem.h"
#include "format/charset.h"
#include "format/charset_labels.h"
#include "format/fold.h"
#include "format/words.h"
#include "mail/mail_id.h"

#include <stdlib.h>
#include <string.h>

enum {
	DAY = 24 * 3600,
	FOLDED_GROWTH = 18 /* times that folding may lengthen a character: format/fold.h */
};

struct key {
	const char *name;
	struct query *(*make)(struct imap_in *in, struct imap_program *p, const struct key *key);
	uint64_t flags; /* FLAG_* of the keys that are one */
	bool is_not;
	enum query_kind kind;
	enum mail_field field;
};

static struct query *parse_key(struct imap_in *in, struct imap_program *p);

static struct query *node(struct imap_in *in, struct imap_program *p, enum query_kind kind)
{
	struct query *q = NULL;

	if (++p->nodes > QUERY_NODES_MAX || !(q = query_new(p->arena, kind))) {
		imap_in_wrong(in, "[LIMIT] the search has too many keys");
		return NULL;
	}
	return q;
}

static struct query *negate(struct imap_in *in, struct imap_program *p, struct query *child, bool is_not)
{
	struct query *q;

	if (!is_not || !child)
		return child;
	q = node(in, p, QUERY_NOT);
	if (q)
		q->first = child;
	return q;
}

/* ---- strings ---- */

static bool keep(struct imap_in *in, struct imap_program *p, struct view text, struct view *out)
{
	if (arena_copy(p->arena, text, out))
		return true;
	imap_in_wrong(in, "[LIMIT] the search is too long");
	return false;
}

/* A string as it is compared: in UTF-8, folded. */
static bool fold(struct imap_in *in, struct imap_program *p, struct view text, bool bare, struct view *out)
{
	struct buf utf8, folded, stripped;
	bool defective, ok;

	buf_init(&utf8, (text.len + 1) * 4);
	buf_init(&folded, (text.len + 1) * (size_t)4 * FOLDED_GROWTH);
	buf_init(&stripped, (text.len + 1) * (size_t)4 * FOLDED_GROWTH);
	ok =
	    (p->utf8 ? buf_append(&utf8, text) : charset_to_utf8(p->charset, text, &utf8, &defective)) == 0 &&
	    fold_casemap(buf_view(&utf8), &folded) == 0 &&
	    (!bare || fold_bare(buf_view(&folded), &stripped) == 0);
	if (ok) {
		ok = keep(in, p, buf_view(bare ? &stripped : &folded), out);
	} else {
		imap_in_wrong(in, "[LIMIT] the search is too long");
	}
	buf_done(&utf8);
	buf_done(&folded);
	buf_done(&stripped);
	return ok;
}

static bool string_argument(struct imap_in *in, struct view *text)
{
	return imap_in_space(in) && imap_in_astring(in, text);
}

/* ---- conditions ---- */

static struct query *make_all(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	return negate(in, p, node(in, p, key->kind), key->is_not);
}

static struct query *make_flags(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	struct query *q = node(in, p, QUERY_FLAGS);

	if (q)
		q->flags = key->flags;
	return negate(in, p, q, key->is_not);
}

/* RECENT, OLD, NEW (RFC 3501): what this session was the first to be told of has the highest UIDs. */
static struct query *recent(struct imap_in *in, struct imap_program *p)
{
	struct imap_selected *selected = imap_selected(in->session);
	struct query *q = node(in, p, QUERY_UIDS);
	struct buf range;

	if (!q || !selected || selected->recent == 0 || p->other_mailboxes)
		return q;
	buf_init(&range, UID_RANGE_SIZE);
	(void)buf_append_u32(&range, selected->recent);
	(void)buf_append_u32(&range, UINT32_MAX - 1);
	if (!keep(in, p, buf_view(&range), &q->text))
		q = NULL;
	buf_done(&range);
	return q;
}

static struct query *make_recent(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	return negate(in, p, recent(in, p), key->is_not);
}

static struct query *make_new(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	struct query *q = node(in, p, QUERY_AND), *seen = node(in, p, QUERY_FLAGS), *new = recent(in, p);

	if (!q || !seen || !new)
		return NULL;
	seen->flags = key->flags;
	seen = negate(in, p, seen, true);
	if (!seen)
		return NULL;
	query_add(q, new);
	query_add(q, seen);
	return q;
}

static struct query *make_keyword(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	struct query *q = node(in, p, QUERY_KEYWORD);
	struct view name;

	if (!q || !imap_in_space(in) || !imap_in_atom(in, &name) || !keep(in, p, name, &q->text))
		return NULL;
	return negate(in, p, q, key->is_not);
}

static struct query *make_size(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	struct query *q = node(in, p, key->kind);

	return q && imap_in_space(in) && imap_in_number64(in, &q->number) ? q : NULL;
}

/* BEFORE, ON, SINCE and their like: `is_not` BEFORE; flags: a single day. */
static struct query *make_day(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	struct query *q = node(in, p, key->kind);
	int64_t day;

	if (!q || !imap_in_space(in) || !imap_in_date(in, &day))
		return NULL;
	q->from = key->is_not ? INT64_MIN : day;
	q->until = key->is_not ? day : key->flags ? day + DAY : INT64_MAX;
	return q;
}

/* OLDER, YOUNGER (RFC 5032): seconds before now; `is_not`: OLDER. */
static struct query *make_within(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	struct query *q = node(in, p, QUERY_ARRIVED);
	uint32_t interval;
	int64_t then;

	if (!q || !imap_in_space(in) || !imap_in_number(in, &interval))
		return NULL;
	if (interval == 0) {
		imap_in_wrong(in, "an interval is a number above 0");
		return NULL;
	}
	then = imap_now(in->session) - interval;
	q->from = key->is_not ? INT64_MIN : then;
	q->until = key->is_not ? then + 1 : INT64_MAX;
	return q;
}

/* MODSEQ, perhaps with the name and kind of a metadata item, which all have the message's own number (RFC
 * 7162 section 3.1.5). */
static struct query *make_modseq(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	struct query *q = node(in, p, QUERY_MODSEQ);
	struct view entry;

	(void)key;
	if (!q || !imap_in_space(in))
		return NULL;
	if (imap_in_next_is(in, '"')) {
		if (!imap_in_string(in, &entry) || !imap_in_space(in))
			return NULL;
		if (!imap_in_word(in, "all") && !imap_in_word(in, "shared") && !imap_in_word(in, "priv")) {
			imap_in_wrong(in, "an entry is shared, priv or all");
			return NULL;
		}
		if (!imap_in_space(in))
			return NULL;
	}
	p->modseq = true;
	return imap_in_number64(in, &q->number) ? q : NULL;
}

static struct query *make_id(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	struct query *q = node(in, p, key->kind);
	struct view id;

	if (!q || !string_argument(in, &id))
		return NULL;
	if (!mail_id_read(id, (char)key->flags, &q->flags, &q->number))
		q->kind = QUERY_OR; /* no message has it */
	return q;
}

/* ---- text ---- */

static struct query *text_node(struct imap_in *in, struct imap_program *p, enum query_kind kind)
{
	if (++p->texts <= QUERY_TEXTS_MAX)
		return node(in, p, kind);
	imap_in_wrong(in, "[LIMIT] the search has too many conditions on text");
	return NULL;
}

/* The words of a text for FUZZY, each a condition of its own. */
static struct query *fuzzy_words(
    struct imap_in *in, struct imap_program *p, const struct query *model, struct view folded)
{
	struct query *all = node(in, p, QUERY_AND);
	struct words words = words_of(folded);
	struct view word;

	while (all && words_next(&words, &word)) {
		struct query *q = text_node(in, p, model->kind);

		if (!q)
			return NULL;
		*q = (struct query){.kind = model->kind,
		    .field = model->field,
		    .name = model->name,
		    .fuzzy = true,
		    .text = word};
		query_add(all, q);
	}
	return all;
}

static struct query *text_condition(
    struct imap_in *in, struct imap_program *p, struct query model, struct view text)
{
	struct view folded;
	struct query *q;

	if (!fold(in, p, text, model.fuzzy, &folded))
		return NULL;
	if (view_empty(folded) && model.kind == QUERY_TEXT)
		return node(in, p, QUERY_ALL); /* every text contains the empty one */
	if (model.fuzzy && !view_empty(folded))
		return fuzzy_words(in, p, &model, folded);
	q = text_node(in, p, model.kind);
	if (q) {
		*q = model;
		q->fuzzy = false;
		q->text = folded;
	}
	return q;
}

static struct query *make_text(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	struct query model = {.kind = QUERY_TEXT, .field = key->field, .fuzzy = p->fuzzy_now};
	struct view text;

	return string_argument(in, &text) ? text_condition(in, p, model, text) : NULL;
}

/* HEADER: fields that the index knows apart are asked for as SUBJECT, FROM ... are. */
static struct query *make_header(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	static const struct {
		const char *name;
		enum mail_field field;
	} known[] = {{"Subject", MAIL_FIELD_SUBJECT}, {"From", MAIL_FIELD_FROM}, {"To", MAIL_FIELD_TO},
	    {"Cc", MAIL_FIELD_CC}, {"Bcc", MAIL_FIELD_BCC}};
	struct query model = {.kind = QUERY_HEADER, .field = MAIL_FIELD_HEADER, .fuzzy = p->fuzzy_now};
	struct view text, name;

	(void)key;
	if (!string_argument(in, &name) || !string_argument(in, &text) || !keep(in, p, name, &model.name))
		return NULL;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]) && !view_empty(text); i++)
		if (view_equal_nocase(name, view_from_string(known[i].name)))
			model = (struct query){
			    .kind = QUERY_TEXT, .field = known[i].field, .fuzzy = p->fuzzy_now};
	return text_condition(in, p, model, text);
}

/* ANNOTATION entry attribute string (RFC 5257 section 4.5). */
static struct query *make_annotation(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	struct query *q = text_node(in, p, QUERY_ANNOTATION);
	struct view entry, attribute, text;
	unsigned wildcards = 0;

	(void)key;
	if (!q || !imap_in_space(in) || !imap_in_pattern(in, &entry) || !string_argument(in, &attribute) ||
	    !string_argument(in, &text))
		return NULL;
	for (size_t i = 0; i < entry.len; i++)
		wildcards += entry.data[i] == '*' || entry.data[i] == '%';
	if (view_equal_nocase(attribute, VIEW("value")))
		q->number = QUERY_PRIVATE | QUERY_SHARED;
	else if (view_equal_nocase(attribute, VIEW("value.priv")))
		q->number = QUERY_PRIVATE;
	else if (view_equal_nocase(attribute, VIEW("value.shared")))
		q->number = QUERY_SHARED;
	else
		imap_in_wrong(in, "an attribute is value, value.priv or value.shared");
	if (wildcards > QUERY_WILDCARDS_MAX)
		imap_in_wrong(in, "the entry has too many wildcards");
	return !in->wrong && keep(in, p, entry, &q->name) && fold(in, p, text, false, &q->text) ? q : NULL;
}

/* FILTER name (RFC 5466 section 3.1): its text is read before the search begins. */
static struct query *make_filter(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	struct query *q = node(in, p, QUERY_AND);
	struct view name;

	(void)key;
	if (!q || !imap_in_space(in) || !imap_in_atom(in, &name))
		return NULL;
	if (view_find(name, '/') >= 0) /* section 4: the entry of another name */
		imap_in_wrong(in, "a filter's name has no \"/\"");
	if (p->filter_count == IMAP_FILTERS_MAX) {
		imap_in_wrong(in, "[LIMIT] the search has too many filters");
		return NULL;
	}
	if (!keep(in, p, name, &p->filters[p->filter_count].name))
		return NULL;
	p->filters[p->filter_count++].place = q;
	return q;
}

/* ---- structure ---- */

static struct query *argument_key(struct imap_in *in, struct imap_program *p)
{
	return imap_in_space(in) ? parse_key(in, p) : NULL;
}

static struct query *make_not(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	(void)key;
	return negate(in, p, argument_key(in, p), true);
}

static struct query *make_or(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	struct query *q = node(in, p, QUERY_OR), *a, *b;

	(void)key;
	a = q ? argument_key(in, p) : NULL;
	b = a ? argument_key(in, p) : NULL;
	if (!b)
		return NULL;
	query_add(q, a);
	query_add(q, b);
	return q;
}

/* FUZZY search-key (RFC 6203 section 3): of conditions that know nothing of fuzziness it takes nothing away.
 */
static struct query *make_fuzzy(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	bool before = p->fuzzy_now;
	struct query *q;

	(void)key;
	p->fuzzy = p->fuzzy_now = true;
	q = argument_key(in, p);
	p->fuzzy_now = before;
	return q;
}

/* A set of UIDs of mailboxes that aren't looked into yet: "*" stays what it is. */
static bool unresolved_set(struct imap_in *in, struct imap_program *p, struct view *ranges)
{
	struct buf out;
	bool ok = true;

	buf_init(&out, IMAP_SEARCH_SET_MAX);
	do {
		uint32_t ends[2] = {QUERY_LAST, QUERY_LAST};

		ok = imap_in_take(in, '*') || imap_in_number(in, &ends[0]);
		if (ok && imap_in_take(in, ':'))
			ok = imap_in_take(in, '*') || imap_in_number(in, &ends[1]);
		else
			ends[1] = ends[0];
		if (ok && (ends[0] == 0 || ends[1] == 0)) {
			imap_in_wrong(in, "0 names no message");
			ok = false;
		}
		(void)buf_append_u32(&out, ends[0] < ends[1] ? ends[0] : ends[1]);
		(void)buf_append_u32(&out, ends[0] < ends[1] ? ends[1] : ends[0]);
	} while (ok && imap_in_take(in, ','));
	if (ok && buf_failed(&out)) {
		imap_in_wrong(in, "[LIMIT] the set is too large");
		ok = false;
	}
	ok = ok && keep(in, p, buf_view(&out), ranges);
	buf_done(&out);
	return ok;
}

/* A set of a search that is kept up to date: one that is open at its end means messages that come as well. */
static bool keep_set(
    struct imap_in *in, struct imap_program *p, struct view ranges, struct view written, struct view *out)
{
	uint32_t last = imap_view_last_uid(imap_selected(in->session)->view);
	struct buf open;
	bool ok;

	if (!p->lasting || view_find(written, ':') < 0 || view_find(written, '*') < 0)
		return keep(in, p, ranges, out);
	buf_init(&open, IMAP_SEARCH_SET_MAX);
	(void)buf_append(&open, ranges);
	(void)uid_ranges_add(&open, last + 1, UINT32_MAX - 1);
	ok = !buf_failed(&open);
	if (!ok)
		imap_in_wrong(in, "[LIMIT] the set is too large");
	ok = ok && keep(in, p, buf_view(&open), out);
	buf_done(&open);
	return ok;
}

/* UID sequence-set, or message numbers. */
static struct query *sequence(struct imap_in *in, struct imap_program *p, bool uids)
{
	struct query *q = node(in, p, QUERY_UIDS);
	struct view ranges, written;

	if (!q)
		return NULL;
	if (p->other_mailboxes && !uids) {
		imap_in_wrong(in, "message numbers mean nothing in several mailboxes");
		return NULL;
	}
	if (p->other_mailboxes)
		return unresolved_set(in, p, &q->text) ? q : NULL;
	written = in->text.rest;
	if (!imap_in_search_set(in, uids, &ranges))
		return NULL;
	written.len -= in->text.rest.len;
	return keep_set(in, p, ranges, written, &q->text) ? q : NULL;
}

static struct query *make_uid(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	(void)key;
	return imap_in_space(in) ? sequence(in, p, true) : NULL;
}

/* UIDAFTER, UIDBEFORE (RFC 9738 section 3.2): UIDs above one, or below (`is_not`). */
static struct query *make_uids_beside(struct imap_in *in, struct imap_program *p, const struct key *key)
{
	struct query *q = node(in, p, QUERY_UIDS);
	struct buf range;
	uint32_t uid;

	if (!q || !imap_in_space(in) || !imap_in_number(in, &uid))
		return NULL;
	if (uid == 0) {
		imap_in_wrong(in, "0 names no message");
		return NULL;
	}
	buf_init(&range, UID_RANGE_SIZE);
	if (key->is_not && uid > 1)
		(void)uid_ranges_add(&range, 1, uid - 1);
	else if (!key->is_not && uid < UINT32_MAX - 1)
		(void)uid_ranges_add(&range, uid + 1, UINT32_MAX - 1);
	if (!keep(in, p, buf_view(&range), &q->text))
		q = NULL;
	buf_done(&range);
	return q;
}

static const struct key keys[] = {
    {.name = "ALL", make_all, .kind = QUERY_ALL},
    {.name = "ANNOTATION", make_annotation},
    {.name = "ANSWERED", make_flags, FLAG_ANSWERED},
    {.name = "BCC", make_text, .field = MAIL_FIELD_BCC},
    {.name = "BEFORE", make_day, .is_not = true, .kind = QUERY_ARRIVED},
    {.name = "BODY", make_text, .field = MAIL_FIELD_BODY},
    {.name = "CC", make_text, .field = MAIL_FIELD_CC},
    {.name = "DELETED", make_flags, FLAG_DELETED},
    {.name = "DRAFT", make_flags, FLAG_DRAFT},
    {.name = "EMAILID", make_id, 'E', .kind = QUERY_EMAIL},
    {.name = "FILTER", make_filter},
    {.name = "FLAGGED", make_flags, FLAG_FLAGGED},
    {.name = "FROM", make_text, .field = MAIL_FIELD_FROM},
    {.name = "FUZZY", make_fuzzy},
    {.name = "HEADER", make_header},
    {.name = "KEYWORD", make_keyword},
    {.name = "LARGER", make_size, .kind = QUERY_LARGER},
    {.name = "MODSEQ", make_modseq},
    {.name = "NEW", make_new, FLAG_SEEN},
    {.name = "NOT", make_not},
    {.name = "OLD", make_recent, .is_not = true},
    {.name = "OLDER", make_within, .is_not = true},
    {.name = "ON", make_day, .flags = 1, .kind = QUERY_ARRIVED},
    {.name = "OR", make_or},
    {.name = "RECENT", make_recent},
    {.name = "SAVEDATESUPPORTED", make_all, .kind = QUERY_ALL},
    {.name = "SAVEDBEFORE", make_day, .is_not = true, .kind = QUERY_SAVED},
    {.name = "SAVEDON", make_day, .flags = 1, .kind = QUERY_SAVED},
    {.name = "SAVEDSINCE", make_day, .kind = QUERY_SAVED},
    {.name = "SEEN", make_flags, FLAG_SEEN},
    {.name = "SENTBEFORE", make_day, .is_not = true, .kind = QUERY_SENT},
    {.name = "SENTON", make_day, .flags = 1, .kind = QUERY_SENT},
    {.name = "SENTSINCE", make_day, .kind = QUERY_SENT},
    {.name = "SINCE", make_day, .kind = QUERY_ARRIVED},
    {.name = "SMALLER", make_size, .kind = QUERY_SMALLER},
    {.name = "SUBJECT", make_text, .field = MAIL_FIELD_SUBJECT},
    {.name = "TEXT", make_text, .field = MAIL_FIELD_ANY},
    {.name = "THREADID", make_id, 'T', .kind = QUERY_THREAD},
    {.name = "TO", make_text, .field = MAIL_FIELD_TO},
    {.name = "UID", make_uid},
    {.name = "UIDAFTER", make_uids_beside},
    {.name = "UIDBEFORE", make_uids_beside, .is_not = true},
    {.name = "UNANSWERED", make_flags, FLAG_ANSWERED, .is_not = true},
    {.name = "UNDELETED", make_flags, FLAG_DELETED, .is_not = true},
    {.name = "UNDRAFT", make_flags, FLAG_DRAFT, .is_not = true},
    {.name = "UNFLAGGED", make_flags, FLAG_FLAGGED, .is_not = true},
    {.name = "UNKEYWORD", make_keyword, .is_not = true},
    {.name = "UNSEEN", make_flags, FLAG_SEEN, .is_not = true},
    {.name = "YOUNGER", make_within},
};

static int compare_key(const void *name, const void *key)
{
	const struct view *wanted = name;
	struct view other = view_from_string(((const struct key *)key)->name);
	size_t len = wanted->len < other.len ? wanted->len : other.len;

	for (size_t i = 0; i < len; i++) {
		int a = ascii_lower(wanted->data[i]), b = ascii_lower(other.data[i]);

		if (a != b)
			return a - b;
	}
	return wanted->len < other.len ? -1 : wanted->len > other.len;
}

/* Keys with a space between them, all of which must be true. */
static struct query *parse_keys(struct imap_in *in, struct imap_program *p)
{
	struct query *first = parse_key(in, p), *all, **end;

	if (!first || !imap_in_next_is(in, ' '))
		return first;
	all = node(in, p, QUERY_AND);
	if (!all)
		return NULL;
	all->first = first;
	for (end = &first->next; imap_in_take(in, ' '); end = &(*end)->next)
		if (!(*end = parse_key(in, p)))
			return NULL;
	return all;
}

static struct query *parse_one(struct imap_in *in, struct imap_program *p)
{
	const struct key *key;
	struct view name;

	if (imap_in_take(in, '(')) {
		struct query *q = parse_keys(in, p);
		return q && imap_in_char(in, ')') ? q : NULL;
	}
	if (imap_in_next_is(in, '*') || imap_in_next_is(in, '$') ||
	    ascii_is_digit((char)cursor_peek(&in->text)))
		return sequence(in, p, imap_in_next_is(in, '$'));
	if (!imap_in_atom(in, &name))
		return NULL;
	key = bsearch(&name, keys, sizeof(keys) / sizeof(keys[0]), sizeof(keys[0]), compare_key);
	if (!key) {
		imap_in_wrong(in, "there is no such search key");
		return NULL;
	}
	return key->make(in, p, key);
}

static struct query *parse_key(struct imap_in *in, struct imap_program *p)
{
	struct query *q;

	if (++p->depth > QUERY_DEPTH_MAX) {
		imap_in_wrong(in, "[LIMIT] the search is nested too deeply");
		return NULL;
	}
	q = parse_one(in, p);
	p->depth--;
	return q;
}

void imap_search_program(struct imap_in *in, struct imap_program *p)
{
	struct query *q;

	if (view_empty(p->charset))
		p->utf8 = true;
	q = parse_keys(in, p);
	if (q)
		p->root = q;
}

bool imap_search_charset(struct imap_in *in, struct imap_program *p, struct view charset)
{
	const char *meaning = charset_meaning(charset);

	if (imap_enabled(in->session) & IMAP_UTF8_ACCEPT) { /* RFC 9755 section 3 */
		imap_in_wrong(in, "strings are in UTF-8 after ENABLE UTF8=ACCEPT: name no charset");
		return false;
	}
	p->utf8 = view_equal_nocase(charset, VIEW("UTF-8")) || view_equal_nocase(charset, VIEW("US-ASCII"));
	p->charset = charset;
	if (p->utf8 || (meaning && *meaning))
		return true;
	p->bad_charset = true;
	return false;
}

bool imap_search_filter(struct imap_session *s, struct imap_program *p, struct view text)
{
	struct imap_in in = {.session = s, .text = cursor_on(text)};
	struct query *place = p->filters[p->filters_read++].place, *q;
	bool utf8 = p->utf8;

	p->utf8 = true; /* RFC 5466 section 2 */
	q = parse_keys(&in, p);
	p->utf8 = utf8;
	if (!q || in.wrong || !imap_in_at_end(&in))
		return false;
	place->first = q;
	return true;
}
