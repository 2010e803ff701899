/* The Email object, RFC 8621 section 4.1: jmap_email.h. */
#include "jmap/jmap_email.h"

#include "base/cursor.h"
#include "jmap/jmap_snooze.h"
#include "jmap/jmap_verdict.h"

const char *const jmap_email_properties[] = {"id", "blobId", "threadId", "mailboxIds", "keywords", "size",
    "receivedAt", "messageId", "inReplyTo", "references", "sender", "from", "to", "cc", "bcc", "replyTo",
    "subject", "sentAt", "hasAttachment", "preview", "bodyValues", "textBody", "htmlBody", "attachments",
    "headers", "bodyStructure", "verdict", "filedBy", "snoozed", "awokenAt", "firstContact", "smimeStatus",
    "smimeStatusAtDelivery", "smimeErrors", "smimeVerifiedAt", NULL};

_Static_assert(sizeof jmap_email_properties / sizeof *jmap_email_properties == JMAP_EMAIL_PROPERTIES + 1,
    "each property has a name");

/* ---- keywords ---- */

static const struct {
	uint64_t flag;
	const char *keyword;
} system_flags[] = {
    {FLAG_SEEN, "$seen"}, {FLAG_ANSWERED, "$answered"}, {FLAG_FLAGGED, "$flagged"}, {FLAG_DRAFT, "$draft"}};

static void give_keyword(
    const struct jmap_session *session, uint64_t ask, uint32_t number, jmap_keyword_take *take, void *arg)
{
	char lower[MAIL_KEYWORD_MAX];
	struct view name = view_take(mail_names_get(jmap_names(session), ask, number), sizeof lower);
	for (size_t i = 0; i < name.len; i++)
		lower[i] = ascii_lower(name.data[i]);
	if (name.len > 0)
		take(arg, view_of(lower, name.len));
}

void jmap_email_keywords(const struct jmap_session *session, uint64_t ask, uint64_t flags,
    struct view more_keywords, jmap_keyword_take *take, void *arg)
{
	struct cursor more = cursor_on(more_keywords);
	for (size_t i = 0; i < sizeof system_flags / sizeof *system_flags; i++)
		if (flags & system_flags[i].flag)
			take(arg, view_from_string(system_flags[i].keyword));
	for (uint32_t n = 0; n < FLAG_KEYWORDS; n++)
		if (flags & FLAG_KEYWORD << n)
			give_keyword(session, ask, n, take, arg);
	while (flags & FLAG_MORE && more.rest.len >= 2)
		give_keyword(session, ask, cursor_u16(&more), take, arg);
}

static void write_keyword(void *arg, struct view keyword)
{
	struct json_out *out = arg;
	json_out_name(out, keyword);
	json_out_bool(out, true);
}

/* ---- what store knows ---- */

static void write_mailboxes(struct json_out *out, const struct jmap_email_source *source)
{
	char id[MAIL_ID_MAX];
	json_out_object(out);
	for (size_t i = 0; i < source->entry->mailbox_count; i++) {
		json_out_name(out, view_of(id, mail_id_write(id, MAIL_ID_MAILBOX, source->account->number,
		                                   source->entry->mailboxes[i])));
		json_out_bool(out, true);
	}
	json_out_end(out);
}

static void write_stored(
    struct json_out *out, const struct jmap_email_source *source, enum jmap_email_property property)
{
	const struct mail_message *m = &source->entry->message;
	uint64_t account = source->account->number;
	switch (property) {
	case JMAP_EMAIL_ID:
		jmap_put_id(out, MAIL_ID_EMAIL, account, m->emailid);
		return;
	case JMAP_EMAIL_THREAD_ID:
		jmap_put_id(out, MAIL_ID_THREAD, account, m->thread);
		return;
	case JMAP_EMAIL_MAILBOX_IDS:
		write_mailboxes(out, source);
		return;
	case JMAP_EMAIL_KEYWORDS:
		json_out_object(out);
		jmap_email_keywords(
		    source->session, source->account->ask, m->flags, m->more_keywords, write_keyword, out);
		json_out_end(out);
		return;
	case JMAP_EMAIL_SNOOZED:
		jmap_snooze_write(out, account, m);
		return;
	case JMAP_EMAIL_AWOKEN_AT:
		jmap_awoken_write(out, m);
		return;
	default:
		jmap_utc_date_write(out, m->internaldate);
		return;
	}
}

