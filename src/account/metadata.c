/* Metadata: see metadata.h. A value that fits stands in its entry, W; a longer one is a blob that W names. */
#include "account/metadata.h"

#include <errno.h>
#include <string.h>

#include "account/change.h"
#include "base/clock.h"
#include "base/container.h"
#include "base/mem.h"

/* ---- setting ---- */

static bool is_private(struct view name)
{
	return view_equal(view_take(name, 9), VIEW("/private/"));
}

static struct account_key key_of(const struct account_metadata_set *m)
{
	return key_metadata(m->mailbox, is_private(m->name) ? m->user : 0, m->name);
}

/* The octets that the value which is there counts with; *found: whether there is one. */
static int old_size(struct account_change *c, struct account_key key, uint64_t *size, bool *found)
{
	struct account_value old;
	struct view value;
	int error = change_get(c, key, &value);
	*found = error == 0;
	*size = 0;
	if (error == 0 && value_decode(value, &old) == 0)
		*size = old.size;
	return error == -ENOENT ? 0 : error;
}

static int check(struct account_change *c, const struct account_metadata_set *m, uint64_t old, bool found)
{
	struct account_mailbox box;
	uint64_t quota = c->head.quota ? c->head.quota : m->quota_default;
	int error = m->mailbox ? mailbox_get(c->txn, c->shard, m->mailbox, &box) : 0;
	if (error || m->none)
		return error;
	if (!found && c->head.metadata >= ACCOUNT_METADATA_MAX)
		return -EMLINK;
	uint64_t used = less(head_bytes(&c->head), old);
	return quota && m->value.len > old && (used > quota || m->value.len > quota - used) ? -EDQUOT : 0;
}

static int run_set(struct txn *t, void *arg)
{
	struct account_metadata_set *m = arg;
	struct account_change *c = mem_alloc(sizeof *c);
	struct account_key key = key_of(m);
	struct entry value;
	uint64_t old = 0;
	bool found = false;
	int error = change_begin(c, t, m->shard, m->now);
	if (error == 0)
		error = old_size(c, key, &old, &found);
	if (error == 0)
		error = check(c, m, old, found);
	if (error == 0 && (found || !m->none)) {
		struct account_value new = {.size = m->value.len, .text = m->value};
		if (m->commit.upload_count > 0)
			new = (struct account_value){.size = m->value.len, .blob = txn_body(t, 0)};
		value_encode(&new, &value);
		c->head.metadata = (uint32_t)(less(c->head.metadata, found) + !m->none);
		c->head.noted_bytes = less(c->head.noted_bytes, old) + (m->none ? 0 : m->value.len);
		error = m->none ? change_delete(c, key) : change_put(c, key, &value);
		if (error == 0)
			error = change_end(c);
	}
	mem_free(c);
	return error;
}

static int run_refuse(struct txn *t, void *arg)
{
	(void)t, (void)arg;
	return -EMSGSIZE;
}

static void set_done(struct store_commit *commit, int result)
{
	struct account_metadata_set *m = container_of(commit, struct account_metadata_set, commit);
	m->done(m, result);
}

void account_metadata_set(struct accounts *a, struct account_metadata_set *m)
{
	bool fits = m->name.len <= ACCOUNT_METADATA_NAME_MAX && m->value.len <= ACCOUNT_METADATA_VALUE_MAX;
	if (m->none)
		m->value = (struct view){0};
	m->now = clock_wall();
	m->commit = (struct store_commit){
	    .run = fits ? run_set : run_refuse, .arg = m, .frees_space = m->none, .done = set_done};
	if (fits && m->value.len > ACCOUNT_METADATA_INLINE_MAX) {
		struct store_upload *upload = store_upload_begin(a->store);
		/* What cannot be appended fails the commit. */
		if (store_upload_append(upload, m->value) == 0)
			m->commit.uploads[m->commit.upload_count++] = upload;
		else {
			store_upload_abort(upload);
			m->commit.run = run_refuse;
		}
	}
	store_commit(a->store, &m->commit);
}

/* ---- reading ---- */

/* The name itself, or one so many levels below it. */
static bool is_asked(const struct account_metadata *m, struct view name)
{
	size_t levels = 0;
	if (!view_equal(view_take(name, m->name.len), m->name))
		return false;
	if (name.len == m->name.len)
		return true;
	if (m->name.len > 0 && name.data[m->name.len] != '/')
		return false;
	for (size_t i = m->name.len; i < name.len; i++)
		levels += name.data[i] == '/';
	return m->depth > 1 || levels <= m->depth;
}

/* Places in the texts, which may still move. */
static int copy_text(struct account_metadata *m, struct view text, struct view *out)
{
	*out = view_of((const char *)(uintptr_t)m->texts->len, text.len);
	return buf_append(m->texts, text);
}

static int add_value(void *arg, struct view key, struct view value)
{
	struct account_metadata *m = arg;
	struct account_value found;
	struct view name = key_metadata_name(key);
	int error = value_decode(value, &found);
	if (error || !is_asked(m, name))
		return error;
	if (m->count == ACCOUNT_METADATA_LISTED)
		return 1;
	struct account_metadata_value *out = &m->values[m->count++];
	*out = (struct account_metadata_value){.blob = found.blob};
	if (!blob_is_none(&found.blob))
		out->blob_len = (size_t)found.size;
	error = copy_text(m, name, &out->name);
	return error ? error : copy_text(m, found.text, &out->value);
}

