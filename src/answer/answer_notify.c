/* Notifications by mail: RFC 5436 section 2.7. */
#include <errno.h>

#include "answer/answer_private.h"
#include "base/checksum.h"
#include "base/utf8.h"

/* Octets of a field of the message that is told of, in the text of a notification. */
enum { EXCERPT_MAX = 250 };

/*
 * Fields that say who wrote a message, when, how it came, what is in it, or who shall answer to whom: these
 * are ours to write (RFC 5436 section 2.7), or would make a notification into a lie.
 */
static bool is_unsafe(struct view name)
{
	static const char *const names[] = {"From", "Sender", "Reply-To", "Mail-Reply-To", "Mail-Followup-To",
	    "Date", "Message-ID", "References", "Received", "Received-SPF", "Return-Path", "Delivered-To",
	    "Auto-Submitted", "MIME-Version", "Authentication-Results", "DKIM-Signature",
	    "Disposition-Notification-To", "Return-Receipt-To", "Errors-To", "Precedence", NULL};
	static const char *const beginnings[] = {"Content-", "Resent-", "List-", "ARC-", NULL};
	for (const char *const *n = names; *n; n++)
		if (view_equal_nocase(name, view_from_string(*n)))
			return true;
	for (const char *const *n = beginnings; *n; n++)
		if (view_starts_nocase(name, view_from_string(*n)))
			return true;
	return false;
}

/* "subject" becomes "Subject", as people expect. */
static bool capitalize(struct arena *arena, struct view name, struct view *out)
{
	char *copy = arena_alloc(arena, name.len);
	if (copy == NULL)
		return false;
	for (size_t i = 0; i < name.len; i++)
		copy[i] = i == 0 && name.data[i] >= 'a' && name.data[i] <= 'z'
		              ? (char)(name.data[i] - 'a' + 'A')
		              : name.data[i];
	*out = view_of(copy, name.len);
	return true;
}

static bool has(const struct compose_field *fields, size_t count, struct view name)
{
	for (size_t i = 0; i < count; i++)
		if (view_equal_nocase(fields[i].name, name))
			return true;
	return false;
}

/* Auto-Submitted (section 2.7.1): who the script's owner is; by a token where the address cannot be said. */
static bool name_owner(const struct answer_context *c, struct view *out)
{
	struct view owner = c->addresses[0];
	struct buf text;
	buf_init(&text, 4096);
	buf_append_string(&text, "auto-notified; ");
	if (!utf8_is_ascii(owner)) {
		buf_printf(&text, "owner-token=%08x", (unsigned)crc32c(owner));
	} else {
		buf_append_string(&text, "owner-email=\"");
		for (size_t i = 0; i < owner.len; i++) {
			if (owner.data[i] == '"' || owner.data[i] == '\\')
				buf_append_byte(&text, '\\');
			buf_append_byte(&text, owner.data[i]);
		}
		buf_append_byte(&text, '"');
	}
	bool kept = !buf_failed(&text) && arena_copy(c->arena, buf_view(&text), out);
	buf_done(&text);
	return kept;
}

static bool take_subject(const struct answer_context *c, const struct sieve_notify *n, const struct mailto *m,
    struct view *subject)
{
	struct view given = n->message.len > 0 ? n->message : m->has_subject ? m->subject : (struct view){0};
	if (!answer_line(c->arena, given, ANSWER_SUBJECT_MAX, subject))
		return false;
	if (subject->len == 0 && !answer_field(c, VIEW("Subject"), ANSWER_SUBJECT_MAX, subject))
		return false;
	if (subject->len == 0)
		*subject = VIEW("New mail");
	return true;
}

/* Without a body in the URI: what has come, in the fewest words. */
static bool take_text(const struct answer_context *c, const struct mailto *m, struct view *out)
{
	struct view from, subject;
	struct buf text;
	if (m->has_body)
		return answer_text(c->arena, m->body, out);
	if (!answer_field(c, VIEW("From"), EXCERPT_MAX, &from) ||
	    !answer_field(c, VIEW("Subject"), EXCERPT_MAX, &subject))
		return false;
	buf_init(&text, 4096);
	buf_printf(&text, "Mail has come for %.*s.\n\n", VIEW_FMT(c->addresses[0]));
	buf_printf(&text, "From: %.*s\n", VIEW_FMT(from));
	buf_printf(&text, "Subject: %.*s\n", VIEW_FMT(subject));
	bool kept = !buf_failed(&text) && arena_copy(c->arena, buf_view(&text), out);
	buf_done(&text);
	return kept;
}

