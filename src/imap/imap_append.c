/*
 * APPEND (RFC 9051 section 6.3.12). Octets go to store as they come, and what is known of a message is
 * computed on the way (mime/digest.h), so that no message stands in memory here. All messages of a command
 * are added in one step, or none is.
 */
#include "imap/imap_append.h"

#include <errno.h>

#include "base/mem.h"
#include "imap/imap_catenate.h"
#include "imap/imap_commands.h"
#include "imap/imap_state.h"
#include "imap/imap_annotation.h"
#include "imap/imap_upload.h"

static void on_text(struct imap_session *s, struct imap_in *in);
static void after_message(struct imap_session *s, struct imap_in *in);
static size_t on_bytes(struct imap_session *s, struct view bytes, bool last);

static const struct imap_stream stream = {.bytes = on_bytes, .text = on_text};

static size_t on_bytes(struct imap_session *s, struct view bytes, bool last)
{
	struct imap_appending *a = imap_data(s);
	size_t n = imap_upload_bytes(s, a, bytes);
	if (last && n == bytes.len)
		imap_upload_end(s, a);
	return n;
}

/* ---- arguments ---- */

static bool take_literal(struct imap_session *s, struct imap_appending *a, const struct imap_literal *literal)
{
	if (s->config.message_max && literal->size > s->config.message_max) {
		imap_appending_refuse(s, "TOOBIG", "the message is larger than this server takes");
		return false;
	}
	if (literal->size == 0) {
		imap_appending_refuse(s, NULL, "there is no message in it"); /* RFC 3502 section 6.3.11: so a
		                                                 client thinks better of it */
		return false;
	}
	if (!imap_upload_begin(s, a, imap_go_on))
		return false;
	a->binary = literal->binary;
	imap_take_literal(s, literal, &stream);
	return true;
}

/* ANNOTATION SP "(" ... ")" SP (RFC 5257 section 4.7). False: the command has ended with NO. */
static bool take_annotations(struct imap_session *s, struct imap_appending *a, struct imap_in *in)
{
	struct imap_annotations_set set;
	const char *text, *code = NULL;
	if (imap_in_space(in) && imap_in_annotations(in, &set) && imap_in_space(in))
		code = imap_annotations_code(&set, 0, &text);
	if (code)
		imap_appending_refuse(s, code, text);
	else if (!in->wrong)
		a->annotations = set.entries;
	return code == NULL;
}

/* append-opts and the beginning of append-data, up to the literal (RFC 9051 section 9, RFC 9755 section 4).
 */
static void message_arguments(struct imap_session *s, struct imap_appending *a, struct imap_in *in)
{
	struct imap_literal literal;
	int64_t date = 0;
	a->flags = 0;
	a->keywords = a->annotations = (struct view){0};
	a->utf8 = false;
	imap_in_space(in);
	if (imap_in_next_is(in, '(')) {
		imap_in_flags(in, &a->flags, &a->keywords);
		imap_in_space(in);
	}
	if (imap_in_next_is(in, '"')) {
		imap_in_date_time(in, &date);
		imap_in_space(in);
	}
	a->date = date > 0 ? (uint64_t)date : 0;
	if (imap_in_word(in, "ANNOTATION") && !take_annotations(s, a, in))
		return;
	if (imap_in_word(in, "CATENATE")) {
		if (!imap_appending_wrong(s, in))
			imap_catenate(s, in, after_message);
		return;
	}
	if (imap_in_word(in, "UTF8")) {
		a->utf8 = true;
		imap_in_space(in);
		imap_in_char(in, '(');
		if (!in->wrong && !(s->enabled & IMAP_UTF8_ACCEPT))
			imap_in_wrong(in, "ENABLE UTF8=ACCEPT comes first");
	}
	imap_in_literal(in, &literal);
	if (!in->wrong && a->utf8 && !literal.binary)
		imap_in_wrong(in, "UTF8 takes a literal8: \"~{\"");
	if (!imap_appending_wrong(s, in))
		take_literal(s, a, &literal);
}

static void on_text(struct imap_session *s, struct imap_in *in)
{
	struct imap_appending *a = imap_data(s);
	if (a->utf8)
		imap_in_char(in, ')');
	if (!in->wrong && a->nul && !a->binary)
		imap_in_wrong(in, "a message with NUL needs a literal8: \"~{\"");
	if (!imap_appending_wrong(s, in))
		after_message(s, in);
}

static void after_message(struct imap_session *s, struct imap_in *in)
{
	struct imap_appending *a = imap_data(s);
	if (imap_in_at_end(in))
		imap_append_all(s, a);
	else
		message_arguments(s, a, in);
}

/* ---- beginnings ---- */

void imap_append_messages(struct imap_session *s, struct imap_in *in, const struct imap_append_to *to)
{
	struct imap_in arguments = *in;
	if (s->release)
		s->release(s->data);
	mem_free(s->data);
	struct imap_appending *a = imap_appending_new(s);
	a->mailbox = *to->mailbox;
	a->replace_mailbox = to->replace_mailbox;
	a->replace = to->replace;
	message_arguments(s, a, &arguments);
}

static void on_found(struct imap_session *s, const struct mail_mailbox *mailbox, int64_t error)
{
	struct imap_appending *a = imap_data(s);
	if (error == 0 && !(mailbox->rights & RIGHT_INSERT))
		error = -EACCES;
	if (error == -ENOENT) {
		imap_no(s, "TRYCREATE", "the mailbox does not exist");
	} else if (error) {
		imap_no_error(s, error, "the mailbox");
	} else {
		a->mailbox = *mailbox;
		struct imap_in in = a->in;
		message_arguments(s, a, &in);
	}
}

/* Its octets are on their way, whatever we say (RFC 7888): so nobody is kept from sending them in vain if the
 * mailbox is found in the step that adds the message, and not before. That saves a way to store and back. */
static bool comes_unasked(const struct imap_session *s)
{
	return s->is_offered && !s->offered.awaited;
}

/* Without a mailbox nobody needs to know what is wrong with the URLs: TRYCREATE comes first. */
static bool is_catenated(struct view rest)
{
	for (; rest.len > 0; rest = view_skip(rest, 1))
		if (view_starts_nocase(rest, VIEW(" CATENATE (")))
			return true;
	return false;
}

void imap_append(struct imap_session *s, struct imap_in *in)
{
	struct imap_appending *a = imap_appending_new(s);
	struct view path, owner, own;
	if (imap_in_space(in) && imap_in_mailbox(in, &path) && !imap_in_next_is(in, ' '))
		imap_in_wrong(in, "a message is missing");
	if (imap_appending_wrong(s, in))
		return;
	a->in = *in;
	if (comes_unasked(s) && !is_catenated(in->text.rest) && imap_split_name(path, &owner, &own) &&
	    owner.len == 0 && arena_copy(imap_arena(s), own, &a->path)) {
		struct imap_in arguments = *in;
		message_arguments(s, a, &arguments);
		return;
	}
	imap_find_mailbox(s, path, on_found);
}
