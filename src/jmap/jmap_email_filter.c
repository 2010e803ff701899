/* Filters of Email/query: jmap_email_filter.h. */
#include "jmap/jmap_email_filter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "jmap/jmap_email_text.h"

/* ---- reading ---- */

struct reading {
	struct jmap_call *c;
	struct jmap_email_program *program;
	struct jmap_email_node *into; /* an AND */
};

static struct jmap_email_node *new_node(struct reading *r, enum jmap_email_kind kind)
{
	struct jmap_email_node *node = arena_alloc(jmap_arena(r->c), sizeof *node);
	if (node)
		node->kind = kind;
	else
		jmap_error_of(r->c, -ENOMEM, "the filter");
	return node;
}

static void add_child(struct jmap_email_node *parent, struct jmap_email_node *child)
{
	struct jmap_email_node **last = &parent->first;
	while (*last)
		last = &(*last)->next;
	*last = child;
}

static struct jmap_email_node *add(struct reading *r, enum jmap_email_kind kind)
{
	struct jmap_email_node *node = new_node(r, kind);
	if (node)
		add_child(r->into, node);
	return node;
}

static bool wrong(struct reading *r, const char *name)
{
	jmap_error(r->c, "invalidArguments", "\"filter\": \"%s\" is not of its type", name);
	return false;
}

/* The number of a mailbox of the call's account, or 0: no such mailbox, and no email is in it. */
static uint32_t mailbox_of(struct jmap_call *c, const json_t *value)
{
	uint64_t account, number;
	struct view id = jmap_creation(c, jmap_string(value));
	if (!mail_id_read(id, MAIL_ID_MAILBOX, &account, &number) || account != jmap_account(c)->number ||
	    number > UINT32_MAX)
		return 0;
	return (uint32_t)number;
}

static bool read_mailbox(struct reading *r, const char *name, const json_t *value, enum jmap_email_kind kind)
{
	(void)kind;
	if (!json_is_string(value))
		return wrong(r, name);
	uint32_t mailbox = mailbox_of(r->c, value);
	struct jmap_email_node *node = add(r, mailbox ? JMAP_EMAIL_IN : JMAP_EMAIL_NEVER);
	if (node)
		node->number = mailbox;
	r->program->by_mailboxes = true;
	return node;
}

static int compare_mailboxes(const void *one, const void *other)
{
	const uint32_t *a = one, *b = other;
	return (*a > *b) - (*a < *b);
}

static bool read_mailboxes(
    struct reading *r, const char *name, const json_t *value, enum jmap_email_kind kind)
{
	json_t *item;
	size_t i;
	if (!json_is_array(value))
		return wrong(r, name);
	struct jmap_email_node *node = add(r, kind);
	if (node == NULL)
		return false;
	node->mailboxes = arena_array(jmap_arena(r->c), json_array_size(value) + 1, sizeof *node->mailboxes);
	if (node->mailboxes == NULL) {
		jmap_error_of(r->c, -ENOMEM, "the filter");
		return false;
	}
	json_array_foreach(value, i, item)
	{
		if (!json_is_string(item))
			return wrong(r, name);
		node->mailboxes[node->mailbox_count++] = mailbox_of(r->c, item);
	}
	qsort(node->mailboxes, node->mailbox_count, sizeof *node->mailboxes, compare_mailboxes);
	r->program->by_mailboxes = true;
	return true;
}

static bool read_date(struct reading *r, const char *name, const json_t *value, enum jmap_email_kind kind)
{
	int64_t time;
	if (!json_is_string(value) || !jmap_date_read(jmap_string(value), &time, NULL))
		return wrong(r, name);
	struct jmap_email_node *node = add(r, kind);
	if (node)
		node->time = time;
	return node;
}

static bool read_size(struct reading *r, const char *name, const json_t *value, enum jmap_email_kind kind)
{
	uint64_t size;
	if (!jmap_is_unsigned(value, &size))
		return wrong(r, name);
	struct jmap_email_node *node = add(r, kind);
	if (node)
		node->number = size;
	return node;
}

static bool read_keyword(struct reading *r, const char *name, const json_t *value, enum jmap_email_kind kind)
{
	if (!json_is_string(value))
		return wrong(r, name);
	struct jmap_email_node *node = add(r, kind);
	if (node)
		node->keyword =
		    jmap_keyword_of(jmap_session_of(r->c), jmap_account(r->c)->ask, jmap_string(value));
	r->program->by_keywords = true;
	r->program->by_threads |= kind != JMAP_EMAIL_HAS_KEYWORD && kind != JMAP_EMAIL_NOT_KEYWORD;
	return node;
}

static bool read_attachment(
    struct reading *r, const char *name, const json_t *value, enum jmap_email_kind kind)
{
	if (!json_is_boolean(value))
		return wrong(r, name);
	struct jmap_email_node *node = add(r, kind);
	if (node)
		node->number = json_is_true(value);
	return node;
}

