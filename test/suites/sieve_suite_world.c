/* What a server would know: settings, mailboxes, annotations, in a model that lives as long as a file. */
#include "sieve_suite.h"

#include <stdio.h>
#include <string.h>

#include "format/address.h"
#include "format/header.h"
#include "format/path.h"
/* ---- scripts that are included ---- */

enum sieve_answer suite_script(
    void *arg, struct view name, bool global, struct arena *arena, const struct sieve_program **program)
{
	static const struct sieve_language plain;
	static struct sieve_errors errors;
	struct sieve_program *made;
	struct view script;
	char path[1000];
	bool good;

	(void)arg, (void)arena;
	snprintf(
	    path, sizeof(path), "%s/%.*s.sieve", global ? "included-global" : "included", VIEW_FMT(name));
	if (!suite_read_file(path, &script))
		return SIEVE_NO;
	made = arena_alloc(&suite.arena, sizeof(*made));
	sieve_errors_init(&errors);
	good = made && sieve_compile(script, &plain, &suite.arena, &errors, made);
	sieve_errors_done(&errors);
	*program = made;
	return good ? SIEVE_YES : SIEVE_NO;
}

/* ---- settings ---- */

static struct suite_pair *find(struct suite_pair *pairs, size_t count, struct view place, struct view name)
{
	for (size_t i = 0; i < count; i++)
		if (view_equal(pairs[i].place, place) && view_equal(pairs[i].name, name))
			return &pairs[i];
	return NULL;
}

struct view suite_setting(const char *name)
{
	const struct suite_pair *pair =
	    find(suite.settings, suite.setting_count, (struct view){0}, view_from_string(name));

	return pair ? pair->value : (struct view){0};
}

static bool set(struct sieve_run *run, struct suite_pair *pairs, size_t *count, size_t max, struct view place,
    const struct sieve_step *step)
{
	struct view name, value;
	struct suite_pair *pair;

	if (!sieve_run_text(run, sieve_positional(step, 0)->strings[0], &name) ||
	    !sieve_run_text(run, sieve_positional(step, 1)->strings[0], &value))
		return false;
	pair = find(pairs, *count, place, name);
	if (!pair && *count == max) {
		sieve_run_fail(run, "a file of the suite sets more than this program can keep");
		return false;
	}
	if (!pair)
		pair = &pairs[(*count)++];
	*pair = (struct suite_pair){suite_keep(place), suite_keep(name), suite_keep(value)};
	return true;
}

/* The owner's addresses beside the one that the message comes to. */
static void set_addresses(void)
{
	size_t count = 0;

	suite.own[count] = view_trim(suite_setting("sieve_user_email"));
	count += !view_empty(suite.own[count]);
	if (view_equal(suite_setting("sieve_vacation_use_original_recipient"), VIEW("yes")))
		suite.own[count++] = suite.original_recipient;
	suite.world.addresses = suite.own;
	suite.world.address_count = count;
}

static bool act_config_set(struct sieve_run *run, const struct sieve_step *step)
{
	struct view delimiter;

	if (!set(run, suite.settings, &suite.setting_count, SUITE_SETTINGS_MAX, (struct view){0}, step))
		return false;
	set_addresses();
	delimiter = suite_setting("recipient_delimiter");
	if (!view_empty(delimiter))
		suite.world.subaddress = delimiter;
	return true;
}

static bool act_config_unset(struct sieve_run *run, const struct sieve_step *step)
{
	struct suite_pair *pair = find(
	    suite.settings, suite.setting_count, (struct view){0}, sieve_positional(step, 0)->strings[0]);

	(void)run;
	if (pair)
		*pair = suite.settings[--suite.setting_count];
	return true;
}

static bool act_nothing(struct sieve_run *run, const struct sieve_step *step)
{
	(void)run, (void)step; /* settings hold at once */
	return true;
}

/* ---- mailboxes ---- */

