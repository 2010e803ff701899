/* See store_push_emails.h. */
#include "role/store/store_push_emails.h"

#include <inttypes.h>
#include <string.h>

#include "base/container.h"
#include "format/date.h"
#include "format/fold.h"
#include "format/header.h"
#include "format/header_text.h"
#include "format/json_out.h"
#include "mail/mail_id.h"
#include "mime/summary.h"
#include "process/messages_push.h"
#include "role/store/store_private.h"

enum {
	MEMORY = 1 << 20,     /* of one summary, decoded */
	TEXT_MAX = 64 * 1024, /* of one field, and of one property */
	DATE_TEXT_MAX = 64,
	TAIL_MAX = 64 /* what stands behind the emails: the state */
};

/* One email, on its way out. */
struct writing {
	const struct push_emails *e;
	const struct account_email_info *info;
	struct message_summary summary;
	struct arena arena;
	struct buf text, normal, folded, bare;
	/* Header fields, folded when a filter first asks for one: a filter may ask for each a hundred times.
	 */
	struct buf fields[EMAIL_PUSH_PROPERTIES];
	bool has_field[EMAIL_PUSH_PROPERTIES];
};

/* ---- gathering ---- */

bool push_emails_add(struct push_emails *e, uint64_t id)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->ids[i] == id)
			return true;
	if (e->count == PUSH_GATHER_MAX)
		return false;
	e->ids[e->count++] = id;
	return true;
}

static void names_known(struct account_keyword_names *names, int result)
{
	struct push_emails *e = container_of(names, struct push_emails, names);
	e->done(e, result);
}

static void fetched(struct account_fetch *fetch, int result)
{
	struct push_emails *e = container_of(fetch, struct push_emails, fetch);
	if (result) {
		e->done(e, result);
		return;
	}
	e->known = fetch->count < e->known ? fetch->count : e->known;
	e->names = (struct account_keyword_names){.shard = e->shard, .done = names_known};
	account_keyword_names(&store_role.accounts, &e->names);
}

static void looked_up(struct account_emails *emails, int result)
{
	struct push_emails *e = container_of(emails, struct push_emails, emails);
	if (result) {
		e->done(e, result);
		return;
	}
	e->known = emails->found;
	e->fetch = (struct account_fetch){.shard = e->shard,
	    .emailids = e->ids,
	    .emailid_count = e->known,
	    .derived = ACCOUNT_SUMMARY,
	    .done = fetched};
	account_fetch(&store_role.accounts, &e->fetch);
}

void push_emails_gather(struct push_emails *e)
{
	e->emails =
	    (struct account_emails){.shard = e->shard, .ids = e->ids, .count = e->count, .done = looked_up};
	account_emails(&store_role.accounts, &e->emails);
}

void push_emails_free(struct push_emails *e)
{
	account_emails_free(&e->emails);
	account_fetch_free(&e->fetch);
	account_keyword_names_free(&e->names);
}

/* ---- keywords ---- */

static const struct {
	uint64_t flag;
	const char *keyword;
} system_flags[] = {
    {FLAG_SEEN, "$seen"}, {FLAG_ANSWERED, "$answered"}, {FLAG_FLAGGED, "$flagged"}, {FLAG_DRAFT, "$draft"}};

static bool has_number(const struct writing *w, uint32_t number)
{
	const struct account_email_info *i = w->info;
	if (number < FLAG_KEYWORDS)
		return i->flags & FLAG_KEYWORD << number;
	const struct account_more *more = i->flags & FLAG_MORE ? &w->e->emails.more[i->more] : NULL;
	for (size_t k = 0; more && k < more->count; k++)
		if (more->numbers[k] == number)
			return true;
	return false;
}

