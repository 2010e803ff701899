/*
 * POP3's verbs: the maildrop is opened and listed, with the UIDLs that were imported; after that its messages
 * are read and deleted by their index in this list.
 */
#include <errno.h>

#include "base/cursor.h"
#include "base/mem.h"
#include "role/store/right.h"
#include "role/store/store_private.h"

enum { LIST_PIECE = 64 * 1024, ENTRY_MAX = 18 + ACCOUNT_UIDL_MAX, INDEX_SIZE = 4, PASSED_SIZE = 12 };

struct right_maildrop {
	struct right *right;
	struct maildrop maildrop;
	bool open;
	bool listing;
	uint32_t request;
	size_t listed; /* entries that were sent */

	/* Imported UIDLs stand with the emails, not in the list: those of the next entries that have one. */
	struct account_fetch uidls;
	uint64_t uidl_emails[ACCOUNT_FETCH_MAX];
	size_t next_uidl;
	bool uidls_here, uidls_asked;
};

static void send_list(struct right_maildrop *d);

/* ---- imported UIDLs ---- */

static void forget_uidls(struct right_maildrop *d)
{
	if (d->uidls_here)
		account_fetch_free(&d->uidls);
	d->uidls_here = false;
}

static void answer_open(struct right_maildrop *d, int error)
{
	struct message_maildrop_opened m = {.error = error, .count = error ? 0 : d->maildrop.count};
	d->listing = false;
	forget_uidls(d);
	ipc_send(&d->right->link.channel, MESSAGE_MAILDROP_OPENED, d->request, &m, -1);
}

static void uidls_known(struct account_fetch *f, int result)
{
	struct right_maildrop *d = f->arg;
	d->uidls_asked = false;
	d->uidls_here = true;
	d->next_uidl = 0;
	if (!right_back(d->right))
		return;
	if (result)
		answer_open(d, result);
	else
		send_list(d);
}

static void ask_uidls(struct right_maildrop *d)
{
	size_t count = 0;
	forget_uidls(d);
	for (size_t i = d->listed; i < d->maildrop.count && count < ACCOUNT_FETCH_MAX; i++)
		if (d->maildrop.entries[i].own_uidl)
			d->uidl_emails[count++] = d->maildrop.entries[i].emailid;
	d->uidls = (struct account_fetch){.shard = d->right->account,
	    .emailids = d->uidl_emails,
	    .emailid_count = count,
	    .done = uidls_known,
	    .arg = d};
	d->uidls_asked = true;
	right_begin(d->right);
	account_fetch(&store_role.accounts, &d->uidls);
}

/* ---- the list ---- */

/* Appends one entry; false when its UIDL must be read first. */
static bool put_entry(struct right_maildrop *d, const struct maildrop_entry *e, struct buf *out)
{
	struct view uidl = {0};
	if (e->own_uidl && (!d->uidls_here || d->next_uidl == d->uidls.count))
		return false;
	/* Of an email that is gone it is empty: then its number stands for it. */
	if (e->own_uidl)
		uidl = view_take(d->uidls.messages[d->next_uidl++].uidl, ACCOUNT_UIDL_MAX);
	buf_append_u64(out, e->size);
	buf_append_u64(out, e->emailid);
	buf_append_u8(out, e->binary);
	buf_append_u8(out, (uint8_t)uidl.len);
	buf_append(out, uidl);
	return true;
}

/* As much as the channel takes now; goes on when it has drained, or when the UIDLs are there. */
static void send_list(struct right_maildrop *d)
{
	struct buf part;
	bool missing = false;
	buf_init(&part, LIST_PIECE + ENTRY_MAX);
	while (!missing && d->listed < d->maildrop.count && right_has_room(d->right)) {
		buf_clear(&part);
		while (!missing && d->listed < d->maildrop.count && buf_view(&part).len < LIST_PIECE) {
			missing = !put_entry(d, &d->maildrop.entries[d->listed], &part);
			d->listed += !missing;
		}
		struct message_maildrop_list m = {.entries = buf_view(&part)};
		if (m.entries.len > 0)
			ipc_send(&d->right->link.channel, MESSAGE_MAILDROP_LIST, d->request, &m, -1);
	}
	buf_done(&part);
	if (missing)
		ask_uidls(d);
	else if (d->listed == d->maildrop.count)
		answer_open(d, 0);
}

void right_maildrop_drained(struct right *r)
{
	struct right_maildrop *d = r->maildrop;
	if (d && d->listing && !d->uidls_asked)
		send_list(d);
}

/* ---- opening ---- */

