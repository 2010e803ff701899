/*
 * See imap_event.h. One event of an account is under way at a time, in their order; others' go on beside it.
 * Within an event the messages come one after the other, and each has been dealt with before the next one.
 */
#include "role/store/imap_event.h"

#include <errno.h>
#include <string.h>

#include "account/keyword_names.h"
#include "account/metadata.h"
#include "account/scripts.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "directory/directory.h"
#include "directory/groups.h"
#include "format/header.h"
#include "role/store/imap_event_apply.h"
#include "role/store/store_private.h"

#define SCRIPT_ENTRY_NAME VIEW("/shared/imapsieve/script")

enum {
	/* Messages of the events that wait: some megabytes. Whoever changes more at once is no person. */
	MESSAGES_MAX = 200000,
	RUNNING_MAX = 4,      /* events under way: of so many accounts */
	WITHOUT_MAX = 100000, /* accounts that are known to have no such scripts */
	LIST_ROOM = 256,      /* messages that are looked at together */
	GAP = 64,             /* UIDs between two messages that are listed together: a block of flags */
	NAMES_MAX = ACCOUNT_KEYWORDS_MAX * (5 + MAIL_KEYWORD_MAX), /* octets of an account's keywords */
	FLAGS_TEXT_MAX = 4000, /* octets of a message's flags as words: those beyond are left out */
	PATH_TEXT_MAX = 4200
};

struct event_run {
	struct event_run *next;
	struct imap_event what; /* uids and changed are its own */
	size_t at;              /* the next of the uids to be listed */
	struct buf owner, actor, place;

	struct store_read read; /* of the directory */
	struct account_metadata_any any;
	uint64_t changes; /* events.changes when it was asked */
	struct account_metadata metadata;
	bool asked_account; /* the mailbox has no such entry */
	struct account_tree tree;
	struct account_script_read script;
	bool scripted;

	struct account_list list;
	struct account_listed listed[LIST_ROOM];
	size_t count, current;
	uint32_t more_uids[LIST_ROOM];
	struct account_keyword_names keywords;
	struct account_fetch fetch;
	uint64_t emailid;

	struct filter *filter;
	struct filter_mail mail;
	struct filter_event run;
	struct buf flags, changed;
	struct imap_event_apply apply;
	bool calling; /* the store has a call of this event */
};

static struct {
	struct event_run *first, **last; /* that wait */
	struct event_run *running;
	size_t running_count, messages;
	struct map without; /* accounts that have no such script */
	uint64_t changes;   /* of any account's entries: what was read before may not count any more */
	struct loop_task turn;
	bool ready, stopped;
} events;

static void start_events(void *arg);
static void next_message(struct event_run *e);

/* ---- an event's life ---- */

static void make_ready(void)
{
	if (events.ready)
		return;
	events.ready = true;
	events.last = &events.first;
	loop_task_init(&events.turn, &store_role.process->loop, start_events, NULL);
}

static void free_event(struct event_run *e)
{
	events.messages -= e->what.count;
	filter_free(e->filter);
	account_metadata_free(&e->metadata);
	account_tree_free(&e->tree);
	if (e->scripted)
		account_script_free(&e->script);
	account_keyword_names_free(&e->keywords);
	account_fetch_free(&e->fetch);
	buf_done(&e->owner);
	buf_done(&e->actor);
	buf_done(&e->place);
	buf_done(&e->flags);
	buf_done(&e->changed);
	mem_free((void *)(uintptr_t)e->what.uids);
	mem_free((void *)(uintptr_t)e->what.changed);
	mem_free(e);
}

static void end(struct event_run *e)
{
	struct event_run **at = &events.running;
	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	events.running_count--;
	free_event(e);
	loop_task_schedule(&events.turn);
}

/* A call of the store has come back. False: the store is about to close, and the event is gone. */
static bool is_back(struct event_run *e)
{
	e->calling = false;
	if (!events.stopped)
		return true;
	end(e);
	return false;
}

