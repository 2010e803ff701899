/* Rows of all places, or of some emails', for queries: see emails.h. They are encoded where they are read, so
 * that the loop only passes them on. */
#include <errno.h>

#include "account/email_look.h"
#include "account/emails.h"
#include "account/snooze.h"
#include "base/container.h"
#include "base/mem.h"
#include "mail/email_wire.h"

enum {
	/* Messages of a slice; as many blocks of flags, and some keywords, come on top. */
	AT_ONCE = STORE_READ_KEYS_MAX / 2 - 16,
	KEYS = STORE_READ_KEYS_MAX - 40
};

struct rows_walk {
	struct email_look look;
	struct account_rows *rows;
	bool snoozes;   /* there are some, and whoever looks may know */
	size_t visited; /* of a mailbox: damaged ones too */
	uint32_t last;  /* UID */
	size_t count;
	/* Messages of the slice, whose flags are read once the walk is over. */
	struct {
		struct account_place place;
		struct account_message m;
	} at[AT_ONCE];
	struct account_snooze_time times[AT_ONCE];
};

/* What has hashes is not asked for: they are large. */
static int put_row(struct account_rows *r, struct email_look *l, const struct account_place *place,
    const struct account_message *m, int64_t snoozed)
{
	char numbers[2 * ACCOUNT_MORE_KEYWORDS_MAX];
	struct account_more more;
	uint64_t modseq;
	struct email_row row = {.id = m->emailid,
	    .thread = m->thread,
	    .mailbox = place->mailbox,
	    .size = m->size + m->text_growth,
	    .received = m->internaldate,
	    .snoozed = snoozed,
	    .order = m->order};
	int error = look_flags(l, place, m, &row.flags, &modseq);
	if (error == 0 && row.flags & FLAG_DELETED)
		return 0;
	if (error == 0)
		error = look_more(l, place, row.flags, &more);
	if (error)
		return error;
	for (size_t i = 0; i < more.count; i++) {
		numbers[2 * i] = (char)(more.numbers[i] >> 8);
		numbers[2 * i + 1] = (char)more.numbers[i];
	}
	row.more_keywords = view_of(numbers, 2 * more.count);
	if (more.count == 0)
		row.flags &= ~FLAG_MORE;
	r->keywords |= row.flags & ~(FLAGS_SYSTEM | FLAGS_OF_MESSAGE);
	return email_row_put(r->rows, &row) ? 0 : -ENOMEM;
}

/* ---- all ---- */

static int take_message(void *arg, struct view key, struct view value)
{
	struct rows_walk *w = arg;
	struct account_place *place = &w->at[w->count].place;
	if (!key_read_message(key, &place->mailbox, &place->uid))
		return -EBADMSG;
	w->visited++;
	w->last = place->uid;
	/* A damaged one can't be found by queries, and all others can. */
	w->count += message_decode(value, &w->at[w->count].m) == 0;
	return 0;
}

static int walk_mailbox(struct txn *t, struct rows_walk *w, uint32_t mailbox, uint32_t uid, bool *ended)
{
	struct account_key from = key_message(mailbox, uid), to = key_message(mailbox + 1, 0);
	size_t room = AT_ONCE - w->count;
	w->visited = 0;
	struct txn_range range = {
	    .shard = w->rows->shard, .from = key_view(&from), .to = key_view(&to), .limit = room};
	int error = txn_range(t, &range, take_message, w);
	w->look.looked += w->visited;
	*ended = w->visited < room;
	return error;
}

/* The first mailbox from this number on; MAILBOX_ROOT: there is none. */
struct mailbox_walk {
	uint32_t number;
	struct account_mailbox m;
};

static int first_mailbox(void *arg, struct view key, struct view value)
{
	struct mailbox_walk *w = arg;
	int error = mailbox_decode(value, &w->m);
	if (error == 0 && !key_read_mailbox(key, &w->number))
		error = -EBADMSG;
	return error ? error : 1;
}

static int next_mailbox(struct txn *t, struct rows_walk *w, uint32_t from, uint32_t *found, bool *visible)
{
	struct mailbox_walk walk = {.number = MAILBOX_ROOT};
	struct account_key begin = key_mailbox(from), end = key_behind_letter('G');
	struct txn_range range = {
	    .shard = w->rows->shard, .from = key_view(&begin), .to = key_view(&end), .limit = 1};
	int error = txn_range(t, &range, first_mailbox, &walk);
	w->look.looked++;
	if (error < 0)
		return error;
	*found = walk.number;
	*visible = walk.number != MAILBOX_ROOT && look_may_read(&walk.m, w->look.who);
	return 0;
}