/* Each keyword that the email has; false from `take` ends it. */
static bool each_keyword(const struct writing *w, bool (*take)(void *arg, struct view keyword), void *arg)
{
	char lower[MAIL_KEYWORD_MAX];
	for (size_t i = 0; i < sizeof system_flags / sizeof *system_flags; i++)
		if (w->info->flags & system_flags[i].flag &&
		    !take(arg, view_from_string(system_flags[i].keyword)))
			return false;
	struct cursor in = cursor_on(buf_view(&w->e->names.names));
	while (cursor_ok(&in) && !cursor_at_end(&in)) {
		uint32_t number = cursor_u32(&in);
		struct view name = cursor_bytes(&in, cursor_u8(&in));
		if (!cursor_ok(&in) || !has_number(w, number))
			continue;
		for (size_t i = 0; i < name.len; i++)
			lower[i] = ascii_lower(name.data[i]);
		if (!take(arg, view_of(lower, name.len)))
			return false;
	}
	return true;
}

static bool is_another(void *arg, struct view keyword)
{
	return !view_equal(keyword, *(const struct view *)arg);
}

static bool has_keyword(void *arg, struct view keyword)
{
	return !each_keyword(arg, is_another, &keyword);
}

/* ---- words of header fields ---- */

static const struct address_list *addresses_of(const struct envelope *e, enum email_push_property property)
{
	switch (property) {
	case EMAIL_PUSH_SENDER:
		return &e->sender;
	case EMAIL_PUSH_FROM:
		return &e->from;
	case EMAIL_PUSH_TO:
		return &e->to;
	case EMAIL_PUSH_CC:
		return &e->cc;
	case EMAIL_PUSH_BCC:
		return &e->bcc;
	default:
		return &e->reply_to;
	}
}

/* As searches compare: without case and accents. */
static struct view fold(struct writing *w, struct view text)
{
	buf_clear(&w->folded);
	buf_clear(&w->bare);
	fold_casemap(text, &w->folded);
	fold_bare(buf_view(&w->folded), &w->bare);
	return buf_view(&w->bare);
}

static bool contains(struct view text, struct view part)
{
	for (; text.len >= part.len; text = view_skip(text, 1)) {
		if (view_equal(view_take(text, part.len), part))
			return true;
		if (text.len == 0)
			return false;
	}
	return false;
}

static void fold_field(struct writing *w, enum email_push_property field, struct buf *words)
{
	const struct envelope *e = &w->summary.envelope;
	if (field == EMAIL_PUSH_SUBJECT) {
		buf_append(words, fold(w, header_text(e->subject, &w->text, &w->normal)));
		return;
	}
	const struct address_list *list = addresses_of(e, field);
	for (size_t i = 0; i < list->count; i++) {
		const struct address *a = &list->items[i];
		buf_append(words, fold(w, header_text(a->display_name, &w->text, &w->normal)));
		buf_append_byte(words, ' ');
		buf_clear(&w->text);
		address_write_mailbox(&w->text, a->local_part, a->domain);
		buf_append(words, fold(w, buf_view(&w->text)));
		buf_append_byte(words, '\n');
	}
}

/* The field's text, folded. */
static struct view field_text(struct writing *w, enum email_push_property field)
{
	struct buf *words = &w->fields[field];
	if (!w->has_field[field]) {
		buf_clear(words);
		fold_field(w, field, words);
		w->has_field[field] = true;
	}
	return buf_view(words);
}

static bool has_words(void *arg, enum email_push_property field, struct view words)
{
	struct writing *w = arg;
	struct view text = field_text(w, field), word;
	while (view_next(&words, ' ', &word))
		if (word.len > 0 && !contains(text, fold(w, word)))
			return false;
	return true;
}

/* ---- properties ---- */

static void put_id(struct json_out *out, char letter, uint64_t account, uint64_t number)
{
	char id[MAIL_ID_MAX];
	json_out_string(out, view_of(id, mail_id_write(id, letter, account, number)));
}

static void put_text_or_null(struct json_out *out, struct view text)
{
	if (text.len > 0)
		json_out_string(out, text);
	else
		json_out_null(out);
}

static void put_addresses(struct json_out *out, struct writing *w, const struct address_list *list)
{
	if (list->count == 0) {
		json_out_null(out);
		return;
	}
	json_out_array(out);
	for (size_t i = 0; i < list->count; i++) {
		const struct address *a = &list->items[i];
		if (a->kind != ADDRESS_MAILBOX)
			continue;
		json_out_object(out);
		json_out_name(out, VIEW("name"));
		put_text_or_null(out, header_text(a->display_name, &w->text, &w->normal));
		json_out_name(out, VIEW("email"));
		buf_clear(&w->text);
		if (a->local_part.len > 0 || a->domain.len > 0)
			address_write_mailbox(&w->text, a->local_part, a->domain);
		json_out_string(out, header_text_normal(buf_view(&w->text), &w->normal));
		json_out_end(out);
	}
	json_out_end(out);
}

