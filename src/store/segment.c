/* The volume format of segment.h: headers, checksums, names of blobs. Nothing here decides anything. */
#include "store/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/buf.h"
#include "base/checksum.h"
#include "base/cursor.h"
#include "base/log.h"
#include "base/random.h"
#include "store/file.h"

enum {
	FORMAT = 1,
	RECORD_MAGIC = 0x50524543 /* "PREC" */,
	HEADER_USED = 8 + 4 + 4 + 4 + 8 + 8 + SEGMENT_SECRET_SIZE
};

static const char magic[8] = "PSTRVOL\n";
static const char *const suffixes[] = {
    [SEGMENT_LOG] = "log", [SEGMENT_BODY] = "body", [SEGMENT_KEPT] = "kept"};

void segment_name(char name[SEGMENT_NAME_SIZE], enum segment_kind kind, uint32_t id)
{
	snprintf(name, SEGMENT_NAME_SIZE, "%08x.%s", id, suffixes[kind]);
}

bool segment_parse_name(const char *name, enum segment_kind *kind, uint32_t *id)
{
	unsigned number;
	int used = 0;
	if (sscanf(name, "%8x.%n", &number, &used) != 1 || used != 9)
		return false;
	for (int k = SEGMENT_LOG; k <= SEGMENT_KEPT; k++)
		if (view_equal(view_from_string(name + used), view_from_string(suffixes[k]))) {
			*kind = (enum segment_kind)k;
			*id = number;
			return true;
		}
	return false;
}

static int write_header(const struct segment *s, uint64_t position)
{
	char page[SEGMENT_HEADER_SIZE] = {0};
	struct buf b;
	buf_init(&b, sizeof page);
	buf_append(&b, view_of(magic, sizeof magic));
	buf_append_u32(&b, FORMAT);
	buf_append_u32(&b, s->kind);
	buf_append_u32(&b, s->id);
	buf_append_u64(&b, s->epoch);
	buf_append_u64(&b, s->first_lsn);
	buf_append(&b, view_of(s->secret, sizeof s->secret));
	buf_append_u32(&b, crc32c(buf_view(&b)));
	struct view content = buf_view(&b);
	for (size_t i = 0; i < content.len; i++)
		page[i] = content.data[i];
	buf_done(&b);
	return file_write_at(s->fd, view_of(page, sizeof page), position);
}

int segment_write_header(const struct segment *s)
{
	return write_header(s, 0);
}

int segment_write_header_copy(const struct segment *s, uint64_t position)
{
	return write_header(s, position);
}

int segment_create(struct segment *s, int folder_fd, const char *name, enum segment_kind kind, uint32_t id,
    uint64_t first_lsn)
{
	struct segment made = {.id = id, .kind = kind, .epoch = random_u64(), .first_lsn = first_lsn};
	random_bytes(made.secret, sizeof made.secret);
	/* A file that has its final name holds mail, whatever we believe of its number. */
	enum segment_kind its_kind;
	uint32_t its_id;
	int how = segment_parse_name(name, &its_kind, &its_id) ? O_EXCL : O_TRUNC;
	made.fd = file_open_in(folder_fd, name, O_RDWR | O_CREAT | how);
	if (made.fd < 0)
		return made.fd;
	int error = segment_write_header(&made);
	if (error) {
		close(made.fd);
		return error;
	}
	*s = made;
	return 0;
}

static int read_header(struct segment *s, uint64_t position)
{
	char page[HEADER_USED + 4];
	int error = file_read_at(s->fd, page, sizeof page, position);
	if (error)
		return error == -ENODATA ? -EBADMSG : error;
	struct cursor c = cursor_on(view_of(page, sizeof page));
	if (!view_equal(cursor_bytes(&c, sizeof magic), view_of(magic, sizeof magic)))
		return -EBADMSG;
	uint32_t format = cursor_u32(&c);
	s->kind = (enum segment_kind)cursor_u32(&c);
	s->id = cursor_u32(&c);
	s->epoch = cursor_u64(&c);
	s->first_lsn = cursor_u64(&c);
	struct view secret = cursor_bytes(&c, SEGMENT_SECRET_SIZE);
	for (size_t i = 0; i < secret.len; i++)
		s->secret[i] = (unsigned char)secret.data[i];
	uint32_t sum = cursor_u32(&c);
	if (!cursor_ok(&c) || sum != crc32c(view_of(page, HEADER_USED)))
		return -EBADMSG;
	return format > FORMAT ? -EPROTO : 0;
}

