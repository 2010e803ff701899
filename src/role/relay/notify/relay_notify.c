/*
 * "@notify", the destination whose mail are news: takes what senders are to be told, makes notices of it,
 * and gives the destination back when nothing is left.
 *
 * One report is one mail, as long as a sender gets few. One who would get many gets them gathered, at most
 * every NOTIFY_GATHER_SECONDS. News that wait for that stay in store, as given to us: the destination is
 * kept meanwhile, so that others' news don't wait with it, and given back when the time has come; then
 * store hands everything out anew.
 */
#include "role/relay/notify/relay_notify.h"

#include "base/clock.h"
#include "base/container.h"
#include "base/log.h"
#include "base/mem.h"
#include "role/relay/notify/relay_notify_private.h"

enum {
	AGAIN_SECONDS = 5, /* after trouble that may be a restart's */
	TROUBLES_SHORT = 3 /* so often in a row; then store's own back-off */
};

struct relay_notify {
	struct relay_lease lease;
	struct loop_task task;
	struct loop_timer timer;
	uint32_t taking;                       /* the request */
	size_t asking;                         /* senders of whom auth is asked */
	bool more;                             /* store has more */
	struct relay_news *batch, **batch_end; /* of the take under way */
	struct relay_notice *waiting, **waiting_end, *running;
	size_t running_count;
	size_t held; /* messages that wait until held_until */
	int64_t held_until;
	const char *trouble; /* what went wrong with store or auth, or NULL */
};

static uint64_t notify_sweep = 1;
static unsigned notify_troubles; /* in a row */

/* ---- decisions ---- */

static void free_news(struct relay_news *list)
{
	while (list) {
		struct relay_news *next = list->next;
		relay_news_free(list);
		list = next;
	}
}

/* Strangers choose where their reports go: of success they get few, of failure whatever there is. */
static bool is_a_luxury(const struct relay_news *news)
{
	return news->stranger && news->only_success;
}

static void count_luxuries(const struct relay_news *list)
{
	for (; list; list = list->next)
		if (is_a_luxury(list))
			relay_notify_stranger_sent(clock_wall());
}

/* The first `count` of a list become a notice, or fewer when they tell too much for one. The rest is
 * returned. */
static struct relay_news *add_notice(struct relay_notify *n, struct relay_news *list, size_t count)
{
	struct relay_news *last = list;
	size_t told = list->told, taken = 1;
	while (taken < count && told + last->next->told <= NOTIFY_REPORTS_MAX) {
		last = last->next;
		told += last->told;
		taken++;
	}
	struct relay_news *rest = last->next;
	last->next = NULL;
	count_luxuries(list);
	struct relay_notice *notice = relay_notice_new(list, taken);
	*n->waiting_end = notice;
	n->waiting_end = &notice->next;
	return rest;
}

static size_t length(const struct relay_news *list)
{
	size_t count = 0;
	for (; list; list = list->next)
		count++;
	return count;
}

/* Everything that this take brought for one mailbox of ours, or for one address elsewhere. */
static void decide(struct relay_notify *n, struct relay_news *list)
{
	int64_t now = clock_wall();
	uint64_t person = list->person;
	size_t singles = relay_notify_singles(person, now);
	while (list && singles > 0) {
		list = add_notice(n, list, 1);
		singles--;
	}
	if (list == NULL)
		return;
	size_t count = length(list);
	bool gathers = relay_notify_gathers(person, notify_sweep, now);
	if (gathers || count >= NOTIFY_CROWD) {
		while (list)
			list = add_notice(n, list, length(list));
		return;
	}
	int64_t at = relay_notify_gathers_at(person, now);
	n->held_until = n->held == 0 || at < n->held_until ? at : n->held_until;
	n->held += count;
	free_news(list);
}

/* Store asks for neither; told or not, nothing may come back for ever. */
static bool needs_nothing(const struct relay_news *news)
{
	return news->m.terms.sender.len == 0 || news->told == 0;
}

static struct relay_news *take_out_sender(struct relay_notify *n)
{
	struct relay_news *list = NULL, **end = &list, **at = &n->batch;
	const struct relay_news *first = n->batch;
	struct view sender = first->m.terms.sender;
	uint64_t account = first->account;
	while (*at) {
		struct relay_news *news = *at;
		/* News for one mailbox of ours go together; who reads mail elsewhere is not known. */
		if (account ? news->account != account : !view_equal(news->m.terms.sender, sender)) {
			at = &news->next;
			continue;
		}
		*at = news->next;
		news->next = NULL;
		*end = news;
		end = &news->next;
	}
	return list;
}