static int run_read(struct txn *t, void *arg)
{
	struct account_metadata *m = arg;
	struct account_head head;
	struct account_mailbox box;
	uint64_t user = is_private(m->name) || view_equal(m->name, VIEW("/private")) ? m->user : 0;
	struct account_key from = key_metadata(m->mailbox, user, m->name),
	                   to = key_metadata_end(m->mailbox, user);
	struct txn_range range = {
	    .shard = m->shard, .from = key_view(&from), .to = key_view(&to), .limit = ACCOUNT_METADATA_MAX};
	m->count = 0;
	buf_clear(m->texts);
	int error = head_get(t, m->shard, &head);
	if (error == 0 && m->mailbox)
		error = mailbox_get(t, m->shard, m->mailbox, &box);
	if (error == 0 && head.metadata > 0)
		error = txn_range(t, &range, add_value, m);
	return error > 0 ? 0 : error;
}

static void blobs_read(struct store_blob_read *blobs)
{
	struct account_metadata *m = container_of(blobs, struct account_metadata, blobs);
	size_t part = 0;
	int error = 0;
	for (size_t i = 0; i < m->count; i++) {
		if (m->values[i].blob_len == 0)
			continue;
		const struct store_blob_part *p = &m->parts[part++];
		m->values[i].value = view_of(p->out, p->result ? 0 : p->length);
		error = p->result ? p->result : error;
	}
	if (error)
		account_metadata_free(m);
	m->done(m, error);
}

/* False: there are none to be read. */
static bool read_blobs(struct account_metadata *m)
{
	size_t count = 0, bytes = 0;
	for (size_t i = 0; i < m->count; i++)
		bytes += m->values[i].blob_len;
	if (bytes == 0)
		return false;
	m->bytes = mem_alloc(bytes); /* at most what ACCOUNT_METADATA_LISTED values have */
	m->parts = mem_array(m->count, sizeof *m->parts);
	bytes = 0;
	for (size_t i = 0; i < m->count; i++) {
		if (m->values[i].blob_len == 0)
			continue;
		m->parts[count++] = (struct store_blob_part){
		    .id = m->values[i].blob, .length = m->values[i].blob_len, .out = m->bytes + bytes};
		bytes += m->values[i].blob_len;
	}
	m->blobs = (struct store_blob_read){.parts = m->parts, .count = count, .done = blobs_read};
	store_blob_read(m->accounts->store, &m->blobs);
	return true;
}

static void values_read(struct store_read *read, int result)
{
	struct account_metadata *m = container_of(read, struct account_metadata, read);
	const char *texts = buf_view(m->texts).data;
	for (size_t i = 0; i < m->count && result == 0; i++) {
		struct account_metadata_value *v = &m->values[i];
		v->name.data = texts + (uintptr_t)v->name.data;
		v->value.data = texts + (uintptr_t)v->value.data;
	}
	if (result == 0 && read_blobs(m))
		return;
	if (result)
		account_metadata_free(m);
	m->done(m, result);
}

void account_metadata(struct accounts *a, struct account_metadata *m)
{
	m->accounts = a;
	m->count = 0;
	m->bytes = NULL;
	m->parts = NULL;
	m->values = mem_array(ACCOUNT_METADATA_LISTED, sizeof *m->values);
	m->texts = mem_alloc(sizeof *m->texts);
	buf_init(m->texts, ACCOUNT_METADATA_LISTED * STORE_ENTRY_MAX);
	m->read = (struct store_read){.shard = m->shard, .run = run_read, .arg = m, .done = values_read};
	store_read(a->store, &m->read);
}

void account_metadata_free(struct account_metadata *m)
{
	mem_free(m->values);
	mem_free(m->parts);
	mem_free(m->bytes);
	if (m->texts)
		buf_done(m->texts);
	mem_free(m->texts);
	m->values = NULL;
	m->parts = NULL;
	m->bytes = NULL;
	m->texts = NULL;
	m->count = 0;
}

/* ---- looking for a name ---- */

static int look_at_name(void *arg, struct view key, struct view value)
{
	struct account_metadata_any *m = arg;
	(void)value;
	m->found = m->found || view_equal(key_metadata_name(key), m->name);
	return 0;
}

static int run_any(struct txn *t, void *arg)
{
	struct account_metadata_any *m = arg;
	struct account_head head;
	struct account_key from = key_letter('W'), to = key_behind_letter('W');
	struct txn_range range = {
	    .shard = m->shard, .from = key_view(&from), .to = key_view(&to), .limit = ACCOUNT_METADATA_MAX};
	m->found = false;
	int error = head_get(t, m->shard, &head);
	return error || head.metadata == 0 ? error : txn_range(t, &range, look_at_name, m);
}

static void any_read(struct store_read *read, int result)
{
	struct account_metadata_any *m = container_of(read, struct account_metadata_any, read);
	m->done(m, result);
}

void account_metadata_any(struct accounts *a, struct account_metadata_any *m)
{
	m->read = (struct store_read){.shard = m->shard, .run = run_any, .arg = m, .done = any_read};
	store_read(a->store, &m->read);
}
