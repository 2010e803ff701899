/* See store_filtering.h. */
#include "role/store/store_filtering.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/store/store_answer.h"
#include "role/store/store_private.h"
#include "trace/trace_write.h"

enum {
	KEYWORDS_MAX = 30, /* that one place gives a message; the others are left out */
	/* Entries that mailboxes made by one delivery take at most, and keywords given by it: with all else
	 * they fit one commit. */
	CREATED_ALTOGETHER = 60,
	KEYWORDS_ALTOGETHER = 120,
	TOLD_MAX = 10000, /* accounts whose owners were told lately */
	TOLD_SECONDS = 24 * 3600
};

/* ---- what is told ---- */

/* When an owner was told of trouble with this version of the script. */
struct told {
	uint64_t version;
	int64_t at;
};

static struct map told;

static void forget_old(int64_t now)
{
	size_t position = 0;
	struct view key;
	void *value;
	while (map_each(&told, &position, &key, &value)) {
		struct told *t = value;
		if (now - t->at < TOLD_SECONDS && now >= t->at)
			continue;
		mem_free(map_remove(&told, key));
		position = 0; /* a removal may have moved an entry to a slot that was passed */
	}
}

static bool is_news(uint64_t account, uint64_t version)
{
	struct told *t = map_get_u64(&told, account);
	int64_t now = clock_wall();
	if (t && t->version == version && now - t->at < TOLD_SECONDS && now >= t->at)
		return false;
	if (t == NULL && told.count >= TOLD_MAX)
		forget_old(now);
	if (t == NULL && told.count >= TOLD_MAX)
		return false; /* a flood of notices helps nobody: the log has them all */
	if (t == NULL)
		map_set_u64(&told, account, t = mem_alloc(sizeof *t));
	*t = (struct told){.version = version, .at = now};
	return true;
}

static void tell_owner(const struct filter *f, uint64_t version, const char *what)
{
	struct buf text;
	if (!is_news(f->account, version))
		return;
	buf_init(&text, 8192);
	buf_printf(
	    &text, "A message came for you, and your rules could not do all that they say.\n\n%s\n", what);
	if (f->script.len > 0 && f->line > 0)
		buf_printf(&text, "\nIt is the script \"%.*s\", line %llu.\n", VIEW_FMT(f->script),
		    (unsigned long long)f->line);
	else if (f->script.len > 0)
		buf_printf(&text, "\nIt is the script \"%.*s\".\n", VIEW_FMT(f->script));
	buf_append_string(&text,
	    "\nThe message was kept: you have it. You will not be told of this again today, "
	    "unless you change the script.\n");
	store_notice_text(f->account, "Your rules need your attention", buf_string(&text));
	buf_done(&text);
}

/* ---- from actions to places ---- */

struct budget {
	size_t created, keywords;
};

static void take_flags(
    struct filtering *f, struct view words, struct account_wanted_place *place, struct budget *budget)
{
	struct view word, *keywords = arena_array(f->arena, KEYWORDS_MAX, sizeof *keywords);
	while (words.len > 0 && view_next(&words, ' ', &word)) {
		place->flags |= mail_system_flag(word);
		if (word.len == 0 || word.data[0] == '\\' || word.len > ACCOUNT_KEYWORD_MAX ||
		    keywords == NULL || place->keyword_count == KEYWORDS_MAX ||
		    budget->keywords == KEYWORDS_ALTOGETHER)
			continue;
		keywords[place->keyword_count++] = word;
		budget->keywords++;
	}
	place->keywords = keywords;
}

static size_t levels_of(struct view path)
{
	size_t levels = 1;
	for (size_t i = 0; i < path.len; i++)
		levels += path.data[i] == '/';
	return levels;
}

static struct account_wanted_place place_of(struct filtering *f, const struct account_target *target,
    const struct message_rules_action *a, struct budget *budget)
{
	struct account_wanted_place place = {.mailbox = target->mailbox};
	if (a->kind == RULES_FILEINTO) {
		place.path = a->target;
		place.mailbox_id = a->mailbox_id;
		place.special_use = a->special_use;
		place.else_inbox = true;
		size_t levels = levels_of(a->target);
		place.create = a->create && levels <= ACCOUNT_DEPTH_MAX &&
		               budget->created + levels <= CREATED_ALTOGETHER;
		budget->created += place.create ? levels : 0;
	}
	take_flags(f, a->flags, &place, budget);
	return place;
}

