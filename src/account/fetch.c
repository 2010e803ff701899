/*
 * Fetching messages in runs: one read finds the emails, one blob read brings their bodies, so that the cost
 * of passing between threads is shared by dozens of messages.
 */
#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "account/correspondents.h"
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
static int find_summary(struct txn *t, const struct account_fetch *f, uint64_t emailid,
    const struct account_email *email, struct view *summary)
{
	struct view value;
	*summary = email->summary;
	if (!email->summary_apart)
		return 0;
	int error = key_get(t, f->shard, key_summary(emailid), &value);
	return error ? error : summary_decode(value, summary);
}

static int take_summary(
    struct txn *t, struct account_fetch *f, struct account_fetched *m, const struct account_email *email)
{
	struct account_correspondent known;
	struct view summary;
	int error = find_summary(t, f, m->emailid, email, &summary);
	if (error == 0 && f->derived & (ACCOUNT_SUMMARY | ACCOUNT_INDEXED))
		error = copy_text(f, summary, &m->summary);
	if (error || !(f->derived & ACCOUNT_CONTACT))
		return error;
	error = correspondents_look(t, f->shard, m->emailid, summary, &known, f->texts);
	m->contact = known.contact;
	m->looks_like = known.looks_like;
	m->name_of = known.name_of;
	return error;
}

static int take_email(struct txn *t, struct account_fetch *f, struct account_fetched *m, struct view value)
{
	struct account_email email;
	int error = email_decode(m->emailid, value, &email);
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
	if (error == 0 && f->derived & (ACCOUNT_STRUCTURE | ACCOUNT_INDEXED))
		error = copy_text(f, email.structure, &m->structure);
	if (error == 0 && f->derived & (ACCOUNT_SUMMARY | ACCOUNT_INDEXED | ACCOUNT_CONTACT))
		error = take_summary(t, f, m, &email);
	return error;
}

/* So much of the body is wanted, without regard to the budget. */
static uint64_t wanted(const struct account_fetch *f, const struct account_fetched *m)
{
	if (f->budget == 0)
		return 0;
	return f->longest && m->body_len > f->longest && m->body_len > f->head ? f->head : m->body_len;
}

/* What stands behind the body, if what is wanted is not in the index. */
static uint64_t trailer_of(const struct account_fetch *f, const struct account_fetched *m)
{
	uint64_t whole = blob_length(&m->blob);
	bool is_wanted = f->derived & ACCOUNT_SENDER ||
	                 (f->derived & ACCOUNT_STRUCTURE && m->structure.len == 0) ||
	                 (f->derived & ACCOUNT_SUMMARY && m->summary.len == 0);
	return is_wanted && whole > m->body_len ? whole - m->body_len : 0;
}

/* What a run of messages takes of its budget. */
struct share {
	size_t count;
	uint64_t bytes, behind;
};

/* Whether the message goes with them: the first one always, the others only whole. */
static bool take(struct share *share, const struct account_fetch *f, const struct account_fetched *m)
{
	if (m->result == 0) {
		uint64_t left = f->budget - share->bytes, len = wanted(f, m);
		share->behind += trailer_of(f, m);
		if (share->count > 0 && (len > left || share->behind > DERIVED_MAX))
			return false;
		share->bytes += len < left ? len : left;
	}
	share->count++;
	return true;
}

/* ---- the emails' entries ---- */

struct finding {
	struct txn *txn;
	struct account_fetch *fetch;
	struct share share; /* of the first run */
};

/* The next email, by its entry or without one. 0: go on; 1: the fetch is full; or an error of the store. */
static int add_email(struct finding *finding, const struct view *value)
{
	struct account_fetch *f = finding->fetch;
	struct account_fetched *m = &f->messages[f->found];
	*m = (struct account_fetched){.emailid = f->emailids[f->found]};
	m->result = value ? take_email(finding->txn, f, m, *value) : -ENOENT;
	if (m->result && m->result != -ENOENT && m->result != -EBADMSG)
		return m->result;
	f->found++;
	return f->found == f->emailid_count || (!f->ahead && !take(&finding->share, f, m));
}

