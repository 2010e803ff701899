/* NOTIFY: RFC 5465. */
#include "imap/imap_notify.h"

#include <errno.h>

#include "base/mem.h"
#include "format/wire.h"
#include "imap/imap_commands.h"
#include "imap/imap_fetch.h"
#include "imap/imap_mailbox_filter.h"
#include "imap/imap_noted.h"
#include "imap/imap_state.h"
#include "imap/imap_status.h"

enum {
	GROUPS_MAX = 20,
	/* Mailboxes that are watched: each is remembered with its name. */
	KNOWN_MAX = 10000,
	NAMES_MAX = 4 * 1024 * 1024,
	/* Watches: of the own account, and of each mailbox of others that is meant. Store allows 300. */
	WATCHES_MAX = 250,
	/* Octets of entries of metadata that wait for the end of a command. */
	NOTED_MAX = 16 * 1024
};

enum {
	MESSAGE_NEW = 1 << 0,
	MESSAGE_EXPUNGE = 1 << 1,
	FLAG_CHANGE = 1 << 2,
	MAILBOX_NAME = 1 << 3,
	SUBSCRIPTION_CHANGE = 1 << 4,
	ANNOTATION_CHANGE = 1 << 5,
	MAILBOX_METADATA_CHANGE = 1 << 6,
	SERVER_METADATA_CHANGE = 1 << 7,
	UNKNOWN = 1 << 8,
	MESSAGES = MESSAGE_NEW | MESSAGE_EXPUNGE | FLAG_CHANGE | ANNOTATION_CHANGE
};

struct group {
	bool selected, delayed;
	struct imap_mailbox_filter filter;
	unsigned events;
	struct view items; /* of MessageNew, as the client wrote them */
};

/* What the client knows of a mailbox. */
struct known {
	uint64_t account, mailbox;
	uint64_t uidnext, messages, unseen, modseq, subscribed;
	struct view name;
	unsigned events;
	bool there;
};

struct imap_notify {
	struct arena arena; /* of groups and names */
	struct group *groups;
	size_t group_count;
	bool wants_status;
	struct known *known;
	size_t known_count, known_room;
	struct watched {
		uint64_t account, mailbox; /* 0, 0: the own account */
		uint32_t request;
	} * watches;
	size_t watch_count, watch_room;
	struct buf noted;  /* metadata that others set, to be told */
	unsigned events;   /* of all groups */
	uint32_t last_uid; /* of the selected mailbox: up to here new messages are told */
	uint64_t selected; /* it, to see that another one was selected */
	bool news, set, overflow;
};

/* ---- parsing ---- */

static bool in_event(struct imap_in *in, struct group *group)
{
	static const struct {
		const char *name;
		unsigned event;
	} events[] = {{"MessageNew", MESSAGE_NEW}, {"MessageExpunge", MESSAGE_EXPUNGE},
	    {"FlagChange", FLAG_CHANGE}, {"MailboxName", MAILBOX_NAME},
	    {"SubscriptionChange", SUBSCRIPTION_CHANGE}, {"AnnotationChange", ANNOTATION_CHANGE},
	    {"MailboxMetadataChange", MAILBOX_METADATA_CHANGE},
	    {"ServerMetadataChange", SERVER_METADATA_CHANGE}};
	struct view unknown;
	struct imap_fetch fetch = {0};
	const char *begin;

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		struct cursor after = in->text;

		if (!imap_in_word(in, events[i].name))
			continue;
		group->events |= events[i].event;
		after = in->text;
		if (events[i].event != MESSAGE_NEW || !imap_in_take(in, ' ') || !imap_in_next_is(in, '(')) {
			in->text = after;
			return !in->wrong;
		}
		begin = in->text.rest.data;
		if (!imap_in_fetch(in, &fetch))
			return false;
		group->items = view_of(begin, (size_t)(in->text.rest.data - begin));
		return true;
	}
	group->events |= UNKNOWN;
	return imap_in_atom(in, &unknown);
}

