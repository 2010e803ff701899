/*
 * STORE and UID STORE (RFC 9051 section 6.4.6), with UNCHANGEDSINCE (RFC 7162 section 3.1.3).
 *
 * The flags are told here, of all messages that were named and not only of those that changed, so that what
 * the end of the command tells is what others did.
 */
#include <errno.h>

#include "imap/imap_annotation.h"
#include "imap/imap_commands.h"
#include "imap/imap_limit.h"
#include "imap/imap_messages.h"
#include "imap/imap_state.h"

struct store {
	struct mail_store question;
	struct imap_annotations_set annotations; /* that are set instead of flags */
	bool annotates;
	bool silent;
	uint64_t want;                /* of the responses */
	struct buf modified, changed; /* UIDs: that had changed before; that were changed now */
	struct buf told;              /* UIDs whose flags are told */
	struct buf code;
	struct mail_done done;
};

static void release(void *data)
{
	struct store *store = data;
	buf_done(&store->modified);
	buf_done(&store->changed);
	buf_done(&store->told);
	buf_done(&store->code);
}

static void finish(struct imap_session *s)
{
	struct store *store = imap_data(s);
	const char *code = NULL;
	struct view modified = buf_view(&store->modified);
	if (modified.len) {
		buf_append_string(&store->code, "MODIFIED ");
		if (imap_by_uid(s))
			imap_write_uid_set(&store->code, modified);
		else
			imap_number_set_write(&store->code, imap_selected(s)->view, modified);
		code = buf_string(&store->code);
	}
	if (buf_failed(&store->code))
		imap_no_error(s, -ENOMEM, "the mailbox");
	else if (store->done.number)
		imap_no(s, "LIMIT", "some messages have as many keywords as they can have");
	else
		imap_ok(s, code, "STORE completed");
}

static void flags_came(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct store *store = imap_data(s);
	if (type == MAIL_MESSAGES) {
		imap_put_flag_responses(s, store->want, ((const struct mail_messages *)answer)->entries);
	} else if (type == MAIL_DONE) {
		const struct mail_done *done = answer;
		if (done->error)
			imap_no_error(s, done->error, "the mailbox");
		else
			finish(s);
	}
}

/* Whether it has named keywords that nobody has told the session of. */
static bool has_new_names(const struct imap_session *s, const struct store *store)
{
	struct view name, rest = store->question.keywords;
	uint32_t number;
	while (view_next(&rest, ' ', &name))
		if (name.len && !mail_names_find(&s->names, store->question.account, name, &number))
			return true;
	return false;
}

/* .SILENT tells no flags, but MODSEQs to who follows them (RFC 7162 section 3.1.3). */
static void tell(struct imap_session *s, struct store *store)
{
	bool condstore = imap_enabled(s) & IMAP_CONDSTORE;
	store->want = (store->silent ? 0 : MAIL_WANT_FLAGS) | (condstore ? MAIL_WANT_MODSEQ : 0);
	bool made = store->silent
	                ? buf_append(&store->told, buf_view(&store->changed)) == 0
	                : imap_ranges_without(&store->told, store->question.uids, buf_view(&store->modified));
	if (!made) {
		imap_no_error(s, -ENOMEM, "the mailbox");
		return;
	}
	if (store->done.modseq) {
		imap_told(s, buf_view(&store->told), store->done.modseq);
		s->told_new_names |= store->silent && has_new_names(s, store);
	}
	if (store->want == 0 || buf_view(&store->told).len == 0) {
		finish(s);
		return;
	}
	imap_ask(s, MAIL_FETCH,
	    &(struct mail_fetch){.account = store->question.account,
	        .mailbox = store->question.mailbox,
	        .want = store->want,
	        .uids = buf_view(&store->told)},
	    flags_came);
}

static bool gather(struct buf *out, const struct mail_uids *uids)
{
	return buf_append(out, uids->ranges) == 0;
}

/* NO with the response code of RFC 5257 section 4.5. */
static bool refuse_annotations(struct imap_session *s, int64_t error)
{
	struct store *store = imap_data(s);
	const char *text, *code = imap_annotations_code(&store->annotations, error, &text);
	if (code)
		imap_no(s, code, text);
	return code != NULL;
}