static void add_place(struct filtering *f, struct account_target *target, struct filtered *r,
    const struct message_rules_action *a, struct budget *budget)
{
	if (target->place_count == ACCOUNT_TARGET_PLACES_MAX)
		return;
	r->place_kinds[target->place_count] = (uint8_t)a->kind;
	r->places[target->place_count++] = place_of(f, target, a, budget);
}

/* Whatever cannot be done as it is wanted must not lose the mail: then it is kept as well. */
static void apply(struct filtering *f, size_t i, struct budget *budget)
{
	struct account_target *target = &f->delivery->targets[i];
	struct filtered *r = &f->targets[i];
	static const struct message_rules_action keep = {.kind = RULES_KEEP};
	bool kept = false, not_done = false;
	if (r->filter == NULL || !r->filter->any || r->filter->failed)
		return; /* as without rules */
	r->places = arena_array(f->arena, ACCOUNT_TARGET_PLACES_MAX, sizeof *r->places);
	if (r->places == NULL)
		return;
	target->places = r->places;
	for (size_t k = 0; k < r->filter->action_count; k++) {
		const struct message_rules_action *a = &r->filter->actions[k];
		if (a->kind == RULES_KEEP || a->kind == RULES_FILEINTO) {
			add_place(f, target, r, a, budget);
			kept = true;
		} else if (a->kind != RULES_DISCARD) {
			not_done = true;
		}
	}
	if (!kept && not_done)
		add_place(f, target, r, &keep, budget);
	target->nowhere = target->place_count == 0;
}

/* ---- the filters ---- */

static struct filtering *under_way; /* linked by `next` */

static void take_out(struct filtering *f)
{
	struct filtering **at = &under_way;
	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
}

static void finish(void *arg)
{
	struct filtering *f = arg;
	struct budget budget = {0};
	take_out(f);
	for (size_t i = 0; i < f->delivery->target_count; i++)
		apply(f, i, &budget);
	f->done(f);
}

static void one_done(struct filter *filter)
{
	struct filtering *f = filter->arg;
	if (--f->waiting == 0)
		loop_task_schedule(&f->end);
}

static void ask(struct filtering *f, size_t i)
{
	struct account_target *target = &f->delivery->targets[i];
	struct filtered *r = &f->targets[i];
	if (!filter_has_rules(target->shard))
		return;
	struct filter *filter = r->filter = filter_new();
	filter->mail = &f->mail;
	filter->account = target->shard;
	filter->recipient = r->recipient;
	filter->original = r->original;
	filter->orcpt = r->orcpt;
	filter->notify = r->notify;
	filter->mailbox = target->mailbox;
	filter->prefix = target->prefix;
	filter->done = one_done;
	filter->arg = f;
	f->waiting++;
	filter_begin(filter);
}

static void ask_all(struct filtering *f)
{
	f->waiting++; /* until all have been asked */
	for (size_t i = 0; i < f->delivery->target_count; i++)
		ask(f, i);
	if (--f->waiting == 0)
		loop_task_schedule(&f->end);
}

bool filtering_is_needed(const struct account_delivery *delivery)
{
	for (size_t i = 0; i < delivery->target_count; i++)
		if (filter_has_rules(delivery->targets[i].shard))
			return true;
	return false;
}

/* ---- the message ---- */

/* Without the message nothing is asked, and all is kept: the commit will tell what is wrong with the disk. */
static void bytes_known(struct filtering *f, size_t length, int error)
{
	f->reading = false;
	if (f->stopping) {
		f->stopped(f);
		return;
	}
	if (error) {
		log_event(LOG_WARNING, "-", "rules-not-run", log_text("message", f->id), log_errno(error));
		loop_task_schedule(&f->end);
		return;
	}
	buf_commit(&f->bytes, length);
	f->mail.bytes = buf_view(&f->bytes);
	ask_all(f);
}

static void upload_read(struct store_upload_read *read, int result)
{
	bytes_known(container_of(read, struct filtering, upload), read->length, result);
}

static void blob_read(struct store_blob_read *read)
{
	struct filtering *f = container_of(read, struct filtering, read);
	bytes_known(f, f->part.length, f->part.result);
}