/* RFC 5465 section 5: messages that come are told only together with those that go, flags and annotations
 * only with both. */
static void check_events(struct imap_in *in, const struct group *group)
{
	unsigned both = group->events & (MESSAGE_NEW | MESSAGE_EXPUNGE);

	if (both == MESSAGE_NEW || both == MESSAGE_EXPUNGE ||
	    (!both && group->events & (FLAG_CHANGE | ANNOTATION_CHANGE)))
		imap_in_wrong(in, "MessageNew and MessageExpunge go together, and FlagChange and "
		                  "AnnotationChange with both");
	if (group->items.len && !group->selected)
		imap_in_wrong(in, "messages of the selected mailbox alone are fetched");
	if (group->selected && group->events & ~(unsigned)(MESSAGES | UNKNOWN)) /* section 8 */
		imap_in_wrong(in, "of the selected mailbox there are events of messages alone");
}

static void in_group(struct imap_in *in, struct group *group)
{
	if (!imap_in_char(in, '('))
		return;
	group->delayed = imap_in_word(in, "selected-delayed");
	group->selected = group->delayed || imap_in_word(in, "selected");
	if ((!group->selected && !imap_in_mailbox_filter(in, &group->filter)) || !imap_in_space(in))
		return;
	if (imap_in_word(in, "NONE")) {
		imap_in_char(in, ')');
		return;
	}
	if (!imap_in_char(in, '('))
		return;
	do
		if (!in_event(in, group))
			return;
	while (imap_in_take(in, ' '));
	if (imap_in_char(in, ')') && imap_in_char(in, ')'))
		check_events(in, group);
}

/* The texts of a group are in the command: they are copied. */
static bool keep_group(struct imap_notify *n, struct group *group)
{
	bool ok = arena_copy(&n->arena, group->items, &group->items);

	for (size_t i = 0; i < group->filter.count && ok; i++)
		ok = arena_copy(&n->arena, group->filter.names[i].name, &group->filter.names[i].name);
	return ok;
}

static const struct group *selected_group(const struct imap_notify *n)
{
	for (size_t i = 0; i < n->group_count; i++)
		if (n->groups[i].selected)
			return &n->groups[i];
	return NULL;
}

static void in_groups(struct imap_in *in, struct imap_notify *n)
{
	n->groups = arena_array(&n->arena, GROUPS_MAX, sizeof(*n->groups));
	if (!n->groups) {
		imap_in_wrong(in, "[UNAVAILABLE] there is no memory for this command now");
		return;
	}
	do {
		struct group *group = &n->groups[n->group_count];

		if (n->group_count == GROUPS_MAX) {
			imap_in_wrong(in, "[LIMIT] there are too many groups");
			return;
		}
		in_group(in, group);
		if (group->selected && selected_group(n)) /* RFC 5465 section 6.1 */
			imap_in_wrong(in, "the selected mailbox is named once");
		n->group_count++;
		if (!in->wrong && !keep_group(n, group))
			imap_in_wrong(in, "[LIMIT] there are too many mailboxes");
	} while (imap_in_take(in, ' '));
}

/* ---- mailboxes ---- */

/* The first group that means a mailbox counts (RFC 5465 section 3.1). */
static unsigned events_of(const struct imap_session *s, const struct mail_mailbox *mailbox, struct view name)
{
	const struct imap_notify *n = s->notify;

	for (size_t i = 0; i < n->group_count; i++)
		if (!n->groups[i].selected && imap_filter_means(s, &n->groups[i].filter, mailbox, name))
			return n->groups[i].events;
	return 0;
}

static bool is_selected(const struct imap_session *s, const struct known *k)
{
	return s->selected && s->selected->account == k->account && s->selected->mailbox == k->mailbox;
}