/* A condition on text, found already or a new one. */
static bool add_text(struct reading *r, struct query *condition)
{
	struct jmap_email_program *p = r->program;
	if (condition == NULL) {
		jmap_error_of(r->c, -ENOMEM, "the filter");
		return false;
	}
	if (p->text_count == QUERY_TEXTS_MAX) {
		jmap_error(r->c, "unsupportedFilter", "there are more words to look for than %d",
		    (int)QUERY_TEXTS_MAX);
		return false;
	}
	struct jmap_email_node *node = add(r, JMAP_EMAIL_TEXT);
	if (node == NULL)
		return false;
	condition->number_of_text = (unsigned)p->text_count;
	node->number = p->text_count;
	p->texts[p->text_count++] = condition;
	return true;
}

static bool read_words(
    struct reading *r, enum query_kind kind, enum mail_field field, struct view header, struct view text)
{
	struct jmap_token token;
	while (jmap_next_token(jmap_arena(r->c), &text, &token)) {
		struct query *q = jmap_text_condition(jmap_arena(r->c), &token);
		if (q) {
			q->kind = kind;
			q->field = field;
			q->name = header;
		}
		if (!add_text(r, q))
			return false;
	}
	return true;
}

static bool read_text(struct reading *r, const char *name, const json_t *value, enum jmap_email_kind kind)
{
	static const struct {
		const char *name;
		enum mail_field field;
	} fields[] = {{"text", MAIL_FIELD_ANY}, {"from", MAIL_FIELD_FROM}, {"to", MAIL_FIELD_TO},
	    {"cc", MAIL_FIELD_CC}, {"bcc", MAIL_FIELD_BCC}, {"subject", MAIL_FIELD_SUBJECT},
	    {"body", MAIL_FIELD_BODY}};
	(void)kind;
	if (!json_is_string(value))
		return wrong(r, name);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strcmp(name, fields[i].name) == 0)
			return read_words(
			    r, QUERY_TEXT, fields[i].field, (struct view){0}, jmap_string(value));
	return wrong(r, name);
}

static bool read_header(struct reading *r, const char *name, const json_t *value, enum jmap_email_kind kind)
{
	struct view field = jmap_string(json_array_get(value, 0));
	const json_t *text = json_array_get(value, 1);
	size_t count = json_array_size(value);
	(void)kind;
	if (!json_is_array(value) || count < 1 || count > 2 || field.len == 0 ||
	    (text && !json_is_string(text)))
		return wrong(r, name);
	if (text && jmap_string(text).len > 0)
		return read_words(r, QUERY_HEADER, MAIL_FIELD_HEADER, field, jmap_string(text));
	struct query *q = query_new(jmap_arena(r->c), QUERY_HEADER);
	if (q) {
		q->field = MAIL_FIELD_HEADER;
		q->name = field;
	}
	return add_text(r, q);
}

/* RFC 9219 section 4.2. Whoever does not use the capability has no such conditions. */
static bool read_smime(struct reading *r, const char *name, const json_t *value, enum jmap_email_kind kind)
{
	static const char *const names[JMAP_SMIME_CONDITIONS] = {[JMAP_SMIME_SIGNED] = "hasSmime",
	    [JMAP_SMIME_VERIFIED] = "hasVerifiedSmime",
	    [JMAP_SMIME_DELIVERED] = "hasVerifiedSmimeAtDelivery"};
	size_t which = 0;
	if (!jmap_uses(r->c, JMAP_SMIME)) {
		jmap_error(r->c, "unsupportedFilter", "there is no condition \"%s\"", name);
		return false;
	}
	if (!json_is_boolean(value))
		return wrong(r, name);
	while (which + 1 < JMAP_SMIME_CONDITIONS && strcmp(names[which], name) != 0)
		which++;
	struct jmap_email_node *node = new_node(r, kind);
	struct jmap_email_node *holder = json_is_true(value) ? r->into : add(r, JMAP_EMAIL_NONE);
	if (node == NULL || holder == NULL)
		return false;
	node->number = which;
	add_child(holder, node);
	r->program->by_smime[which] = true;
	return true;
}

/* Our own (doc/jmap.md). What is known of senders is the owner's. */
static bool read_first(struct reading *r, const char *name, const json_t *value, enum jmap_email_kind kind)
{
	if (!jmap_uses(r->c, JMAP_VERDICT) || jmap_account(r->c)->ask != 0) {
		jmap_error(r->c, "unsupportedFilter", "there is no condition \"%s\"%s", name,
		    jmap_uses(r->c, JMAP_VERDICT) ? " in another's account" : "");
		return false;
	}
	if (!json_is_boolean(value))
		return wrong(r, name);
	struct jmap_email_node *node = add(r, kind);
	if (node == NULL)
		return false;
	node->number = json_is_true(value);
	r->program->by_first = true;
	return true;
}