struct suite_mailbox *suite_mailbox(struct view path)
{
	/* Dovecot has all mailboxes below INBOX, whose case is nobody's matter. */
	bool inbox = view_equal_nocase(path, VIEW("INBOX")) || view_starts_nocase(path, VIEW("INBOX."));
	size_t same = inbox ? 5 : 0;

	for (size_t i = 0; i < suite.mailbox_count; i++) {
		struct view known = suite.mailboxes[i].path;

		if (view_starts_nocase(known, view_take(path, same)) &&
		    view_equal(view_skip(known, same), view_skip(path, same)))
			return &suite.mailboxes[i];
	}
	return NULL;
}

static bool act_mailbox_create(struct sieve_run *run, const struct sieve_step *step)
{
	struct view path;

	if (!sieve_run_text(run, sieve_positional(step, 0)->strings[0], &path))
		return false;
	if (suite_mailbox(path))
		return true;
	if (suite.mailbox_count == SUITE_MAILBOXES_MAX) {
		sieve_run_fail(run, "a file of the suite makes more mailboxes than this program can keep");
		return false;
	}
	suite.mailboxes[suite.mailbox_count++] = (struct suite_mailbox){.path = suite_keep(path)};
	return true;
}

static bool act_mailbox_delete(struct sieve_run *run, const struct sieve_step *step)
{
	struct suite_mailbox *mailbox = suite_mailbox(sieve_positional(step, 0)->strings[0]);

	(void)run;
	if (mailbox)
		*mailbox = suite.mailboxes[--suite.mailbox_count];
	return true;
}

static bool act_metadata_set(struct sieve_run *run, const struct sieve_step *step)
{
	struct view mailbox = {0};

	if (sieve_tag(step, 0)->kind != SIEVE_ABSENT &&
	    !sieve_run_text(run, sieve_tag(step, 0)->strings[0], &mailbox))
		return false;
	return set(run, suite.annotations, &suite.annotation_count, SUITE_ANNOTATIONS_MAX, mailbox, step);
}

/* ---- the message and its envelope ---- */

/*
 * What SMTP would take for a path, in brackets or without them. What it would refuse is no envelope at all,
 * but a local part alone is one here, as the suite wants it.
 */
static struct view path_address(struct view text)
{
	bool brackets = view_starts(text, VIEW("<")) && text.data[text.len - 1] == '>';
	struct view bare = brackets ? view_take(view_skip(text, 1), text.len - 2) : text;
	struct cursor in = cursor_on(text);
	struct path path;

	if (brackets && view_find(bare, ':') >= 0) { /* behind a source route: RFC 5321 section 4.1.2 */
		if (reverse_path_parse(&in, &suite.arena, &path) != 0 || !cursor_at_end(&in))
			return VIEW("");
		return view_skip(bare, (size_t)view_find_last(bare, ':') + 1);
	}
	if (view_find(bare, '@') < 0)
		return view_find(bare, ' ') < 0 && view_find(bare, '<') < 0 ? bare : VIEW("");
	return mailbox_parse(bare, &suite.arena, &path) == 0 ? bare : VIEW("");
}

static void set_message(struct sieve_run *run, struct view bytes)
{
	struct sieve_message *m = run->message, old = *m;

	sieve_message_done(m);
	sieve_message_init(m, bytes, run->arena);
	m->sender = old.sender;
	m->recipient = old.recipient;
	m->authenticated = old.authenticated;
}

/* The first address of the first of these fields that there is, as SMTP has it; else the one that was. */
static struct view address_of(struct view bytes, const char *const *names, struct view old)
{
	struct address_list list;
	struct view body, kept;
	struct buf address;

	for (; *names; names++) {
		if (!header_find(bytes, view_from_string(*names), &body))
			continue;
		if (address_list_parse(body, &suite.arena, &list) != 0 || list.count == 0 ||
		    view_empty(list.items[0].domain))
			return old;
		buf_init(&address, SUITE_FILE_MAX);
		address_write_mailbox(&address, list.items[0].local_part, list.items[0].domain);
		kept = path_address(suite_keep(buf_view(&address)));
		buf_done(&address);
		return kept;
	}
	return old;
}