static int find_each(struct finding *finding)
{
	struct account_fetch *f = finding->fetch;
	int full = 0;
	while (full == 0) {
		struct view value;
		uint64_t emailid = f->emailids[f->found];
		int error = key_get(finding->txn, f->shard, key_email(emailid), &value);
		if (error == -EBADMSG) {
			f->messages[f->found++] =
			    (struct account_fetched){.emailid = emailid, .result = error};
			full = f->found == f->emailid_count;
			continue;
		}
		if (error && error != -ENOENT)
			return error;
		full = add_email(finding, error ? NULL : &value);
	}
	return full < 0 ? full : 0;
}

static int pass_entry(void *arg, struct view key, struct view value)
{
	struct finding *finding = arg;
	const struct account_fetch *f = finding->fetch;
	uint64_t emailid;
	int full = 0;
	if (!key_read_email(key, &emailid))
		return -EBADMSG;
	while (full == 0 && f->emailids[f->found] < emailid)
		full = add_email(finding, NULL);
	return full == 0 && f->emailids[f->found] == emailid ? add_email(finding, &value) : full;
}

/*
 * Mail that came one after the other has neighbouring entries: to pass over them costs a fifth of looking for
 * each. So it is done where few of them are others'.
 */
static bool lie_together(const struct account_fetch *f)
{
	for (size_t i = 1; i < f->emailid_count; i++)
		if (f->emailids[i] <= f->emailids[i - 1])
			return false;
	return f->emailids[f->emailid_count - 1] - f->emailids[0] < 2 * f->emailid_count;
}

static int find_together(struct finding *finding)
{
	struct account_fetch *f = finding->fetch;
	struct account_key from = key_email(f->emailids[0]);
	struct account_key to = key_email(f->emailids[f->emailid_count - 1] + 1);
	struct txn_range range = {.shard = f->shard, .from = key_view(&from), .to = key_view(&to)};
	int full = txn_range(finding->txn, &range, pass_entry, finding);
	while (full == 0)
		full = add_email(finding, NULL);
	return full < 0 ? full : 0;
}

static int run_find(struct txn *t, void *arg)
{
	struct account_fetch *f = arg;
	struct finding finding = {.txn = t, .fetch = f};
	int error = -EBADMSG;
	f->found = 0;
	buf_clear(f->texts);
	if (f->emailid_count > ACCOUNT_FETCH_MAX)
		f->emailid_count = ACCOUNT_FETCH_MAX;
	if (f->emailid_count == 0)
		return 0;
	if (lie_together(f))
		error = find_together(&finding);
	if (error != -EBADMSG)
		return error;
	/* Also where one of the entries is damaged: the others are good. */
	finding.share = (struct share){0};
	f->found = 0;
	buf_clear(f->texts);
	return find_each(&finding);
}

static void place(const char *base, struct view *text)
{
	*text = text->len ? view_of(base + (uintptr_t)text->data, text->len) : (struct view){0};
}

static void place_texts(struct account_fetch *f)
{
	const char *base = buf_view(f->texts).data;
	for (size_t i = 0; i < f->found; i++) {
		struct account_fetched *m = &f->messages[i];
		place(base, &m->prefix);
		place(base, &m->uidl);
		place(base, &m->summary);
		place(base, &m->structure);
		place(base, &m->looks_like);
		place(base, &m->name_of);
	}
}

/* A body that is read whole and what stands behind it are one part. */
static bool is_one_part(uint64_t len, const struct account_fetched *m)
{
	return len == m->body_len;
}

static void take_trailer(struct account_fetched *m, struct view trailer)
{
	struct view found;
	if (trailer_find(trailer, TRAILER_SENDER, &found))
		m->sender = found;
	if (m->summary.len == 0 && trailer_find(trailer, TRAILER_SUMMARY, &found))
		m->summary = found;
	if (m->structure.len == 0 && trailer_find(trailer, TRAILER_STRUCTURE, &found))
		m->structure = found;
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
	f->done(f, f->failure);
}

