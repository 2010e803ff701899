/* The only file that calls LMDB, but for index_ahead.c, which reads its pages. */
#include "store/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/checksum.h"
#include "base/cursor.h"
#include "base/mem.h"
#include "store/file.h"
#include "store/index_ahead.h"
#include "store/index_guard.h"
#include "store/index_head.h"

enum { SHARD_SIZE = 8, SUM_SIZE = 4 };

struct key_bytes {
	char data[SHARD_SIZE + STORE_KEY_MAX];
};

static void put_be(char *out, size_t bytes, uint64_t n)
{
	while (bytes-- > 0) {
		out[bytes] = (char)n;
		n >>= 8;
	}
}

static MDB_val full_key(struct key_bytes *space, uint64_t shard, struct view key)
{
	put_be(space->data, SHARD_SIZE, shard);
	if (key.len)
		memcpy(space->data + SHARD_SIZE, key.data, key.len);
	return (MDB_val){SHARD_SIZE + key.len, space->data};
}

int index_error(int result)
{
	switch (result) {
	case MDB_SUCCESS:
		return 0;
	case MDB_NOTFOUND:
		return -ENOENT;
	case MDB_MAP_FULL:
		return -ENOSPC;
	case MDB_PAGE_NOTFOUND:
	case MDB_PAGE_FULL:
	case MDB_MAP_RESIZED: /* nobody else has the map: it is the number of pages that is wrong */
	case MDB_CORRUPTED:
	case MDB_PANIC:
	case MDB_VERSION_MISMATCH:
	case MDB_INVALID:
	case MDB_INCOMPATIBLE:
	case MDB_CURSOR_FULL:
		return -EBADMSG;
	case EINVAL: /* a file too short to be a map is told in this way */
		return -EBADMSG;
	default:
		return result > 0 ? file_error(result) : -EIO;
	}
}