static void give_up(struct event_run *e, const char *why, int error)
{
	log_event(LOG_WARNING, "-", "event-script-not-run", log_u64("account", e->what.shard),
	    log_text("mailbox", buf_view(&e->place)), log_string("why", why), log_errno(error));
	end(e);
}

/* ---- one message ---- */

static void applied(struct imap_event_apply *a)
{
	struct event_run *e = container_of(a, struct event_run, apply);
	if (a->not_done && !events.stopped) {
		log_event(LOG_WARNING, "-", "rules-not-followed", log_u64("account", e->what.shard),
		    log_text("mailbox", buf_view(&e->place)), log_u64("uid", a->uid),
		    log_string("why", a->not_done));
		filter_tell_owner(e->filter, e->run.program.version, a->not_done);
	}
	imap_event_apply_free(a);
	filter_free(e->filter);
	e->filter = NULL;
	if (is_back(e))
		next_message(e);
}

static void ran(struct filter *f)
{
	struct event_run *e = f->arg;
	const struct account_listed *m = &e->listed[e->current - 1];
	const struct account_fetched *email = &e->fetch.messages[0];
	log_event(LOG_DEBUG, "-", "event-script-ran", log_u64("account", e->what.shard),
	    log_text("mailbox", buf_view(&e->place)), log_u64("uid", m->uid),
	    log_text("cause", e->run.cause));
	if (f->failed) {
		log_event(LOG_WARNING, "-", "rules-failed", log_u64("account", f->account),
		    log_text("mailbox", buf_view(&e->place)), log_u64("uid", m->uid),
		    log_text("script", f->script), log_u64("line", f->line), log_string("why", f->failed));
		filter_tell_owner(f, e->run.program.version, f->failed);
		filter_free(f);
		e->filter = NULL;
		next_message(e);
		return;
	}
	e->apply = (struct imap_event_apply){.filter = f,
	    .shard = e->what.shard,
	    .mailbox = e->what.mailbox,
	    .uid = m->uid,
	    .flags = buf_view(&e->flags),
	    .owner = buf_view(&e->owner),
	    .blob = email->blob,
	    .body_len = email->body_len,
	    .message_id_hash = email->hash_count ? email->hashes[0] : 0,
	    .binary = m->flags & FLAG_BINARY,
	    .utf8 = header_needs_utf8(email->body),
	    .text_growth = m->text_growth,
	    .references = email->hashes + 1,
	    .reference_count = email->hash_count ? email->hash_count - 1 : 0,
	    .done = applied};
	e->calling = true;
	imap_event_apply(&e->apply);
}

static void add_word(struct buf *words, struct view word)
{
	if (buf_view(words).len + word.len >= FLAGS_TEXT_MAX)
		return;
	if (buf_view(words).len)
		buf_append_byte(words, ' ');
	buf_append(words, word);
}

/* Whether the message has the keyword of this number. */
static bool has_keyword(uint64_t flags, const struct account_more *more, uint32_t number)
{
	if (number < FLAG_KEYWORDS)
		return flags & FLAG_KEYWORD << number;
	for (size_t i = 0; more && i < more->count; i++)
		if (more->numbers[i] == number)
			return true;
	return false;
}

/* Flags as words with a space between them. */
static void write_flags(
    struct event_run *e, struct buf *words, uint64_t flags, const struct account_more *more)
{
	static const struct {
		uint64_t flag;
		const char *name;
	} system[] = {{FLAG_SEEN, "\\Seen"}, {FLAG_ANSWERED, "\\Answered"}, {FLAG_FLAGGED, "\\Flagged"},
	    {FLAG_DELETED, "\\Deleted"}, {FLAG_DRAFT, "\\Draft"}};
	struct cursor names = cursor_on(buf_view(&e->keywords.names));
	buf_clear(words);
	for (size_t i = 0; i < sizeof system / sizeof *system; i++)
		if (flags & system[i].flag)
			add_word(words, view_from_string(system[i].name));
	while (!cursor_at_end(&names)) {
		uint32_t number = cursor_u32(&names);
		struct view name = cursor_bytes(&names, cursor_u8(&names));
		if (cursor_ok(&names) && has_keyword(flags, more, number))
			add_word(words, name);
	}
}