/* A kept file's header has a copy at its end: without the secret nothing in the file can be read. */
static int read_copy(struct segment *s, int error)
{
	struct segment copy = {.fd = s->fd};
	uint64_t size = 0;
	if (file_size(s->fd, &size) != 0 || size < 2 * SEGMENT_HEADER_SIZE ||
	    read_header(&copy, size - SEGMENT_HEADER_SIZE) != 0 || copy.kind != SEGMENT_KEPT)
		return error;
	log_event(LOG_ERROR, NULL, "kept-header-bad", log_u64("file", copy.id), log_errno(error));
	*s = copy;
	return 0;
}

int segment_open(struct segment *s, int folder_fd, const char *name, int flags)
{
	struct segment opened = {.fd = file_open_in(folder_fd, name, flags)};
	if (opened.fd < 0)
		return opened.fd;
	enum segment_kind kind;
	uint32_t id;
	bool named = segment_parse_name(name, &kind, &id);
	int error = read_header(&opened, 0);
	if (error && error != -EPROTO && named && kind == SEGMENT_KEPT)
		error = read_copy(&opened, error);
	/* A file that stands under another one's name would give that one's blobs. */
	if (error == 0 && named && (kind != opened.kind || id != opened.id))
		error = -EBADMSG;
	if (error) {
		close(opened.fd);
		return error;
	}
	*s = opened;
	return 0;
}

static int check_header(const struct segment *s, uint64_t position)
{
	struct segment again = {.fd = s->fd};
	bool clear = true;
	int error = read_header(&again, position);
	if (error == 0 && (again.id != s->id || again.kind != s->kind || again.epoch != s->epoch))
		error = -EBADMSG;
	if (error == 0)
		error =
		    file_is_clear(s->fd, position + HEADER_USED + 4, position + SEGMENT_HEADER_SIZE, &clear);
	return error == 0 && !clear ? -EBADMSG : error;
}

int segment_check_header(const struct segment *s)
{
	return check_header(s, 0);
}

int segment_check_header_copy(const struct segment *s, uint64_t position)
{
	return check_header(s, position);
}