static const struct {
	const char *name;
	enum jmap_email_kind kind;
	bool (*read)(struct reading *r, const char *name, const json_t *value, enum jmap_email_kind kind);
} conditions[] = {
    {"inMailbox", JMAP_EMAIL_IN, read_mailbox},
    {"inMailboxOtherThan", JMAP_EMAIL_OTHER_THAN, read_mailboxes},
    {"before", JMAP_EMAIL_BEFORE, read_date},
    {"after", JMAP_EMAIL_AFTER, read_date},
    {"minSize", JMAP_EMAIL_MIN_SIZE, read_size},
    {"maxSize", JMAP_EMAIL_MAX_SIZE, read_size},
    {"allInThreadHaveKeyword", JMAP_EMAIL_ALL_IN_THREAD, read_keyword},
    {"someInThreadHaveKeyword", JMAP_EMAIL_SOME_IN_THREAD, read_keyword},
    {"noneInThreadHaveKeyword", JMAP_EMAIL_NONE_IN_THREAD, read_keyword},
    {"hasKeyword", JMAP_EMAIL_HAS_KEYWORD, read_keyword},
    {"notKeyword", JMAP_EMAIL_NOT_KEYWORD, read_keyword},
    {"hasAttachment", JMAP_EMAIL_ATTACHMENT, read_attachment},
    {"text", JMAP_EMAIL_TEXT, read_text},
    {"from", JMAP_EMAIL_TEXT, read_text},
    {"to", JMAP_EMAIL_TEXT, read_text},
    {"cc", JMAP_EMAIL_TEXT, read_text},
    {"bcc", JMAP_EMAIL_TEXT, read_text},
    {"subject", JMAP_EMAIL_TEXT, read_text},
    {"body", JMAP_EMAIL_TEXT, read_text},
    {"header", JMAP_EMAIL_TEXT, read_header},
    {"firstContact", JMAP_EMAIL_FIRST_ONE, read_first},
    {"hasSmime", JMAP_EMAIL_SMIME, read_smime},
    {"hasVerifiedSmime", JMAP_EMAIL_SMIME, read_smime},
    {"hasVerifiedSmimeAtDelivery", JMAP_EMAIL_SMIME, read_smime},
};

static bool read_property(struct reading *r, const char *name, const json_t *value)
{
	for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
		if (strcmp(name, conditions[i].name) == 0)
			return conditions[i].read(r, conditions[i].name, value, conditions[i].kind);
	jmap_error(r->c, "unsupportedFilter", "there is no condition \"%s\"", name);
	return false;
}

static bool read_condition(struct reading *r, const json_t *condition, struct jmap_email_node *into)
{
	union { /* jansson walks no constant object */
		const json_t *given;
		json_t *walked;
	} object = {.given = condition};
	const char *name;
	json_t *value;
	r->into = into;
	json_object_foreach(object.walked, name, value)
	{
		if (!read_property(r, name, value))
			return false;
	}
	return true;
}

/* Depth is bounded by JMAP_FILTER_DEPTH_MAX. */
static struct jmap_email_node *read_filter(struct reading *r, const struct jmap_filter *filter)
{
	static const enum jmap_email_kind kinds[] = {[JMAP_CONDITION] = JMAP_EMAIL_AND,
	    [JMAP_AND] = JMAP_EMAIL_AND,
	    [JMAP_OR] = JMAP_EMAIL_OR,
	    [JMAP_NOT] = JMAP_EMAIL_NONE};
	struct jmap_email_node *node = new_node(r, kinds[filter->op]);
	if (node == NULL)
		return NULL;
	if (filter->op == JMAP_CONDITION)
		return read_condition(r, filter->condition, node) ? node : NULL;
	for (size_t i = 0; i < filter->count; i++) {
		struct jmap_email_node *child = read_filter(r, &filter->of[i]);
		if (child == NULL)
			return NULL;
		add_child(node, child);
	}
	return node;
}

bool jmap_email_filter_read(
    struct jmap_call *c, const struct jmap_filter *filter, struct jmap_email_program *program)
{
	struct reading r = {.c = c, .program = program};
	*program = (struct jmap_email_program){0};
	program->root = filter ? read_filter(&r, filter) : new_node(&r, JMAP_EMAIL_AND);
	return program->root;
}

/* ---- testing ---- */

bool jmap_thread_all_have(const struct jmap_table *t, uint32_t row, const struct jmap_keyword *keyword)
{
	uint32_t group = t->rows[row].group;
	for (uint32_t i = jmap_table_first(t, group); i != JMAP_NO_ROW; i = jmap_table_next(t, i))
		if (!jmap_row_has(t, &t->rows[i], keyword))
			return false;
	return true;
}