static const struct account_more *more_of(const struct event_run *e, uint32_t uid)
{
	for (size_t i = 0; i < e->keywords.uid_count; i++)
		if (e->more_uids[i] == uid)
			return &e->keywords.more[i];
	return NULL;
}

static uint64_t changed_flags(const struct event_run *e, uint32_t uid)
{
	for (size_t i = 0; e->what.changed && i < e->what.count; i++)
		if (e->what.uids[i] == uid)
			return e->what.changed[i];
	return 0;
}

static void run(struct event_run *e)
{
	static const char *const causes[] = {
	    [EVENT_APPEND] = "APPEND", [EVENT_COPY] = "COPY", [EVENT_FLAG] = "FLAG"};
	const struct account_listed *m = &e->listed[e->current - 1];
	const struct account_fetched *email = &e->fetch.messages[0];
	struct filter *f = e->filter = filter_new();
	write_flags(e, &e->flags, m->flags, more_of(e, m->uid));
	write_flags(e, &e->changed, changed_flags(e, m->uid), NULL);
	e->mail = (struct filter_mail){.bytes = view_take(email->body, FILTER_MESSAGE_MAX),
	    .size = email->body_len,
	    .now = clock_wall()};
	e->run.cause = view_from_string(causes[e->what.cause]);
	e->run.flags = buf_view(&e->flags);
	e->run.changed = buf_view(&e->changed);
	f->mail = &e->mail;
	f->account = e->what.shard;
	f->recipient = buf_view(&e->owner);
	f->prefix = email->prefix;
	f->event = &e->run;
	f->done = ran;
	f->arg = e;
	filter_begin(f);
}

/* A message that went meanwhile, or cannot be read, is passed over: it is no fault of the script's. */
static void fetched(struct account_fetch *fetch, int result)
{
	struct event_run *e = container_of(fetch, struct event_run, fetch);
	if (!is_back(e))
		return;
	if (result == 0 && fetch->count == 1 && fetch->messages[0].result == 0)
		run(e);
	else
		next_message(e);
}

static void fetch(struct event_run *e)
{
	account_fetch_free(&e->fetch);
	e->emailid = e->listed[e->current++].emailid;
	e->fetch = (struct account_fetch){.shard = e->what.shard,
	    .emailids = &e->emailid,
	    .emailid_count = 1,
	    .budget = FILTER_MESSAGE_MAX,
	    .longest = FILTER_MESSAGE_MAX,
	    .head = FILTER_MESSAGE_MAX,
	    .done = fetched};
	e->calling = true;
	account_fetch(&store_role.accounts, &e->fetch);
}

/* ---- its messages ---- */

static void names_read(struct account_keyword_names *names, int result)
{
	struct event_run *e = container_of(names, struct event_run, keywords);
	if (!is_back(e))
		return;
	if (result)
		give_up(e, "the keywords could not be read", result);
	else
		next_message(e);
}

static void read_names(struct event_run *e)
{
	size_t count = 0;
	for (size_t i = 0; i < e->count; i++)
		if (e->listed[i].flags & FLAG_MORE)
			e->more_uids[count++] = e->listed[i].uid;
	account_keyword_names_free(&e->keywords);
	e->keywords = (struct account_keyword_names){.shard = e->what.shard,
	    .mailbox = e->what.mailbox,
	    .uids = e->more_uids,
	    .uid_count = count,
	    .done = names_read};
	e->calling = true;
	account_keyword_names(&store_role.accounts, &e->keywords);
}

static bool is_meant(const struct event_run *e, size_t from, uint32_t uid)
{
	for (size_t i = from; i < e->at; i++)
		if (e->what.uids[i] == uid)
			return true;
	return false;
}