static bool take_people(
    const struct answer_context *c, const struct mailto *m, struct compose *letter, struct answer *answer)
{
	struct buf lists[2];
	for (size_t i = 0; i < 2; i++)
		buf_init(&lists[i], MAILTO_MAX * 2);
	for (size_t i = 0; i < m->address_count; i++) {
		const struct mailto_address *a = &m->addresses[i];
		struct buf *list = &lists[a->place == MAILTO_CC];
		/* A blind copy of what nobody wrote has no sense, and would hide who hears of the owner's
		 * mail. */
		if (a->place == MAILTO_BCC)
			continue;
		buf_printf(list, "%s<%.*s>", buf_view(list).len ? ", " : "", VIEW_FMT(a->address));
		answer->recipients[answer->recipient_count++] = a->address;
	}
	bool kept = !buf_failed(&lists[0]) && !buf_failed(&lists[1]) &&
	            arena_copy(c->arena, buf_view(&lists[0]), &letter->to) &&
	            arena_copy(c->arena, buf_view(&lists[1]), &letter->cc);
	buf_done(&lists[0]);
	buf_done(&lists[1]);
	return kept;
}

static int take_fields(const struct answer_context *c, const struct sieve_notify *n, const struct mailto *m,
    struct compose_field *fields, size_t *count)
{
	struct view id, references;
	if (!name_owner(c, &fields[0].text) || !answer_threads(c, &id, &references))
		return -ENOBUFS;
	fields[0].name = VIEW("Auto-Submitted");
	*count = 1;
	if (references.len > 0)
		fields[(*count)++] = (struct compose_field){VIEW("References"), references};
	if (n->importance == 1 || n->importance == 3)
		fields[(*count)++] = (struct compose_field){
		    VIEW("Importance"), n->importance == 1 ? VIEW("high") : VIEW("low")};
	for (size_t i = 0; i < m->field_count; i++) {
		struct compose_field *f = &fields[*count];
		if (is_unsafe(m->fields[i].name) || has(fields, *count, m->fields[i].name))
			continue;
		if (!capitalize(c->arena, m->fields[i].name, &f->name) ||
		    !answer_line(c->arena, m->fields[i].value, ANSWER_SUBJECT_MAX, &f->text))
			return -ENOBUFS;
		(*count)++;
	}
	return 0;
}

int answer_notify(const struct answer_context *c, const struct sieve_notify *notify, struct answer *answer,
    struct buf *message, const char **problem)
{
	struct answer result = {.recipient_count = 0};
	struct compose letter = {.date = c->now, .boundary = c->boundary};
	struct compose_field fields[MAILTO_FIELDS_MAX + 3];
	struct mailto *m = arena_alloc(c->arena, sizeof *m);
	struct view own;
	if (m == NULL)
		return -ENOBUFS;
	int error = mailto_parse(notify->method, c->arena, m, problem);
	if (error == 0)
		error = take_fields(c, notify, m, fields, &letter.field_count);
	if (error)
		return error;
	if (!take_people(c, m, &letter, &result) || !answer_from(c, notify->from, &letter.from, &own) ||
	    !take_subject(c, notify, m, &letter.subject) || !take_text(c, m, &letter.text) ||
	    !answer_message_id(c, own, &letter.message_id))
		return -ENOBUFS;
	if (result.recipient_count == 0) {
		*problem = "the URI names nobody whom the notification could go to";
		return -EINVAL;
	}
	result.author = own;
	/* A report tells of no report. */
	result.sender = c->sender.len > 0 ? own : (struct view){0};
	letter.fields = fields;
	error = answer_compose(&letter, &result, message, problem);
	if (error == 0)
		*answer = result;
	return error;
}