bool jmap_thread_some_have(const struct jmap_table *t, uint32_t row, const struct jmap_keyword *keyword)
{
	uint32_t group = t->rows[row].group;
	for (uint32_t i = jmap_table_first(t, group); i != JMAP_NO_ROW; i = jmap_table_next(t, i))
		if (jmap_row_has(t, &t->rows[i], keyword))
			return true;
	return false;
}

static bool is_elsewhere(
    const struct jmap_table *t, const struct jmap_row *row, const struct jmap_email_node *node)
{
	uint32_t at = 0, mailbox;
	while (jmap_row_mailbox(t, row, &at, &mailbox)) {
		/* Each row is asked, and the list may be as long as a request. */
		if (!bsearch(&mailbox, node->mailboxes, node->mailbox_count, sizeof *node->mailboxes,
		        compare_mailboxes))
			return true;
	}
	return false;
}

struct testing {
	const struct jmap_table *t;
	uint32_t index;
	const struct jmap_email_known *known;
};

static enum query_truth test(const struct testing *on, const struct jmap_email_node *node);

static enum query_truth test_all(const struct testing *on, const struct jmap_email_node *node)
{
	enum query_truth all = QUERY_YES;
	for (const struct jmap_email_node *child = node->first; child && all != QUERY_NO;
	     child = child->next) {
		enum query_truth one = test(on, child);
		all = one < all ? one : all;
	}
	return all;
}

static enum query_truth test_any(const struct testing *on, const struct jmap_email_node *node)
{
	enum query_truth any = QUERY_NO;
	for (const struct jmap_email_node *child = node->first; child && any != QUERY_YES;
	     child = child->next) {
		enum query_truth one = test(on, child);
		any = one > any ? one : any;
	}
	return any;
}

static enum query_truth test_text(const struct testing *on, const struct query_text *text)
{
	if (query_set_has(&text->sure, on->index))
		return QUERY_YES;
	return query_set_has(&text->maybe, on->index) ? QUERY_MAYBE : QUERY_NO;
}

static bool test_row(const struct testing *on, const struct jmap_email_node *node)
{
	const struct jmap_table *t = on->t;
	const struct jmap_row *row = &t->rows[on->index];
	switch (node->kind) {
	case JMAP_EMAIL_IN:
		return jmap_row_is_in(t, row, (uint32_t)node->number);
	case JMAP_EMAIL_OTHER_THAN:
		return is_elsewhere(t, row, node);
	case JMAP_EMAIL_BEFORE:
		return row->received < node->time;
	case JMAP_EMAIL_AFTER:
		return row->received >= node->time;
	case JMAP_EMAIL_MIN_SIZE:
		return row->size >= node->number;
	case JMAP_EMAIL_MAX_SIZE:
		return row->size < node->number;
	case JMAP_EMAIL_ALL_IN_THREAD:
		return jmap_thread_all_have(t, on->index, &node->keyword);
	case JMAP_EMAIL_SOME_IN_THREAD:
		return jmap_thread_some_have(t, on->index, &node->keyword);
	case JMAP_EMAIL_NONE_IN_THREAD:
		return !jmap_thread_some_have(t, on->index, &node->keyword);
	case JMAP_EMAIL_HAS_KEYWORD:
		return jmap_row_has(t, row, &node->keyword);
	case JMAP_EMAIL_NOT_KEYWORD:
		return !jmap_row_has(t, row, &node->keyword);
	case JMAP_EMAIL_ATTACHMENT:
		return ((row->flags & FLAG_HAS_ATTACHMENT) != 0) == (node->number != 0);
	default:
		return false;
	}
}

static enum query_truth test(const struct testing *on, const struct jmap_email_node *node)
{
	switch (node->kind) {
	case JMAP_EMAIL_AND:
		return test_all(on, node);
	case JMAP_EMAIL_OR:
		return test_any(on, node);
	case JMAP_EMAIL_NONE:
		return QUERY_YES - test_any(on, node);
	case JMAP_EMAIL_TEXT:
		return test_text(on, &on->known->texts[node->number]);
	case JMAP_EMAIL_SMIME:
		return test_text(on, &on->known->smime[node->number]);
	case JMAP_EMAIL_FIRST_ONE:
		return query_set_has(on->known->first, on->index) == (node->number != 0) ? QUERY_YES
		                                                                         : QUERY_NO;
	default:
		return test_row(on, node) ? QUERY_YES : QUERY_NO;
	}
}

enum query_truth jmap_email_filter_test(const struct jmap_email_program *program, const struct jmap_table *t,
    uint32_t row, const struct jmap_email_known *known)
{
	struct testing on = {.t = t, .index = row, .known = known};
	return t->rows[row].gone ? QUERY_NO : test(&on, program->root);
}