/* A new message comes with the envelope that its header tells of. */
static void set_envelope(struct sieve_message *m)
{
	static const char *const senders[] = {"Return-Path", "Sender", "From", NULL};
	static const char *const recipients[] = {"Envelope-To", "To", NULL};

	m->sender = address_of(m->bytes, senders, m->sender);
	m->recipient = address_of(m->bytes, recipients, m->recipient);
	suite.original_recipient = m->recipient;
}

static bool act_set(struct sieve_run *run, const struct sieve_step *step)
{
	struct view name = sieve_positional(step, 0)->strings[0], value;

	if (!sieve_run_text(run, sieve_positional(step, 1)->strings[0], &value))
		return false;
	value = suite_keep(value);
	if (view_equal_nocase(name, VIEW("message"))) {
		set_message(run, value);
		set_envelope(run->message);
	} else if (view_equal_nocase(name, VIEW("envelope.from"))) {
		run->message->sender = path_address(value);
	} else if (view_equal_nocase(name, VIEW("envelope.to"))) {
		run->message->recipient = path_address(value);
		suite.original_recipient = run->message->recipient;
	} else if (view_equal_nocase(name, VIEW("envelope.orig_to"))) {
		suite.original_recipient = path_address(value);
		set_addresses();
	} else if (view_equal_nocase(name, VIEW("envelope.auth"))) {
		run->message->authenticated = value;
	} else {
		sieve_run_fail(run, "test_set sets what this program does not know");
		return false;
	}
	return true;
}

/* Takes a mail that lies in a mailbox, or was sent, for the message. */
static bool take(struct sieve_run *run, const struct sieve_step *step, bool *there)
{
	uint64_t number = sieve_positional(step, 0)->number;
	const struct suite_mail *mail = NULL;
	struct suite_mailbox *mailbox;
	struct view path;

	if (sieve_tag(step, 0)->kind != SIEVE_ABSENT) {
		mail = number < suite.sent_count ? &suite.sent[number] : NULL;
	} else {
		if (!sieve_run_text(run, sieve_tag(step, 1)->strings[0], &path))
			return false;
		mailbox = suite_mailbox(path);
		mail = mailbox && number < mailbox->count ? &mailbox->mails[number] : NULL;
	}
	*there = mail != NULL;
	if (!mail)
		return true;
	set_message(run, mail->bytes);
	run->flags = mail->flags;
	if (sieve_tag(step, 0)->kind != SIEVE_ABSENT) {
		run->message->sender = mail->sender;
		run->message->recipient = mail->recipient;
	}
	return true;
}

static enum sieve_truth test_message(struct sieve_run *run, const struct sieve_step *step)
{
	bool there;

	if (!take(run, step, &there))
		return SIEVE_BROKEN;
	return there ? SIEVE_TRUE : SIEVE_FALSE;
}

/* As a command: the test fails when it isn't there. */
static bool act_message(struct sieve_run *run, const struct sieve_step *step)
{
	bool there;

	if (!take(run, step, &there))
		return false;
	if (!there) {
		suite.failed = true;
		suite.failure = VIEW("there is no such message to be looked at");
		run->stopped = true;
	}
	return true;
}

/* ---- what scripts ask ---- */

