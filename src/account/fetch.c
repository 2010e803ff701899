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
#include "mime/trailer.h"

enum {
	/* Of what stands behind bodies, in one fetch: that of ordinary messages is some hundred octets. */
	DERIVED_MAX = 1024 * 1024
};
enum { TEXTS_MAX = ACCOUNT_FETCH_MAX * (ACCOUNT_PREFIX_MAX + STORE_ENTRY_MAX) };

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

/* The summary, if it stands in the index. */
static int find_summary(
    struct txn *t, struct account_fetch *f, struct account_fetched *m, const struct account_email *email)
{
	struct view value, summary = email->summary;
	int error = 0;
	if (email->summary_apart) {
		error = key_get(t, f->shard, key_summary(m->emailid), &value);
		if (error == 0)
			error = summary_decode(value, &summary);
	}
	return error ? error : copy_text(f, summary, &m->summary);
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
	m->thread = email.thread;
	m->text_growth = email.text_growth;
	m->hash_count = email.hash_count;
	memcpy(m->hashes, email.hashes, email.hash_count * sizeof m->hashes[0]);
	error = copy_text(f, email.prefix, &m->prefix);
	if (error == 0)
		error = copy_text(f, email.uidl, &m->uidl);
	if (error == 0 && f->derived & ACCOUNT_SUMMARY)
		error = find_summary(t, f, m, &email);
	return error;
}

/* So much of the body is wanted, without regard to the budget. */
static uint64_t wanted(const struct account_fetch *f, const struct account_fetched *m)
{
	if (f->budget == 0)
		return 0;
	return f->longest && m->body_len > f->longest && m->body_len > f->head ? f->head : m->body_len;
}

/* What stands behind the body, if it is wanted: the summary is looked for there when it is not in the index.
 */
static uint64_t trailer_of(const struct account_fetch *f, const struct account_fetched *m)
{
	uint64_t whole = blob_length(&m->blob);
	bool is_wanted =
	    f->derived & ACCOUNT_TRAILER || (f->derived & ACCOUNT_SUMMARY && m->summary.len == 0);
	return is_wanted && whole > m->body_len ? whole - m->body_len : 0;
}

static int run_find(struct txn *t, void *arg)
{
	struct account_fetch *f = arg;
	uint64_t bytes = 0, behind = 0;
	buf_clear(f->texts);
	for (f->count = 0; f->count < f->emailid_count && f->count < ACCOUNT_FETCH_MAX;) {
		struct account_fetched *m = &f->messages[f->count];
		*m = (struct account_fetched){.emailid = f->emailids[f->count]};
		m->result = find_email(t, f, m);
		if (m->result && m->result != -ENOENT && m->result != -EBADMSG)
			return m->result;
		/* The first one always goes, the others only whole. */
		uint64_t len = wanted(f, m);
		behind += m->result == 0 ? trailer_of(f, m) : 0;
		if (f->count > 0 && (len > f->budget - bytes || behind > DERIVED_MAX))
			break;
		f->count++;
		bytes += len < f->budget - bytes ? len : f->budget - bytes;
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
		m->summary = m->summary.len ? view_of(base + (uintptr_t)m->summary.data, m->summary.len)
		                            : (struct view){0};
	}
}

/* A body that is read whole and what stands behind it are one part. */
static bool is_one_part(uint64_t len, const struct account_fetched *m)
{
	return len == m->body_len;
}

static void take_trailer(struct account_fetched *m, struct view trailer)
{
	m->trailer = trailer;
	if (m->summary.len == 0 && !trailer_find(trailer, TRAILER_SUMMARY, &m->summary))
		m->summary = (struct view){0};
}

static void blobs_read(struct store_blob_read *r)
{
	struct account_fetch *f = fetch_of_blobs(r);
	for (size_t part = 0; part < r->count; part++) {
		const struct store_blob_part *p = &f->parts[part];
		struct account_fetched *m = &f->messages[f->part_of[part]];
		struct view bytes = view_of(p->out, p->length);
		if (p->offset == 0 && m->result == 0)
			m->result = p->result;
		if (p->result)
			continue;
		if (p->offset == 0)
			m->body = view_take(bytes, m->body_len < p->length ? (size_t)m->body_len : p->length);
		if (p->offset + p->length > m->body_len)
			take_trailer(m, view_skip(bytes, p->offset ? 0 : (size_t)m->body_len));
	}
	f->done(f, 0);
}

static void add_part(struct account_fetch *f, size_t message, uint64_t offset, uint64_t length, size_t *count)
{
	f->part_of[*count] = (uint16_t)message;
	f->parts[(*count)++] = (struct store_blob_part){
	    .id = f->messages[message].blob, .offset = offset, .length = (size_t)length};
}

/* Room for the bodies and the parts that say where each goes; false without memory. */
static bool plan_blobs(struct account_fetch *f)
{
	size_t bytes = 0, budget = 0, count = 0;
	f->parts = mem_array(2 * f->count, sizeof *f->parts);
	f->part_of = mem_array(2 * f->count, sizeof *f->part_of);
	for (size_t i = 0; i < f->count; i++) {
		struct account_fetched *m = &f->messages[i];
		if (m->result)
			continue;
		uint64_t len = wanted(f, m), behind = trailer_of(f, m);
		len = len < f->budget - budget ? len : f->budget - budget;
		budget += (size_t)len;
		if (behind && is_one_part(len, m)) {
			add_part(f, i, 0, len + behind, &count);
		} else {
			if (f->budget)
				add_part(f, i, 0, len, &count);
			if (behind)
				add_part(f, i, m->body_len, behind, &count);
		}
		bytes += (size_t)(len + behind);
	}
	f->bytes = mem_try(bytes ? bytes : 1);
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
		if (!plan_blobs(f)) {
			result = -ENOMEM;
		} else if (f->blobs.count > 0) {
			store_blob_read(f->accounts->store, &f->blobs);
			return;
		}
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
	f->part_of = NULL;
	f->bytes = NULL;
	f->read = (struct store_read){.shard = f->shard, .run = run_find, .arg = f, .done = found};
	store_read(a->store, &f->read);
}

void account_fetch_free(struct account_fetch *f)
{
	mem_free(f->messages);
	mem_free(f->parts);
	mem_free(f->part_of);
	mem_free(f->bytes);
	if (f->texts)
		buf_done(f->texts);
	mem_free(f->texts);
	f->messages = NULL;
	f->parts = NULL;
	f->part_of = NULL;
	f->bytes = NULL;
	f->texts = NULL;
}
