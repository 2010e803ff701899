/*
 * Does in the model what a script wanted: the least that the suite looks at. A server does more, and this is
 * no model for it.
 */
#include "sieve_suite.h"

#include <string.h>

/* ---- the messages that go out ---- */

/* Whose script runs. */
struct view suite_owner(const struct sieve_run *run)
{
	struct view address = view_trim(suite_setting("sieve_user_email"));

	return view_empty(address) ? run->message->recipient : address;
}

static struct view joined(struct view a, struct view b, struct view c)
{
	struct buf text;
	struct view kept;

	buf_init(&text, SUITE_MEMORY_MAX);
	buf_append(&text, a);
	buf_append(&text, b);
	buf_append(&text, c);
	kept = suite_keep(buf_view(&text));
	buf_done(&text);
	return kept;
}

bool suite_send(struct view sender, struct view recipient, struct view bytes)
{
	if (suite.sent_count == SUITE_MAILS_MAX)
		return false;
	suite.sent[suite.sent_count++] =
	    (struct suite_mail){.bytes = bytes, .sender = sender, .recipient = recipient};
	return true;
}

/* Whom a redirected message comes from, by Dovecot's setting. The null sender stays. */
static struct view redirect_sender(const struct sieve_run *run)
{
	struct view from = view_trim(suite_setting("sieve_redirect_envelope_from"));

	if (view_empty(run->message->sender) || view_empty(from) || view_equal(from, VIEW("sender")))
		return run->message->sender;
	if (view_equal(from, VIEW("recipient")))
		return run->message->recipient;
	if (view_equal(from, VIEW("orig_recipient")))
		return suite.original_recipient;
	if (view_equal(from, VIEW("user_email")))
		return suite_owner(run);
	return view_take(view_skip(from, 1), from.len - 2); /* in brackets */
}

/* Without quotation marks that an address does not need, and without a name before it. */
static struct view plain_address(struct view text)
{
	struct address_list *list = arena_alloc(&suite.arena, sizeof(*list));
	const struct address *a;
	struct buf address;
	struct view kept;
	bool atoms = true;

	if (!list || address_list_parse(text, &suite.arena, list) != 0 || list->count != 1)
		return text;
	a = &list->items[0];
	for (size_t i = 0; i < a->local_part.len; i++)
		atoms = atoms && (ascii_is_alnum(a->local_part.data[i]) || a->local_part.data[i] == '.' ||
		                     a->local_part.data[i] == '-' || a->local_part.data[i] == '+');
	buf_init(&address, SUITE_FILE_MAX);
	buf_append(&address, atoms ? (struct view){0} : VIEW("\""));
	buf_append(&address, a->local_part);
	buf_append(&address, atoms ? (struct view){0} : VIEW("\""));
	buf_append(&address, VIEW("@"));
	buf_append(&address, a->domain);
	kept = suite_keep(buf_view(&address));
	buf_done(&address);
	return kept;
}

static bool was_redirected(struct sieve_run *run)
{
	struct sieve_field *fields;
	size_t count;

	if (sieve_message_fields(run->message, &fields, &count) != 0)
		return false;
	for (size_t i = 0; i < count; i++)
		if (view_equal_nocase(fields[i].name, VIEW("X-Sieve-Redirected-From")) &&
		    (view_equal_nocase(view_trim(fields[i].body), suite_owner(run)) ||
		        view_equal_nocase(view_trim(fields[i].body), run->message->recipient)))
			return true;
	return false;
}

static bool redirect(struct sieve_run *run, const struct sieve_action *action, struct view bytes)
{
	if (was_redirected(run))
		return true; /* a loop ends here */
	return suite_send(redirect_sender(run), plain_address(action->target),
	    joined(
	        VIEW("X-Sieve-Redirected-From: "), suite_owner(run), joined(VIEW("\r\n"), bytes, VIEW(""))));
}

/* ---- mailboxes ---- */

/* Dovecot marks by keywords what it stores; the suite counts them. */
static struct view stored_flags(struct view flags)
{
	return joined(flags, view_empty(flags) ? VIEW("") : VIEW(" "), VIEW("$HasNoAttachment"));
}

static bool store(struct view path, bool create, struct view bytes, struct view flags, uint32_t line)
{
	struct suite_mailbox *mailbox = suite_mailbox(path);

	if (memmem(path.data, path.len, "//", 2)) {
		suite_error(
		    line, "failed to store into mailbox '%.*s': it can have no such name", VIEW_FMT(path));
		return false;
	}
	if (!mailbox && create && suite.mailbox_count < SUITE_MAILBOXES_MAX) {
		mailbox = &suite.mailboxes[suite.mailbox_count++];
		*mailbox = (struct suite_mailbox){.path = suite_keep(path)};
	}
	if (!mailbox || mailbox->count == SUITE_MAILS_MAX) {
		suite_error(line, "failed to store into mailbox '%.*s': it does not exist", VIEW_FMT(path));
		return false;
	}
	mailbox->mails[mailbox->count++] = (struct suite_mail){.bytes = bytes, .flags = stored_flags(flags)};
	return true;
}