void filtering_begin(
    struct filtering *f, struct store_upload *upload, const struct blob_id *blob, uint64_t length)
{
	size_t wanted = length < FILTER_MESSAGE_MAX ? (size_t)length : FILTER_MESSAGE_MAX;
	loop_task_init(&f->end, &store_role.process->loop, finish, f);
	f->began = f->reading = true;
	f->next = under_way;
	under_way = f;
	buf_init(&f->bytes, FILTER_MESSAGE_MAX);
	f->mail.size = length;
	char *room = wanted ? buf_reserve(&f->bytes, wanted) : NULL;
	if (wanted == 0 || room == NULL) {
		bytes_known(f, 0, wanted ? -ENOMEM : 0);
	} else if (upload) {
		f->upload = (struct store_upload_read){
		    .upload = upload, .length = wanted, .out = room, .done = upload_read};
		if (store_upload_read(&f->upload))
			bytes_known(f, wanted, 0);
	} else {
		f->part = (struct store_blob_part){.id = *blob, .length = wanted, .out = room};
		f->read = (struct store_blob_read){.parts = &f->part, .count = 1, .done = blob_read};
		store_blob_read(store_role.store, &f->read);
	}
}

/* ---- afterwards ---- */

/* Nobody answers what was found to be junk: its sender is forged, or wants to know which addresses are read.
 */
static bool is_junk(struct view mailbox)
{
	return view_equal_nocase(mailbox, VIEW("\\Junk"));
}

static void send_answer(
    struct filtering *f, const struct filter *filter, const struct filter_composed *composed)
{
	const struct message_rules_action *a = &filter->actions[composed->action];
	struct store_answer answer = {.account = filter->account,
	    .about = f->id,
	    .message = buf_view(&composed->bytes),
	    .recipients = a->target,
	    .sender = a->sender,
	    .author = a->author,
	    .utf8 = a->utf8,
	    .eight_bit = a->eight_bit,
	    .once = a->kind == RULES_VACATION,
	    .handle = a->handle,
	    .seconds = a->seconds,
	    .copy = {.wanted = a->fcc,
	        .create = a->fcc_create,
	        .path = a->fcc_mailbox,
	        .mailbox_id = a->fcc_mailbox_id,
	        .special_use = a->fcc_special_use,
	        .flags = a->fcc_flags}};
	if (a->composed && a->silent.len == 0 && (a->kind == RULES_VACATION || a->kind == RULES_NOTIFY))
		store_answer_send(&answer);
}

/* What the rules want to be sent for a message that has come now, and not once more. */
static void send_answers(
    struct filtering *f, const struct account_target *target, const struct filter *filter)
{
	bool repeated = target->modseq == 0 && !target->nowhere;
	if (!repeated && !is_junk(filter->mailbox))
		for (size_t i = 0; i < filter->composed_count; i++)
			send_answer(f, filter, &filter->composed[i]);
}

static void tell_one(struct filtering *f, size_t i)
{
	const struct account_target *target = &f->delivery->targets[i];
	const struct filtered *r = &f->targets[i];
	const struct filter *filter = r->filter;
	if (filter == NULL || !filter->any || target->result != 0)
		return;
	send_answers(f, target, filter);
	if (filter->failed) {
		log_event(LOG_WARNING, "-", "rules-failed", log_u64("account", filter->account),
		    log_text("message", f->id), log_text("script", filter->script),
		    log_u64("line", filter->line), log_string("why", filter->failed));
		tell_owner(filter, filter->version, filter->failed);
	} else if (target->missed) {
		tell_owner(filter, filter->version,
		    "A mailbox that they name is not there, so the message is in your INBOX. Make the "
		    "mailbox, or "
		    "let the script make it (require \"mailbox\", and fileinto :create).");
	}
}

void filtering_tell(struct filtering *f, int result)
{
	for (size_t i = 0; f->began && result == 0 && i < f->delivery->target_count; i++)
		tell_one(f, i);
}

void filtering_stop_all(void)
{
	while (under_way) {
		struct filtering *f = under_way;
		under_way = f->next;
		f->stopping = true;
		if (!f->reading)
			f->stopped(f);
	}
	size_t position = 0;
	void *value;
	while (map_each(&told, &position, NULL, &value))
		mem_free(value);
	map_done(&told);
}

void filtering_free(struct filtering *f)
{
	if (!f->began)
		return;
	loop_task_cancel(&f->end);
	for (size_t i = 0; i < f->delivery->target_count; i++)
		filter_free(f->targets[i].filter);
	buf_done(&f->bytes);
	f->began = false;
}