/* Of what is no email of the account's nothing is known. */
static void write_filed(struct json_out *out, const struct jmap_email_source *source)
{
	if (source->entry && source->filed)
		jmap_filed_write(out, source->filed, source->account->number, source->entry->message.emailid);
	else
		json_out_null(out);
}

static void write_smime(
    struct json_out *out, const struct jmap_email_source *source, enum jmap_email_property property)
{
	const struct email_smime_verdict *v =
	    source->entry && source->smime ? jmap_smime_find(source->smime, source->entry->message.emailid)
	                                   : NULL;
	if (property == JMAP_EMAIL_SMIME_STATUS)
		jmap_smime_write_status(out, v, v ? v->status : SMIME_NONE);
	else if (property == JMAP_EMAIL_SMIME_DELIVERED)
		jmap_smime_write_status(out, v, v ? v->delivered : SMIME_NONE);
	else if (property == JMAP_EMAIL_SMIME_ERRORS)
		jmap_smime_write_errors(out, v);
	else
		jmap_smime_write_at(out, v);
}

/* ---- what its header says ---- */

static const struct address_list *addresses_of(const struct envelope *e, enum jmap_email_property property)
{
	switch (property) {
	case JMAP_EMAIL_SENDER:
		return &e->sender;
	case JMAP_EMAIL_FROM:
		return &e->from;
	case JMAP_EMAIL_TO:
		return &e->to;
	case JMAP_EMAIL_CC:
		return &e->cc;
	case JMAP_EMAIL_BCC:
		return &e->bcc;
	default:
		return &e->reply_to;
	}
}

static struct view text_of(const struct envelope *e, enum jmap_email_property property)
{
	switch (property) {
	case JMAP_EMAIL_MESSAGE_ID:
		return e->message_id;
	case JMAP_EMAIL_IN_REPLY_TO:
		return e->in_reply_to;
	case JMAP_EMAIL_SUBJECT:
		return e->subject;
	default:
		return e->date;
	}
}

/* By the envelope, where that is whole. A field that is not there is null. */
static void write_envelope(struct json_out *out, struct jmap_scratch *s, const struct envelope *e,
    enum jmap_email_property property, const struct header_property *field)
{
	if (field->form == HEADER_FORM_ADDRESSES) {
		const struct address_list *list = addresses_of(e, property);
		if (list->count == 0)
			json_out_null(out);
		else
			jmap_addresses_write(out, s, list);
		return;
	}
	struct view text = text_of(e, property);
	if (text.len == 0)
		json_out_null(out);
	else
		jmap_header_write(out, s, field->form, text);
}

static void write_header_property(struct json_out *out, struct jmap_scratch *s,
    const struct jmap_email_source *source, enum jmap_email_property property)
{
	struct header_property field;
	if (!header_property_plain(view_from_string(jmap_email_properties[property]), &field))
		json_out_null(out);
	else if (source->header.len > 0)
		jmap_header_property_write(out, s, &field, source->header);
	else if (source->envelope && property != JMAP_EMAIL_REFERENCES)
		write_envelope(out, s, source->envelope, property, &field);
	else
		json_out_null(out);
}

/* ---- its body ---- */

static void write_parts(struct json_out *out, struct jmap_scratch *s, const struct jmap_email_form *form,
    const struct jmap_part_source *source, const struct jmap_part_list *list)
{
	json_out_array(out);
	for (size_t i = 0; i < list->count; i++)
		jmap_part_write(out, s, source, &form->parts, list->items[i]);
	json_out_end(out);
}