/* The message as the script had made it when it took the action. */
static struct view version_bytes(const struct sieve_run *run, const struct sieve_version *version)
{
	struct buf bytes;
	struct view kept;

	if (!version)
		return run->message->bytes;
	buf_init(&bytes, SUITE_MEMORY_MAX);
	for (size_t i = 0; i < version->count; i++)
		buf_append(&bytes, version->pieces[i]);
	kept = suite_keep(buf_view(&bytes));
	buf_done(&bytes);
	return kept;
}

static bool carry_out(struct sieve_run *run, const struct sieve_action *action, bool *keeps)
{
	struct view bytes = version_bytes(run, action->version);

	switch (action->kind) {
	case SIEVE_KEEP:
		*keeps = false;
		return store(VIEW("INBOX"), true, bytes, action->flags, action->line);
	case SIEVE_FILEINTO:
		return store(action->target, action->create, bytes, action->flags, action->line);
	case SIEVE_REDIRECT:
		return redirect(run, action, bytes);
	case SIEVE_VACATION:
	case SIEVE_NOTIFY:
		return suite_answer(run, action);
	case SIEVE_REJECT:
	case SIEVE_EREJECT:
		*keeps = false;
		return suite_refuse(run, action);
	default:
		return true;
	}
}

bool suite_execute(struct sieve_run *run, const struct sieve_outcome *outcome, bool keeps)
{
	const struct sieve_version *version = NULL;
	bool good = true;

	if (sieve_message_version(run->message, &version) != 0)
		return false;
	suite_no_errors();
	suite.sent_count = 0;
	for (size_t i = 0; i < outcome->count && good; i++)
		good = carry_out(run, &outcome->actions[i], &keeps);
	if (!good || keeps) /* what fails keeps the mail */
		good = store(VIEW("INBOX"), true, version_bytes(run, good ? version : NULL), run->flags, 0) &&
		       good;
	return good;
}

/* ---- tests ---- */

static const struct sieve_outcome *looked_at;

static struct view action_text(size_t i)
{
	static const char *const names[] = {
	    "keep", "store", "redirect", "discard", "reject", "reject", "vacation", "notify"};

	return view_from_string(names[looked_at->actions[i].kind]);
}

static enum sieve_truth test_result_action(struct sieve_run *run, const struct sieve_step *step)
{
	looked_at = run->outcome;
	return suite_match_all(run, step, run->outcome->count, action_text);
}

static enum sieve_truth test_result_execute(struct sieve_run *run, const struct sieve_step *step)
{
	(void)step;
	return suite_execute(run, run->outcome, run->keeps) ? SIEVE_TRUE : SIEVE_FALSE;
}

static bool act_result_reset(struct sieve_run *run, const struct sieve_step *step)
{
	(void)step;
	run->outcome->count = 0;
	run->notified = 0;
	run->keeps = true;
	run->flags = (struct view){0};
	suite.sent_count = 0;
	return true;
}

static bool act_result_print(struct sieve_run *run, const struct sieve_step *step)
{
	(void)run, (void)step; /* the suite prints before it fails, and says then what is wrong */
	return true;
}

static const struct sieve_tag index_tags[] = {
    {"index", SIEVE_INTERNAL, 0, {"a number", SIEVE_NUMBER, SIEVE_USE_TEXT}, false}};

static const struct sieve_word rows[] = {
    {.name = "test_result_action",
        .kind = SIEVE_TEST,
        .extension = SIEVE_INTERNAL,
        .positionals = {{"keys", SIEVE_STRING_LIST, SIEVE_USE_TEXT}},
        .tags = index_tags,
        .tag_count = 1,
        .has = SIEVE_HAS_MATCH,
        .test = test_result_action},
    {.name = "test_result_execute",
        .kind = SIEVE_TEST,
        .extension = SIEVE_INTERNAL,
        .test = test_result_execute},
    {.name = "test_result_reset", .extension = SIEVE_INTERNAL, .act = act_result_reset},
    {.name = "test_result_print", .extension = SIEVE_INTERNAL, .act = act_result_print},
};
const struct sieve_words suite_result_words = {rows, SUITE_COUNT(rows)};