/* RFC 5465 section 5.2: whoever is told of flags gets HIGHESTMODSEQ, CONDSTORE or not. */
static void put_status(
    struct imap_session *s, const struct mail_mailbox *mailbox, struct view name, unsigned events)
{
	imap_puts(s, "* STATUS ");
	imap_put_mailbox(s, name);
	imap_putf(s, " (MESSAGES %llu UIDNEXT %llu UIDVALIDITY %llu UNSEEN %llu",
	    (unsigned long long)mailbox->messages, (unsigned long long)mailbox->uidnext,
	    (unsigned long long)mailbox->uidvalidity, (unsigned long long)mailbox->unseen);
	if (s->enabled & IMAP_CONDSTORE || events & (FLAG_CHANGE | ANNOTATION_CHANGE))
		imap_putf(s, " HIGHESTMODSEQ %llu", (unsigned long long)mailbox->modseq);
	imap_puts(s, ")\r\n");
}

static void put_list(struct imap_session *s, const char *attributes, struct view name, struct view old_name)
{
	imap_puts(s, "* LIST (");
	imap_puts(s, attributes);
	imap_puts(s, ") \"/\" ");
	imap_put_mailbox(s, name);
	if (old_name.len) { /* RFC 5465 section 5.4 */
		imap_puts(s, " (\"OLDNAME\" (");
		imap_put_mailbox(s, old_name);
		imap_puts(s, "))");
	}
	imap_put_line(s);
}

static struct known *find_known(struct imap_notify *n, const struct mail_mailbox *mailbox)
{
	for (size_t i = 0; i < n->known_count; i++)
		if (n->known[i].account == mailbox->account && n->known[i].mailbox == mailbox->mailbox)
			return &n->known[i];
	return NULL;
}

static void update(struct known *k, const struct mail_mailbox *mailbox)
{
	k->uidnext = mailbox->uidnext;
	k->messages = mailbox->messages;
	k->unseen = mailbox->unseen;
	k->modseq = mailbox->modseq;
	k->subscribed = mailbox->subscribed;
	k->there = true;
}

static struct known *add_known(struct imap_notify *n, const struct mail_mailbox *mailbox, struct view name)
{
	struct known *k;

	if (n->known_count == n->known_room) {
		n->known_room = n->known_room ? n->known_room * 2 : 16;
		n->known = mem_resize(n->known, n->known_room * sizeof(*n->known));
	}
	k = &n->known[n->known_count];
	*k = (struct known){.account = mailbox->account, .mailbox = mailbox->mailbox};
	if (n->known_count == KNOWN_MAX || !arena_copy(&n->arena, name, &k->name)) {
		n->overflow = true;
		return NULL;
	}
	n->known_count++;
	update(k, mailbox);
	return k;
}

/* Which events there were, by what the client knew. */
static unsigned happened(const struct known *k, const struct mail_mailbox *mailbox)
{
	unsigned events = 0;

	if (mailbox->uidnext != k->uidnext)
		events |= MESSAGE_NEW;
	if (mailbox->messages != k->messages + (mailbox->uidnext - k->uidnext))
		events |= MESSAGE_EXPUNGE;
	if (!events && mailbox->modseq != k->modseq)
		events |= FLAG_CHANGE | ANNOTATION_CHANGE; /* both have a MODSEQ, and the same one */
	return events;
}

static void compare(
    struct imap_session *s, struct known *k, const struct mail_mailbox *mailbox, struct view name)
{
	if (k->events & MAILBOX_NAME && !view_equal(k->name, name))
		put_list(s, mailbox->subscribed ? "\\Subscribed" : "", name, k->name);
	else if (k->events & SUBSCRIPTION_CHANGE && k->subscribed != mailbox->subscribed)
		put_list(s, mailbox->subscribed ? "\\Subscribed" : "", name, (struct view){0});
	if (!is_selected(s, k) && k->events & happened(k, mailbox))
		put_status(s, mailbox, name, k->events);
	if (!view_equal(k->name, name) && !arena_copy(&s->notify->arena, name, &k->name))
		s->notify->overflow = true;
	update(k, mailbox);
}

