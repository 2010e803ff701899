/* Snapshots: see snapshot.h. doc/disk.md has the format. */
#include "store/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "base/buf.h"
#include "base/checksum.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/file.h"

enum {
	FORMAT = 1,
	BLOCK = 256 << 10,
	LEVEL = 1,
	HEADER_SIZE = 8 + 4 + 8 + 4 + 4 + 4 + 4 + 4,
	BLOCK_HEADER = 12
};
enum { LOAD_BATCH = 20000 };

static const char magic[8] = "PSTRSNAP", snapshot_name[] = "snapshot", temporary_name[] = "snapshot.new";

struct writer {
	int fd;
	uint64_t offset;
	struct buf block, packed;
};

static int write_block(struct writer *w)
{
	struct view raw = buf_view(&w->block);
	struct buf *out = &w->packed;
	buf_clear(out);
	char *room = buf_reserve(out, BLOCK_HEADER + ZSTD_COMPRESSBOUND(BLOCK));
	if (room == NULL)
		return -ENOMEM;
	size_t packed =
	    ZSTD_compress(room + BLOCK_HEADER, ZSTD_COMPRESSBOUND(BLOCK), raw.data, raw.len, LEVEL);
	if (ZSTD_isError(packed))
		return -EIO;
	struct buf header;
	buf_init(&header, BLOCK_HEADER);
	buf_append_u32(&header, (uint32_t)raw.len);
	buf_append_u32(&header, (uint32_t)packed);
	buf_append_u32(&header, crc32c(view_of(room + BLOCK_HEADER, packed)));
	memcpy(room, buf_view(&header).data, BLOCK_HEADER);
	buf_done(&header);
	int error = file_write_at(w->fd, view_of(room, BLOCK_HEADER + packed), w->offset);
	w->offset += BLOCK_HEADER + packed;
	buf_clear(&w->block);
	return error;
}

static int add_entry(void *arg, uint64_t shard, struct view key, struct view value, bool valid)
{
	struct writer *w = arg;
	if (!valid)
		return -EBADMSG;
	/* The position is written apart. */
	if (shard == 0 && view_equal(key, INDEX_POSITION_KEY))
		return 0;
	if (w->block.len + 12 + key.len + value.len > BLOCK) {
		int error = write_block(w);
		if (error)
			return error;
	}
	buf_append_u64(&w->block, shard);
	buf_append_u16(&w->block, (uint16_t)key.len);
	buf_append_u16(&w->block, (uint16_t)value.len);
	buf_append(&w->block, key);
	return buf_append(&w->block, value);
}

static int write_header(int fd, const struct index_position *p)
{
	struct buf b;
	buf_init(&b, HEADER_SIZE);
	buf_append(&b, view_of(magic, sizeof magic));
	buf_append_u32(&b, FORMAT);
	buf_append_u64(&b, p->lsn);
	buf_append_u32(&b, p->segment);
	buf_append_u32(&b, p->offset);
	buf_append_u32(&b, p->next_segment);
	buf_append_u32(&b, p->oldest_body);
	buf_append_u32(&b, crc32c(buf_view(&b)));
	int error = buf_failed(&b) ? -ENOMEM : file_write_at(fd, buf_view(&b), 0);
	buf_done(&b);
	return error;
}

void snapshot_tidy(int folder_fd)
{
	unlinkat(folder_fd, temporary_name, 0);
}

static int read_header(int fd, struct index_position *position)
{
	char bytes[HEADER_SIZE];
	int error = file_read_at(fd, bytes, sizeof bytes, 0);
	if (error)
		return error == -ENODATA ? -EBADMSG : error;
	struct cursor c = cursor_on(view_of(bytes, sizeof bytes));
	struct view head = cursor_bytes(&c, sizeof magic);
	if (!view_equal(head, view_of(magic, sizeof magic)))
		return -EBADMSG;
	uint32_t format = cursor_u32(&c);
	error = index_decode_position(c.rest, position);
	cursor_bytes(&c, HEADER_SIZE - sizeof magic - 8);
	if (error || cursor_u32(&c) != crc32c(view_of(bytes, HEADER_SIZE - 4)))
		return -EBADMSG;
	return format > FORMAT ? -EPROTO : 0;
}

/* What could not be read may be read at the next try; the place helps to find the cause. */
static int tell(int error, uint64_t offset)
{
	if (file_is_unreadable(error))
		log_event(
		    LOG_ERROR, NULL, "snapshot-unreadable", log_u64("position", offset), log_errno(error));
	return error;
}

int snapshot_lsn(int folder_fd, uint64_t *lsn)
{
	struct index_position position = {0};
	int fd = file_open_in(folder_fd, snapshot_name, O_RDONLY);
	if (fd == -ENOENT) {
		*lsn = 0;
		return 0;
	}
	if (fd < 0)
		return tell(fd, 0);
	int error = read_header(fd, &position);
	close(fd);
	if (error == 0)
		*lsn = position.lsn;
	return tell(error, 0);
}

struct loader {
	struct index *index; /* NULL: only verified */
	int fd;
	uint64_t offset;
	char *raw, *packed;
	size_t pending; /* entries since the last checkpoint, or in all */
};

