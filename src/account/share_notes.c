/* See share_notes.h. */
#include "account/share_notes.h"

#include <errno.h>

#include "account/change.h"
#include "base/cursor.h"
#include "base/mem.h"

enum {
	VERSION = 1,
	NOTE_PATH_MAX = 1000 /* beside an address an entry has room for so much */
};

static struct account_key key_note(uint64_t number)
{
	struct account_key k = key_letter('C');
	k.data[k.len++] = 'V';
	entry_write_fixed(k.data + k.len, 8, number);
	k.len += 8;
	return k;
}

static bool read_key(struct view key, uint64_t *number)
{
	struct cursor c = cursor_on(view_skip(key, 2));
	*number = cursor_u64(&c);
	return cursor_ok(&c) && cursor_at_end(&c);
}

static void encode(const struct account_share_note *n, struct entry *out)
{
	struct view path = n->path;
	if (path.len > NOTE_PATH_MAX)
		path = view_skip(path, (size_t)(view_find_last(path, '/') + 1));
	entry_begin(out, VERSION);
	entry_add_number(out, (uint64_t)n->created);
	entry_add_number(out, n->modseq);
	entry_add_number(out, n->by);
	entry_add_text(out, n->by_address);
	entry_add_number(out, n->owner);
	entry_add_number(out, n->mailbox);
	entry_add_number(out, n->old_rights);
	entry_add_number(out, n->new_rights);
	entry_add_text(out, path);
}

static int decode(struct view value, uint64_t number, struct account_share_note *n)
{
	struct cursor c = entry_read(value, VERSION);
	*n = (struct account_share_note){.number = number};
	n->created = (int64_t)entry_take_number(&c);
	n->modseq = entry_take_number(&c);
	n->by = entry_take_number(&c);
	n->by_address = entry_take_text(&c);
	n->owner = entry_take_number(&c);
	n->mailbox = (uint32_t)entry_take_limited(&c, UINT32_MAX);
	n->old_rights = (uint32_t)entry_take_limited(&c, RIGHT_ALL);
	n->new_rights = (uint32_t)entry_take_limited(&c, RIGHT_ALL);
	n->path = entry_take_text(&c);
	return entry_result(&c);
}

/* ---- changing ---- */

static void gone(struct account_change *c)
{
	c->head.share_notes = (uint32_t)less(c->head.share_notes, 1);
	change_mark_state(c, MAIL_STATE_SHARE_NOTES);
}

struct room {
	uint64_t by;                /* who brings another one */
	uint64_t oldest, oldest_by; /* of all; of this sharer. 0: none */
	size_t count;               /* of this sharer */
};

static int look_for_room(void *arg, struct view key, struct view value)
{
	struct account_share_note note;
	struct room *r = arg;
	uint64_t number;
	if (!read_key(key, &number))
		return -EBADMSG;
	if (r->oldest == 0)
		r->oldest = number;
	if (decode(value, number, &note) != 0 || note.by != r->by)
		return 0;
	if (r->count++ == 0)
		r->oldest_by = number;
	return 0;
}

/* Whoever has many in the list makes room himself: nobody pushes out what others have said. */
static int make_room(struct account_change *c, uint64_t by)
{
	struct account_key from = key_note(0), to = key_note(UINT64_MAX);
	struct txn_range range = {.shard = c->shard, .from = key_view(&from), .to = key_view(&to)};
	struct room r = {.by = by};
	int error = txn_range(c->txn, &range, look_for_room, &r);
	uint64_t oldest = r.count >= SHARING_NOTES_EACH ? r.oldest_by : r.oldest;
	if (error || oldest == 0)
		return error;
	error = change_delete(c, key_note(oldest));
	if (error == 0)
		error = change_log_destroyed(c, KIND_SHARE_NOTE, oldest);
	gone(c);
	return error;
}

int share_note_add(struct account_change *c, struct account_share_note *note)
{
	struct entry value;
	int error = c->head.share_notes >= SHARING_NOTES_MAX ? make_room(c, note->by) : 0;
	if (error)
		return error;
	note->number = ++c->head.last_share_note;
	note->modseq = c->head.modseq;
	c->head.share_notes++;
	change_mark_state(c, MAIL_STATE_SHARE_NOTES);
	encode(note, &value);
	return change_put(c, key_note(note->number), &value);
}

static int remove_note(struct account_change *c, uint64_t number)
{
	struct view value;
	int error = change_get(c, key_note(number), &value);
	if (error == 0)
		error = change_delete(c, key_note(number));
	if (error == 0)
		error = change_log_destroyed(c, KIND_SHARE_NOTE, number);
	if (error)
		return error;
	gone(c);
	return change_end(c);
}

int account_share_note_remove(struct txn *t, uint64_t shard, int64_t now, uint64_t number, uint64_t *state)
{
	struct account_change *c = mem_alloc(sizeof *c);
	int error = change_begin(c, t, shard, now);
	if (error == 0)
		error = remove_note(c, number);
	if (error == 0)
		*state = c->head.states[MAIL_STATE_SHARE_NOTES];
	mem_free(c);
	return error;
}

/* ---- looking ---- */

struct walk {
	int (*visit)(void *arg, const struct account_share_note *note);
	void *arg;
};

static int visit(void *arg, struct view key, struct view value)
{
	const struct walk *w = arg;
	struct account_share_note note;
	uint64_t number;
	if (!read_key(key, &number) || decode(value, number, &note) != 0)
		return 0;
	return w->visit(w->arg, &note);
}

int account_share_notes_each(struct txn *t, uint64_t shard, uint64_t *state,
    int (*each)(void *arg, const struct account_share_note *note), void *arg)
{
	struct account_head head;
	struct account_key from = key_note(0), to = key_note(UINT64_MAX);
	struct txn_range range = {.shard = shard, .from = key_view(&from), .to = key_view(&to)};
	struct walk w = {each, arg};
	int error = head_get(t, shard, &head);
	if (error)
		return error;
	*state = head.states[MAIL_STATE_SHARE_NOTES];
	return head.share_notes ? txn_range(t, &range, visit, &w) : 0;
}