/* LMDB makes its lock file sparse and maps it; on a full disk touching it would be a SIGBUS. */
static int reserve_lock_file(const char *path)
{
	char name[4096];
	uint64_t size = 0;
	snprintf(name, sizeof name, "%s/lock.mdb", path);
	int fd = open(name, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int error = file_size(fd, &size);
	if (error == 0)
		error = file_reserve(fd, size);
	close(fd);
	return error;
}

static void on_assertion(MDB_env *env, const char *text)
{
	(void)env;
	(void)text;
	index_guard_failed();
	/* LMDB ends the process. */
}

static int open_map(struct index *index)
{
	MDB_txn *txn;
	int error = index_error(mdb_txn_begin(index->env, NULL, MDB_RDONLY, &txn));
	if (error)
		return error;
	error = index_error(mdb_dbi_open(txn, NULL, 0, &index->dbi));
	mdb_txn_abort(txn);
	return error;
}

int index_open(struct index *index, const char *path, size_t map_size)
{
	struct index opened = {0};
	int error = index_head_check(path, map_size);
	if (error == 0)
		error = index_error(mdb_env_create(&opened.env));
	if (error)
		return error;
	mdb_env_set_mapsize(opened.env, map_size);
	mdb_env_set_assert(opened.env, on_assertion);
	/* Without NOTLS a reader's slot would belong to its thread, and our threads renew theirs at will. */
	error = index_error(mdb_env_open(opened.env, path, MDB_NOTLS, 0600));
	if (error == 0)
		error = open_map(&opened);
	if (error == 0)
		error = reserve_lock_file(path);
	if (error) {
		mdb_env_close(opened.env);
		return error;
	}
	*index = opened;
	return 0;
}

void index_close(struct index *index)
{
	index_abort(index);
	if (index->env)
		mdb_env_close(index->env);
	index->env = NULL;
}

uint64_t index_size(const struct index *index)
{
	MDB_envinfo info;
	MDB_stat stat;
	if (mdb_env_info(index->env, &info) != 0 || mdb_env_stat(index->env, &stat) != 0)
		return 0;
	return (info.me_last_pgno + 1) * (uint64_t)stat.ms_psize;
}

int index_begin(struct index *index)
{
	if (index->env == NULL)
		return -EIO;
	return index->writing ? 0 : index_error(mdb_txn_begin(index->env, NULL, 0, &index->writing));
}

void index_abort(struct index *index)
{
	if (index->writing)
		mdb_txn_abort(index->writing);
	index->writing = NULL;
}

int index_checkpoint(struct index *index, const struct index_position *position)
{
	char bytes[24];
	put_be(bytes, 8, position->lsn);
	put_be(bytes + 8, 4, position->segment);
	put_be(bytes + 12, 4, position->offset);
	put_be(bytes + 16, 4, position->next_segment);
	put_be(bytes + 20, 4, position->oldest_body);
	int error = index_begin(index);
	if (error == 0)
		error = index_put(
		    index->writing, index->dbi, 0, INDEX_POSITION_KEY, view_of(bytes, sizeof bytes));
	if (error) {
		index_abort(index);
		return error;
	}
	index_guard_enter();
	error = index_error(mdb_txn_commit(index->writing));
	index_guard_leave();
	index->writing = NULL;
	return error;
}

int index_get_position(struct index *index, struct index_position *position)
{
	int error = index_begin(index);
	return error ? error : index_read_position(index->writing, index->dbi, position);
}

int index_decode_position(struct view bytes, struct index_position *position)
{
	struct cursor c = cursor_on(bytes);
	struct index_position read = {.lsn = cursor_u64(&c)};
	read.segment = cursor_u32(&c);
	read.offset = cursor_u32(&c);
	read.next_segment = cursor_u32(&c);
	read.oldest_body = cursor_u32(&c);
	if (!cursor_ok(&c))
		return -EBADMSG;
	*position = read;
	return 0;
}

int index_read_position(MDB_txn *txn, MDB_dbi dbi, struct index_position *position)
{
	struct view bytes;
	int error = index_get(txn, dbi, 0, INDEX_POSITION_KEY, &bytes);
	return error ? error : index_decode_position(bytes, position);
}

struct view index_volume_key(char out[INDEX_VOLUME_KEY_SIZE], char letter, uint32_t segment)
{
	out[0] = letter;
	put_be(out + 1, 4, segment);
	return view_of(out, INDEX_VOLUME_KEY_SIZE);
}

/* Of key and value: a key that changed by itself would hide its entry, or be another's. */
static uint32_t sum_of(MDB_val name, struct view value)
{
	return crc32c_more(crc32c(view_of(name.mv_data, name.mv_size)), value);
}

/* Takes the checksum off a stored value. */
static int verify(MDB_val name, MDB_val stored, struct view *value)
{
	if (stored.mv_size < SUM_SIZE || stored.mv_size > STORE_ENTRY_MAX + SUM_SIZE ||
	    name.mv_size < SHARD_SIZE)
		return -EBADMSG;
	struct view bytes = view_of(stored.mv_data, stored.mv_size - SUM_SIZE);
	struct cursor sum = cursor_on(view_of((const char *)stored.mv_data + bytes.len, SUM_SIZE));
	*value = bytes;
	return cursor_u32(&sum) == sum_of(name, bytes) ? 0 : -EBADMSG;
}

int index_get(MDB_txn *txn, MDB_dbi dbi, uint64_t shard, struct view key, struct view *value)
{
	struct key_bytes space;
	MDB_val name = full_key(&space, shard, key), stored;
	struct view found;
	index_guard_enter();
	int error = index_error(mdb_get(txn, dbi, &name, &stored));
	if (error == 0)
		error = verify(name, stored, &found);
	index_guard_leave();
	if (error == 0)
		*value = found;
	return error;
}

int index_put(MDB_txn *txn, MDB_dbi dbi, uint64_t shard, struct view key, struct view value)
{
	struct key_bytes space;
	MDB_val name = full_key(&space, shard, key), stored = {value.len + SUM_SIZE, NULL};
	char copy[STORE_ENTRY_MAX];
	/* LMDB may move pages while it makes room, and the value may be one that txn_get gave. */
	if (value.len)
		memcpy(copy, value.data, value.len);
	index_guard_enter();
	int error = index_error(mdb_put(txn, dbi, &name, &stored, MDB_RESERVE));
	index_guard_leave();
	if (error)
		return error;
	if (value.len)
		memcpy(stored.mv_data, copy, value.len);
	put_be((char *)stored.mv_data + value.len, SUM_SIZE, sum_of(name, view_of(copy, value.len)));
	return 0;
}

int index_erase(MDB_txn *txn, MDB_dbi dbi, uint64_t shard, struct view key)
{
	struct key_bytes space;
	MDB_val name = full_key(&space, shard, key);
	index_guard_enter();
	int error = index_error(mdb_del(txn, dbi, &name, NULL));
	index_guard_leave();
	return error == -ENOENT ? 0 : error;
}

/* -1, 0, 1 as the stored key stands before, at or behind the other. */
static int compare(MDB_val a, MDB_val b)
{
	return view_compare(view_of(a.mv_data, a.mv_size), view_of(b.mv_data, b.mv_size));
}

static int visit_one(const struct txn_range *range, MDB_val name, MDB_val stored,
    int (*visit)(void *arg, struct view key, struct view value), void *arg)
{
	struct view value;
	int error = verify(name, stored, &value);
	if (error == -EBADMSG && range->passed) {
		++*range->passed;
		return 0;
	}
	return error
	           ? error
	           : visit(arg, view_of((char *)name.mv_data + SHARD_SIZE, name.mv_size - SHARD_SIZE), value);
}

static int visit_forwards(MDB_cursor *cursor, const struct txn_range *range, MDB_val from, MDB_val to,
    size_t limit, int (*visit)(void *arg, struct view key, struct view value), void *arg)
{
	MDB_val name = from, stored;
	int result = mdb_cursor_get(cursor, &name, &stored, MDB_SET_RANGE);
	for (; result == 0 && limit > 0 && compare(name, to) < 0; limit--) {
		int error = visit_one(range, name, stored, visit, arg);
		if (error)
			return error;
		result = mdb_cursor_get(cursor, &name, &stored, MDB_NEXT);
	}
	return result == MDB_NOTFOUND ? 0 : index_error(result);
}

static int visit_backwards(MDB_cursor *cursor, const struct txn_range *range, MDB_val from, MDB_val to,
    size_t limit, int (*visit)(void *arg, struct view key, struct view value), void *arg)
{
	MDB_val name = to, stored;
	int result = mdb_cursor_get(cursor, &name, &stored, MDB_SET_RANGE);
	result = mdb_cursor_get(cursor, &name, &stored, result == 0 ? MDB_PREV : MDB_LAST);
	for (; result == 0 && limit > 0 && compare(name, from) >= 0; limit--) {
		int error = visit_one(range, name, stored, visit, arg);
		if (error)
			return error;
		result = mdb_cursor_get(cursor, &name, &stored, MDB_PREV);
	}
	return result == MDB_NOTFOUND ? 0 : index_error(result);
}

int index_range(MDB_txn *txn, MDB_dbi dbi, const struct txn_range *range,
    int (*visit)(void *arg, struct view key, struct view value), void *arg)
{
	struct key_bytes from_space, to_space;
	MDB_val from = full_key(&from_space, range->shard, range->from);
	MDB_val to = view_empty(range->to) ? full_key(&to_space, range->shard + 1, (struct view){0})
	                                   : full_key(&to_space, range->shard, range->to);
	size_t limit = range->limit ? range->limit : SIZE_MAX;
	MDB_cursor *cursor;
	int error = index_error(mdb_cursor_open(txn, dbi, &cursor));
	if (error)
		return error;
	if (limit >= INDEX_AHEAD_LEAST && !range->backwards)
		index_ahead(txn, from, to);
	index_guard_enter();
	error = range->backwards ? visit_backwards(cursor, range, from, to, limit, visit, arg)
	                         : visit_forwards(cursor, range, from, to, limit, visit, arg);
	index_guard_leave();
	mdb_cursor_close(cursor);
	return error;
}

int index_walk(MDB_txn *txn, MDB_dbi dbi, index_visitor *visit, void *arg)
{
	MDB_cursor *cursor;
	MDB_val name, stored;
	int error = index_error(mdb_cursor_open(txn, dbi, &cursor));
	if (error)
		return error;
	index_guard_enter();
	int result = mdb_cursor_get(cursor, &name, &stored, MDB_FIRST);
	while (result == 0 && error == 0) {
		struct view value = {0};
		struct cursor c = cursor_on(view_of(name.mv_data, name.mv_size));
		uint64_t shard = cursor_u64(&c);
		bool valid = verify(name, stored, &value) == 0 && cursor_ok(&c);
		error = visit(arg, shard, c.rest, value, valid);
		if (error == 0)
			result = mdb_cursor_get(cursor, &name, &stored, MDB_NEXT);
	}
	index_guard_leave();
	mdb_cursor_close(cursor);
	if (error)
		return error;
	return result == MDB_NOTFOUND ? 0 : index_error(result);
}

struct inspection {
	MDB_txn *txn;
	MDB_dbi dbi;
	MDB_cursor *cursor;
	index_visitor *visit;
	void *arg;
	uint64_t seen;
	struct key_bytes last;
	size_t last_len;
};

/* Keys stand in order, and each is found from the root: a damaged branch leads elsewhere. */
static bool is_in_its_place(struct inspection *i, MDB_val name, MDB_val stored)
{
	MDB_val found, key = name;
	bool in_order = i->last_len == 0 || view_compare(view_of(i->last.data, i->last_len),
	                                        view_of(name.mv_data, name.mv_size)) < 0;
	if (name.mv_size > sizeof i->last.data)
		return false;
	memcpy(i->last.data, name.mv_data, name.mv_size);
	i->last_len = name.mv_size;
	return in_order && mdb_get(i->txn, i->dbi, &key, &found) == 0 && found.mv_data == stored.mv_data;
}

static int inspect_entry(struct inspection *i, MDB_val name, MDB_val stored)
{
	struct view value = {0};
	struct cursor c = cursor_on(view_of(name.mv_data, name.mv_size));
	uint64_t shard = cursor_u64(&c);
	i->seen++;
	bool valid = verify(name, stored, &value) == 0 && cursor_ok(&c) && is_in_its_place(i, name, stored);
	index_guard_leave();
	int error = i->visit(i->arg, shard, c.rest, value, valid);
	index_guard_enter();
	return error;
}

static int inspect_all(struct inspection *i)
{
	MDB_stat stat;
	MDB_val name, stored;
	int error = index_error(mdb_stat(i->txn, i->dbi, &stat));
	if (error)
		return error;
	int result = mdb_cursor_get(i->cursor, &name, &stored, MDB_FIRST);
	/* A damaged branch can lead in a circle, but not through more entries than there are. */
	while (result == 0 && error == 0 && i->seen <= stat.ms_entries) {
		error = inspect_entry(i, name, stored);
		if (error == 0)
			result = mdb_cursor_get(i->cursor, &name, &stored, MDB_NEXT);
	}
	if (error)
		return error;
	if (result != 0 && result != MDB_NOTFOUND)
		return index_error(result);
	return i->seen == stat.ms_entries ? 0 : -EBADMSG;
}

static int inspect(void *arg)
{
	struct inspection *i = arg;
	index_guard_enter();
	int error = index_error(mdb_cursor_open(i->txn, i->dbi, &i->cursor));
	if (error == 0)
		error = inspect_all(i);
	index_guard_leave();
	return error;
}

int index_inspect(MDB_txn *txn, MDB_dbi dbi, index_visitor *visit, void *arg)
{
	struct inspection *i = mem_alloc(sizeof *i);
	int result = 0;
	*i = (struct inspection){.txn = txn, .dbi = dbi, .visit = visit, .arg = arg};
	bool survived = index_guard_survive(inspect, i, &result);
	if (i->cursor)
		mdb_cursor_close(i->cursor);
	mem_free(i);
	return survived ? result : -EBADMSG;
}

int index_reader_begin(struct index_reader *r)
{
	if (r->index->env == NULL)
		return -EIO;
	if (r->txn)
		return index_error(mdb_txn_renew(r->txn));
	return index_error(mdb_txn_begin(r->index->env, NULL, MDB_RDONLY, &r->txn));
}

void index_reader_end(struct index_reader *r)
{
	if (r->txn)
		mdb_txn_reset(r->txn);
}

void index_reader_close(struct index_reader *r)
{
	if (r->txn)
		mdb_txn_abort(r->txn);
	r->txn = NULL;
}