/* Places of one mailbox, ascending, and those of them that are put off. */
static int put_rows(struct rows_walk *w, size_t first, size_t count)
{
	const struct account_place *from = &w->at[first].place, *last = &w->at[first + count - 1].place;
	size_t times = 0, at = 0;
	int error = 0;
	if (w->snoozes)
		error = snooze_times(w->look.txn, w->look.shard, from->mailbox, from->uid, last->uid + 1,
		    w->times, AT_ONCE, &times);
	for (size_t i = first; i < first + count && error == 0; i++) {
		uint32_t uid = w->at[i].place.uid;
		while (at < times && w->times[at].uid < uid)
			at++;
		int64_t snoozed = at < times && w->times[at].uid == uid ? w->times[at].until : 0;
		error = put_row(w->rows, &w->look, &w->at[i].place, &w->at[i].m, snoozed);
	}
	return error;
}

static int rows_of_all(struct txn *t, struct rows_walk *w)
{
	struct account_rows *r = w->rows;
	bool visible, ended = true;
	int error = 0;
	while (error == 0 && w->count < AT_ONCE && w->look.looked < KEYS) {
		uint32_t number;
		error = next_mailbox(t, w, r->mailbox, &number, &visible);
		if (error)
			return error;
		if (number == MAILBOX_ROOT) {
			r->more = false;
			break;
		}
		if (number != r->mailbox) {
			r->mailbox = number;
			r->uid = 0;
		}
		ended = true;
		if (visible)
			error = walk_mailbox(t, w, r->mailbox, r->uid, &ended);
		if (ended) {
			r->mailbox++;
			r->uid = 0;
		} else {
			r->uid = w->last + 1;
		}
	}
	for (size_t i = 0, n; i < w->count && error == 0; i += n) {
		for (n = 1; i + n < w->count && w->at[i + n].place.mailbox == w->at[i].place.mailbox;)
			n++;
		error = put_rows(w, i, n);
	}
	return error;
}

/* ---- some ---- */

static int snoozed_at(struct rows_walk *w, const struct account_place *place, int64_t *until)
{
	struct account_snooze_time time;
	size_t count = 0;
	*until = 0;
	if (!w->snoozes)
		return 0;
	w->look.looked++;
	int error = snooze_times(
	    w->look.txn, w->look.shard, place->mailbox, place->uid, place->uid + 1, &time, 1, &count);
	if (count > 0)
		*until = time.until;
	return error;
}

static int rows_of_email(struct rows_walk *w, uint64_t id)
{
	struct account_rows *r = w->rows;
	struct email_look *l = &w->look;
	int64_t snoozed;
	struct account_places places;
	struct account_message m;
	int error = look_places(l, id, &places);
	for (size_t i = 0; i < places.count && error == 0; i++) {
		error = look_message(l, &places.at[i], true, &m);
		if (error == 0)
			error = snoozed_at(w, &places.at[i], &snoozed);
		if (error == 0)
			error = put_row(r, l, &places.at[i], &m, snoozed);
		else if (error == -ENOENT || error == -EBADMSG)
			error = 0;
	}
	return error == -EBADMSG ? 0 : error;
}

static int run_rows(struct txn *t, void *arg)
{
	struct account_rows *r = arg;
	struct rows_walk *w = mem_alloc(sizeof *w);
	struct account_head head;
	w->rows = r;
	w->count = 0;
	buf_truncate(r->rows, r->begun);
	r->mailbox = r->slice_mailbox;
	r->uid = r->slice_uid;
	r->next = r->slice_next;
	r->keywords = 0;
	r->more = true;
	int error = look_begin(&w->look, t, r->shard, r->who, &head);
	w->snoozes = error == 0 && head.snoozes > 0 && r->who == NULL;
	if (error == 0 && r->ids == NULL)
		error = rows_of_all(t, w);
	for (; r->ids && error == 0 && r->next < r->count && w->look.looked < KEYS; r->next++)
		error = rows_of_email(w, r->ids[r->next]);
	if (r->ids)
		r->more = r->next < r->count;
	mem_free(w);
	return error;
}

static void rows_read(struct store_read *read, int result)
{
	struct account_rows *r = container_of(read, struct account_rows, read);
	r->done(r, result);
}

void account_rows(struct accounts *a, struct account_rows *r)
{
	r->begun = buf_view(r->rows).len;
	r->slice_mailbox = r->mailbox;
	r->slice_uid = r->uid;
	r->slice_next = r->next;
	r->read = (struct store_read){.shard = r->shard, .run = run_rows, .arg = r, .done = rows_read};
	store_read(a->store, &r->read);
}