static void take_mailbox(struct imap_session *s, const struct mail_mailbox *mailbox)
{
	struct imap_notify *n = s->notify;
	struct known *k = find_known(n, mailbox);
	struct view name;

	if (mailbox->marks & MAIL_MAILBOX_NO_MAILBOX)
		return;
	if (!imap_mailbox_name(&s->arena, mailbox, &name)) {
		n->overflow = true;
		return;
	}
	if (k) {
		compare(s, k, mailbox, name);
		k->events = events_of(s, mailbox, name);
		return;
	}
	k = add_known(n, mailbox, name);
	if (!k)
		return;
	k->events = events_of(s, mailbox, name);
	if (n->set && k->events & MAILBOX_NAME)
		put_list(s, mailbox->subscribed ? "\\Subscribed" : "", name, (struct view){0});
	if (k->events & MESSAGES && !is_selected(s, k) && (n->set || n->wants_status))
		put_status(s, mailbox, name, k->events);
}

/* What was not listed again is gone. */
static void drop_gone(struct imap_session *s)
{
	struct imap_notify *n = s->notify;
	size_t kept = 0;

	for (size_t i = 0; i < n->known_count; i++) {
		if (n->known[i].there)
			n->known[kept++] = n->known[i];
		else if (n->known[i].events & MAILBOX_NAME)
			put_list(s, "\\NonExistent", n->known[i].name, (struct view){0});
	}
	n->known_count = kept;
}

/* ---- telling ---- */

static void on_change(struct imap_session *s, enum mail_type type, const void *answer);
static void go_on(struct imap_session *s);
static void forget(struct imap_session *s);

/* A watch on the own account, or on a mailbox of another's, of whose others the session may know nothing. */
static void watch(struct imap_session *s, uint64_t account, uint64_t mailbox, uint64_t modseq)
{
	struct imap_notify *n = s->notify;
	struct mail_watch question = {.account = account,
	    .mailbox = account ? mailbox : 0,
	    .modseq = modseq,
	    .notes = (n->events & (MAILBOX_METADATA_CHANGE | SERVER_METADATA_CHANGE)) != 0};

	for (size_t i = 0; i < n->watch_count; i++)
		if (n->watches[i].account == account && n->watches[i].mailbox == question.mailbox)
			return;
	if (n->watch_count == WATCHES_MAX) {
		n->overflow = true;
		return;
	}
	if (n->watch_count == n->watch_room) {
		n->watch_room = n->watch_room ? n->watch_room * 2 : 2;
		n->watches = mem_resize(n->watches, n->watch_room * sizeof(*n->watches));
	}
	n->watches[n->watch_count++] = (struct watched){.account = account,
	    .mailbox = question.mailbox,
	    .request = imap_ask_on(s, MAIL_WATCH, &question, on_change)};
}

static void watch_known(struct imap_session *s, uint64_t modseq)
{
	const struct imap_notify *n = s->notify;

	watch(s, 0, 0, modseq);
	for (size_t i = 0; i < n->known_count; i++)
		if (n->known[i].events && n->known[i].account)
			watch(s, n->known[i].account, n->known[i].mailbox, n->known[i].modseq);
}

static void give_back(struct imap_session *s)
{
	if (!s->command || s->idling)
		arena_done(&s->arena); /* names were made in it */
}

/* Too much to be told: the client is, and nothing more (RFC 5465 section 5.8). */
static void overflow(struct imap_session *s)
{
	imap_put_note(s, "OK", "NOTIFICATIONOVERFLOW", "there are too many mailboxes to tell of");
	forget(s);
}