/* Ends the turn with what is not told; true if so. */
static bool drop(const struct relay_news *news, size_t *luxuries)
{
	if (needs_nothing(news)) {
		relay_news_outcome(news, QUEUE_DELIVERED);
		return true;
	}
	if (!is_a_luxury(news) || *luxuries > 0) {
		*luxuries -= is_a_luxury(news);
		return false;
	}
	log_event(LOG_WARNING, "-", "notify-undeliverable",
	    log_string("reason", "strangers ask for too many reports of success"),
	    log_text("to", news->m.terms.sender), log_text("about", news->m.id));
	relay_news_outcome(news, QUEUE_FAILED);
	return true;
}

static void decide_all(struct relay_notify *n)
{
	size_t luxuries = relay_notify_strangers_left(clock_wall());
	for (struct relay_news **at = &n->batch; *at;) {
		struct relay_news *news = *at;
		if (!drop(news, &luxuries)) {
			at = &news->next;
			continue;
		}
		*at = news->next;
		relay_news_free(news);
	}
	while (n->batch)
		decide(n, take_out_sender(n));
	n->batch_end = &n->batch;
	if (!n->more)
		notify_sweep++;
}

static void on_identified(void *arg, bool auth_is_gone)
{
	struct relay_notify *n = arg;
	if (auth_is_gone)
		n->trouble = "auth does not answer";
	if (--n->asking > 0)
		return;
	decide_all(n);
	loop_task_schedule(&n->task);
}

/* Whose the senders are; then what becomes of their news is decided. */
static void identify_all(struct relay_notify *n)
{
	n->asking = 1; /* for ourselves, as long as we ask */
	for (struct relay_news *news = n->batch; news; news = news->next) {
		n->asking++;
		relay_news_identify(news, on_identified, n);
	}
	on_identified(n, false);
}

/* ---- taking ---- */

static bool on_taken(void *arg, struct link *link, struct channel_frame *frame)
{
	struct relay_notify *n = arg;
	union {
		struct message_queue_message message;
		struct message_queue_taken taken;
	} m;
	if (frame && !link_decode(link, frame, &m))
		return false;
	if (frame && frame->type == MESSAGE_QUEUE_MESSAGE) {
		struct relay_news *news = relay_news_new(&m.message);
		if (news) {
			*n->batch_end = news;
			n->batch_end = &news->next;
		} else {
			n->trouble = "no memory";
		}
		return false;
	}
	n->taking = 0;
	if (frame == NULL)
		n->trouble = "store does not answer";
	else if (m.taken.error)
		n->trouble = "store cannot read the queue";
	else if (m.taken.count > 0)
		n->more = n->more || m.taken.more;
	identify_all(n);
	return true;
}

static void take(struct relay_notify *n)
{
	n->more = false;
	n->taking = relay_lease_ask(&n->lease, RELAY_TAKE_MESSAGES, on_taken, n);
	if (n->taking == 0) {
		n->trouble = "store is away";
		loop_task_schedule(&n->task);
	}
}

/* ---- notices ---- */

static void log_notice(const struct relay_notice *notice, const char *event, const char *reason)
{
	for (const struct relay_news *i = notice->news; i; i = i->next) {
		char id[RANDOM_ID_SIZE] = "";
		for (size_t k = 0; k < i->m.id.len && k < RANDOM_ID_SIZE - 1; k++)
			id[k] = i->m.id.data[k];
		log_event(
		    LOG_WARNING, id, event, log_text("to", notice->sender), log_string("reason", reason));
	}
}

static void give_up(const struct relay_notice *notice, enum queue_verdict verdict)
{
	for (const struct relay_news *i = notice->news; i; i = i->next)
		relay_news_outcome(i, verdict);
}

static void ended(struct relay_notice *notice, enum relay_notice_end how, const char *reason)
{
	struct relay_notify *n = notice->arg;
	struct relay_notice **at = &n->running;
	while (*at != notice)
		at = &(*at)->next;
	*at = notice->next;
	n->running_count--;
	switch (how) {
	case NOTICE_TOLD:
		relay_notify_sent(notice->news->person, clock_wall());
		notify_troubles = 0;
		break;
	case NOTICE_UNTELLABLE:
		log_notice(notice, "notify-undeliverable", reason);
		give_up(notice, QUEUE_FAILED);
		break;
	case NOTICE_LATER:
		log_notice(notice, "notify-deferred", reason);
		give_up(notice, QUEUE_DEFERRED);
		break;
	case NOTICE_TROUBLE:
		n->trouble = reason;
		break;
	}
	relay_notice_free(notice);
	loop_task_schedule(&n->task);
}