/* The next block, unpacked; *len is 0 at the end. */
static int read_block(struct loader *l, size_t *len)
{
	char header[BLOCK_HEADER];
	int error = file_read_at(l->fd, header, sizeof header, l->offset);
	if (error)
		return error == -ENODATA ? -EBADMSG : error;
	struct cursor c = cursor_on(view_of(header, sizeof header));
	size_t raw = cursor_u32(&c), packed = cursor_u32(&c);
	uint32_t sum = cursor_u32(&c);
	if (raw > BLOCK || packed > ZSTD_COMPRESSBOUND(BLOCK))
		return -EBADMSG;
	error = file_read_at(l->fd, l->packed, packed, l->offset + BLOCK_HEADER);
	if (error)
		return error == -ENODATA ? -EBADMSG : error;
	if (crc32c(view_of(l->packed, packed)) != sum ||
	    ZSTD_decompress(l->raw, BLOCK, l->packed, packed) != raw)
		return -EBADMSG;
	l->offset += BLOCK_HEADER + packed;
	*len = raw;
	return 0;
}

static int load_entry(void *arg, uint64_t shard, struct view key, struct view value)
{
	struct loader *l = arg;
	static const struct index_position nowhere;
	struct index *index = l->index;
	int error = index_put(index->writing, index->dbi, shard, key, value);
	if (error || ++l->pending < LOAD_BATCH)
		return error;
	/* Until the last block is in, the index says that it holds nothing. */
	l->pending = 0;
	error = index_checkpoint(index, &nowhere);
	return error ? error : index_begin(index);
}

static int count_entry(void *arg, uint64_t shard, struct view key, struct view value)
{
	struct loader *l = arg;
	(void)shard, (void)key, (void)value;
	l->pending++;
	return 0;
}

typedef int take_entry(void *arg, uint64_t shard, struct view key, struct view value);

static int take_entries(struct loader *l, struct view block, take_entry *take)
{
	struct cursor c = cursor_on(block);
	while (!cursor_at_end(&c)) {
		uint64_t shard = cursor_u64(&c);
		size_t key_len = cursor_u16(&c), value_len = cursor_u16(&c);
		struct view key = cursor_bytes(&c, key_len), value = cursor_bytes(&c, value_len);
		if (!cursor_ok(&c) || key_len > STORE_KEY_MAX || key_len + value_len > STORE_ENTRY_MAX)
			return -EBADMSG;
		int error = take(l, shard, key, value);
		if (error)
			return error;
	}
	return 0;
}

/* Header, blocks, and nothing behind them. */
static int read_all(struct loader *l, struct index_position *position, take_entry *take)
{
	size_t len = 1;
	uint64_t size = 0;
	int error = tell(read_header(l->fd, position), 0);
	if (error == 0 && l->index)
		error = index_begin(l->index);
	while (error == 0 && len > 0) {
		error = tell(read_block(l, &len), l->offset);
		if (error == 0)
			error = take_entries(l, view_of(l->raw, len), take);
	}
	if (error == 0)
		error = file_size(l->fd, &size);
	return error == 0 && size != l->offset ? -EBADMSG : error;
}

static int snapshot_walk(
    int folder_fd, const char *name, struct loader *l, struct index_position *position, take_entry *take)
{
	l->fd = file_open_in(folder_fd, name, O_RDONLY);
	l->offset = HEADER_SIZE;
	if (l->fd < 0)
		return tell(l->fd, 0);
	l->raw = mem_alloc(BLOCK);
	l->packed = mem_alloc(ZSTD_COMPRESSBOUND(BLOCK));
	int error = read_all(l, position, take);
	mem_free(l->raw);
	mem_free(l->packed);
	close(l->fd);
	return error;
}

int snapshot_load(int folder_fd, struct index *index)
{
	struct index_position position;
	struct loader l = {.index = index};
	int error = snapshot_walk(folder_fd, snapshot_name, &l, &position, load_entry);
	return error ? error : index_checkpoint(index, &position);
}

static int verify(int folder_fd, const char *name, uint64_t *entries)
{
	struct index_position position;
	struct loader l = {0};
	int error = snapshot_walk(folder_fd, name, &l, &position, count_entry);
	*entries = l.pending;
	return error;
}

int snapshot_verify(int folder_fd, uint64_t *entries)
{
	return verify(folder_fd, snapshot_name, entries);
}

/* The old one is perhaps all that knows what log files said that are gone: so the new one is read before it
 * takes the place. */
static int put_in_place(int folder_fd)
{
	uint64_t entries;
	int error = verify(folder_fd, temporary_name, &entries) ? -EIO : 0;
	if (error == 0 && renameat(folder_fd, temporary_name, folder_fd, snapshot_name) != 0)
		error = -errno;
	/* On a full disk the half of one would keep what it took. */
	if (error)
		unlinkat(folder_fd, temporary_name, 0);
	return error == 0 && fsync(folder_fd) != 0 ? -errno : error;
}

int snapshot_write(int folder_fd, struct index *index, MDB_txn *txn, struct index_position *position)
{
	struct writer w = {.offset = HEADER_SIZE};
	int error = index_read_position(txn, index->dbi, position);
	if (error)
		return error;
	w.fd = file_open_in(folder_fd, temporary_name, O_RDWR | O_CREAT | O_TRUNC);
	if (w.fd < 0)
		return w.fd;
	buf_init(&w.block, BLOCK);
	buf_init(&w.packed, BLOCK_HEADER + ZSTD_COMPRESSBOUND(BLOCK));
	error = write_header(w.fd, position);
	if (error == 0)
		error = index_walk(txn, index->dbi, add_entry, &w);
	if (error == 0 && w.block.len)
		error = write_block(&w);
	/* An empty block says that nothing was cut off. */
	if (error == 0)
		error = write_block(&w);
	if (error == 0)
		error = file_sync(w.fd);
	close(w.fd);
	buf_done(&w.block);
	buf_done(&w.packed);
	if (error == 0)
		return put_in_place(folder_fd);
	unlinkat(folder_fd, temporary_name, 0);
	return error;
}