static void write_body(struct json_out *out, struct jmap_scratch *s, const struct jmap_email_form *form,
    const struct jmap_email_source *source, enum jmap_email_property property)
{
	struct jmap_part_form with_children = form->parts;
	if (form->usual_parts)
		with_children.properties |= JMAP_PART_SUB_PARTS;
	switch (property) {
	case JMAP_EMAIL_BODY_VALUES:
		jmap_part_values_write(out, &source->parts);
		return;
	case JMAP_EMAIL_TEXT_BODY:
		write_parts(out, s, form, &source->parts, &source->bodies->text);
		return;
	case JMAP_EMAIL_HTML_BODY:
		write_parts(out, s, form, &source->parts, &source->bodies->html);
		return;
	case JMAP_EMAIL_ATTACHMENTS:
		write_parts(out, s, form, &source->parts, &source->bodies->attachments);
		return;
	default:
		jmap_part_write(out, s, &source->parts, &with_children, source->parts.root);
		return;
	}
}

/* ---- the object ---- */

static void write_property(struct json_out *out, struct jmap_scratch *s, const struct jmap_email_form *form,
    const struct jmap_email_source *source, enum jmap_email_property property)
{
	switch (property) {
	case JMAP_EMAIL_BLOB_ID:
		json_out_string(out, source->blob_id);
		return;
	case JMAP_EMAIL_SIZE:
		json_out_unsigned(out, source->size);
		return;
	case JMAP_EMAIL_HAS_ATTACHMENT:
		json_out_bool(out, source->has_attachment);
		return;
	case JMAP_EMAIL_PREVIEW:
		json_out_string(out, source->preview);
		return;
	case JMAP_EMAIL_HEADERS:
		jmap_headers_write(out, source->header);
		return;
	case JMAP_EMAIL_VERDICT:
		jmap_verdict_write(out, source->entry ? &source->entry->message : NULL);
		return;
	case JMAP_EMAIL_FIRST_CONTACT:
		jmap_first_contact_write(out, source->entry ? &source->entry->message : NULL);
		return;
	case JMAP_EMAIL_FILED_BY:
		write_filed(out, source);
		return;
	case JMAP_EMAIL_SMIME_STATUS:
	case JMAP_EMAIL_SMIME_DELIVERED:
	case JMAP_EMAIL_SMIME_ERRORS:
	case JMAP_EMAIL_SMIME_AT:
		write_smime(out, source, property);
		return;
	case JMAP_EMAIL_ID:
	case JMAP_EMAIL_THREAD_ID:
	case JMAP_EMAIL_MAILBOX_IDS:
	case JMAP_EMAIL_KEYWORDS:
	case JMAP_EMAIL_RECEIVED_AT:
	case JMAP_EMAIL_SNOOZED:
	case JMAP_EMAIL_AWOKEN_AT:
		if (source->entry)
			write_stored(out, source, property);
		else
			json_out_null(out);
		return;
	default:
		if (JMAP_EMAIL_BIT(property) & JMAP_EMAIL_OF_BODY)
			write_body(out, s, form, source, property);
		else
			write_header_property(out, s, source, property);
		return;
	}
}

void jmap_email_write(struct json_out *out, struct jmap_scratch *s, const struct jmap_email_form *form,
    const struct jmap_email_source *source)
{
	json_out_object(out);
	for (unsigned i = 0; i < JMAP_EMAIL_PROPERTIES; i++) {
		if (!(form->properties & JMAP_EMAIL_BIT(i)))
			continue;
		json_out_name(out, view_from_string(jmap_email_properties[i]));
		write_property(out, s, form, source, (enum jmap_email_property)i);
	}
	for (size_t i = 0; i < form->header_count; i++) {
		json_out_name(out, form->headers[i].text);
		jmap_header_property_write(out, s, &form->headers[i].property, source->header);
	}
	json_out_end(out);
}