static void listed(struct account_list *list, int result)
{
	struct event_run *e = container_of(list, struct event_run, list);
	if (!is_back(e))
		return;
	if (result) {
		end(e); /* the mailbox is gone */
		return;
	}
	size_t from = e->at;
	while (from > 0 && e->what.uids[from - 1] >= list->first)
		from--;
	e->count = e->current = 0;
	for (size_t i = 0; i < list->count; i++)
		if (is_meant(e, from, e->listed[i].uid))
			e->listed[e->count++] = e->listed[i];
	read_names(e);
}

/* The next messages that lie near each other. */
static void list(struct event_run *e)
{
	uint32_t first = e->what.uids[e->at], last = first;
	while (e->at < e->what.count && e->what.uids[e->at] - first < LIST_ROOM &&
	       e->what.uids[e->at] - last <= GAP)
		last = e->what.uids[e->at++];
	e->list = (struct account_list){.shard = e->what.shard,
	    .mailbox = e->what.mailbox,
	    .first = first,
	    .last = last,
	    .messages = e->listed,
	    .room = LIST_ROOM,
	    .done = listed};
	e->calling = true;
	account_list(&store_role.accounts, &e->list);
}

static void next_message(struct event_run *e)
{
	if (e->current < e->count)
		fetch(e);
	else if (e->at < e->what.count)
		list(e);
	else
		end(e);
}

/* ---- which script ---- */

static void script_read(struct account_script_read *script, int result)
{
	struct event_run *e = container_of(script, struct event_run, script);
	e->scripted = result == 0;
	if (!is_back(e))
		return;
	if (result) {
		give_up(e,
		    result == -ENOENT ? "there is no script of this name" : "the script could not be read",
		    result);
		return;
	}
	e->run.program = (struct message_rules_program){.id = script->script.number,
	    .version = script->script.version,
	    .kind = RULES_OWN,
	    .name = script->script.name};
	e->run.actor = buf_view(&e->actor);
	e->run.place = buf_view(&e->place);
	next_message(e);
}

static void tree_read(struct account_tree *tree, int result)
{
	struct event_run *e = container_of(tree, struct event_run, tree);
	if (!is_back(e))
		return;
	if (result || tree->count == 0) {
		end(e); /* the mailbox is gone */
		return;
	}
	buf_append(&e->place, tree->mailboxes[0].path);
	e->script = (struct account_script_read){.shard = e->what.shard,
	    .which = {.place = SCRIPT_OWN, .name = e->metadata.values[0].value},
	    .part = SCRIPT_PART_NONE,
	    .done = script_read};
	e->calling = true;
	account_script_read(&store_role.accounts, &e->script);
}

static int run_addresses(struct txn *t, void *arg)
{
	struct event_run *e = arg;
	struct view owner, actor;
	int error = directory_account_address(t, e->what.shard, &owner);
	buf_clear(&e->owner);
	buf_clear(&e->actor);
	if (error == 0)
		error = buf_append(&e->owner, owner);
	if (error == 0)
		error = directory_account_address(t, e->what.actor, &actor);
	return error ? error : buf_append(&e->actor, actor);
}

static void addresses_read(struct store_read *read, int result)
{
	struct event_run *e = container_of(read, struct event_run, read);
	if (!is_back(e))
		return;
	if (result) {
		give_up(e, "the account could not be looked up", result);
		return;
	}
	e->tree = (struct account_tree){.shard = e->what.shard, .only = e->what.mailbox, .done = tree_read};
	e->calling = true;
	account_tree(&store_role.accounts, &e->tree);
}

static void ask_metadata(struct event_run *e);

/* RFC 6785 section 2.2: an empty value stands for no script, also where the account has one. */
static void metadata_read(struct account_metadata *m, int result)
{
	struct event_run *e = container_of(m, struct event_run, metadata);
	if (!is_back(e))
		return;
	if (result == 0 && m->count == 0 && !e->asked_account) {
		e->asked_account = true;
		ask_metadata(e);
	} else if (result || m->count == 0 || m->values[0].value.len == 0) {
		end(e);
	} else {
		e->read = (struct store_read){
		    .shard = DIRECTORY_SHARD, .run = run_addresses, .arg = e, .done = addresses_read};
		e->calling = true;
		store_read(store_role.store, &e->read);
	}
}