static void on_mailbox(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_notify *n = s->notify;

	if (!n)
		return;
	if (type == MAIL_MAILBOX) {
		take_mailbox(s, answer);
	} else if (type == MAIL_DONE) {
		const struct mail_done *done = answer;

		s->telling = false;
		if (done->error == 0)
			drop_gone(s);
		watch_known(s, done->modseq);
		give_back(s);
		if (n->overflow)
			overflow(s);
		else
			go_on(s);
	}
}

static void prepare(struct imap_session *s)
{
	struct imap_notify *n = s->notify;

	n->news = false;
	s->telling = true;
	for (size_t i = 0; i < n->known_count; i++)
		n->known[i].there = false;
}

/* RFC 5465 sections 5.6 and 5.7. */
static void keep_noted(struct imap_session *s, const struct mail_noted *noted)
{
	struct imap_notify *n = s->notify;

	if (noted->uids.len) /* annotations: the watch of the selected mailbox tells of them */
		return;
	if (noted->name.len == 0 || wire_put_number(&n->noted, noted->account) ||
	    wire_put_number(&n->noted, noted->mailbox) || wire_put_text(&n->noted, noted->name))
		n->overflow = true;
}

static void put_noted(struct imap_session *s, uint64_t account, uint64_t mailbox, struct view entry)
{
	const struct imap_notify *n = s->notify;
	const struct known *k =
	    find_known(s->notify, &(struct mail_mailbox){.account = account, .mailbox = mailbox});
	bool of_server = account == 0 && mailbox == 0;

	if (of_server ? !(n->events & SERVER_METADATA_CHANGE) : !k || !(k->events & MAILBOX_METADATA_CHANGE))
		return;
	imap_puts(s, "* METADATA ");
	imap_put_mailbox(s, of_server ? VIEW("") : k->name);
	imap_puts(s, " ");
	imap_put_astring(s, entry);
	imap_put_line(s);
}

static void tell_noted(struct imap_session *s)
{
	struct cursor in = cursor_on(buf_view(&s->notify->noted));

	while (!cursor_at_end(&in) && cursor_ok(&in)) {
		uint64_t account = wire_number(&in, UINT64_MAX), mailbox = wire_number(&in, UINT64_MAX);
		struct view entry = wire_text(&in);

		if (cursor_ok(&in))
			put_noted(s, account, mailbox, entry);
	}
	buf_done(&s->notify->noted);
	if (s->notes_annotations) /* else with the end of a command, or in IDLE */
		imap_noted_tell(s);
}

static void on_change(struct imap_session *s, enum mail_type type, const void *answer)
{
	if (!s->notify)
		return;
	if (type == MAIL_NOTED)
		keep_noted(s, answer);
	else if (type == MAIL_CHANGED)
		s->notify->news = true;
	else
		return;
	go_on(s);
}

static void fetched(struct imap_session *s)
{
	if (!s->notify)
		return;
	s->telling = false;
	give_back(s);
	go_on(s);
}

/* New messages of the selected mailbox are shown, if that was asked for; true when they are being fetched. */
static bool show_new(struct imap_session *s, const struct group *group)
{
	struct imap_notify *n = s->notify;
	uint32_t last = imap_view_last_uid(s->selected->view), from = n->last_uid + 1;
	uint64_t id = s->selected->mailbox << 32 | s->selected->uidvalidity;

	if (n->selected != id) { /* what was there when it was selected, SELECT told */
		n->selected = id;
		n->last_uid = last;
	}
	if (last <= n->last_uid)
		return false;
	n->last_uid = last;
	if (!group->items.len)
		return false;
	s->telling = true;
	imap_notify_fetch(s, group->items, from, fetched);
	return true;
}