static void opened(struct maildrop *maildrop, int result)
{
	struct right_maildrop *d = maildrop->arg;
	d->open = result == 0;
	if (!right_back(d->right))
		return;
	d->listing = d->open;
	if (result)
		answer_open(d, result);
	else
		send_list(d);
}

void right_maildrop_open(struct right *r, uint32_t request, const void *message)
{
	(void)message;
	if (r->maildrop) {
		right_break(r, "opened-twice");
		return;
	}
	struct right_maildrop *d = r->maildrop = mem_alloc(sizeof *d);
	d->right = r;
	d->request = request;
	d->maildrop = (struct maildrop){.shard = r->account, .opened = opened, .arg = d};
	int error = maildrop_open(&store_role.accounts, &d->maildrop);
	if (error)
		answer_open(d, error);
	else
		right_begin(r);
}

void right_maildrop_close(struct right *r)
{
	struct right_maildrop *d = r->maildrop;
	if (d == NULL)
		return;
	forget_uidls(d);
	if (d->open)
		maildrop_close(&d->maildrop);
	mem_free(d);
}

/* ---- from store to store ---- */

bool right_maildrop_is_quiet(const struct right *r)
{
	const struct right_maildrop *d = r->maildrop;
	return d == NULL || (!d->listing && !d->uidls_asked);
}

bool right_maildrop_is_open(const struct right *r)
{
	return r->maildrop && r->maildrop->open;
}

bool right_maildrop_pass(const struct right *r, struct buf *out)
{
	const struct right_maildrop *d = r->maildrop;
	for (size_t i = 0; d && d->open && i < d->maildrop.count && !buf_failed(out); i++) {
		buf_append_u32(out, d->maildrop.entries[i].uid);
		buf_append_u64(out, d->maildrop.entries[i].emailid);
	}
	return !buf_failed(out);
}

int right_maildrop_take(struct right *r, struct view entries)
{
	struct cursor in = cursor_on(entries);
	size_t count = entries.len / PASSED_SIZE;
	if (entries.len % PASSED_SIZE)
		return -EBADMSG;
	struct maildrop_entry *list = mem_array(count + 1, sizeof *list);
	for (size_t i = 0; i < count; i++) {
		list[i].uid = cursor_u32(&in);
		list[i].emailid = cursor_u64(&in);
	}
	struct right_maildrop *d = mem_alloc(sizeof *d);
	d->right = r;
	d->maildrop = (struct maildrop){.shard = r->account, .opened = opened, .arg = d};
	int error = maildrop_adopt(&store_role.accounts, &d->maildrop, list, count);
	mem_free(list);
	if (error) {
		mem_free(d);
		return error;
	}
	d->open = true;
	d->listed = count;
	r->maildrop = d;
	return 0;
}

/* ---- by index ---- */

/* The entry of an index that the peer was told of; NULL for any other. */
static const struct maildrop_entry *entry_of(const struct right *r, uint32_t index)
{
	const struct right_maildrop *d = r->maildrop;
	return d && d->open && !d->listing && index < d->maildrop.count ? &d->maildrop.entries[index] : NULL;
}

void right_maildrop_fetch(struct right *r, uint32_t request, const void *message)
{
	const struct message_fetch *m = message;
	struct cursor in = cursor_on(m->indexes);
	struct right_reading reading = {.request = request, .offset = m->offset, .length = m->length};
	reading.messages = mem_array(m->indexes.len / INDEX_SIZE, sizeof *reading.messages);
	while (!cursor_at_end(&in)) {
		uint32_t index = cursor_u32(&in);
		const struct maildrop_entry *entry = cursor_ok(&in) ? entry_of(r, index) : NULL;
		if (entry == NULL) {
			mem_free(reading.messages);
			right_break(r, "bad-index");
			return;
		}
		reading.messages[reading.count++] =
		    (struct right_wanted){.number = index, .emailid = entry->emailid};
	}
	right_read(r, &reading);
}

void right_maildrop_expunge(struct right *r, uint32_t request, const void *message)
{
	const struct message_expunge *m = message;
	struct cursor in = cursor_on(m->indexes);
	while (!cursor_at_end(&in)) {
		uint32_t index = cursor_u32(&in);
		const struct maildrop_entry *entry = cursor_ok(&in) ? entry_of(r, index) : NULL;
		if (entry == NULL || !right_expunge_add(r, entry->uid)) {
			right_break(r, "bad-index");
			return;
		}
	}
	if (m->last)
		right_expunge_run(r, MAILBOX_INBOX, request);
}
