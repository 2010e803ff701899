/* An MDN object (RFC 9007 section 2), read strictly, and its message: RFC 8098 section 3. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "base/utf8.h"
#include "format/address.h"
#include "format/header.h"
#include "format/limits.h"
#include "jmap/jmap_mdn.h"
#include "jmap/jmap_numbered.h"
#include "mime/compose.h"

enum { BOUNDARY_LEN = 30, ORIGINAL_SUBJECT_MAX = 200 /* octets that a receipt's subject repeats */ };

static bool refuse(struct jmap_mdn *m, const char *type, const char *properties, const char *description)
{
	m->type = type;
	m->properties = properties;
	m->description = description;
	return false;
}

static bool refuse_property(struct jmap_mdn *m, const char *property, const char *description)
{
	return refuse(m, "invalidProperties", property, description);
}

static bool no_memory(struct jmap_mdn *m)
{
	return refuse(m, "serverUnavailable", NULL, "there is no memory for it now");
}

/* ---- the object ---- */

static const json_t *given(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);
	return json_is_null(value) ? NULL : value;
}

/* On one line, without control characters. */
static bool is_line(struct view text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
			return false;
	return utf8_valid(text);
}

static bool knows_properties(struct jmap_mdn *m, const json_t *object)
{
	static const char *const own[] = {"forEmailId", "subject", "textBody", "includeOriginalMessage",
	    "reportingUA", "disposition", "finalRecipient", "extensionFields", NULL};
	static const char *const servers[] = {
	    "mdnGateway", "originalRecipient", "originalMessageId", "error", NULL};
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)(uintptr_t)object, name, value)
	{
		size_t i = 0, k = 0;
		while (own[i] && strcmp(own[i], name) != 0)
			i++;
		while (servers[k] && strcmp(servers[k], name) != 0)
			k++;
		if (servers[k] && !json_is_null(value))
			return refuse_property(m, name, "the server sets it");
		if (own[i] == NULL && servers[k] == NULL)
			return refuse_property(m, name, "there is no such property");
	}
	return true;
}

/* A string of at most so many octets; with lines: it may have several. */
static bool take_text(
    struct jmap_mdn *m, const json_t *object, const char *name, size_t max, bool lines, struct view *out)
{
	const json_t *value = given(object, name);
	struct view text = jmap_string(value);
	if (value == NULL)
		return true;
	if (!json_is_string(value) || (lines ? !utf8_valid(text) : !is_line(text)))
		return refuse_property(m, name, lines ? "it is no string" : "it is no string of one line");
	if (text.len > max)
		return refuse_property(m, name, "it is too long");
	*out = text;
	return true;
}

static int one_of(const json_t *object, const char *name, const char *const *words)
{
	struct view text = jmap_string(json_object_get(object, name));
	for (int i = 0; words[i]; i++)
		if (view_equal(text, view_from_string(words[i])))
			return i;
	return -1;
}

static bool take_disposition(struct jmap_mdn *m, const json_t *object)
{
	static const char *const actions[] = {"manual-action", "automatic-action", NULL},
	                         *const modes[] = {"mdn-sent-manually", "mdn-sent-automatically", NULL};
	const json_t *d = given(object, "disposition");
	int action = one_of(d, "actionMode", actions), mode = one_of(d, "sendingMode", modes);
	struct view type = jmap_string(json_object_get(d, "type"));
	int known = mdn_type_by_name(type);
	/* They are written in small letters here (RFC 9007 section 2). */
	if (json_object_size(d) != 3 || action < 0 || mode < 0 || known < 0 ||
	    !view_equal(type, view_from_string(mdn_type_name((enum mdn_type)known))))
		return refuse_property(m, "disposition",
		    "it has actionMode, sendingMode and type, each with a word of RFC 9007 section 2");
	m->mdn.automatic_action = action == 1;
	m->mdn.sent_automatically = mode == 1;
	m->mdn.type = (enum mdn_type)known;
	return true;
}

/* "rfc822; john@example.com", or the address alone. */
static bool take_reader(struct jmap_mdn *m, const json_t *object)
{
	struct view text = {0}, type = VIEW("rfc822");
	if (!take_text(m, object, "finalRecipient", SUBMISSION_ADDRESS_MAX, false, &text))
		return false;
	m->has_reader = given(object, "finalRecipient") != NULL;
	ptrdiff_t semicolon = view_find(text, ';');
	if (semicolon >= 0) {
		type = view_trim(view_take(text, (size_t)semicolon));
		text = view_skip(text, (size_t)semicolon + 1);
	}
	text = view_trim(text);
	if (m->has_reader &&
	    (text.len == 0 || view_find(text, '@') < 0 ||
	        (!view_equal_nocase(type, VIEW("rfc822")) && !view_equal_nocase(type, VIEW("utf-8")))))
		return refuse_property(
		    m, "finalRecipient", "it is no address, with the type rfc822 or utf-8 or none");
	m->reader = text;
	return true;
}