enum sieve_answer suite_ask(void *arg, const struct sieve_question *question, struct view *value)
{
	(void)arg;
	switch (question->kind) {
	case SIEVE_ASK_MAILBOX:
		return suite_mailbox(question->name) ? SIEVE_YES : SIEVE_NO;
	case SIEVE_ASK_ENVIRONMENT:
		/* RFC 5183 section 4.1, as far as a program that serves nobody can tell. */
		if (view_equal_nocase(question->name, VIEW("location")))
			*value = VIEW("MS");
		else if (view_equal_nocase(question->name, VIEW("phase")))
			*value = VIEW("post");
		else if (view_equal_nocase(question->name, VIEW("host")))
			*value = VIEW("host.example.com");
		else if (view_equal_nocase(question->name, VIEW("name")))
			*value = VIEW("Postrider");
		else if (view_equal_nocase(question->name, VIEW("version")))
			*value = VIEW("1");
		else
			return SIEVE_NO;
		return SIEVE_YES;
	case SIEVE_ASK_METADATA: {
		const struct suite_pair *pair =
		    find(suite.annotations, suite.annotation_count, question->mailbox, question->name);

		if (pair)
			*value = pair->value;
		return pair ? SIEVE_YES : SIEVE_NO;
	}
	case SIEVE_ASK_SPAM:
		return suite_spam(value) ? SIEVE_YES : SIEVE_NO;
	case SIEVE_ASK_VIRUS:
		return suite_virus(value) ? SIEVE_YES : SIEVE_NO;
	case SIEVE_ASK_LIST:
		return suite_list_holds(question->name, question->detail) ? SIEVE_YES : SIEVE_NO;
	case SIEVE_ASK_LIST_VALID:
		return suite_list_valid(question->name) ? SIEVE_YES : SIEVE_NO;
	default:
		return SIEVE_NO;
	}
}

static const struct sieve_tag reload_tags[] = {
    {"extension", SIEVE_INTERNAL, 0, SUITE_TEXT("an extension"), false}};
static const struct sieve_tag metadata_tags[] = {
    {"mailbox", SIEVE_INTERNAL, 0, SUITE_TEXT("a mailbox"), false}};
static const struct sieve_tag message_tags[] = {
    {"smtp", SIEVE_INTERNAL, 1, {NULL, SIEVE_NOTHING, SIEVE_USE_TEXT}, true},
    {"folder", SIEVE_INTERNAL, 1, SUITE_TEXT("a mailbox"), true},
};

static const struct sieve_word rows[] = {
    {.name = "test_set",
        .extension = SIEVE_INTERNAL,
        .positionals = {SUITE_TEXT("what"), SUITE_TEXT("its value")},
        .act = act_set},
    {.name = "test_config_set",
        .extension = SIEVE_INTERNAL,
        .positionals = {SUITE_TEXT("a setting"), SUITE_TEXT("its value")},
        .act = act_config_set},
    {.name = "test_config_unset",
        .extension = SIEVE_INTERNAL,
        .positionals = {SUITE_TEXT("a setting")},
        .act = act_config_unset},
    {.name = "test_config_reload",
        .extension = SIEVE_INTERNAL,
        .tags = reload_tags,
        .tag_count = 1,
        .act = act_nothing},
    {.name = "test_mailbox_create",
        .extension = SIEVE_INTERNAL,
        .positionals = {SUITE_TEXT("a mailbox")},
        .act = act_mailbox_create},
    {.name = "test_mailbox_delete",
        .extension = SIEVE_INTERNAL,
        .positionals = {SUITE_TEXT("a mailbox")},
        .act = act_mailbox_delete},
    {.name = "test_imap_metadata_set",
        .extension = SIEVE_INTERNAL,
        .tags = metadata_tags,
        .tag_count = 1,
        .positionals = {SUITE_TEXT("an annotation"), SUITE_TEXT("its value")},
        .act = act_metadata_set},
    {.name = "test_message",
        .kind = SIEVE_TEST,
        .extension = SIEVE_INTERNAL,
        .tags = message_tags,
        .tag_count = 2,
        .positionals = {{"a number", SIEVE_NUMBER, SIEVE_USE_TEXT}},
        .test = test_message},
    {.name = "test_message",
        .extension = SIEVE_INTERNAL,
        .tags = message_tags,
        .tag_count = 2,
        .positionals = {{"a number", SIEVE_NUMBER, SIEVE_USE_TEXT}},
        .act = act_message},
};
const struct sieve_words suite_world_words = {rows, SUITE_COUNT(rows)};