static void put_message_ids(struct json_out *out, struct writing *w, struct view rest)
{
	struct view id;
	bool any = false;
	while (message_id_next(&rest, &id)) {
		if (!any)
			json_out_array(out);
		any = true;
		buf_clear(&w->text);
		message_id_append(id, &w->text);
		json_out_string(out, buf_view(&w->text));
	}
	if (any)
		json_out_end(out);
	else
		json_out_null(out);
}

static void put_date(struct json_out *out, struct date date, bool known)
{
	struct buf text;
	buf_init(&text, DATE_TEXT_MAX);
	if (known && date_write_rfc3339(&text, date) == 0)
		json_out_string(out, buf_view(&text));
	else
		json_out_null(out);
	buf_done(&text);
}

static bool put_keyword(void *arg, struct view keyword)
{
	struct json_out *out = arg;
	json_out_name(out, keyword);
	json_out_bool(out, true);
	return true;
}

static void put_mailboxes(struct json_out *out, const struct writing *w)
{
	char id[MAIL_ID_MAX];
	json_out_object(out);
	for (size_t i = 0; i < w->info->mailbox_count; i++) {
		size_t len = mail_id_write(id, MAIL_ID_MAILBOX, w->e->account, w->info->mailboxes[i]);
		json_out_name(out, view_of(id, len));
		json_out_bool(out, true);
	}
	json_out_end(out);
}

static void put_value(struct json_out *out, struct writing *w, enum email_push_property property)
{
	const struct account_email_info *i = w->info;
	const struct envelope *envelope = &w->summary.envelope;
	struct date date = {.seconds = i->internaldate};
	switch (property) {
	case EMAIL_PUSH_ID:
		put_id(out, MAIL_ID_EMAIL, w->e->account, i->id);
		return;
	case EMAIL_PUSH_BLOB_ID:
		put_id(out, MAIL_ID_BLOB_EMAIL, w->e->account, i->id);
		return;
	case EMAIL_PUSH_THREAD_ID:
		put_id(out, MAIL_ID_THREAD, w->e->account, i->thread);
		return;
	case EMAIL_PUSH_MAILBOX_IDS:
		put_mailboxes(out, w);
		return;
	case EMAIL_PUSH_KEYWORDS:
		json_out_object(out);
		(void)each_keyword(w, put_keyword, out);
		json_out_end(out);
		return;
	case EMAIL_PUSH_SIZE:
		json_out_unsigned(out, i->size + i->text_growth);
		return;
	case EMAIL_PUSH_RECEIVED_AT:
		put_date(out, date, true);
		return;
	case EMAIL_PUSH_MESSAGE_ID:
		put_message_ids(out, w, envelope->message_id);
		return;
	case EMAIL_PUSH_IN_REPLY_TO:
		put_message_ids(out, w, envelope->in_reply_to);
		return;
	case EMAIL_PUSH_SUBJECT:
		put_text_or_null(out, header_text(envelope->subject, &w->text, &w->normal));
		return;
	case EMAIL_PUSH_SENT_AT: {
		bool known = date_parse(envelope->date, &date) == 0;
		put_date(out, date, known);
		return;
	}
	case EMAIL_PUSH_HAS_ATTACHMENT:
		json_out_bool(out, i->flags & FLAG_HAS_ATTACHMENT);
		return;
	case EMAIL_PUSH_PREVIEW:
		json_out_string(out, w->summary.preview);
		return;
	default:
		put_addresses(out, w, addresses_of(envelope, property));
		return;
	}
}

/* ---- one email ---- */

static void begin(struct writing *w, const struct push_emails *e)
{
	*w = (struct writing){.e = e};
	arena_init(&w->arena, MEMORY);
	buf_init(&w->text, TEXT_MAX);
	buf_init(&w->normal, TEXT_MAX);
	buf_init(&w->folded, TEXT_MAX);
	buf_init(&w->bare, TEXT_MAX);
	for (size_t i = 0; i < EMAIL_PUSH_PROPERTIES; i++)
		buf_init(&w->fields[i], TEXT_MAX);
}

