/*
 * What MessageNew shows of new messages (RFC 5465 section 5.1): whatever of them comes with their entries. Of
 * a message that would have to be read by itself nothing is shown but that it is there: the client fetches
 * it.
 */
#include "imap/imap_notify.h"

#include "base/mem.h"
#include "imap/imap_fetch.h"
#include "imap/imap_messages.h"
#include "imap/imap_state.h"
#include "mail/uid_ranges.h"

struct imap_notify_fetching {
	struct view items; /* as the client wrote them; they live as long as NOTIFY is on */
	uint64_t want;
	void (*then)(struct imap_session *s);
};

static void write_items(struct imap_pen *p, const struct imap_fetch_view *v, const struct imap_fetch *fetch,
    const struct imap_fetched *f, uint32_t number)
{
	bool any = imap_pen_fetch_begin(p, v, number, f->m.uid);

	for (size_t i = 0; i < fetch->count; i++) {
		const struct imap_fetch_item *item = &fetch->items[i];

		if (item->kind == IMAP_FETCH_UID && (v->by_uid || v->uid_only))
			continue;
		if (any)
			imap_pen_byte(p, ' ');
		any = true;
		if (item->kind < IMAP_FETCH_SECTION) {
			imap_pen_fetch_item(p, v, f, item);
		} else {
			struct imap_place_found place = imap_fetched_place(f, item);
			imap_pen_fetch_section(p, item, &place);
		}
	}
	imap_pen_view(p, VIEW(")\r\n"));
}

static void write_message(struct imap_session *s, struct imap_pen *p, const struct imap_fetch *fetch,
    const struct mail_message *m, struct arena *scratch)
{
	struct imap_fetch_view view = imap_fetch_view_of(s);
	uint32_t number = imap_view_number(s->selected->view, m->uid);
	struct imap_fetched f;

	if (number == 0 || m->body_error)
		return;
	imap_fetched_begin(&f, fetch, s->notifying->want, m, scratch);
	if (imap_fetched_is_whole(&f, fetch))
		write_items(p, &view, fetch, &f, number);
	imap_fetched_end(&f);
}

/* The items are read anew for each frame: between two the command's memory may be given back. */
static void write_messages(struct imap_session *s, struct view entries)
{
	const struct imap_notify_fetching *n = s->notifying;
	struct imap_in items = {.session = s, .text = cursor_on(n->items)};
	struct cursor in = cursor_on(entries);
	struct imap_fetch fetch = {0};
	struct mail_message m;
	struct arena scratch;
	struct imap_pen p;

	if (!imap_in_fetch(&items, &fetch))
		return;
	arena_init(&scratch, IMAP_FETCH_SCRATCH_MAX);
	imap_pen_begin(&p, s->out, s->enabled & (IMAP_UTF8_ACCEPT | IMAP_REV2));
	while (mail_message_get(&in, n->want, &m))
		write_message(s, &p, &fetch, &m, &scratch);
	imap_pen_end(&p);
	arena_done(&scratch);
}

static void on_messages(struct imap_session *s, enum mail_type type, const void *answer)
{
	struct imap_notify_fetching *n = s->notifying;

	if (!n)
		return;
	if (type == MAIL_MESSAGES && s->selected) {
		write_messages(s, ((const struct mail_messages *)answer)->entries);
	} else if (type == MAIL_DONE) {
		void (*then)(struct imap_session *) = n->then;

		s->notifying = NULL;
		mem_free(n);
		then(s);
	}
}

void imap_notify_fetch(
    struct imap_session *s, struct view items, uint32_t from, void (*then)(struct imap_session *s))
{
	struct imap_in in = {.session = s, .text = cursor_on(items)};
	struct imap_fetch fetch = {0};
	struct buf uids;

	if (!imap_in_fetch(&in, &fetch)) { /* there is no memory for it */
		then(s);
		return;
	}
	s->notifying = mem_alloc(sizeof(*s->notifying));
	*s->notifying = (struct imap_notify_fetching){.items = items, .want = fetch.want, .then = then};
	buf_init(&uids, UID_RANGE_SIZE);
	(void)uid_ranges_add(&uids, from, UINT32_MAX - 1);
	imap_ask_on(s, MAIL_FETCH,
	    &(struct mail_fetch){.account = s->selected->account,
	        .mailbox = s->selected->mailbox,
	        .want = fetch.want,
	        .body_max = IMAP_FETCH_INLINE_MAX,
	        .uids = buf_view(&uids)},
	    on_messages);
	buf_done(&uids);
}