static void ask_metadata(struct event_run *e)
{
	account_metadata_free(&e->metadata);
	e->metadata = (struct account_metadata){.shard = e->what.shard,
	    .mailbox = e->asked_account ? 0 : e->what.mailbox,
	    .user = e->what.shard,
	    .name = SCRIPT_ENTRY_NAME,
	    .done = metadata_read};
	e->calling = true;
	account_metadata(&store_role.accounts, &e->metadata);
}

static void any_read(struct account_metadata_any *any, int result)
{
	struct event_run *e = container_of(any, struct event_run, any);
	if (!is_back(e))
		return;
	if (result == 0 && any->found) {
		ask_metadata(e);
		return;
	}
	if (result == 0 && e->changes == events.changes && events.without.count < WITHOUT_MAX)
		map_set_u64(&events.without, e->what.shard, &events);
	end(e);
}

/* ---- the line ---- */

static bool has_one_running(uint64_t shard)
{
	for (const struct event_run *e = events.running; e; e = e->next)
		if (e->what.shard == shard)
			return true;
	return false;
}

static void start(struct event_run *e)
{
	e->next = events.running;
	events.running = e;
	events.running_count++;
	e->any = (struct account_metadata_any){
	    .shard = e->what.shard, .name = SCRIPT_ENTRY_NAME, .done = any_read};
	e->changes = events.changes;
	e->calling = true;
	account_metadata_any(&store_role.accounts, &e->any);
}

static void start_events(void *arg)
{
	struct event_run **at = &events.first;
	(void)arg;
	while (*at && events.running_count < RUNNING_MAX && !events.stopped) {
		struct event_run *e = *at;
		if (has_one_running(e->what.shard)) {
			at = &e->next;
			continue;
		}
		*at = e->next;
		start(e);
	}
	events.last = at;
	while (*events.last)
		events.last = &(*events.last)->next;
}

void imap_event_note(const struct imap_event *what)
{
	make_ready();
	if (events.stopped || what->count == 0 || map_get_u64(&events.without, what->shard))
		return;
	if (events.messages + what->count > MESSAGES_MAX) {
		log_event(LOG_WARNING, "-", "event-dropped", log_u64("account", what->shard),
		    log_u64("messages", what->count));
		return;
	}
	struct event_run *e = mem_alloc(sizeof *e);
	uint32_t *uids = mem_array(what->count, sizeof *uids);
	uint64_t *changed = what->changed ? mem_array(what->count, sizeof *changed) : NULL;
	memcpy(uids, what->uids, what->count * sizeof *uids);
	if (changed)
		memcpy(changed, what->changed, what->count * sizeof *changed);
	e->what = *what;
	e->what.uids = uids;
	e->what.changed = changed;
	buf_init(&e->owner, PATH_TEXT_MAX);
	buf_init(&e->actor, PATH_TEXT_MAX);
	buf_init(&e->place, PATH_TEXT_MAX);
	buf_init(&e->flags, NAMES_MAX);
	buf_init(&e->changed, NAMES_MAX);
	events.messages += what->count;
	*events.last = e;
	events.last = &e->next;
	loop_task_schedule(&events.turn);
}

void imap_event_metadata_set(uint64_t shard, struct view name)
{
	if (!view_equal(name, SCRIPT_ENTRY_NAME))
		return;
	events.changes++;
	map_remove_u64(&events.without, shard);
}

void imap_event_stop(void)
{
	if (!events.ready)
		return;
	events.stopped = true;
	imap_event_apply_stop();
	loop_task_cancel(&events.turn);
	while (events.first) {
		struct event_run *e = events.first;
		events.first = e->next;
		free_event(e);
	}
	events.last = &events.first;
	/* Those that wait for the rules role have nobody to call back. */
	for (struct event_run *e = events.running, *next; e; e = next) {
		next = e->next;
		if (!e->calling)
			end(e);
	}
	loop_task_cancel(&events.turn);
	map_done(&events.without);
}
