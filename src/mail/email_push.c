/* See email_push.h. */
#include "mail/email_push.h"

const char *const email_push_properties[EMAIL_PUSH_PROPERTIES] = {"id", "blobId", "threadId", "mailboxIds",
    "keywords", "size", "receivedAt", "messageId", "inReplyTo", "sender", "from", "to", "cc", "bcc",
    "replyTo", "subject", "sentAt", "hasAttachment", "preview"};

/* An email that is asked about; NULL: the form is only read. */
struct walk {
	struct cursor in;
	const struct email_push_test *email;
};

static bool walk(struct walk *w, unsigned depth);

static void fail(struct walk *w)
{
	w->in.failed = true;
}

static struct view take_text(struct walk *w)
{
	size_t len = cursor_u8(&w->in);
	struct view text = cursor_bytes(&w->in, len);
	if (text.len == 0 || text.len > EMAIL_PUSH_TEXT_MAX)
		fail(w);
	return text;
}

static bool walk_operator(struct walk *w, enum email_push_op op, unsigned depth)
{
	size_t count = cursor_u8(&w->in);
	bool all = true, any = false;
	if (count > EMAIL_PUSH_MANY_MAX || depth == EMAIL_PUSH_DEPTH_MAX)
		fail(w);
	for (size_t i = 0; i < count && cursor_ok(&w->in); i++) {
		bool one = walk(w, depth + 1);
		all = all && one;
		any = any || one;
	}
	return op == EMAIL_PUSH_ALL ? all : op == EMAIL_PUSH_ANY ? any : !any;
}

static bool is_in(const struct email_push_test *email, uint32_t mailbox)
{
	for (size_t i = 0; i < email->mailbox_count; i++)
		if (email->mailboxes[i] == mailbox)
			return true;
	return false;
}

/* Whether it lies in any mailbox that is not among these. */
static bool walk_other_than(struct walk *w)
{
	size_t count = cursor_u8(&w->in), among = 0;
	if (count > EMAIL_PUSH_MANY_MAX)
		fail(w);
	struct cursor list = cursor_on(cursor_bytes(&w->in, 4 * count));
	for (size_t k = 0; w->email && k < w->email->mailbox_count; k++) {
		struct cursor c = list;
		bool named = false;
		for (size_t i = 0; i < count; i++)
			named = cursor_u32(&c) == w->email->mailboxes[k] || named;
		among += named;
	}
	return w->email && among < w->email->mailbox_count;
}

static bool walk_keyword(struct walk *w)
{
	struct view keyword = take_text(w);
	return w->email && cursor_ok(&w->in) && w->email->has_keyword(w->email->arg, keyword);
}

static bool walk_field(struct walk *w)
{
	unsigned field = cursor_u8(&w->in);
	struct view words = take_text(w);
	if (field != EMAIL_PUSH_SUBJECT && (field < EMAIL_PUSH_FROM || field > EMAIL_PUSH_BCC))
		fail(w);
	return w->email && cursor_ok(&w->in) &&
	       w->email->has_words(w->email->arg, (enum email_push_property)field, words);
}

/* What has a number behind it. */
static bool walk_number(struct walk *w, enum email_push_op op)
{
	const struct email_push_test none = {.received = 0}, *email = w->email ? w->email : &none;
	uint64_t n = cursor_u64(&w->in);
	if (n > INT64_MAX)
		fail(w);
	switch (op) {
	case EMAIL_PUSH_BEFORE:
		return email->received < (int64_t)n;
	case EMAIL_PUSH_AFTER:
		return email->received >= (int64_t)n;
	case EMAIL_PUSH_MIN_SIZE:
		return email->size >= n;
	default:
		return email->size < n;
	}
}

/* All of an expression is read, whatever its beginning says, so that the next one is found. */
static bool walk(struct walk *w, unsigned depth)
{
	enum email_push_op op = (enum email_push_op)cursor_u8(&w->in);
	switch (op) {
	case EMAIL_PUSH_ALL:
	case EMAIL_PUSH_ANY:
	case EMAIL_PUSH_NONE:
		return walk_operator(w, op, depth);
	case EMAIL_PUSH_IN: {
		uint32_t mailbox = cursor_u32(&w->in);
		return w->email && is_in(w->email, mailbox);
	}
	case EMAIL_PUSH_OTHER_THAN:
		return walk_other_than(w);
	case EMAIL_PUSH_BEFORE:
	case EMAIL_PUSH_AFTER:
	case EMAIL_PUSH_MIN_SIZE:
	case EMAIL_PUSH_MAX_SIZE:
		return walk_number(w, op);
	case EMAIL_PUSH_HAS:
		return walk_keyword(w);
	case EMAIL_PUSH_HAS_NOT:
		return !walk_keyword(w);
	case EMAIL_PUSH_ATTACHMENT: {
		unsigned wanted = cursor_u8(&w->in);
		if (wanted > 1)
			fail(w);
		return w->email && w->email->has_attachment == (wanted == 1);
	}
	case EMAIL_PUSH_FIELD:
		return walk_field(w);
	default:
		fail(w);
		return false;
	}
}

bool email_push_read(struct view bytes, struct email_push_form *form)
{
	struct walk w = {.in = cursor_on(bytes)};
	if (bytes.len > EMAIL_PUSH_FORM_MAX || cursor_u8(&w.in) != EMAIL_PUSH_VERSION)
		return false;
	unsigned urgency = cursor_u8(&w.in);
	struct view properties = cursor_bytes(&w.in, cursor_u8(&w.in));
	for (size_t i = 0; i < properties.len; i++)
		if ((unsigned char)properties.data[i] >= EMAIL_PUSH_PROPERTIES)
			fail(&w);
	struct view filter = w.in.rest;
	(void)walk(&w, 0);
	if (!cursor_ok(&w.in) || !cursor_at_end(&w.in) || urgency > PUSH_URGENCY_LAST)
		return false;
	*form = (struct email_push_form){(enum push_urgency)urgency, properties, filter};
	return true;
}

bool email_push_matches(const struct email_push_form *form, const struct email_push_test *email)
{
	struct walk w = {.in = cursor_on(form->filter), .email = email};
	bool matches = walk(&w, 0);
	return cursor_ok(&w.in) && matches;
}