static void add_part(struct account_fetch *f, size_t message, uint64_t offset, uint64_t length, size_t *count)
{
	f->part_of[*count] = (uint16_t)message;
	f->parts[(*count)++] = (struct store_blob_part){
	    .id = f->messages[message].blob, .offset = offset, .length = (size_t)length};
}

/* The parts of a message; returns their octets. */
static size_t add_parts(struct account_fetch *f, size_t message, uint64_t room, size_t *count)
{
	const struct account_fetched *m = &f->messages[message];
	uint64_t len = wanted(f, m), behind = trailer_of(f, m);
	len = len < room ? len : room;
	if (behind && is_one_part(len, m)) {
		add_part(f, message, 0, len + behind, count);
	} else {
		if (f->budget)
			add_part(f, message, 0, len, count);
		if (behind)
			add_part(f, message, m->body_len, behind, count);
	}
	return (size_t)(len + behind);
}

/* The messages of the next run, and where each part of them goes; false without memory. */
static bool plan_run(struct account_fetch *f)
{
	struct share share = {0};
	size_t bytes = 0, count = 0;
	while (f->first + share.count < f->found && take(&share, f, &f->messages[f->first + share.count]))
		continue;
	f->count = share.count;
	f->parts = mem_resize(f->parts, 2 * f->count * sizeof *f->parts);
	f->part_of = mem_resize(f->part_of, 2 * f->count * sizeof *f->part_of);
	uint64_t room = f->budget;
	for (size_t i = f->first; i < f->first + f->count; i++) {
		const struct account_fetched *m = &f->messages[i];
		if (m->result)
			continue;
		bytes += add_parts(f, i, room, &count);
		room -= wanted(f, m) < room ? wanted(f, m) : room;
	}
	char **out = &f->bytes[f->run++ % 2];
	mem_free(*out);
	*out = mem_try(bytes ? bytes : 1);
	if (*out == NULL)
		return false;
	char *at = *out;
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
	for (size_t i = 0; i < f->found && result == 0; i++)
		if (f->messages[i].result == -ENOENT)
			store_suspect(f->accounts->store);
	if (result == 0 && f->found > 0) {
		place_texts(f);
		if (!plan_run(f)) {
			result = -ENOMEM;
		} else if (f->blobs.count > 0) {
			store_blob_read(f->accounts->store, &f->blobs);
			return;
		}
	}
	f->done(f, result);
}

void account_fetch_next(struct account_fetch *f)
{
	f->first += f->count;
	/* Also what needs no reading is answered later, as all requests are. */
	if (!plan_run(f)) {
		f->failure = -ENOMEM;
		f->blobs = (struct store_blob_read){.parts = f->parts, .done = blobs_read};
	}
	store_blob_read(f->accounts->store, &f->blobs);
}

void account_fetch(struct accounts *a, struct account_fetch *f)
{
	f->accounts = a;
	size_t most = f->emailid_count < ACCOUNT_FETCH_MAX ? f->emailid_count : ACCOUNT_FETCH_MAX;
	f->messages = mem_array(most ? most : 1, sizeof *f->messages);
	f->texts = mem_alloc(sizeof *f->texts);
	buf_init(f->texts, TEXTS_MAX);
	f->first = f->count = f->found = 0;
	f->parts = NULL;
	f->part_of = NULL;
	f->bytes[0] = f->bytes[1] = NULL;
	f->run = 0;
	f->failure = 0;
	f->read = (struct store_read){.shard = f->shard, .run = run_find, .arg = f, .done = found};
	store_read(a->store, &f->read);
}

void account_fetch_free(struct account_fetch *f)
{
	mem_free(f->messages);
	mem_free(f->parts);
	mem_free(f->part_of);
	mem_free(f->bytes[0]);
	mem_free(f->bytes[1]);
	if (f->texts)
		buf_done(f->texts);
	mem_free(f->texts);
	f->messages = NULL;
	f->parts = NULL;
	f->part_of = NULL;
	f->bytes[0] = f->bytes[1] = NULL;
	f->texts = NULL;
}