static bool take_extensions(struct jmap_mdn *m, const json_t *object)
{
	const json_t *fields = given(object, "extensionFields");
	const char *name;
	json_t *value;
	if (fields == NULL)
		return true;
	if (!json_is_object(fields) || json_object_size(fields) > MDN_EXTENSIONS_MAX)
		return refuse_property(m, "extensionFields", "it is no object of at most 20 texts");
	json_object_foreach((json_t *)(uintptr_t)fields, name, value)
	{
		struct mdn_field f = {view_from_string(name), jmap_string(value)};
		if (mdn_field_is_taken(f.name) || f.name.len > 100 || !json_is_string(value) ||
		    !is_line(f.value) || f.value.len > MDN_VALUE_MAX)
			return refuse_property(m, "extensionFields",
			    "a name in it is none, or is a field of the notification already; or its value "
			    "is no "
			    "string of one line");
		m->mdn.extensions[m->mdn.extension_count++] = f;
	}
	return true;
}

bool jmap_mdn_read(struct jmap_call *c, const json_t *object, struct jmap_mdn *m)
{
	*m = (struct jmap_mdn){0};
	if (!json_is_object(object))
		return refuse(m, "invalidProperties", NULL, "it is no object");
	const json_t *includes = given(object, "includeOriginalMessage");
	struct view id = jmap_creation(c, jmap_string(json_object_get(object, "forEmailId")));
	if (!knows_properties(m, object))
		return false;
	if (!json_is_string(json_object_get(object, "forEmailId")))
		return refuse_property(m, "forEmailId", "it is the id of the email that the receipt is for");
	if (includes && !json_is_boolean(includes))
		return refuse_property(m, "includeOriginalMessage", "it is no boolean");
	if (!jmap_numbered_read(c, id, MAIL_ID_EMAIL, &m->email))
		return refuse(m, "notFound", NULL, "there is no such email");
	m->includes_original = json_is_true(includes);
	m->has_includes = includes != NULL;
	m->has_subject = given(object, "subject") != NULL;
	m->has_text = given(object, "textBody") != NULL;
	return take_text(m, object, "subject", JMAP_MDN_SUBJECT_MAX, false, &m->subject) &&
	       take_text(m, object, "textBody", JMAP_MDN_TEXT_MAX, true, &m->text) &&
	       take_text(m, object, "reportingUA", MDN_VALUE_MAX, false, &m->mdn.reporting_ua) &&
	       take_disposition(m, object) && take_reader(m, object) && take_extensions(m, object);
}

/* ---- what the message says ---- */

/* A text that is made with a format, in the arena. */
static bool keep(struct jmap_call *c, struct buf *text, struct view *out)
{
	bool kept = !buf_failed(text) && arena_copy(jmap_arena(c), buf_view(text), out);
	buf_done(text);
	return kept;
}

/* A field of the original on one line; empty where it has none, or a longer one. */
static bool keep_field(
    struct jmap_call *c, struct view header, const char *name, size_t max, struct view *out)
{
	struct view body;
	struct buf text;
	*out = (struct view){0};
	if (!header_find(header, view_from_string(name), &body) || body.len > max)
		return true;
	buf_init(&text, max + 1);
	header_unfold(body, &text);
	return keep(c, &text, out);
}

/* "rfc822; joe@example.com". */
static bool typed(struct jmap_call *c, struct view address, struct view *out)
{
	struct buf text;
	buf_init(&text, SUBMISSION_ADDRESS_MAX + 16);
	buf_printf(&text, "%s; %.*s", utf8_is_ascii(address) ? "rfc822" : "utf-8", VIEW_FMT(address));
	return keep(c, &text, out);
}

