/*
 * The volume reader on hostile bytes: the index changes of a record, names of blobs, and a file in which the
 * input stands where records begin. A mailed-in record must not be taken for one, since its checksum would
 * need the file's secret.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/random.h"
#include "store/redo.h"
#include "store/segment.h"

static void read_redo(struct view bytes)
{
	struct cursor c = cursor_on(bytes);
	uint64_t lengths[STORE_UPLOADS_MAX];
	size_t count = 0;
	if (!redo_read_lengths(&c, lengths, &count))
		return;
	check(count <= STORE_UPLOADS_MAX);
	for (struct redo_change change; !cursor_at_end(&c) && redo_read_change(&c, &change);) {
		touch(change.key);
		touch(change.value);
	}
}

static void read_name(struct view bytes)
{
	struct blob_id id;
	struct blob_place place;
	if (bytes.len < sizeof id.bytes)
		return;
	memcpy(id.bytes, bytes.data, sizeof id.bytes);
	if (blob_id_parse(&id, &place)) {
		struct blob_id again = blob_id_make(&place);
		check(memcmp(again.bytes, id.bytes, sizeof id.bytes) == 0);
	}
	enum segment_kind kind;
	uint32_t number;
	char name[64];
	size_t len = bytes.len < sizeof name - 1 ? bytes.len : sizeof name - 1;
	memcpy(name, bytes.data, len);
	name[len] = '\0';
	segment_parse_name(name, &kind, &number);
}

static void read_records(struct view bytes)
{
	struct segment s = {.fd = -1, .id = 7, .kind = SEGMENT_LOG, .epoch = random_u64()};
	random_bytes(s.secret, sizeof s.secret);
	for (size_t at = 0; at + RECORD_HEADER_SIZE <= bytes.len; at += RECORD_ALIGN) {
		struct record r;
		check(!record_decode(&s, (uint32_t)at, bytes.data + at, &r));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view bytes = view_of(data, size);
	read_redo(bytes);
	read_name(bytes);
	read_records(bytes);
	return 0;
}