static void end(struct writing *w)
{
	arena_done(&w->arena);
	buf_done(&w->text);
	buf_done(&w->normal);
	buf_done(&w->folded);
	buf_done(&w->bare);
	for (size_t i = 0; i < EMAIL_PUSH_PROPERTIES; i++)
		buf_done(&w->fields[i]);
}

/* False: there is no such email any more, or it is in no filter. */
static bool is_wanted(struct writing *w, size_t i, const struct email_push_form *form)
{
	const struct account_fetched *fetched = &w->e->fetch.messages[i];
	w->info = &w->e->emails.emails[i];
	w->summary = (struct message_summary){0};
	memset(w->has_field, 0, sizeof w->has_field);
	if (w->info->mailbox_count == 0)
		return false;
	arena_reset(&w->arena);
	if (fetched->result || message_summary_decode(fetched->summary, &w->arena, &w->summary) != 0)
		w->summary = (struct message_summary){0};
	const struct email_push_test test = {.received = w->info->internaldate,
	    .size = w->info->size + w->info->text_growth,
	    .has_attachment = w->info->flags & FLAG_HAS_ATTACHMENT,
	    .mailboxes = w->info->mailboxes,
	    .mailbox_count = w->info->mailbox_count,
	    .has_keyword = has_keyword,
	    .has_words = has_words,
	    .arg = w};
	return email_push_matches(form, &test);
}

/* Of the first email a property that has no room is left out; another email goes with the next push. */
static bool put_email(
    struct buf *out, struct writing *w, const struct email_push_form *form, size_t room, bool first)
{
	struct buf email, one;
	bool fits = true;
	buf_init(&email, TEXT_MAX);
	buf_init(&one, TEXT_MAX);
	buf_append_string(&email, first ? "{" : ",{");
	for (size_t i = 0; i < form->properties.len && fits; i++) {
		enum email_push_property property = (unsigned char)form->properties.data[i];
		struct json_out json = json_out_on(&one);
		buf_clear(&one);
		put_value(&json, w, property);
		size_t len = strlen(email_push_properties[property]) + sizeof "\"\":,}" + one.len;
		fits = !buf_failed(&one) && email.len + len <= room;
		if (fits)
			buf_printf(&email, "%s\"%s\":%.*s", email.len > 2 ? "," : "",
			    email_push_properties[property], VIEW_FMT(buf_view(&one)));
		fits = fits || first;
		if (buf_failed(&one)) {
			buf_done(&one);
			buf_init(&one, TEXT_MAX);
		}
	}
	buf_append_byte(&email, '}');
	fits = fits && email.len <= room;
	if (fits)
		buf_append(out, buf_view(&email));
	buf_done(&email);
	buf_done(&one);
	return fits;
}

static size_t place_of(const struct push_emails *e, uint64_t id)
{
	size_t i = 0;
	while (i < e->known && e->ids[i] != id)
		i++;
	return i;
}

bool push_emails_write(struct buf *out, const struct push_emails *e, const struct email_push_form *form,
    const uint64_t *ids, size_t count, uint64_t state, size_t *passed)
{
	struct writing w;
	char account[MAIL_ID_MAX];
	bool any = false, fits = true;
	begin(&w, e);
	buf_printf(out, "{\"@type\":\"EmailPush\",\"accountId\":\"%.*s\",\"emails\":[",
	    (int)mail_account_id_write(account, e->account), account);
	for (*passed = 0; *passed < count && fits; *passed += fits) {
		size_t place = place_of(e, ids[*passed]);
		if (place == e->known)
			break;
		if (!is_wanted(&w, place, form))
			continue;
		fits = put_email(out, &w, form, PUSH_TEXT_MAX - TAIL_MAX - buf_view(out).len, !any);
		any = any || fits;
	}
	buf_printf(out, "],\"state\":\"%" PRIu64 "\"}", state);
	end(&w);
	return any && !buf_failed(out);
}