static void go_on(struct imap_session *s)
{
	struct imap_notify *n = s->notify;
	const struct group *group;

	if (!n || !n->set || s->telling || s->sync || s->closing || s->securing || (s->command && !s->idling))
		return;
	if (n->overflow || (s->noted_lost && s->notes_annotations)) {
		overflow(s);
		return;
	}
	tell_noted(s);
	group = selected_group(n);
	if (group && group->events & MESSAGES && s->selected) {
		bool news = !s->untold && (s->news || (!group->delayed && buf_view(&s->gone).len > 0));
		if (news && !s->idling) {
			imap_sync(s, !group->delayed, go_on);
			return;
		}
		if (show_new(s, group))
			return;
	}
	if (!n->news)
		return;
	prepare(s);
	imap_ask_on(s, MAIL_MAILBOXES, &(struct mail_mailboxes){0}, on_mailbox);
}

static void release(struct imap_session *s)
{
	struct imap_notify *n = s->notify;

	if (!n)
		return;
	s->notify = NULL;
	s->listener = NULL;
	s->listens = s->telling = false;
	mem_free(s->notifying);
	s->notifying = NULL;
	s->notes_annotations = false;
	arena_done(&n->arena);
	buf_done(&n->noted);
	mem_free(n->known);
	mem_free(n->watches);
	mem_free(n);
}

static void forget(struct imap_session *s)
{
	const struct imap_notify *n = s->notify;

	for (size_t i = 0; n && i < n->watch_count; i++)
		imap_stop(s, n->watches[i].request);
	release(s);
}

/* ---- the command ---- */

/* The state at the beginning, from which on changes are told. */
static void on_first(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_notify *n = s->notify;
	const struct mail_done *done = answer;

	if (type == MAIL_MAILBOX)
		take_mailbox(s, answer);
	if (type != MAIL_DONE)
		return;
	s->telling = false;
	if (done->error || n->overflow) {
		forget(s);
		if (done->error)
			imap_no_error(s, done->error, "the list of mailboxes");
		else
			imap_no(s, "NOTIFICATIONOVERFLOW", "there are too many mailboxes");
		return;
	}
	n->set = true;
	s->listens = true;
	s->noted_lost = false; /* nobody was to be told of it */
	s->notes_annotations = selected_group(n) && selected_group(n)->events & ANNOTATION_CHANGE;
	watch_known(s, done->modseq);
	if (s->selected) {
		n->selected = s->selected->mailbox << 32 | s->selected->uidvalidity;
		n->last_uid = imap_view_last_uid(s->selected->view);
	}
	imap_ok(s, NULL, "you will be told");
}

static const struct imap_listener listener = {.go_on = go_on, .release = release};

static void set(struct imap_session *s, struct imap_in *in)
{
	struct imap_notify *n = mem_alloc(sizeof(*n));

	arena_init(&n->arena, NAMES_MAX);
	buf_init(&n->noted, NOTED_MAX);
	if (imap_in_space(in)) {
		n->wants_status = imap_in_word(in, "STATUS");
		if (!n->wants_status || imap_in_space(in))
			in_groups(in, n);
	}
	for (size_t i = 0; i < n->group_count; i++)
		n->events |= n->groups[i].events;
	forget(s);
	s->notify = n;
	s->listener = &listener;
	if (imap_wrong(s, in)) {
		forget(s);
	} else if (n->events & UNKNOWN) {
		forget(s);
		imap_no(s,
		    "BADEVENT (MessageNew MessageExpunge FlagChange AnnotationChange MailboxName "
		    "SubscriptionChange MailboxMetadataChange ServerMetadataChange)",
		    "of other events nothing is told");
	} else {
		prepare(s);
		imap_ask(s, MAIL_MAILBOXES, &(struct mail_mailboxes){0}, on_first);
	}
}

void imap_notify(struct imap_session *s, struct imap_in *in)
{
	imap_in_space(in);
	if (imap_in_word(in, "SET")) {
		set(s, in);
		return;
	}
	if (!imap_in_word(in, "NONE"))
		imap_in_wrong(in, "NOTIFY is followed by SET or NONE");
	if (imap_wrong(s, in))
		return;
	forget(s);
	imap_ok(s, NULL, "nothing is told unasked any more");
}
