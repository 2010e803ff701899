/* The directory at the end of a zip file, and what it points to: zip.h. All numbers are little-endian. */
#include "extract/zip.h"

#include <errno.h>

enum {
	END_LEN = 22, /* end of central directory record, without its comment */
	COMMENT_MAX = 65535,
	HEADER_LEN = 46, /* of an entry in the directory */
	LOCAL_LEN = 30,  /* of the header before an entry's bytes */
	FLAG_ENCRYPTED = 1,
	METHOD_STORED = 0,
	METHOD_DEFLATED = 8,
};

static uint32_t u16(struct view v, size_t at)
{
	return at + 2 > v.len ? 0
	                      : (uint32_t)((unsigned char)v.data[at] | (unsigned char)v.data[at + 1] << 8);
}

static uint32_t u32(struct view v, size_t at)
{
	return u16(v, at) | u16(v, at + 2) << 16;
}

/* Whether the directory's end stands here, and the directory where it says. A comment may look like one. */
static bool is_end(struct view bytes, size_t at, struct view *directory)
{
	struct view end = view_skip(bytes, at);
	if (end.len < END_LEN || !view_starts(end, VIEW("PK\5\6")) || u16(end, 20) > end.len - END_LEN)
		return false;
	uint32_t len = u32(end, 12), offset = u32(end, 16);
	if (offset > at || len > at - offset)
		return false;
	*directory = view_take(view_skip(bytes, offset), len);
	return len == 0 || view_starts(*directory, VIEW("PK\1\2"));
}

int zip_open(struct zip *zip, struct view bytes)
{
	if (bytes.len < END_LEN)
		return -EBADMSG;
	struct view directory = VIEW("");
	size_t first = bytes.len > END_LEN + COMMENT_MAX ? bytes.len - END_LEN - COMMENT_MAX : 0;
	size_t at = bytes.len - END_LEN;
	while (!is_end(bytes, at, &directory))
		if (at-- == first)
			return -EBADMSG;
	*zip = (struct zip){.bytes = bytes, .directory = directory};
	return 0;
}

static struct view packed_bytes(struct view bytes, uint32_t offset, uint32_t len)
{
	struct view local = view_skip(bytes, offset);
	if (local.len < LOCAL_LEN || !view_starts(local, VIEW("PK\3\4")))
		return VIEW("");
	/* The lengths of name and extra field may differ from those in the directory. */
	struct view data = view_skip(local, LOCAL_LEN + u16(local, 26) + u16(local, 28));
	return view_take(data, len);
}

bool zip_next(struct zip *zip, struct zip_entry *entry)
{
	struct view d = zip->directory;
	if (d.len < HEADER_LEN || !view_starts(d, VIEW("PK\1\2")) || zip->entries == ZIP_ENTRIES_MAX)
		return false;
	size_t name = u16(d, 28), extra = u16(d, 30), comment = u16(d, 32);
	if (d.len < HEADER_LEN + name)
		return false;
	zip->entries++;
	zip->directory = view_skip(d, HEADER_LEN + name + extra + comment);
	*entry = (struct zip_entry){
	    .name = view_take(view_skip(d, HEADER_LEN), name),
	    .packed = packed_bytes(zip->bytes, u32(d, 42), u32(d, 20)),
	    .method = u16(d, 10),
	    .encrypted = u16(d, 8) & FLAG_ENCRYPTED,
	};
	return true;
}

int zip_read(const struct zip_entry *entry, uint64_t max, inflate_take_fn *take, void *arg, uint64_t *told)
{
	if (told)
		*told = 0;
	if (entry->encrypted)
		return -ENOTSUP;
	if (entry->method == METHOD_DEFLATED)
		return inflate_bytes(entry->packed, INFLATE_RAW, max, take, arg, told);
	if (entry->method != METHOD_STORED)
		return -ENOTSUP;
	struct view bytes = view_take(entry->packed, max < SIZE_MAX ? (size_t)max : SIZE_MAX);
	if (told)
		*told = bytes.len;
	if (bytes.len > 0 && !take(arg, bytes))
		return -ECANCELED;
	return bytes.len < entry->packed.len ? -EFBIG : 0;
}