static void stored(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct store *store = imap_data(s);
	if (type == MAIL_MODIFIED)
		gather(&store->modified, answer);
	if (type == MAIL_UIDS)
		gather(&store->changed, answer);
	if (type != MAIL_DONE)
		return;
	store->done = *(const struct mail_done *)answer;
	if (store->annotates && refuse_annotations(s, store->done.error))
		return;
	if (store->done.error == -EMLINK)
		imap_no(s, "LIMIT", "the account has as many keywords as it can have");
	else if (store->done.error)
		imap_no_error(s, store->done.error, "the mailbox");
	else if (buf_failed(&store->modified) || buf_failed(&store->changed))
		imap_no_error(s, -ENOMEM, "the mailbox");
	else
		tell(s, store);
}

static void ask(struct imap_session *s)
{
	struct store *store = imap_data(s);
	const struct mail_annotate annotate = {.account = store->question.account,
	    .mailbox = store->question.mailbox,
	    .unchanged_since = store->question.unchanged_since,
	    .uids = store->question.uids,
	    .entries = store->annotations.entries};
	if (store->annotates) {
		imap_ask(s, MAIL_ANNOTATE, &annotate, stored);
		return;
	}
	imap_ask(s, MAIL_STORE, &store->question, stored);
}

/* "(" UNCHANGEDSINCE SP mod-sequence-valzer ")" SP */
static bool take_modifier(struct imap_in *in, struct store *store)
{
	if (!imap_in_take(in, '('))
		return true;
	if (!imap_in_word(in, "UNCHANGEDSINCE")) {
		imap_in_wrong(in, "STORE does not know this modifier");
		return false;
	}
	imap_enable(in->session, IMAP_CONDSTORE);
	return imap_in_space(in) && imap_in_number64(in, &store->question.unchanged_since) &&
	       imap_in_char(in, ')') && imap_in_space(in);
}

/* store-att-flags */
static bool take_flags(struct imap_in *in, struct store *store)
{
	static const struct {
		const char *name;
		enum mail_how how;
		bool silent;
	} items[] = {{"FLAGS", MAIL_REPLACE, false}, {"FLAGS.SILENT", MAIL_REPLACE, true},
	    {"+FLAGS", MAIL_ADD, false}, {"+FLAGS.SILENT", MAIL_ADD, true},
	    {"-FLAGS", MAIL_REMOVE_FLAGS, false}, {"-FLAGS.SILENT", MAIL_REMOVE_FLAGS, true}};
	struct view name;
	if (!imap_in_atom(in, &name))
		return false;
	for (size_t i = 0; i < sizeof items / sizeof items[0]; i++) {
		if (!view_equal_nocase(name, view_from_string(items[i].name)))
			continue;
		store->question.how = items[i].how;
		store->silent = items[i].silent;
		return imap_in_space(in) &&
		       imap_in_flags(in, &store->question.flags, &store->question.keywords);
	}
	if (view_equal_nocase(name, VIEW("ANNOTATION"))) { /* RFC 5257 section 4.5: always silent */
		store->annotates = store->silent = true;
		return imap_in_space(in) && imap_in_annotations(in, &store->annotations);
	}
	imap_in_wrong(in, "STORE does not know this item");
	return false;
}

void imap_store(struct imap_session *s, struct imap_in *in)
{
	struct store *store = imap_command_data(s, sizeof *store, release);
	buf_init(&store->modified, IMAP_RANGES_MAX);
	buf_init(&store->changed, IMAP_RANGES_MAX);
	buf_init(&store->told, IMAP_RANGES_MAX);
	buf_init(&store->code, IMAP_END_MAX);
	store->question.unchanged_since = UINT64_MAX;
	if (imap_in_space(in) && imap_in_sequence_set(in, imap_by_uid(s), &store->question.uids) &&
	    imap_in_space(in) && take_modifier(in, store))
		take_flags(in, store);
	if (imap_wrong(s, in) || imap_refuse_read_only(s) || (store->annotates && refuse_annotations(s, 0)) ||
	    !imap_limit_cut(s, &store->question.uids))
		return;
	store->question.account = imap_selected(s)->account;
	store->question.mailbox = imap_selected(s)->mailbox;
	imap_takes_long(s, NULL);
	if (store->question.uids.len == 0)
		imap_ok(s, NULL, "STORE completed: there were no messages");
	else if (store->silent && s->news)
		/* What others did to these messages is told first: afterwards it could not be told apart. */
		imap_sync(s, false, ask);
	else
		ask(s);
}