/* Whoever is to be told: a line each, and as a field. False: nobody is, or the arena is full. */
static bool take_recipients(
    struct jmap_call *c, struct jmap_mdn *m, struct view header, struct view *lines, struct view *field)
{
	struct view body;
	struct address_list list = {0};
	struct buf a, b;
	unsigned count = 0;
	if (!header_find(header, VIEW("Disposition-Notification-To"), &body) ||
	    address_list_parse_some(body, SUBMISSION_RECEIPT_RECIPIENTS_MAX + 1, jmap_arena(c), &list) != 0)
		list.count = 0;
	buf_init(&a, (SUBMISSION_RECEIPT_RECIPIENTS_MAX + 1) * (SUBMISSION_ADDRESS_MAX + 1));
	buf_init(&b, (SUBMISSION_RECEIPT_RECIPIENTS_MAX + 1) * (SUBMISSION_ADDRESS_MAX + 2));
	for (size_t i = 0; i < list.count; i++) {
		const struct address *to = &list.items[i];
		if (to->kind != ADDRESS_MAILBOX || to->local_part.len == 0 || to->domain.len == 0 ||
		    to->local_part.len + to->domain.len > SUBMISSION_ADDRESS_MAX - 4)
			continue;
		buf_append_string(&b, count ? ", " : "");
		buf_append_string(&a, count ? "\n" : "");
		address_write_mailbox(&a, to->local_part, to->domain);
		address_write_mailbox(&b, to->local_part, to->domain);
		count++;
	}
	bool kept = keep(c, &a, lines);
	kept = keep(c, &b, field) && kept;
	if (count == 0)
		return refuse(m, "notFound", NULL, "nobody has asked for a receipt of this email");
	if (count > SUBMISSION_RECEIPT_RECIPIENTS_MAX)
		return refuse(m, "forbidden", NULL, "more than 5 addresses ask for a receipt of this email");
	return kept || no_memory(m);
}

static bool take_words(struct jmap_call *c, struct jmap_mdn *m, struct view header)
{
	static const char *const done[MDN_TYPES] = {[MDN_DELETED] = "was deleted",
	    [MDN_DISPATCHED] = "was passed on",
	    [MDN_DISPLAYED] = "was displayed",
	    [MDN_PROCESSED] = "was processed"};
	struct view subject;
	struct buf text;
	if (!keep_field(c, header, "Subject", ORIGINAL_SUBJECT_MAX, &subject))
		return no_memory(m);
	if (!m->has_subject) {
		buf_init(&text, ORIGINAL_SUBJECT_MAX + 64);
		buf_printf(&text, "Receipt: %.*s", VIEW_FMT(subject));
		if (!keep(c, &text, &m->subject))
			return no_memory(m);
	}
	if (!m->has_text) {
		buf_init(&text, SUBMISSION_ADDRESS_MAX + 400);
		buf_printf(&text,
		    "Your message %s.\n\nThis does not say that somebody has read or understood it.\n",
		    done[m->mdn.type]);
		if (!keep(c, &text, &m->text))
			return no_memory(m);
	}
	return true;
}

static bool take_mdn(
    struct jmap_call *c, struct jmap_mdn *m, struct view header, const struct jmap_mdn_author *author)
{
	struct view id = {0}, body, rest;
	struct buf text;
	if (m->reader.len == 0)
		m->reader = author->email;
	if (header_find(header, VIEW("Message-ID"), &body) && (rest = body, message_id_next(&rest, &id)) &&
	    id.len < MDN_VALUE_MAX) {
		buf_init(&text, id.len + 3);
		buf_append_byte(&text, '<');
		message_id_append(id, &text);
		buf_append_byte(&text, '>');
		if (!keep(c, &text, &m->mdn.original_message_id))
			return no_memory(m);
	}
	return (typed(c, m->reader, &m->mdn.final_recipient) &&
	           keep_field(c, header, "Original-Recipient", MDN_VALUE_MAX, &m->mdn.original_recipient)) ||
	       no_memory(m);
}

/* ---- the message ---- */

static bool random_words(struct jmap_call *c, struct view address, struct view *id, struct view *boundary)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
	char unique[RANDOM_ID_SIZE], random[BOUNDARY_LEN];
	struct buf text;
	random_id(unique);
	for (size_t i = 0; i < sizeof random; i++)
		random[i] = letters[random_below(sizeof letters - 1)];
	ptrdiff_t at = view_find_last(address, '@');
	buf_init(&text, RANDOM_ID_SIZE + DOMAIN_MAX + 1);
	buf_printf(&text, "%s@%.*s", unique, VIEW_FMT(view_skip(address, (size_t)(at + 1))));
	return keep(c, &text, id) && arena_copy(jmap_arena(c), view_of(random, sizeof random), boundary);
}