static void start_notices(struct relay_notify *n)
{
	while (n->waiting && n->running_count < NOTIFY_NOTICES_MAX) {
		struct relay_notice *notice = n->waiting;
		n->waiting = notice->next;
		notice->next = n->running;
		n->running = notice;
		n->running_count++;
		relay_notice_start(notice, ended, n);
	}
	if (n->waiting == NULL)
		n->waiting_end = &n->waiting;
}

static void free_notices(struct relay_notice **list)
{
	while (*list) {
		struct relay_notice *next = (*list)->next;
		relay_notice_free(*list);
		*list = next;
	}
}

/* ---- the end ---- */

/* Never from within the functions of a notice. */
static void close_down(struct relay_notify *n)
{
	if (n->taking)
		calls_forget(&relay_role.store, n->taking);
	free_news(n->batch);
	free_notices(&n->waiting);
	free_notices(&n->running);
	loop_task_cancel(&n->task);
	loop_timer_cancel(&n->timer);
	mem_free(n);
	relay_is_gone();
}

static void rest(struct relay_notify *n, enum queue_rest how, uint64_t seconds)
{
	struct relay_reason why = {.stage = ""};
	if (n->trouble)
		why = (struct relay_reason){TROUBLE_LOCAL, "4.3.0", "", n->trouble};
	relay_lease_rest(&n->lease, how, seconds, &why, NULL);
	close_down(n);
}

/* Nothing is lost, nor told twice: what has not been told is given out again. */
static void rest_after_trouble(struct relay_notify *n)
{
	log_event(LOG_WARNING, "-", "notify-waits", log_string("reason", n->trouble));
	if (++notify_troubles <= TROUBLES_SHORT)
		rest(n, REST_LATER, AGAIN_SECONDS);
	else
		rest(n, REST_FAILED, 0);
}

static void wait_for_more(struct relay_notify *n)
{
	int64_t milliseconds = (n->held_until - clock_wall()) * 1000;
	if (clock_is_simulated() && milliseconds > CLOCK_SIMULATED_LOOK_MS)
		milliseconds = CLOCK_SIMULATED_LOOK_MS;
	loop_timer_set(&n->timer, milliseconds > 0 ? milliseconds : 0);
}

/* Not when the time is further ahead than it can have been set: the clock has been set back. */
static bool is_gathering(const struct relay_notify *n, int64_t now)
{
	return now < n->held_until && n->held_until <= now + NOTIFY_GATHER_SECONDS;
}

/* Decides what comes next, whatever has just ended. */
static void go_on(void *arg)
{
	struct relay_notify *n = arg;
	bool stopping = n->trouble || relay_role.draining;
	if (stopping) {
		free_notices(&n->waiting);
		n->waiting_end = &n->waiting;
	}
	start_notices(n);
	if (n->taking || n->asking || n->running)
		return;
	if (n->trouble)
		rest_after_trouble(n);
	else if (relay_role.draining)
		rest(n, REST_LATER, 0);
	else if (n->more && n->held < NOTIFY_HELD_MAX)
		take(n);
	else if (n->held > 0 && is_gathering(n, clock_wall()))
		wait_for_more(n);
	else
		rest(n, REST_EMPTY, 0);
}

/* ---- what store says ---- */

static void on_more(struct relay_lease *l)
{
	struct relay_notify *n = container_of(l, struct relay_notify, lease);
	n->more = true;
	loop_task_schedule(&n->task);
}

/* Notices under way are finished. */
static void on_drain(struct relay_lease *l)
{
	loop_task_schedule(&container_of(l, struct relay_notify, lease)->task);
}

static void on_lost(struct relay_lease *l)
{
	close_down(container_of(l, struct relay_notify, lease));
}

/* The news that it takes come as the answer to its question. */
static void on_stray_message(struct relay_lease *l, const struct message_queue_message *m)
{
	(void)l;
	(void)m;
}

static void on_stray_end(struct relay_lease *l, const struct message_queue_taken *m)
{
	(void)l;
	(void)m;
}

static const struct relay_lease_functions lease_functions = {
    .message = on_stray_message, .taken = on_stray_end, .more = on_more, .drain = on_drain, .lost = on_lost};

void relay_notify_open(const struct message_queue_destination *m)
{
	struct relay_notify *n = mem_alloc(sizeof *n);
	*n = (struct relay_notify){.more = true};
	n->batch_end = &n->batch;
	n->waiting_end = &n->waiting;
	relay_begins();
	relay_lease_begin(&n->lease, m->number, &lease_functions);
	loop_task_init(&n->task, &relay_role.process->loop, go_on, n);
	loop_timer_init(&n->timer, &relay_role.process->loop, go_on, n);
	loop_task_schedule(&n->task);
}
