/*
 * Fetching messages in runs: one read finds the emails, one blob read brings their bodies, so that the cost
 * of passing between threads is shared by dozens of messages.
 */
#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "base/buf.h"
#include "base/container.h"
#include "base/mem.h"

enum { TEXTS_MAX = ACCOUNT_FETCH_MAX * ACCOUNT_PREFIX_MAX };

static struct account_fetch *fetch_of_read(struct store_read *r)
{
	return container_of(r, struct account_fetch, read);
}

static struct account_fetch *fetch_of_blobs(struct store_blob_read *r)
{
	return container_of(r, struct account_fetch, blobs);
}

/* The texts are copied to one buffer; their places in it become views when it has stopped moving. */
static int copy_text(struct account_fetch *f, struct view text, struct view *out)
{
	*out = view_of((const char *)(uintptr_t)f->texts->len, text.len);
	return buf_append(f->texts, text);
}

static int find_email(struct txn *t, struct account_fetch *f, struct account_fetched *m)
{
	struct view value;
	struct account_email email;
	int error = key_get(t, f->shard, key_email(m->emailid), &value);
	if (error == 0)
		error = email_decode(m->emailid, value, &email);
	if (error)
		return error;
	m->blob = email.blob;
	m->body_len = email.body_len;
	error = copy_text(f, email.prefix, &m->prefix);
	return error ? error : copy_text(f, email.uidl, &m->uidl);
}

static int run_find(struct txn *t, void *arg)
{
	struct account_fetch *f = arg;
	size_t bytes = 0;
	buf_clear(f->texts);
	for (f->count = 0; f->count < f->emailid_count && f->count < ACCOUNT_FETCH_MAX;) {
		struct account_fetched *m = &f->messages[f->count];
		*m = (struct account_fetched){.emailid = f->emailids[f->count]};
		m->result = find_email(t, f, m);
		if (m->result && m->result != -ENOENT && m->result != -EBADMSG)
			return m->result;
		/* The first one always goes, the others only whole. */
		if (f->budget && f->count > 0 && m->body_len > f->budget - bytes)
			break;
		f->count++;
		bytes += m->body_len < f->budget - bytes ? m->body_len : f->budget - bytes;
	}
	return 0;
}

static void place_texts(struct account_fetch *f)
{
	const char *base = buf_view(f->texts).data;
	for (size_t i = 0; i < f->count; i++) {
		struct account_fetched *m = &f->messages[i];
		m->prefix = m->prefix.len ? view_of(base + (uintptr_t)m->prefix.data, m->prefix.len)
		                          : (struct view){0};
		m->uidl =
		    m->uidl.len ? view_of(base + (uintptr_t)m->uidl.data, m->uidl.len) : (struct view){0};
	}
}

static void blobs_read(struct store_blob_read *r)
{
	struct account_fetch *f = fetch_of_blobs(r);
	size_t part = 0;
	for (size_t i = 0; i < f->count; i++) {
		struct account_fetched *m = &f->messages[i];
		if (m->result)
			continue;
		const struct store_blob_part *p = &f->parts[part++];
		m->result = p->result;
		if (p->result == 0)
			m->body = view_of(p->out, p->length);
	}
	f->done(f, 0);
}

/* Room for the bodies and the parts that say where each goes; false without memory. */
static bool plan_blobs(struct account_fetch *f)
{
	size_t bytes = 0, count = 0;
	f->parts = mem_array(f->count, sizeof *f->parts);
	for (size_t i = 0; i < f->count; i++) {
		struct account_fetched *m = &f->messages[i];
		if (m->result)
			continue;
		uint64_t len = m->body_len < f->budget - bytes ? m->body_len : f->budget - bytes;
		f->parts[count++] = (struct store_blob_part){.id = m->blob, .length = (size_t)len};
		bytes += (size_t)len;
	}
	f->bytes = mem_try(bytes);
	if (f->bytes == NULL)
		return false;
	char *at = f->bytes;
	for (size_t i = 0; i < count; i++) {
		f->parts[i].out = at;
		at += f->parts[i].length;
	}
	f->blobs = (struct store_blob_read){.parts = f->parts, .count = count, .done = blobs_read};
	return true;
}

static void found(struct store_read *r, int result)
{
	struct account_fetch *f = fetch_of_read(r);
	/* The asker has seen the email in its mailbox. */
	for (size_t i = 0; i < f->count && result == 0; i++)
		if (f->messages[i].result == -ENOENT)
			store_suspect(f->accounts->store);
	if (result == 0 && f->count > 0) {
		place_texts(f);
		if (f->budget && plan_blobs(f)) {
			store_blob_read(f->accounts->store, &f->blobs);
			return;
		}
		if (f->budget)
			result = -ENOMEM;
	}
	f->done(f, result);
}

void account_fetch(struct accounts *a, struct account_fetch *f)
{
	f->accounts = a;
	f->messages = mem_array(ACCOUNT_FETCH_MAX, sizeof *f->messages);
	f->texts = mem_alloc(sizeof *f->texts);
	buf_init(f->texts, TEXTS_MAX);
	f->count = 0;
	f->parts = NULL;
	f->bytes = NULL;
	f->read = (struct store_read){.shard = f->shard, .run = run_find, .arg = f, .done = found};
	store_read(a->store, &f->read);
}

void account_fetch_free(struct account_fetch *f)
{
	mem_free(f->messages);
	mem_free(f->parts);
	mem_free(f->bytes);
	if (f->texts)
		buf_done(f->texts);
	mem_free(f->texts);
	f->messages = NULL;
	f->parts = NULL;
	f->bytes = NULL;
	f->texts = NULL;
}