/* Name <address>. */
static bool write_author(struct jmap_call *c, const struct jmap_mdn_author *author, struct view *out)
{
	ptrdiff_t at = view_find_last(author->email, '@');
	struct buf text;
	buf_init(&text, 4096);
	if (at <= 0)
		return false;
	address_write(&text,
	    &(struct address){.kind = ADDRESS_MAILBOX,
	        .display_name = author->name,
	        .local_part = view_take(author->email, (size_t)at),
	        .domain = view_skip(author->email, (size_t)at + 1)},
	    true);
	return keep(c, &text, out);
}

static bool compose(struct jmap_call *c, struct jmap_mdn *m, struct compose *letter, struct buf *out)
{
	struct compose_field fields[3] = {{VIEW("Auto-Submitted"), VIEW("auto-replied")}};
	struct view id = m->mdn.original_message_id;
	struct buf problem, fit;
	bool utf8 = false;
	letter->fields = fields;
	letter->field_count = 1;
	if (id.len > 0 && id.len < LINE_FOLD_AT * 10) {
		fields[letter->field_count++] = (struct compose_field){VIEW("In-Reply-To"), id};
		fields[letter->field_count++] = (struct compose_field){VIEW("References"), id};
	}
	buf_init(&problem, 1000);
	buf_init(&fit, SUBMISSION_RECEIPT_MAX);
	int error = compose_write(letter, &fit, &utf8, &problem);
	if (error == 0 && buf_view(&fit).len <= SUBMISSION_RECEIPT_MAX)
		error = buf_append(out, buf_view(&fit));
	m->receipt.utf8 |= utf8;
	if (error == -EINVAL) {
		struct view why = {0};
		bool kept = arena_copy(jmap_arena(c), buf_view(&problem), &why);
		refuse_property(m, "subject", kept ? why.data : "it cannot stand in a message");
	} else if (error) {
		refuse(m, "tooLarge", NULL,
		    "the receipt would be larger than 512 KB: send it without the original message");
	}
	buf_done(&problem);
	buf_done(&fit);
	return error == 0;
}

bool jmap_mdn_make(struct jmap_call *c, struct jmap_mdn *m, const struct jmap_mdn_author *author,
    struct view message, struct buf *out)
{
	struct compose letter = {.date = {.seconds = jmap_now(c), .zone_known = true}};
	struct view boundary;
	struct buf entity;
	unsigned needs = 0;
	if (!take_recipients(c, m, message, &m->receipt.recipients, &letter.to) ||
	    !take_words(c, m, message) || !take_mdn(c, m, message, author))
		return false;
	if (!random_words(c, author->email, &letter.message_id, &boundary) ||
	    !write_author(c, author, &letter.from))
		return no_memory(m);
	buf_init(&entity, MDN_FRAME_MAX + 3 * m->text.len + message.len);
	int error = mdn_write(&(struct mdn_report){.mdn = m->mdn,
	                          .text = m->text,
	                          .original = m->includes_original ? message : (struct view){0},
	                          .boundary = boundary},
	    &entity, &needs);
	letter.subject = m->subject;
	letter.entity = buf_view(&entity);
	letter.boundary = boundary;
	m->receipt.email = m->email;
	m->receipt.author = author->email;
	m->receipt.reader = m->reader;
	m->receipt.eight_bit = (needs & MDN_NEEDS_8BITMIME) != 0;
	m->receipt.utf8 = (needs & MDN_NEEDS_SMTPUTF8) != 0;
	bool made = error == 0 && compose(c, m, &letter, out);
	buf_done(&entity);
	if (error == -EILSEQ)
		return refuse_property(m, "includeOriginalMessage",
		    "the original holds binary octets or too long lines, so that it cannot be returned");
	if (error)
		return no_memory(m);
	m->receipt.message = buf_view(out);
	return made;
}

void jmap_mdn_put_made(struct json_out *w, const struct jmap_mdn *m)
{
	if (!m->has_subject)
		jmap_put_text(w, "subject", m->subject);
	if (!m->has_text)
		jmap_put_text(w, "textBody", m->text);
	if (!m->has_includes) {
		json_out_name(w, VIEW("includeOriginalMessage"));
		json_out_bool(w, false);
	}
	if (!m->has_reader)
		jmap_put_text(w, "finalRecipient", m->mdn.final_recipient);
	if (m->mdn.original_recipient.len > 0)
		jmap_put_text(w, "originalRecipient", m->mdn.original_recipient);
	jmap_put_text(w, "originalMessageId", m->mdn.original_message_id);
}