void segment_close(struct segment *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

uint64_t segment_sum(const struct segment *s, uint64_t position, struct view bytes)
{
	/* A block that was moved within the file, or comes from another one, has another sum. */
	uint64_t place = (s->epoch ^ position * 0x9e3779b97f4a7c15u) * 0xd6e8feb86659fd93u;
	return XXH3_64bits_withSecret(bytes.data, bytes.len, s->secret, sizeof s->secret) ^ place ^
	       place >> 32;
}

static uint64_t blocks_of(uint64_t length)
{
	return (length + SEGMENT_BLOCK - 1) / SEGMENT_BLOCK;
}

uint64_t segment_blob_space(uint64_t length)
{
	return length + blocks_of(length) * SEGMENT_SUM_SIZE;
}

static uint64_t load64(const void *at)
{
	struct cursor c = cursor_on(view_of(at, 8));
	return cursor_u64(&c);
}

/* A blob of one block is read with its checksum in one call: the way of nearly all mail. */
static int read_single(
    const struct segment *s, uint64_t position, size_t blob_len, size_t offset, size_t len, char *out)
{
	char block[SEGMENT_BLOCK + SEGMENT_SUM_SIZE];
	int error = file_read_at(s->fd, block, blob_len + SEGMENT_SUM_SIZE, position);
	if (error)
		return error == -ENODATA ? -EBADMSG : error;
	if (segment_sum(s, position, view_of(block, blob_len)) != load64(block + blob_len))
		return -EBADMSG;
	memcpy(out, block + offset, len);
	return 0;
}

static int read_block(
    const struct segment *s, uint64_t position, uint64_t blob_len, uint64_t number, char *block)
{
	char sum[SEGMENT_SUM_SIZE];
	uint64_t start = number * SEGMENT_BLOCK;
	size_t len = blob_len - start < SEGMENT_BLOCK ? (size_t)(blob_len - start) : SEGMENT_BLOCK;
	int error = file_read_at(s->fd, block, len, position + start);
	if (error == 0)
		error = file_read_at(s->fd, sum, sizeof sum, position + blob_len + number * SEGMENT_SUM_SIZE);
	if (error)
		return error == -ENODATA ? -EBADMSG : error;
	return segment_sum(s, position + start, view_of(block, len)) == load64(sum) ? 0 : -EBADMSG;
}

int segment_read_blob(
    const struct segment *s, uint64_t position, uint64_t blob_len, uint64_t offset, size_t len, char *out)
{
	if (offset > blob_len || len > blob_len - offset)
		return -ERANGE;
	if (len == 0)
		return 0;
	if (blob_len <= SEGMENT_BLOCK)
		return read_single(s, position, (size_t)blob_len, (size_t)offset, len, out);
	char block[SEGMENT_BLOCK];
	while (len > 0) {
		uint64_t number = offset / SEGMENT_BLOCK;
		size_t skip = (size_t)(offset % SEGMENT_BLOCK), take = SEGMENT_BLOCK - skip;
		if (take > len)
			take = len;
		int error = read_block(s, position, blob_len, number, block);
		if (error)
			return error;
		memcpy(out, block + skip, take);
		out += take;
		offset += take;
		len -= take;
	}
	return 0;
}

static void store_be(unsigned char *out, size_t bytes, uint64_t n)
{
	while (bytes-- > 0) {
		out[bytes] = (unsigned char)n;
		n >>= 8;
	}
}

static uint64_t load_be(const unsigned char *in, size_t bytes)
{
	uint64_t n = 0;
	while (bytes-- > 0)
		n = n << 8 | *in++;
	return n;
}

struct blob_id blob_id_make(const struct blob_place *place)
{
	struct blob_id id = {{0}};
	store_be(id.bytes, 4, place->segment);
	store_be(id.bytes + 4, 4, place->position);
	id.bytes[8] = (unsigned char)place->kind;
	store_be(id.bytes + 11, 5, place->length);
	return id;
}

bool blob_id_parse(const struct blob_id *id, struct blob_place *place)
{
	unsigned kind = id->bytes[8];
	if ((kind != SEGMENT_LOG && kind != SEGMENT_BODY) || id->bytes[9] != 0 || id->bytes[10] != 0)
		return false;
	*place = (struct blob_place){
	    .kind = (enum segment_kind)kind,
	    .segment = (uint32_t)load_be(id->bytes, 4),
	    .position = (uint32_t)load_be(id->bytes + 4, 4),
	    .length = load_be(id->bytes + 11, 5),
	};
	return place->position >= SEGMENT_HEADER_SIZE;
}

/*
 * magic 4, type 1, zero 1, in_group 2, lsn 8, position 4, redo length 4, blob bytes 8, redo sum 8, kept blob
 * 16, sum 8. The sum is keyed and covers position and epoch, so a header is valid only where it was written.
 */
void record_encode(const struct segment *s, const struct record *r, char out[RECORD_HEADER_SIZE])
{
	unsigned char *p = (unsigned char *)out;
	store_be(p, 4, RECORD_MAGIC);
	store_be(p + 4, 4, (uint64_t)r->type << 24 | r->in_group);
	store_be(p + 8, 8, r->lsn);
	store_be(p + 16, 4, r->position);
	store_be(p + 20, 4, r->redo_len);
	store_be(p + 24, 8, r->blob_bytes);
	store_be(p + 32, 8, r->redo_sum);
	memcpy(p + 40, r->kept.bytes, BLOB_ID_SIZE);
	store_be(p + 56, 8, segment_sum(s, r->position, view_of(out, 56)));
}

bool record_decode(
    const struct segment *s, uint32_t position, const char in[RECORD_HEADER_SIZE], struct record *r)
{
	const unsigned char *p = (const unsigned char *)in;
	if (load_be(p, 4) != RECORD_MAGIC || load_be(p + 16, 4) != position ||
	    load_be(p + 56, 8) != segment_sum(s, position, view_of(in, 56)))
		return false;
	*r = (struct record){
	    .type = (enum record_type)p[4],
	    .in_group = (uint16_t)load_be(p + 6, 2),
	    .lsn = load_be(p + 8, 8),
	    .position = position,
	    .redo_len = (uint32_t)load_be(p + 20, 4),
	    .blob_bytes = load_be(p + 24, 8),
	    .redo_sum = load_be(p + 32, 8),
	};
	memcpy(r->kept.bytes, p + 40, BLOB_ID_SIZE);
	return r->redo_len <= RECORD_REDO_MAX &&
	       r->blob_bytes <= UINT32_MAX - RECORD_REDO_MAX - RECORD_HEADER_SIZE;
}

uint64_t record_space(const struct record *r)
{
	uint64_t bytes = RECORD_HEADER_SIZE + r->blob_bytes + r->redo_len;
	return (bytes + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}
